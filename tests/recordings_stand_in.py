"""Miniature Human3.6M and MPI-INF-3DHP as prepared recordings: made-up people before pinhole cameras."""

import json
from pathlib import Path

import numpy as np

from ampose.data import Recording, Recordings, RecordingsWriter, read_recordings
from ampose.evaluation.paper.published import ACTIONS
from ampose.poses.camera import project
from ampose.poses.skeletons import Skeleton, get_skeleton
from ampose.training.recipe import packaged_recipes, read_recipe

FRAMES = 5
FOCAL, CENTRE, SIZE = (1145.0, 1143.8), (512.5, 515.4), (1000.0, 1002.0)
SCENES = {"TS1": "GS", "TS2": "GS", "TS3": "noGS", "TS4": "noGS", "TS5": "Outdoor", "TS6": "Outdoor"}


def bodies(skeleton: Skeleton, rng: np.random.Generator, frames: int = FRAMES) -> np.ndarray:
    """People 4 to 6 m away whose joints swing about a body that is the same for all, up to its direction."""
    rest = np.random.default_rng(0).normal(scale=0.25, size=(skeleton.num_joints, 3))
    rest -= rest[skeleton.root_index]
    angle = rng.uniform(-np.pi, np.pi)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    swing = 0.05 * rng.normal(size=(frames, skeleton.num_joints, 3)).cumsum(axis=0)
    place = np.array([rng.uniform(-0.5, 0.5), rng.uniform(-0.2, 0.2), rng.uniform(4, 6)])
    return (rest @ turn.T + swing + place).astype(np.float32)


def recording(
    skeleton: Skeleton, rng: np.random.Generator, *, noise_px: float | None = None, **labels: object
) -> Recording:
    positions = bodies(skeleton, rng)
    keypoints = {"gt": project(positions, np.float32(FOCAL), np.float32(CENTRE)).astype(np.float32)}
    if noise_px is not None:
        keypoints["cpn"] = (keypoints["gt"] + rng.normal(scale=noise_px, size=keypoints["gt"].shape)).astype(np.float32)
    return Recording(
        positions=positions,
        keypoints=keypoints,
        focal=FOCAL,
        centre=CENTRE,
        image_size=SIZE,
        fps=50.0,
        **labels,
    )


def write_human36m(folder: Path) -> Recordings:
    """All subjects and actions, one take each (S11 has no Directions), two cameras; 2D sources gt and cpn."""
    rng, skeleton = np.random.default_rng(1), get_skeleton("human36m_17")
    with RecordingsWriter(folder, skeleton=skeleton, sources=("gt", "cpn"), provenance={"source": "made up"}) as writer:
        for subject in ("S1", "S5", "S6", "S7", "S8", "S9", "S11"):
            for action in ACTIONS:
                take = f"{action} 1" if (subject, action) == ("S11", "Directions") else action
                for camera in ("54138969", "60457274"):
                    labels = {"subject": subject, "action": action, "take": take, "camera": camera}
                    writer.append(recording(skeleton, rng, noise_px=4.0, **labels))
    return read_recordings(folder)


def write_3dhp_train(folder: Path) -> Recordings:
    rng, skeleton = np.random.default_rng(2), get_skeleton("mpi_inf_3dhp_17")
    with RecordingsWriter(folder, skeleton=skeleton, target="univ_annot3") as writer:
        for number in range(1, 9):
            for part in ("Seq1", "Seq2"):
                labels = {"subject": f"S{number}", "action": part, "take": f"S{number} {part}", "camera": "0"}
                writer.append(recording(skeleton, rng, **labels))
    return read_recordings(folder)


def write_3dhp_test(folder: Path, target: str = "univ_annot3") -> Recordings:
    """Six sequences in three scenes of different lengths; some frames are not valid."""
    rng, skeleton = np.random.default_rng(3), get_skeleton("mpi_inf_3dhp_17")
    with RecordingsWriter(folder, skeleton=skeleton, target=target) as writer:
        for number, (subject, scene) in enumerate(SCENES.items()):
            valid = np.arange(FRAMES) < max(2, FRAMES - number)
            labels = {"subject": subject, "action": "Sports", "take": f"{subject} 1", "camera": "0", "scene": scene}
            writer.append(recording(skeleton, rng, valid=valid, **labels))
    return read_recordings(folder)


def write_recipes(folder: Path, data: Path, *, epochs: int = 1) -> Path:
    """The package's recipes with a tiny model and the stand-ins in ``data``; all else stays."""
    folder.mkdir()
    for name in packaged_recipes():
        if name.startswith(("h36m", "3dhp")):
            config = read_recipe(name)
            files = [str(data / Path(file).name) for file in config.data.files]
            lines = [f'extends = "{name}"', f"epochs = {epochs}", "[model]"]
            if config.model_name.startswith("ampose-"):
                lines += [f"channels = {4 if 'small' in name else 8}", "heads = 2", "depth = 1"]
            lines += ["[data]", f"files = {json.dumps(files)}", "[optimiser]", "learning_rate = 1e-3"]
            (folder / f"{name}.toml").write_text("\n".join(lines))
    return folder

"""How weights do where they were not trained: other studios, other people, other definitions of joints.

Motion of four sets that no training sees, and of the held-out subjects of the training's own database, is seen by wide
virtual cameras, once with exact 2D and once with 2D as a detector gives it. The score by which weights are chosen is
the mean of

- P-MPJPE on HDM05, UI-PRMD, dance and martial arts, and
- MPJPE on HDM05 and martial arts, whose joints are defined as CMU's (elsewhere a body that leans by the definition of
  its trunk counts as an error of all joints),

each over exact and detector-like 2D. CMU's held-out subjects are a guard and no part of it.

    python -m research.abroad ampose-small runs/mine/last --output research/abroad.json

The sets (``--data``; none of them is part of the project):

- HDM05: Mueller et al., Documentation Mocap Database HDM05, CG-2007-2, CC BY-SA 3.0: "The data used in this project
  was obtained from HDM05". Cut clips, five people.
- UI-PRMD: Vakanski et al., Data 3(1):2, 2018, public domain (ODC PDDL 1.0). Ten exercises, right and wrong; joints from
  39 Plug-in-Gait markers, which are defined otherwise.
- dance: salsa and Indian dance of the CMU database (mocap.cs.cmu.edu), by another conversion, on one generic skeleton.
- the four-camera clip (research/four_cameras.py), if ``--media`` is there: one man on a beam, against triangulation and
  one view against another; medians, with the detector that the page of that study names.
- martial arts: subject 135 of the CMU database, whom no recipe trains on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import tyro
from research.joint_positions import read_joint_positions
from scipy.stats import spearmanr
from torch import Tensor

import ampose
from ampose.atomic import replacing
from ampose.data.motion_capture import MotionCapture, concatenate, read_motion
from ampose.data.synthesis.bones import chest_axes, unit
from ampose.data.synthesis.detector_noise import NoiseConfig, add_detector_noise
from ampose.data.synthesis.missing_joints import compute_joints
from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig, draw_cameras, render
from ampose.lifting.lifter import Lifter
from ampose.lifting.prediction import predict_samples
from ampose.poses.geometry import root_relative
from ampose.poses.metrics.position import joint_errors, p_mpjpe
from ampose.poses.samples import Samples
from ampose.poses.skeletons import Skeleton
from research import four_cameras

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
PREPARED = (Path("prepared/cmu.npz"),)
ARRAYS = {
    "HDM05": "hdm05/hdm05_17_60fps.npz",
    "UI-PRMD": "ui-prmd/uiprmd17_50fps.npz",
    "dance": "cmu-dance/cmu_dance17_60fps.npz",
}
MARTIAL_ARTIST, AT_HOME = "135", ("02", "08", "16", "39", "55")
FOREIGN = (*ARRAYS, "martial arts")
SAME_DEFINITIONS = ("HDM05", "martial arts")
HOME = "CMU held out"
SEEN = ("exact", "detector-like")
"""How the 2D is."""

COMPUTED = "detector-like, trunk computed"
"""And as a detector of face and limbs gives it (COCO's or BlazePose's keypoints): no spine; root, thorax and head are
computed from hips, shoulders and ears. No part of the score, which is older."""
CAMERAS = VirtualCameraConfig(
    pitch_degrees=(-45.0, 70.0),
    roll_degrees=(-20.0, 20.0),
    distance_m=(2.0, 10.0),
    field_of_view_degrees=(30.0, 100.0),
    off_centre=(0.0, 0.8),
)
DETECTOR = NoiseConfig(largest=0.03, outliers=0.05, swaps=0.01)
SEED = 0
FRAMES = 1500
"""Of each set, evenly spread."""

FOUR_CAMERAS = {"mpjpe": "MPJPE", "p_mpjpe": "P-MPJPE"}

LEVEL, POINTING, LOW_M = 0.5, 0.7, 0.35
"""Cosine with the vertical under which a thigh is level; cosine from which an arm points somewhere; how high the hips
are above the lowest joint of who is on the floor."""

Row = dict[str, Any]


@dataclass(frozen=True)
class ForeignSet:
    """Frames of one set, seen by virtual cameras with exact 2D, as by a detector, and as by one of face and limbs."""

    skeleton: Skeleton
    exact: Samples
    detected: Samples
    computed: Samples
    actions: np.ndarray
    kinds: Mapping[str, np.ndarray]
    """Which samples are of a kind of pose."""


def read_sets(data: Path, prepared: Sequence[Path], frames: int) -> dict[str, ForeignSet]:
    """Read all sets; the same frames and cameras each time.

    Args:
        data: Folder of the foreign sets.
        prepared: Files that ``ampose prepare cmu`` wrote, with the held-out subjects and the martial artist.
        frames: How many of each set.
    """
    motions = {name: read_joint_positions(data / file) for name, file in ARRAYS.items()}
    ours = concatenate([read_motion(path) for path in prepared])
    motions["martial arts"] = ours.select(subjects=(MARTIAL_ARTIST,))
    motions[HOME] = read_motion(prepared[0]).select(subjects=AT_HOME)
    return {name: _look(motion, frames) for name, motion in motions.items()}


def _look(motion: MotionCapture, frames: int) -> ForeignSet:
    rows = np.unique(np.linspace(0, len(motion) - 1, min(frames, len(motion))).astype(np.int64))
    world, generator = torch.from_numpy(motion.positions[rows]), torch.Generator().manual_seed(SEED)
    exact = render(world[:, None], draw_cameras(len(rows), CAMERAS, generator), motion.skeleton)
    detected = replace(exact, keypoints_px=add_detector_noise(exact.keypoints_px, motion.skeleton, DETECTOR, generator))
    computed = compute_joints(detected.keypoints_px, motion.skeleton, 1.0, generator)
    kinds = pose_kinds(world, motion.skeleton)
    return ForeignSet(
        motion.skeleton, exact, detected, replace(exact, keypoints_px=computed), motion.frame_actions[rows], kinds
    )


def pose_kinds(world: Tensor, skeleton: Skeleton) -> dict[str, np.ndarray]:
    """Say which poses are of a kind; world metres, z up, (sample, joint, 3)."""

    def at(joint: str) -> Tensor:
        return world[:, skeleton.index(joint)]

    axes = chest_axes(world, skeleton)
    forward, sideways, level = [], [], []
    for side, outward in (("left", 1.0), ("right", -1.0)):
        upper, fore = (
            unit(at(f"{side}_elbow") - at(f"{side}_shoulder")),
            unit(at(f"{side}_wrist") - at(f"{side}_elbow")),
        )
        forward.append(((upper + fore) / 2 * axes[:, 1]).sum(-1) > POINTING)
        sideways.append((upper * axes[:, 0]).sum(-1) * outward > POINTING)
        level.append(unit(at(f"{side}_knee") - at(f"{side}_hip"))[:, 2].abs() < LEVEL)
    height = at("hip")[:, 2] - world[..., 2].amin(dim=1)
    floor = height < LOW_M
    kinds = {
        "arms forward": forward[0] | forward[1],
        "arms sideways": sideways[0] | sideways[1],
        "sitting": level[0] & level[1] & ~floor,
        "floor": floor,
    }
    kinds["other"] = ~torch.stack(list(kinds.values())).any(dim=0)
    return {name: chosen.numpy() for name, chosen in kinds.items()}


@dataclass(frozen=True)
class Errors:
    """Millimetres; (sample, joint) but for the aligned error, which is of the sample."""

    joint: np.ndarray
    aligned: np.ndarray
    expected: np.ndarray

    def row(self, chosen: np.ndarray | None = None) -> Row:
        """Return the means over some samples."""
        where = np.ones(len(self.joint), dtype=bool) if chosen is None else chosen
        return {
            "frames": int(where.sum()),
            "mpjpe": float(self.joint[where].mean()),
            "p_mpjpe": float(self.aligned[where].mean()),
        }

    def expectation(self, root: int) -> Row:
        """Say how the expected error goes with the true one, over all joints but the root.

        The rank correlation is what counts for who filters by it; Pearson's falls with a few expectations that are far
        too large.
        """
        expected, true = (np.delete(values, root, axis=1).ravel() for values in (self.expected, self.joint))
        return {
            "rank_correlation": float(spearmanr(expected, true).statistic),
            "correlation": float(np.corrcoef(expected, true)[0, 1]),
            "expected_mm": float(expected.mean()),
            "true_mm": float(true.mean()),
        }


def lift_set(lifter: Lifter, samples: Samples, skeleton: Skeleton) -> Errors:
    """Lift with flip averaging, and compare: root subtracted."""
    network = lifter.network
    answer = predict_samples(network, samples, flip=True)
    lifted, expected = answer.positions, answer.expected_error
    assert expected is not None
    truth = root_relative(samples.positions[:, 0], skeleton.root_index)
    values = (joint_errors(lifted, truth), p_mpjpe(lifted, truth), expected)
    return Errors(*((1000 * value).numpy() for value in values))


def measure(lifter: Lifter, sets: Mapping[str, ForeignSet]) -> Row:
    """Measure weights on all sets: means, by action, joint and kind of pose, the score, and the expected error."""
    found: Row = {"sets": {name: _measure_set(lifter, foreign) for name, foreign in sets.items()}}
    by_kind: dict[str, list[Row]] = {}
    for name in FOREIGN:
        for kind, row in found["sets"][name]["kinds"].items():
            by_kind.setdefault(kind, []).append(row)
    found["kinds"] = {kind: _mean_of_frames(rows) for kind, rows in by_kind.items()}
    found["score"] = score(found)
    return found


def _measure_set(lifter: Lifter, foreign: ForeignSet) -> Row:
    exact, detected = (lift_set(lifter, samples, foreign.skeleton) for samples in (foreign.exact, foreign.detected))
    return {
        **{seen: errors.row() for seen, errors in zip(SEEN, (exact, detected), strict=True)},
        COMPUTED: lift_set(lifter, foreign.computed, foreign.skeleton).row(),
        "actions": {action: exact.row(foreign.actions == action) for action in sorted(set(foreign.actions))},
        "joints_mm": dict(zip(foreign.skeleton.joints, exact.joint.mean(axis=0).round(1).tolist(), strict=True)),
        "kinds": {kind: exact.row(chosen) for kind, chosen in foreign.kinds.items() if chosen.any()},
        "expected_error": {
            seen: errors.expectation(foreign.skeleton.root_index)
            for seen, errors in zip(SEEN, (exact, detected), strict=True)
        },
    }


def _mean_of_frames(rows: Sequence[Row]) -> Row:
    frames = sum(row["frames"] for row in rows)
    means = {key: sum(row[key] * row["frames"] for row in rows) / frames for key in ("mpjpe", "p_mpjpe")}
    return {"frames": frames, **means}


def measure_four_cameras(lifter: Lifter, views: list[four_cameras.View]) -> Row:
    """Return mean medians over the views, against triangulation, and how far two views are apart, in mm."""
    lifted = four_cameras.lift_views(views, four_cameras.robust_points(views), lifter, calibrated=True)
    rows = [four_cameras.measure_view(pose, lifted) for pose in lifted.poses]
    apart, apart_aligned = four_cameras.disagreement(lifted)
    means = {ours: float(np.mean([row[name] for row in rows])) for ours, name in FOUR_CAMERAS.items()}
    return means | {"apart": apart, "p_apart": apart_aligned}


def score(found: Row) -> float:
    """Return what weights are chosen by, mm: see the top of this file."""
    parts = [("p_mpjpe", FOREIGN), ("mpjpe", SAME_DEFINITIONS)]
    means = [np.mean([found["sets"][name][seen][metric] for name in names for seen in SEEN]) for metric, names in parts]
    return float(np.mean(means))


def table(results: Mapping[str, Row]) -> str:
    """Return MPJPE / P-MPJPE of all weights as Markdown: exact 2D, as detected, by kind of pose, expected errors."""
    first = next(iter(results.values()))
    sets, kinds = list(first["sets"]), list(first["kinds"])

    def correlations(one: Row) -> list[str]:
        told = [one["sets"][name]["expected_error"] for name in sets]
        return [" / ".join(f"{part[seen]['rank_correlation']:.2f}" for seen in SEEN) for part in told]

    blocks = [
        _markdown(
            [f"{seen} 2D", *sets, "score"],
            [
                [title, *(_pair(one["sets"][name][seen]) for name in sets), f"{one['score']:.2f}"]
                for title, one in results.items()
            ],
        )
        for seen in SEEN
    ]
    computed = {title: one["sets"] for title, one in results.items() if COMPUTED in next(iter(one["sets"].values()))}
    if computed:
        rows = [[title, *(_pair(of[name][COMPUTED]) for name in sets)] for title, of in computed.items()]
        blocks.append(_markdown([COMPUTED, *sets], rows))
    rows = [[title, *(_pair(one["kinds"][kind]) for kind in kinds)] for title, one in results.items()]
    blocks.append(_markdown(["foreign, exact 2D", *kinds], rows))
    clip = {title: one["four cameras"] for title, one in results.items() if "four cameras" in one}
    if clip:
        rows = [[title, _pair(one), f"{one['apart']:.0f} / {one['p_apart']:.0f}"] for title, one in clip.items()]
        blocks.append(_markdown(["four cameras", "against triangulation", "two views apart"], rows))
    rows = [[title, *correlations(one)] for title, one in results.items()]
    blocks.append(_markdown(["expected with true error, rank correlation, exact / detector-like 2D", *sets], rows))
    return "\n\n".join(blocks)


def _pair(row: Row) -> str:
    return f"{row['mpjpe']:.1f} / {row['p_mpjpe']:.1f}"


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---", *["--:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(
    weights: tyro.conf.Positional[tuple[str, ...]],
    data: Path = SHARED,
    prepared: tuple[Path, ...] = PREPARED,
    media: Path = four_cameras.MEDIA,
    frames: int = FRAMES,
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None,
) -> None:
    """Measure weights abroad and print the table; with an output file, write all figures as JSON too.

    Args:
        weights: Bundled weights by name, or folders of weights.
        data: Folder of the foreign sets.
        prepared: Prepared files of CMU's motion: the held-out subjects in the first, the martial artist in any.
        media: Folder with the four-camera clip; without it that row is left out.
        frames: Frames of each set, evenly spread.
        output: JSON file.
    """
    sets = read_sets(data, prepared, frames)
    lifters = {name: ampose.load_model(name) for name in weights}
    results = {name: measure(lifter, sets) for name, lifter in lifters.items()}
    if media.is_dir():
        views = four_cameras.read_views(media, four_cameras.CACHE)
        for name, lifter in lifters.items():
            results[name]["four cameras"] = measure_four_cameras(lifter, views)
    print(table(results))
    if output is not None:
        with replacing(output) as temporary:
            temporary.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    tyro.cli(main)

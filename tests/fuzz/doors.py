"""The doors through which files of others come in, each with good files to start from.

Readers come from the registries: one that is registered is fuzzed from then on, with the files of every other reader
of its kind and with its own, which its tests must hold (``samples.py``) or its own writer makes.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tests.files.keypoints.samples import SAMPLES, SIZE
from tests.keypoint_tables import write_pose_table
from tests.small_motion import swing

from ampose.data import MotionCapture, datasets, read_motion, read_recordings, write_motion
from ampose.data.preparation import Preparation
from ampose.errors import InputError
from ampose.files import poses
from ampose.files.keypoints import read_keypoints, readers
from ampose.files.pickles.restricted_pickle import loads_restricted
from ampose.files.poses import PoseReader, PoseWriter, formats
from ampose.media import open_media
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import get_skeleton
from ampose.poses.skeletons.toml_file import read_declaration

FARTHEST, FASTEST = 1e6, 1e6


class NonsenseError(AssertionError):
    """A reader gave back values that no file should become."""


@dataclass(frozen=True)
class Door:
    """One way in.

    Args:
        name: Of the reader.
        seeds: Writes good files or folders into a folder.
        open: Reads one; the number varies the options.
        weight: How many inputs it gets, beside one of weight 1.
        mend: Makes checksums right again, which else would refuse every odd file.
        tree: Whether a seed is large, and is changed in place and mended instead of copied.
    """

    name: str
    seeds: Callable[[Path], None]
    open: Callable[[Path, int], Any]
    weight: float = 1.0
    tree: bool = False
    mend: Callable[[Path], None] = lambda _: None


def all_doors() -> list[Door]:
    """Return every door; the names of each registry in it."""
    return [*_poses(), *_keypoints(), *_datasets(), *_others()]


def sample_people(count: int = 2, frames: int = 4) -> list[Person]:
    """People who move a little, one with joints and frames that are missing."""
    rng = np.random.default_rng(3)
    lifted, seen = get_skeleton("human36m_17"), get_skeleton("coco_17")
    people = []
    for number in range(count):
        positions = rng.normal(0, 0.3, (frames, lifted.num_joints, 3)).astype(np.float32)
        confidence = rng.uniform(0.1, 1, positions.shape[:2]).astype(np.float32)
        keypoints = rng.uniform(50, 500, (frames, seen.num_joints, 2)).astype(np.float32)
        if number:
            positions[1], keypoints[1], confidence[1] = np.nan, np.nan, 0
            positions[2, 3], confidence[2, 3] = np.nan, 0
        pose3d = Pose3D(
            positions=positions,
            confidence=confidence,
            skeleton=lifted,
            fps=25.0,
            expected_error=np.where(np.isnan(positions[..., 0]), np.nan, 0.03).astype(np.float32),
            provenance={"source": "clip.mp4", "focal_px": "900.0"},
        )
        found = np.where(np.isnan(keypoints[..., 0]), 0, 0.8).astype(np.float32)
        pose2d = Pose2D(keypoints=keypoints, confidence=found, skeleton=seen, image_size=SIZE, fps=25.0)
        people.append(Person(number, pose2d, pose3d))
    return people


def check_people(people: Any) -> None:
    """Raise NonsenseError where a pose is not what the types promise, or cannot be written and parsed again."""
    for person in people:
        for pose, points in ((person.pose3d, "positions"), (person.pose2d, "keypoints")):
            if pose is None:
                continue
            values = getattr(pose, points)
            _demand(not np.isinf(values).any(), f"{points} are infinite")
            _demand(not (np.abs(values) > FARTHEST).any(), f"{points} of {np.nanmax(np.abs(values)):g}")
            lost = np.isnan(values)
            _demand((lost.any(axis=-1) == lost.all(axis=-1)).all(), f"{points} are missing in part")
            _demand(((pose.confidence >= 0) & (pose.confidence <= 1)).all(), "confidence is not from 0 to 1")
            _demand(pose.fps is None or 1 / FASTEST < pose.fps < FASTEST, f"fps of {pose.fps}")
            _demand(pose.times is None or (np.diff(pose.times) > 0).all(), "times do not rise")
        _demand(isinstance(person.id, int), f"an id of {type(person.id).__name__}")


def _demand(fine: bool, otherwise: str) -> None:
    if not fine:
        raise NonsenseError(otherwise)


def _poses() -> Iterator[Door]:
    def write(folder: Path, suffix: str) -> None:
        path = folder / f"clip{suffix}"
        people = sample_people()
        if not issubclass(formats.get(suffix).target, PoseWriter):
            return
        poses.write_each(path, people if "people" in poses.carries(path) else people[:1])
        poses.write_each(folder / f"hall{suffix}", sample_people(1, 2))
        if suffix == ".parquet":
            write_pose_table(
                folder / "bulk.parquet", np.random.default_rng(0), clip=["a"] * 3, person=[0] * 3, frame=[0, 1, 3]
            )

    def read(path: Path, number: int) -> None:
        people = poses.read(path)
        check_people(people)
        if people and number % 16 == 0:  # what was read can be written, and parsed by others
            out = path.with_name("again.json")
            try:
                poses.write(out, people)
            except InputError as error:  # a file of another format may hold what one of ours cannot
                _demand(out.name in str(error), str(error))
                return
            json.loads(out.read_text(encoding="utf-8"), parse_constant=lambda text: _demand(False, text))

    for entry in formats.entries():
        if issubclass(entry.target, PoseReader):
            yield Door(f"poses {entry.name}", lambda folder, suffix=entry.name: write(folder, suffix), read)


def _keypoints() -> Iterator[Door]:
    def read(path: Path, number: int, name: str) -> None:
        options: dict[str, Any] = {"format": name} if number % 3 else {}
        size = SIZE if number % 4 else None
        people = read_keypoints(path, image_size=size, fps=30.0 if number % 5 == 0 else None, **options)
        check_people(people)

    def write(folder: Path, name: str) -> None:
        # Of one kind with its own: what is like it and another's is an odd input too.
        own = [sample for sample in SAMPLES if sample.format == name]
        for number, sample in enumerate([*own * 12, *SAMPLES]):
            place = folder / f"{number:02d}"
            place.mkdir()
            try:
                sample.make(place)
            except BaseException as error:  # a package of the tool that writes it is not installed
                if type(error).__name__ != "Skipped":
                    raise
                shutil.rmtree(place)

    for name in readers.names():
        yield Door(
            f"keypoints {name}",
            lambda folder, name=name: write(folder, name),
            lambda path, number, name=name: read(path, number, name),
        )


def _datasets() -> Iterator[Door]:
    from tests.data.human36m import human36m_standin
    from tests.data.mpi_inf_3dhp import mpi_inf_3dhp_standin

    def human36m(folder: Path) -> None:
        takes = human36m_standin.make_takes(frames=2)
        for layout in ("cdf", "mat", "h5", "npz"):
            getattr(human36m_standin, f"write_{layout}")(folder / layout, takes)

    def mpi_inf_3dhp(folder: Path) -> None:
        for name in ("npz", "tree"):
            (folder / name).mkdir()
        mpi_inf_3dhp_standin.write_train_tree(folder / "tree", frames=2)
        mpi_inf_3dhp_standin.write_test_tree(folder / "tree", frames=3)
        mpi_inf_3dhp_standin.write_train_npz(folder / "npz" / "data_train_3dhp.npz", frames=2)
        mpi_inf_3dhp_standin.write_test_npz(folder / "npz" / "data_test_3dhp.npz", frames=3)

    def cmu(folder: Path) -> None:
        shutil.copytree(Path(__file__).parents[1] / "data" / "cmu" / "stick_figure", folder / "stick_figure")

    trees = {"human36m": human36m, "cmu": cmu} | dict.fromkeys(
        ("mpi-inf-3dhp-train", "mpi-inf-3dhp-test"), mpi_inf_3dhp
    )

    def prepare(path: Path, name: str) -> None:
        dataset, output = datasets.get(name).target, path.parent / "prepared"
        if dataset.read is not None:
            motion = dataset.read(path, lambda *_: None, skip_damaged=False)
            _demand(bool(np.isfinite(motion.positions).all()), "positions are not finite")
        elif dataset.prepare is not None:
            try:
                dataset.prepare(Preparation(root=path, output=output, announce=lambda _: None))
            finally:
                shutil.rmtree(output, ignore_errors=True)

    for name in datasets.names():
        weight = 0.3 if name == "cmu" else 0.01  # of whole trees, a second each
        seeds = trees[name]  # a dataset without a stand-in stops here
        yield Door(f"dataset {name}", seeds, lambda path, _, name=name: prepare(path, name), weight, tree=True)


def _write_motion(folder: Path) -> None:
    skeleton = get_skeleton("human36m_17")
    parts = [swing(6, 0.1), swing(5, 0.2)]
    whole = MotionCapture(
        positions=np.concatenate(parts).astype(np.float32),
        skeleton=skeleton,
        clip_starts=np.array([0, 6, 11]),
        fps=np.array([50.0, 60.0]),
        subjects=("a", "b"),
        actions=("walk", "run"),
        names=("1", "2"),
        provenance={"source": "made up"},
    )
    write_motion(whole, folder / "motion.npz")


def _write_recordings(folder: Path) -> None:
    from tests.recordings_stand_in import recording

    from ampose.data import RecordingsWriter

    skeleton, rng = get_skeleton("human36m_17"), np.random.default_rng(0)
    with RecordingsWriter(folder / "set", skeleton=skeleton, sources=("gt",), provenance={"source": "x"}) as writer:
        for camera in ("1", "2"):
            writer.append(recording(skeleton, rng, subject="S1", action="Walk", take="Walk 1", camera=camera))


def _write_pickles(folder: Path) -> None:
    import pickle

    content = {"S1": {"Walk": [np.zeros((2, 3), np.float32)] * 2}, "fps": 50.0, "names": ("a", b"b", [1, None])}
    for protocol in range(6):
        (folder / f"{protocol}.pkl").write_bytes(pickle.dumps(content, protocol=protocol))


def _write_toml(folder: Path) -> None:
    joints = ["pelvis", "left_knee", "right_knee", "head"]
    lines = [
        'name = "mine"',
        f"joints = {json.dumps(joints)}",
        'root = "pelvis"',
        'pairs = [["left_knee", "right_knee"]]',
        "[parents]",
        *(f'{joint} = "pelvis"' for joint in joints[1:]),
    ]
    (folder / "mine.toml").write_text("\n".join(lines) + "\n")


def _write_recipes(folder: Path) -> None:
    from ampose.training.recipe import packaged_recipes

    recipes = list(packaged_recipes().values())
    for path in recipes[::8]:
        shutil.copy(path, folder)
    shutil.copytree(recipes[0].parent / "protocols", folder / "protocols")  # which some extend


def _write_images(folder: Path) -> None:
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    for suffix in ("png", "jpg", "webp", "tif", "bmp", "gif"):
        Image.fromarray(pixels).save(folder / f"image.{suffix}")


def _write_videos(folder: Path) -> None:
    from ampose.media.video_writer import writing_video

    rng = np.random.default_rng(0)
    with writing_video(folder / "clip.mp4", image_size=(64, 48), fps=25.0) as stream:
        for _ in range(5):
            stream.write(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))


def _write_weights(folder: Path) -> None:
    from ampose.lifting.weights.store import save_weights
    from ampose.models import find_model

    for name in ("simple-baseline", "ampose-small"):
        entry = find_model(name)
        small = {"channels": 16, "depth": 1} if name == "ampose-small" else {}
        config = type(entry.config)(**{**vars(entry.config), **small})
        if small:
            save_weights(folder / name, name, entry.network(config))


def _load(path: Path, _: int) -> None:
    from ampose.lifting.weights.store import load_weights

    load_weights(path)


def _hash_again(path: Path) -> None:
    digest = hashlib.sha256((path / "model.safetensors").read_bytes()).hexdigest()
    config = (path / "config.json").read_bytes()
    stated = re.sub(rb'"sha256": "[0-9a-f]{64}"', f'"sha256": "{digest}"'.encode(), config)
    (path / "config.json").write_bytes(stated)


def _recipe(path: Path, _: int) -> None:
    from ampose.training.recipe import read_recipe

    read_recipe(str(path))


def _frames(path: Path, _: int) -> None:
    for number, frame in enumerate(open_media(path)):
        _demand(frame.ndim == 3 and frame.shape[2] == 3, f"a frame of shape {frame.shape}")
        if number > 20:
            break


def _others() -> Iterator[Door]:
    yield Door("motion file", _write_motion, lambda path, _: read_motion(path))
    yield Door("recordings", _write_recordings, lambda path, _: read_recordings(path, verify=True), 0.5)
    yield Door("pickle", _write_pickles, lambda path, _: loads_restricted(path.read_bytes()), 2)
    yield Door("skeleton file", _write_toml, lambda path, _: read_declaration(path, get_skeleton))
    yield Door("recipe", _write_recipes, _recipe, 0.3)
    yield Door("image", _write_images, _frames)
    yield Door("video", _write_videos, _frames, 0.5)
    yield Door("weights", _write_weights, _load, 0.1, mend=_hash_again)

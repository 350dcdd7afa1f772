"""Miniature MPI-INF-3DHP in every layout that is about: made-up motion, the published layouts, plausible cameras.

A body of 28 joints waves its limbs in front of each camera. ``annot3`` projects exactly to ``annot2``; ``univ_annot3``
is scaled about the root, by another factor for each person, and does not.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import scipy.io
from scipy.spatial.transform import Rotation

RELEVANT = [7, 5, 14, 15, 16, 9, 10, 11, 23, 24, 25, 18, 19, 20, 4, 3, 6]  # the official order, 0-based
ROOT = 4  # of the 28
SUBJECTS = [f"S{subject}" for subject in range(1, 9)]
SEQUENCES = [f"{subject} Seq{part}" for subject in SUBJECTS for part in (1, 2)]
TESTS = [f"TS{number}" for number in range(1, 7)]
SIZES = dict(zip(TESTS, [(2048, 2048)] * 4 + [(1920, 1080)] * 2, strict=True))
# fx, fy, cx, cy as facts give them
TEST_CAMERAS = dict(
    zip(TESTS, [(1500.07, 1500.66, 1017.38, 1043.06)] * 4 + [(1683.48, 1671.93, 939.93, 560.21)] * 2, strict=True)
)

# Official parents (1-based), and each joint's place at rest as seen from its parent: mm, x to the body's left, y down.
_PARENTS = [3, 1, 4, 5, 5, 2, 6, 7, 6, 9, 10, 11, 12, 6, 14, 15, 16, 17, 5, 19, 20, 21, 22, 5, 24, 25, 26, 27]
_TRUNK = [(0, -110, 0), (0, -110, 0), (0, -110, 0), (0, -110, 0), (0, 0, 0), (0, -80, 0), (0, -90, -30), (0, -130, 20)]
_ARM = [(40, 0, 0), (140, 30, 0), (30, 290, 0), (0, 255, -20), (0, 80, 0)]
_LEG = [(100, 40, 0), (0, 420, 0), (0, 410, 20), (0, 60, -100), (0, 10, -60)]
_OFFSETS = [*_TRUNK, *_ARM, *[(-x, y, z) for x, y, z in _ARM], *_LEG, *[(-x, y, z) for x, y, z in _LEG]]


@dataclass(frozen=True)
class Annotation:
    """One camera's recording of a sequence: 28 joints, pixels and millimetres."""

    annot2: np.ndarray
    annot3: np.ndarray
    univ_annot3: np.ndarray


def make_motion(frames: int, seed: int) -> np.ndarray:
    """Joints about the root over time, millimetres, y down: (frame, 28, 3)."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 6, frames)
    order = sorted(range(28), key=_depth)
    turns, joints = {}, np.zeros((frames, 28, 3))
    for joint in order:
        swing = rng.normal(size=3) * 0.5 * np.sin(time * rng.uniform(0.5, 2) + rng.uniform(0, 6))[:, None]
        turn = Rotation.from_rotvec(swing if joint > 8 else swing * 0.2)
        parent = _PARENTS[joint] - 1
        turns[joint] = turn if joint == ROOT else turns[parent] * turn
        if joint != ROOT:
            joints[:, joint] = joints[:, parent] + turns[joint].apply(np.array(_OFFSETS[joint], dtype=float))
    return joints


def _depth(joint: int) -> int:
    return 0 if joint == ROOT else 1 + _depth(_PARENTS[joint] - 1)


def observe(motion: np.ndarray, camera: tuple[float, ...], seed: int, scale: float) -> Annotation:
    """Turn the body, put it some metres in front of the camera, and take its picture."""
    rng = np.random.default_rng(seed)
    frames = len(motion)
    walk = np.stack(
        [np.linspace(-500, 600, frames), np.linspace(-100, 150, frames), np.linspace(3200, 4500, frames)], 1
    )
    walk += rng.normal(size=(frames, 3)) * (60, 40, 80)
    body = (
        Rotation.from_euler("y", rng.uniform(0, 360), degrees=True).apply(motion.reshape(-1, 3)).reshape(motion.shape)
    )
    annot3 = body + walk[:, None]
    fx, fy, cx, cy = camera
    annot2 = annot3[..., :2] / annot3[..., 2:] * (fx, fy) + (cx, cy)
    return Annotation(annot2, annot3, walk[:, None] + body * scale)


def train_camera(camera: int) -> tuple[float, float, float, float]:
    """Made-up intrinsics of a training camera, near the real ones."""
    return 1497.0 + camera, 1496.5 - camera, 1020.0 + camera / 3, 1045.0 - camera / 7


@cache
def train_annotations(sequence: str, frames: int) -> list[Annotation]:
    """All 14 cameras' annotations of a training sequence."""
    number = SEQUENCES.index(sequence)
    motion = make_motion(frames, number)
    return [observe(motion, train_camera(k), 100 * number + k, 0.94 + number // 2 / 100) for k in range(14)]


@cache
def held_out_annotation(sequence: str, frames: int) -> Annotation:
    """The annotation of a test sequence."""
    number = TESTS.index(sequence)
    return observe(
        make_motion(frames, 50 + number), TEST_CAMERAS[sequence], 70 + number, 1.0467 if number % 2 else 0.97
    )


def held_out_labels(frames: int, valid: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(valid_frame, activity_annotation): seven stretches, and two of three frames valid, or as many as wanted."""
    flags = np.arange(frames) % 3 != 1
    if valid is not None:
        flags = np.arange(frames) < valid
    return flags.astype(float), 1.0 + np.arange(frames) * 7 // frames


def write_train_tree(root: Path, frames: int = 8, *, line_end: str = "\n") -> Path:
    """Write S1..S8/Seq1..2 with annot.mat and camera.calibration."""
    for sequence in SEQUENCES:
        folder = root / sequence.replace(" ", "/")
        folder.mkdir(parents=True)
        recordings = train_annotations(sequence, frames)
        content = {
            key: cells([getattr(recording, key).reshape(frames, -1) for recording in recordings]) for key in NAMES
        }
        content |= {"cameras": np.arange(14, dtype=np.uint8), "frames": np.arange(frames, dtype=np.uint16)[:, None]}
        scipy.io.savemat(folder / "annot.mat", content, do_compression=True)
        (folder / "camera.calibration").write_bytes(calibration().replace("\n", line_end).encode())
    return root


NAMES = ("annot2", "annot3", "univ_annot3")


def cells(arrays: list[np.ndarray]) -> np.ndarray:
    """A MATLAB cell column."""
    column = np.empty((len(arrays), 1), dtype=object)
    for row, array in enumerate(arrays):
        column[row, 0] = array
    return column


def calibration() -> str:
    """The text of camera.calibration."""
    lines = ["Skeletool Camera Calibration File V1.0"]
    for camera in range(14):
        fx, fy, cx, cy = train_camera(camera)
        lines += [
            f"name          {camera}",
            "  sensor      10 10",
            "  size        2048 2048",
            "  animated    0",
            f"  intrinsic   {fx} 0 {cx} 0 0 {fy} {cy} 0 0 0 1 0 0 0 0 1 ",
            "  extrinsic   1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 ",
            "  radial      0",
        ]
    return "\n".join(lines) + "\n"


def write_test_tree(root: Path, frames: int = 21, *, valid: dict[str, int] | None = None) -> Path:
    """Write mpi_inf_3dhp_test_set/TS1..TS6/annot_data.mat (HDF5)."""
    for sequence in TESTS:
        folder = root / "mpi_inf_3dhp_test_set" / sequence
        folder.mkdir(parents=True)
        recording = held_out_annotation(sequence, frames)
        flags, activities = held_out_labels(frames, (valid or {}).get(sequence))
        with h5py.File(folder / "annot_data.mat", "w") as file:
            for key in NAMES:
                file[key] = getattr(recording, key)[:, None, RELEVANT]
            file["valid_frame"] = flags[:, None]
            file["activity_annotation"] = activities[:, None]
            crops = file.create_dataset("bb_crop", (frames, 1), dtype=h5py.ref_dtype)
            crops[0, 0] = file["annot2"].ref
    return root


def write_train_npz(path: Path, frames: int = 8, *, annotation: str = "univ_annot3") -> Path:
    """Write data_train_3dhp.npz as P-STMO's script does."""
    data = {}
    for sequence in SEQUENCES:
        recordings = train_annotations(sequence, frames)
        cameras = {str(k): pstmo_arrays(recordings[k], annotation, np.float64) for k in (0, 1, 2, 4, 5, 6, 7, 8)}
        data[sequence] = [cameras, 50 if sequence[:2] in ("S3", "S5") or sequence == "S1 Seq2" else 25]
    np.savez_compressed(path, data=np.array(data, dtype=object))
    return path


def write_test_npz(path: Path, frames: int = 21, *, annotation: str = "univ_annot3") -> Path:
    """Write data_test_3dhp.npz as P-STMO's script does."""
    flags, _ = held_out_labels(frames)
    data = {
        sequence: pstmo_arrays(held_out_annotation(sequence, frames), annotation, np.float32) | {"valid": flags}
        for sequence in TESTS
    }
    np.savez_compressed(path, data=np.array(data, dtype=object))
    return path


def pstmo_arrays(recording: Annotation, annotation: str, dtype: type) -> dict[str, np.ndarray]:
    """One camera's entry: 17 relevant joints."""
    return {
        "data_2d": recording.annot2[:, RELEVANT].astype(dtype),
        "data_3d": getattr(recording, annotation)[:, RELEVANT].astype(dtype),
    }

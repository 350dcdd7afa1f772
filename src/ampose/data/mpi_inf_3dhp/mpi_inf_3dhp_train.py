"""MPI-INF-3DHP's training tree: ``S1..S8/Seq1..2/annot.mat`` (MATLAB v5) and ``camera.calibration``.

``annot.mat`` holds a cell a camera: ``annot2`` (frame, 56), ``annot3`` and ``univ_annot3`` (frame, 84), rows of 28
joints. The 3D is in the camera's own axes already: the extrinsics are not applied.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np

from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_cameras import PINHOLE_PX, read_calibration
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_files import (
    DOWNLOAD,
    NUM_CAMERAS,
    TRAIN_SEQUENCES,
    Lens,
    check_finite,
    metres,
    published_length,
    require_files,
)
from ampose.data.preparation import Rows
from ampose.data.recordings import Recording
from ampose.errors import InputError, reading
from ampose.files.isolated import parse_apart
from ampose.packages import require
from ampose.poses.camera import project
from ampose.poses.skeletons import find_mapping


def read_train_tree(folder: Path, annotation: str, cameras: Collection[int], notes: Rows) -> Iterator[Recording]:
    """Read all 16 sequences, one recording a camera, as the 17 relevant joints; missing files are told at once.

    Raises:
        InputError: A file is missing, half downloaded or of another shape; the message names it.
    """
    files = [folder / sequence.replace(" ", "/") / "annot.mat" for sequence in TRAIN_SEQUENCES]
    calibrations = [path.with_name("camera.calibration") for path in files]
    require_files(folder, [path for pair in zip(files, calibrations, strict=True) for path in pair], "training set")
    return itertools.chain.from_iterable(
        _read_sequence(sequence, path, read_calibration(calibration), annotation, cameras, notes)
        for sequence, path, calibration in zip(TRAIN_SEQUENCES, files, calibrations, strict=True)
    )


def _read_sequence(
    sequence: str, path: Path, lenses: Mapping[int, Lens], annotation: str, cameras: Collection[int], notes: Rows
) -> Iterator[Recording]:
    cells = _load(path, ("annot2", annotation))
    used = published_length(sequence, len(cells["annot2"][0]), notes)
    for camera in cameras:
        if camera not in lenses:
            raise InputError(f"{path.with_name('camera.calibration')}: must have camera {camera}, got {sorted(lenses)}")
        keypoints = _relevant(cells["annot2"][camera][:used], 2)
        positions = _relevant(cells[annotation][camera][:used], 3)
        check_finite(f"{path}: annot2 of camera {camera}", keypoints)
        check_finite(f"{path}: {annotation} of camera {camera}", positions)
        recording = train_recording(sequence, camera, lenses[camera], keypoints, positions)
        if annotation == "annot3":  # it must project to annot2
            projected = project(recording.positions, np.asarray(recording.focal), np.asarray(recording.centre))
            residual = float(np.sqrt(((projected - recording.keypoints["gt"]) ** 2).sum(axis=-1).mean()))
            if not residual < PINHOLE_PX:
                notes.append(
                    (str(path), f"annot3 of camera {camera} projects {residual:.1f} px (RMS) away from annot2")
                )
        yield recording


def train_recording(
    sequence: str, camera: int, lens: Lens, keypoints: np.ndarray, millimetres: np.ndarray
) -> Recording:
    """Put together what one camera sees of a training sequence; no files tell the activity of a frame."""
    subject, part = sequence.split(" ")
    return Recording(
        positions=metres(millimetres),
        keypoints={"gt": keypoints.astype(np.float32)},
        subject=subject,
        action=part,
        take=sequence,
        camera=str(camera),
        fps=TRAIN_SEQUENCES[sequence][1],
        **vars(lens),
    )


def _load(path: Path, names: tuple[str, ...]) -> dict[str, list[np.ndarray]]:
    """Read some cell arrays of a MATLAB v5 file as lists of arrays, all with as many frames."""
    require("scipy", extra="datasets", purpose="reading MATLAB files")
    with reading(path, "a MATLAB v5 file", f"it may be half downloaded: {DOWNLOAD}"):
        content = parse_apart("matlab_arrays", path, names)
    cells = {}
    for name in names:
        cells[name] = [content[key] for number in range(len(content)) if (key := f"{name}/{number}") in content]
        if not cells[name]:
            raise InputError(f"{path}: file must hold {' and '.join(names)}, found no {name}; {DOWNLOAD}")
        if len(cells[name]) != NUM_CAMERAS:
            raise InputError(f"{path}: {name} must have {NUM_CAMERAS} cameras, got {len(cells[name])}; {DOWNLOAD}")
        want = 28 * (2 if name == "annot2" else 3)
        for camera, array in enumerate(cells[name]):
            if array.ndim != 2 or array.shape[1] != want or array.dtype.kind not in "fiu":
                raise InputError(
                    f"{path}: {name} of camera {camera} must be numbers of shape (frame, {want}), "
                    f"got {array.dtype} {array.shape}; {DOWNLOAD}"
                )
    lengths = {len(array) for arrays in cells.values() for array in arrays}
    if len(lengths) != 1 or lengths == {0}:
        raise InputError(
            f"{path}: all cameras must have as many frames in {' and '.join(cells)}, got {sorted(lengths)}; {DOWNLOAD}"
        )
    return cells


def _relevant(rows: np.ndarray, axes: int) -> np.ndarray:
    """Rows of 28 joints -> (frame, 17, axes)."""
    mapping = find_mapping("mpi_inf_3dhp_28", "mpi_inf_3dhp_17")
    order = [mapping.source.index(joint) for joint in mapping.target.joints]
    return rows.reshape(len(rows), mapping.source.num_joints, axes)[:, order].astype(np.float64)

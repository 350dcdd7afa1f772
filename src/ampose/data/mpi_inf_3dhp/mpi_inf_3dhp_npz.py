"""P-STMO's npz files of MPI-INF-3DHP, which the field's video lifters share: pickled dictionaries, read without pickle.

``data_train_3dhp.npz``: "S1 Seq1" -> [{"0": {data_2d, data_3d}, ...}, fps]. ``data_test_3dhp.npz``: "TS1" -> {data_2d,
data_3d, valid}. Both have the 17 relevant joints, pixels and millimetres in camera axes. They name neither the camera
nor the annotation: P-STMO wrote ``univ_annot3``, D3DP wrote ``annot3`` into files of the same names. ``annot3`` is the
one that projects to the pixels; the camera is found from its joints, or from the root alone, which both share.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_cameras import PINHOLE_PX, LensFit, fit_lens
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_files import (
    DOWNLOAD,
    TEST_SEQUENCES,
    TRAIN_SEQUENCES,
    TRAIN_SIZE,
    UNLABELLED,
    Lens,
    check_finite,
    published_length,
)
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_testset import LabelledFrames, activity_recordings
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_train import train_recording
from ampose.data.preparation import Rows
from ampose.data.recordings import Recording
from ampose.errors import InputError
from ampose.files.pickles.restricted_pickle import load_restricted_npz
from ampose.poses.skeletons import get_skeleton

TRAIN_FILE, TEST_FILE = "data_train_3dhp.npz", "data_test_3dhp.npz"
_ROOT = slice(get_skeleton("mpi_inf_3dhp_17").root_index, get_skeleton("mpi_inf_3dhp_17").root_index + 1)
_JOINTS = get_skeleton("mpi_inf_3dhp_17").num_joints


class _Points(NamedTuple):
    """One camera's annotation of a sequence: pixels, millimetres, and which frames count."""

    where: str
    keypoints: np.ndarray
    millimetres: np.ndarray
    valid: np.ndarray


def read_train_npz(path: Path, annotation: str, cameras: Collection[int], notes: Rows) -> Iterator[Recording]:
    """Read all 16 sequences, one recording a camera.

    Raises:
        InputError: The file is broken, lacks a sequence or a camera, or holds the other annotation.
    """
    entries = _sequences(path, TRAIN_SEQUENCES)
    firsts = [_camera(path, name, entry, min(cameras)) for name, entry in entries.items()]
    _check_annotation(path, annotation, firsts, notes)
    for name, entry in entries.items():
        published, stated = TRAIN_SEQUENCES[name][1], entry[1] if len(entry) > 1 else None
        if stated != published:
            notes.append((name, f"{stated} frames per second in the file, {published:g} published and used"))
        used = None
        for camera in cameras:
            points = _camera(path, name, entry, camera)
            lens = _lens(points, annotation, None, notes)
            used = used or published_length(name, len(points.valid), notes)
            yield train_recording(name, camera, lens, points.keypoints[:used], points.millimetres[:used])


def read_test_npz(path: Path, annotation: str, sequences: Sequence[str], notes: Rows) -> Iterator[Recording]:
    """Read the named ones of the 6 sequences, one recording each: the file does not tell the activities.

    Raises:
        InputError: The file is broken, lacks a sequence, or holds the other annotation.
    """
    clips = {name: _points(path, name, entry, valid=True) for name, entry in _sequences(path, sequences).items()}
    _check_annotation(path, annotation, clips.values(), notes)
    for name, points in clips.items():
        yield from activity_recordings(
            name,
            LabelledFrames(points.keypoints, points.millimetres, points.valid, np.full(len(points.valid), UNLABELLED)),
            _lens(points, annotation, TEST_SEQUENCES[name].lens, notes),
            notes,
        )


def _sequences(path: Path, names: Collection[str]) -> dict[str, Any]:
    """Return the entries of all published sequences, in the published order."""
    content = load_restricted_npz(path)
    data = content.get("data")
    if isinstance(data, np.ndarray) and data.ndim == 0:
        data = data.item()
    if not isinstance(data, Mapping):
        raise InputError(f"{path}: file must hold a dictionary 'data' as P-STMO's do, found {', '.join(content)}")
    missing = [name for name in names if name not in data]
    if missing:
        raise InputError(f"{path}: data must have {len(names)} sequences, missing {', '.join(missing)}; {DOWNLOAD}")
    return {name: data[name] for name in names}


def _camera(path: Path, sequence: str, entry: Any, camera: int) -> _Points:
    cameras = entry[0] if isinstance(entry, list | tuple) and entry else None
    if not isinstance(cameras, Mapping) or str(camera) not in cameras:
        found = ", ".join(map(str, cameras)) if isinstance(cameras, Mapping) else type(entry).__name__
        raise InputError(f"{path}: {sequence} must be [cameras, fps] with camera {camera}, got {found}; {DOWNLOAD}")
    return _points(path, f"{sequence} camera {camera}", cameras[str(camera)], valid=False)


def _points(path: Path, name: str, entry: Any, *, valid: bool) -> _Points:
    """Check one annotation's arrays; without ``valid`` in it, all frames count."""
    where = f"{path}: {name}"
    keypoints = _array(where, entry, "data_2d", (_JOINTS, 2))
    millimetres = _array(where, entry, "data_3d", (_JOINTS, 3))
    counts = _array(where, entry, "valid", ()).astype(bool) if valid else np.ones(len(keypoints), dtype=bool)
    if not len(keypoints) == len(millimetres) == len(counts):
        raise InputError(
            f"{where} must have as many frames in 2D and 3D, got {len(keypoints)}, {len(millimetres)} and {len(counts)}"
        )
    for array in (keypoints, millimetres):
        check_finite(where, array[counts])
    return _Points(where, keypoints, millimetres, counts)


def _array(where: str, entry: Any, key: str, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(entry.get(key)) if isinstance(entry, Mapping) else np.asarray(None)
    if not shape and array.ndim == 2:  # valid_frame as MATLAB has it: a column
        array = array.reshape(-1)
    if array.dtype.kind not in "fiub" or array.ndim != 1 + len(shape) or array.shape[1:] != shape or not len(array):
        want = ", ".join(["frame", *map(str, shape)])
        raise InputError(f"{where}: {key} must be numbers of shape ({want}), got {array.dtype} {array.shape}")
    return array


def _check_annotation(path: Path, annotation: str, clips: Iterable[_Points], notes: Rows) -> None:
    """Refuse a file that holds the annotation that was not asked for."""
    residuals = [_fit(clip, slice(None), TRAIN_SIZE).residual_px for clip in clips]
    held = "annot3" if max(residuals) < PINHOLE_PX else "univ_annot3"
    found = f"data_3d projects to data_2d with {min(residuals):.2f} to {max(residuals):.2f} px (RMS)"
    if held != annotation:
        raise InputError(
            f"{path}: data_3d must be {annotation}, got {held} ({found}); name another file or the other annotation"
        )
    notes.append((path.name, f"holds {held} ({found})"))


def _fit(points: _Points, joints: slice, image_size: tuple[float, float]) -> LensFit:
    """Find the lens from the frames that count, at most some hundred of them."""
    frames = np.flatnonzero(points.valid) if points.valid.any() else np.arange(len(points.valid))
    some = frames[:: 1 + len(frames) // 500]
    try:
        return fit_lens(points.millimetres[some, joints], points.keypoints[some, joints], image_size)
    except InputError as error:
        raise InputError(f"{points.where}: {error}") from error


def _lens(points: _Points, annotation: str, published: Lens | None, notes: Rows) -> Lens:
    """Find the camera from all joints, or from the root alone where only it projects to its pixel."""
    image_size = published.image_size if published else TRAIN_SIZE
    fitted = _fit(points, slice(None) if annotation == "annot3" else _ROOT, image_size)
    if fitted.residual_px < PINHOLE_PX:
        return fitted.lens
    used = "the published one" if published else "the best one, prepare from the tree where the camera matters"
    best = f"no camera projects the root to its pixel, best {fitted.residual_px:.2f} px (RMS)"
    notes.append((points.where, f"{best}; took {used}"))
    return published or fitted.lens

"""MPI-INF-3DHP's test tree: ``mpi_inf_3dhp_test_set/TS1..TS6/annot_data.mat`` (MATLAB v7.3, which is HDF5).

As h5py sees it: ``annot2`` (frame, 1, 17, 2) pixels, ``annot3`` and ``univ_annot3`` (frame, 1, 17, 3) millimetres in
camera axes, ``valid_frame`` and ``activity_annotation`` (frame, 1). Only valid frames count in an evaluation. Each
stretch of one activity becomes a recording, so that errors can be told by activity.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_cameras import PINHOLE_PX, fit_lens
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_files import (
    ACTIVITIES,
    ANNOTATIONS,
    DOWNLOAD,
    TEST_FPS,
    TEST_SEQUENCES,
    UNLABELLED,
    Lens,
    check_finite,
    metres,
    require_files,
)
from ampose.data.preparation import Rows
from ampose.data.recordings import Recording
from ampose.errors import InputError, reading
from ampose.files.isolated import parse_apart
from ampose.packages import require

_POINTS = {"annot2": 2, **dict.fromkeys(ANNOTATIONS, 3)}
_LABELS = ("valid_frame", "activity_annotation")


class LabelledFrames(NamedTuple):
    """A test sequence: pixels, millimetres, which frames count, and the name of what happens in each."""

    keypoints: Float[np.ndarray, "frame joint 2"]
    millimetres: Float[np.ndarray, "frame joint 3"]
    valid: Bool[np.ndarray, " frame"]
    activities: np.ndarray


def read_test_tree(folder: Path, annotation: str, sequences: Sequence[str], notes: Rows) -> Iterator[Recording]:
    """Read the named ones of the 6 sequences, a recording for each stretch of one activity.

    Raises:
        InputError: A file is missing, half downloaded or of another shape; the message names it.
    """
    files = [folder / sequence / "annot_data.mat" for sequence in sequences]
    require_files(folder, files, "test set")
    for sequence, path in zip(sequences, files, strict=True):
        content = _load(path)
        flags, numbers = content["valid_frame"], content["activity_annotation"]
        if not np.isin(flags, (0, 1)).all():
            raise InputError(f"{path}: valid_frame must be 0 or 1, got {np.unique(flags)[:5].tolist()}; {DOWNLOAD}")
        valid = flags == 1
        for name in ("annot2", annotation):
            check_finite(f"{path}: {name}", content[name][valid])
        known = np.isin(numbers, range(1, len(ACTIVITIES) + 1))
        if not known[valid].all():  # a frame that does not count may have no activity
            frame = int(np.flatnonzero(valid & ~known)[0])
            raise InputError(f"{path}: activity_annotation must be 1 to 7, got {numbers[frame]:g} in frame {frame}")
        activities = np.array([UNLABELLED, *ACTIVITIES])[np.where(known, numbers, 0).astype(int)]
        frames = LabelledFrames(content["annot2"], content[annotation], valid, activities)
        yield from activity_recordings(sequence, frames, _lens(sequence, content, valid, notes), notes)


def activity_recordings(sequence: str, frames: LabelledFrames, lens: Lens, notes: Rows) -> Iterator[Recording]:
    """Give the recordings of a test sequence, and note how many of its frames are valid beside the published count."""
    published, total, count = TEST_SEQUENCES[sequence], len(frames.valid), int(frames.valid.sum())
    same = "as published" if count == published.valid else f"{published.valid} published: figures will not compare"
    notes.append((sequence, f"{total:,} frames, {count} of them valid ({same})"))
    changes = np.flatnonzero(frames.activities[1:] != frames.activities[:-1]) + 1
    for number, (start, end) in enumerate(itertools.pairwise([0, *changes.tolist(), total]), start=1):
        yield Recording(
            positions=metres(frames.millimetres[start:end]),
            keypoints={"gt": frames.keypoints[start:end].astype(np.float32)},
            valid=frames.valid[start:end],
            subject=sequence,
            action=str(frames.activities[start]),
            take=f"{sequence} {number}",
            camera="0",
            scene=published.scene,
            fps=TEST_FPS,
            **vars(lens),
        )


def _load(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of a sequence, without the axis of the person, of which there is one."""
    require("h5py", extra="datasets", purpose="reading MATLAB v7.3 files")
    with reading(path, "a MATLAB v7.3 (HDF5) file", f"it may be half downloaded: {DOWNLOAD}"):
        content = parse_apart("hdf5_arrays", path, (*_POINTS, *_LABELS))
    missing = [name for name in (*_POINTS, *_LABELS) if name not in content]
    if missing:
        raise InputError(f"{path}: file must hold {', '.join(missing)}, found none; {DOWNLOAD}")
    del content["@names"]
    frames = len(content["annot2"])
    shapes = {name: (frames, 1, 17, axes) for name, axes in _POINTS.items()} | dict.fromkeys(_LABELS, (frames, 1))
    for name, array in content.items():
        if array.shape != shapes[name] or not frames or array.dtype.kind not in "fiu":
            want = ", ".join(map(str, shapes[name][1:]))
            raise InputError(
                f"{path}: {name} must be numbers of shape (frame, {want}), got {array.dtype} {array.shape}; {DOWNLOAD}"
            )
    return {name: array[:, 0].astype(np.float64) for name, array in content.items()}


def _lens(sequence: str, content: Mapping[str, np.ndarray], valid: np.ndarray, notes: Rows) -> Lens:
    """Fit the camera to ``annot2`` and ``annot3``, which belong together, whichever annotation is wanted."""
    published = TEST_SEQUENCES[sequence].lens
    used = valid if valid.any() else np.ones_like(valid)
    try:
        fitted = fit_lens(content["annot3"][used], content["annot2"][used], published.image_size)
    except InputError as error:
        notes.append((sequence, f"published camera used ({error})"))
        return published
    if not fitted.residual_px < PINHOLE_PX:
        off = f"{fitted.residual_px:.2f} px (RMS) away from annot2"
        notes.append((sequence, f"annot3 projects {off} with the best camera; published camera used"))
        return published
    differs = np.abs(np.subtract(fitted.lens.focal + fitted.lens.centre, published.focal + published.centre)).max()
    found = f"camera fitted to annot2 and annot3, residual {fitted.residual_px:.3f} px (RMS)"
    notes.append((sequence, f"{found}; published one differs by up to {differs:.2f} px"))
    return fitted.lens

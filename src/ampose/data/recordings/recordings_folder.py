"""The folder of prepared recordings: plain .npy arrays that are memory-mapped, and an index in JSON."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ampose.data.recordings.recordings import Recordings
from ampose.data.recordings.recordings_writer import (
    FORMAT,
    INDEX,
    VERSION,
    Recording,
    RecordingsWriter,
    is_recordings_folder,
)
from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton

__all__ = ["INDEX", "is_recordings_folder", "read_recordings", "write_recordings"]

_AGAIN = "prepare it again with: ampose prepare"
_KEYS = ("arrays", "format", "provenance", "skeleton", "sources", "target", "version", "views")
_NUMBERS = {"focal": 2, "centre": 2, "image_size": 2, "distortion": 5}
_LABELS = ("subject", "action", "take", "camera", "scene")


def read_recordings(folder: str | Path, *, verify: bool = False) -> Recordings:
    """Read what ``RecordingsWriter`` wrote; the arrays stay on the disk until they are used.

    Args:
        folder: The prepared folder.
        verify: Also read everything and compare with the hashes of the index.

    Raises:
        InputError: The folder is missing, is no such folder, or a file of it is cut off or changed; the
            message names the file.
    """
    folder = Path(folder)
    index = _read_index(folder / INDEX)
    arrays = {name: _open_array(folder / f"{name}.npy", stated) for name, stated in index["arrays"].items()}
    if verify:
        for name, array in arrays.items():
            _check_hash(folder / f"{name}.npy", array, index["arrays"][name]["sha256"])
    try:
        return _as_recordings(index, arrays)
    except InputError as error:
        raise InputError(f"{folder}: {error}; {_AGAIN}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{folder / INDEX}: index must describe each recording, got a broken one; {_AGAIN}") from error


def write_recordings(recordings: Recordings, folder: str | Path) -> None:
    """Write recordings to a folder; it appears whole or not at all.

    Raises:
        InputError: The folder holds something else, cannot be written to, or the disk is full.
    """
    writer = RecordingsWriter(
        Path(folder),
        skeleton=recordings.skeleton,
        sources=tuple(recordings.keypoints),
        target=recordings.target,
        provenance=recordings.provenance,
    )
    with writer:
        for number in range(recordings.num_recordings):
            writer.append(_recording(recordings, number))


def _recording(recordings: Recordings, number: int) -> Recording:
    rows = slice(recordings.starts[number], recordings.starts[number + 1])
    there = {source: points[rows] for source, points in recordings.keypoints.items()}
    return Recording(
        positions=recordings.positions[rows],
        keypoints={source: points for source, points in there.items() if not np.isnan(points).all()},
        subject=recordings.subjects[number],
        action=recordings.actions[number],
        take=recordings.takes[number],
        camera=recordings.cameras[number],
        scene=recordings.scenes[number],
        focal=recordings.focal[number],
        centre=recordings.centre[number],
        image_size=recordings.image_size[number],
        fps=float(recordings.fps[number]),
        valid=recordings.valid[rows],
        distortion=(0.0,) * 5 if recordings.distortion is None else recordings.distortion[number].tolist(),
    )


def _read_index(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path}: prepared recordings must be a folder with an {INDEX}, found none; {_AGAIN}")
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        found = index["format"], index["version"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{path}: index must be the JSON of {FORMAT}, got something else; {_AGAIN}") from error
    if found != (FORMAT, VERSION):
        raise InputError(
            f"{path}: format must be {FORMAT} version {VERSION}, got {found[0]} version {found[1]}; {_AGAIN}"
        )
    wanted = ["positions", "valid", *(f"keypoints_{source}" for source in index.get("sources", ()))]
    if sorted(index) != list(_KEYS) or sorted(index["arrays"]) != sorted(wanted):
        raise InputError(f"{path}: index must have {', '.join(_KEYS)} and one array a source, got others; {_AGAIN}")
    return dict(index)


def _open_array(path: Path, stated: Mapping[str, Any]) -> np.ndarray:
    if not path.is_file():
        raise InputError(f"{path}: prepared recordings must have this array, found none; {_AGAIN}")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise InputError(f"{path}: array must be a whole .npy file, got a broken one ({error}); {_AGAIN}") from error
    found = array.dtype, list(array.shape)
    size = path.stat().st_size
    if found != (np.dtype(stated["dtype"]), stated["shape"]) or size != array.offset + array.nbytes:
        raise InputError(
            f"{path}: array must be {stated['dtype']} of shape {stated['shape']} as {INDEX} states, "
            f"got {array.dtype.str} of shape {found[1]} in {size} bytes; {_AGAIN}"
        )
    return array


def _check_hash(path: Path, array: np.ndarray, stated: str) -> None:
    found = hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
    if found != stated:
        raise InputError(
            f"{path}: array must have the hash {stated[:12]}... that {INDEX} states, got {found[:12]}...; "
            f"the file was changed, {_AGAIN}"
        )


def _as_recordings(index: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Recordings:
    recordings = index["views"]
    columns: dict[str, Any] = {
        f"{label}s": tuple(str(recording[label]) for recording in recordings) for label in _LABELS
    }
    for name, width in _NUMBERS.items():
        numbers = np.array([recording[name] for recording in recordings], dtype=np.float32)
        columns[name] = numbers.reshape(len(recordings), width)
    return Recordings(
        positions=arrays["positions"],
        keypoints={source: arrays[f"keypoints_{source}"] for source in index["sources"]},
        valid=arrays["valid"],
        skeleton=Skeleton.from_dict(index["skeleton"]),
        starts=np.cumsum([0, *(recording["samples"] for recording in recordings)], dtype=np.int64),
        fps=np.array([recording["fps"] for recording in recordings], dtype=np.float64),
        target=index["target"],
        provenance=index["provenance"],
        **columns,
    )

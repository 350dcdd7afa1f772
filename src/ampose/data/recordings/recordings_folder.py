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
    LABELS,
    NUMBERS,
    VERSION,
    Recording,
    RecordingsWriter,
    is_recordings_folder,
)
from ampose.errors import InputError, check_format, reading
from ampose.poses.skeletons import Skeleton

__all__ = ["INDEX", "is_recordings_folder", "read_recordings", "write_recordings"]

_AGAIN = "prepare it again with: ampose prepare"
_KEYS = ("arrays", "format", "provenance", "skeleton", "sources", "target", "version", "views")


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
            found, stated = (
                hashlib.sha256(np.ascontiguousarray(array).data).hexdigest(),
                index["arrays"][name]["sha256"],
            )
            if found != stated:
                raise InputError(
                    f"{folder / name}.npy: array must have the hash {stated[:12]}... that {INDEX} states, "
                    f"got {found[:12]}...; the file was changed, {_AGAIN}"
                )
    try:
        with reading(folder / INDEX, "an index that describes each recording", _AGAIN):
            views = index["views"]
            columns: dict[str, Any] = {f"{label}s": tuple(str(view[label]) for view in views) for label in LABELS}
            for name, width in NUMBERS.items():
                columns[name] = np.array([view[name] for view in views], dtype=np.float32).reshape(len(views), width)
            return Recordings(
                positions=arrays["positions"],
                keypoints={source: arrays[f"keypoints_{source}"] for source in index["sources"]},
                valid=arrays["valid"],
                skeleton=Skeleton.from_dict(index["skeleton"]),
                starts=np.cumsum([0, *(view["samples"] for view in views)], dtype=np.int64),
                fps=np.array([view["fps"] for view in views], dtype=np.float64),
                target=index["target"],
                provenance=index["provenance"],
                **columns,
            )
    except InputError as error:
        raise error if _AGAIN in str(error) else InputError(f"{error}; {_AGAIN}") from error


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
            rows = slice(recordings.starts[number], recordings.starts[number + 1])
            sources = {source: points[rows] for source, points in recordings.keypoints.items()}
            fields: dict[str, Any] = {label: getattr(recordings, f"{label}s")[number] for label in LABELS}
            for name in NUMBERS:
                if getattr(recordings, name) is not None:  # distortion may be
                    fields[name] = getattr(recordings, name)[number].tolist()
            writer.append(
                Recording(
                    positions=recordings.positions[rows],
                    keypoints={source: points for source, points in sources.items() if not np.isnan(points).all()},
                    fps=float(recordings.fps[number]),
                    valid=recordings.valid[rows],
                    **fields,
                )
            )


def _read_index(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path}: prepared recordings must be a folder with an {INDEX}, found none; {_AGAIN}")
    with reading(path, f"the JSON of {FORMAT}", _AGAIN):
        index = json.loads(path.read_text(encoding="utf-8"))
        check_format(index, FORMAT, VERSION, _AGAIN)
        wanted = ["positions", "valid", *(f"keypoints_{source}" for source in index.get("sources", ()))]
        if sorted(index) != list(_KEYS) or sorted(index["arrays"]) != sorted(wanted):
            raise InputError(f"index must have {', '.join(_KEYS)} and one array a source, got others; {_AGAIN}")
        for name, stated in index["arrays"].items():
            if not (isinstance(stated, dict) and {"dtype", "shape", "sha256"} <= {*stated}):
                raise InputError(f"index must have dtype, shape and sha256 of {name}, got {str(stated)[:40]}; {_AGAIN}")
            if not isinstance(stated["sha256"], str):
                raise InputError(f"index must have the hash of {name} as text, got another; {_AGAIN}")
    return dict(index)


def _open_array(path: Path, stated: Mapping[str, Any]) -> np.ndarray:
    if not path.is_file():
        raise InputError(f"{path}: prepared recordings must have this array, found none; {_AGAIN}")
    with reading(path, "a whole .npy file", _AGAIN):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    found, size = (array.dtype, list(array.shape)), path.stat().st_size
    with reading(path.with_name(INDEX), "an index that describes each array", _AGAIN):
        fits = found == (np.dtype(stated["dtype"]), stated["shape"]) and size == array.offset + array.nbytes
    if not fits:
        raise InputError(
            f"{path}: array must be {stated['dtype']} of shape {stated['shape']} as {INDEX} states, "
            f"got {array.dtype.str} of shape {found[1]} in {size} bytes; {_AGAIN}"
        )
    return array

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
from ampose.errors import InputError
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

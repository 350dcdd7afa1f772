"""The folder of prepared views: plain .npy arrays that are memory-mapped, and an index in JSON."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ampose.data.recordings.arrays import Views
from ampose.data.recordings.recordings_writer import FORMAT, INDEX, VERSION, View, ViewsWriter, is_views_folder
from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton

__all__ = ["INDEX", "is_views_folder", "read_views", "write_views"]

_AGAIN = "prepare it again with: ampose prepare"
_KEYS = ("arrays", "format", "provenance", "skeleton", "sources", "target", "version", "views")
_NUMBERS = {"focal": 2, "centre": 2, "image_size": 2, "distortion": 5}
_LABELS = ("subject", "action", "take", "camera", "scene")


def read_views(folder: str | Path, *, verify: bool = False) -> Views:
    """Read what ``ViewsWriter`` wrote; the arrays stay on the disk until they are used.

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
        return _as_views(index, arrays)
    except InputError as error:
        raise InputError(f"{folder}: {error}; {_AGAIN}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{folder / INDEX}: index must describe each view, got a broken one; {_AGAIN}") from error


def write_views(views: Views, folder: str | Path) -> None:
    """Write views to a folder; it appears whole or not at all.

    Raises:
        InputError: The folder holds something else, cannot be written to, or the disk is full.
    """
    writer = ViewsWriter(
        Path(folder),
        skeleton=views.skeleton,
        sources=tuple(views.keypoints),
        target=views.target,
        provenance=views.provenance,
    )
    with writer:
        for number in range(views.num_views):
            writer.append(_view(views, number))


def _view(views: Views, number: int) -> View:
    rows = slice(views.view_starts[number], views.view_starts[number + 1])
    there = {source: points[rows] for source, points in views.keypoints.items()}
    return View(
        positions=views.positions[rows],
        keypoints={source: points for source, points in there.items() if not np.isnan(points).all()},
        subject=views.subjects[number],
        action=views.actions[number],
        take=views.takes[number],
        camera=views.cameras[number],
        scene=views.scenes[number],
        focal=views.focal[number],
        centre=views.centre[number],
        image_size=views.image_size[number],
        fps=float(views.fps[number]),
        valid=views.valid[rows],
        distortion=(0.0,) * 5 if views.distortion is None else views.distortion[number].tolist(),
    )


def _read_index(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path}: prepared views must be a folder with an {INDEX}, found none; {_AGAIN}")
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
        raise InputError(f"{path}: prepared views must have this array, found none; {_AGAIN}")
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


def _as_views(index: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Views:
    views = index["views"]
    columns: dict[str, Any] = {f"{label}s": tuple(str(view[label]) for view in views) for label in _LABELS}
    for name, width in _NUMBERS.items():
        numbers = np.array([view[name] for view in views], dtype=np.float32)
        columns[name] = numbers.reshape(len(views), width)
    return Views(
        positions=arrays["positions"],
        keypoints={source: arrays[f"keypoints_{source}"] for source in index["sources"]},
        valid=arrays["valid"],
        skeleton=Skeleton.from_dict(index["skeleton"]),
        view_starts=np.cumsum([0, *(view["samples"] for view in views)], dtype=np.int64),
        fps=np.array([view["fps"] for view in views], dtype=np.float64),
        target=index["target"],
        provenance=index["provenance"],
        **columns,
    )

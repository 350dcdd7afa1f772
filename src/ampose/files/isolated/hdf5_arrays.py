"""HDF5 through h5py."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ampose.files.archives import allowance


def parse(path: Path, wanted: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Return what is there of what is wanted, and the names of all that is at the top as ``@names``.

    Args:
        path: The file.
        wanted: Arrays, as in ``group/array``, whose fields if it has any are returned as ``group/array#field``; and
            attributes, as in ``group@attribute``.
    """
    with h5py.File(path, "r") as file:
        found = {"@names": np.array(sorted(file), dtype=str)}
        for name in wanted:
            owner, _, attribute = name.partition("@")
            if owner not in file or (attribute and attribute not in file[owner].attrs):
                continue
            if attribute:
                found[name] = _plain(file[owner].attrs[attribute])
                continue
            array = file[owner]
            size = array.size * max(array.dtype.itemsize, 1)
            if size > allowance(path):
                raise ValueError(f"{name} of {size / 1e6:.0f} MB")
            for field in array.dtype.names or ():
                found[f"{name}#{field}"] = _plain(array[field])
            if array.dtype.names is None:
                found[name] = _plain(array[()])
    return found


def _plain(value: Any) -> np.ndarray:
    """Return texts, which HDF5 holds as objects, as an array of text."""
    array = np.asarray(value)
    if array.dtype == object:
        texts = [one.decode() if isinstance(one, bytes) else str(one) for one in array.ravel()]
        return np.array(texts, dtype=str).reshape(array.shape)
    return array

"""The npz files of this field hold pickled objects; these are read here without running anything.

A pickle is a program: it names functions, calls them and sets attributes. Here a name is never looked up.
The few names with which NumPy writes its arrays are answered by stand-ins of our own, which check what they
are given and build plain numbers from the bytes; NumPy's own functions are not used, because NumPy believes a
pickle that says that an array of pointers has no pointers in it. Every other name is refused before anything
is called, and so is, in the end, every object that is no array, dict, list, tuple, text, bytes, number, truth
value or None.
"""

import io
import pickle
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ampose.errors import InputError, reading
from ampose.files.archives import read_npz
from ampose.files.pickles.pickle_nesting import check_nesting
from ampose.files.pickles.pickle_stand_ins import STAND_INS, Array, DType, StandIn, refuse

_MOST_ITEMS, _EXPANSION = 1_000_000, 20
_PLAIN = (str, bytes, int, float, bool, type(None))


def load_restricted_npz(path: str | Path) -> dict[str, Any]:
    """Read an .npz file that may hold pickled objects; nothing in it is run.

    Returns:
        The members by name. A dictionary or the like that NumPy wrapped into an array without axes is returned
        as itself. Arrays may be read-only.

    Raises:
        InputError: The file is missing, cut off or no .npz, or holds a pickle with anything but plain data;
            the message names the file and what was found.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: file must be an .npz archive, found none")
    return read_npz(path, _unwrapped, "it may be half downloaded, get it again")


def loads_restricted(data: bytes) -> Any:
    """Read a pickle of arrays and plain data; nothing in it is run.

    Raises:
        InputError: There is anything else in it, which the message names, or it is broken.

    Example:
        >>> loads_restricted(pickle.dumps({"frames": [1, 2]}))
        {'frames': [1, 2]}
        >>> loads_restricted(pickle.dumps(print))
        Traceback (most recent call last):
        ...
        ampose.errors.InputError: pickle must hold plain data, found builtins.print; only NumPy arrays, dict, list, \
tuple, text and numbers are admitted
    """
    with reading("pickle", "whole and hold plain data"):
        return _load(data)


def _unwrapped(data: bytes) -> Any:
    """Return what a member holds; NumPy wraps a dictionary into an array without axes."""
    content = _load(data)
    wrapped = isinstance(content, np.ndarray) and content.dtype == object and content.ndim == 0
    return content.item() if wrapped else content


def _load(data: bytes) -> Any:
    check_nesting(data)
    return _Resolver(_MOST_ITEMS + _EXPANSION * len(data)).resolve(
        _Unpickler(io.BytesIO(data), encoding="latin1").load()
    )


class _Unpickler(pickle.Unpickler):
    """An unpickler that knows those few names only."""

    def find_class(self, module: str, name: str) -> Any:
        stand_in = STAND_INS.get((module, name))
        if stand_in is None:
            refuse(f"{module}.{name}")
        return stand_in

    def persistent_load(self, pid: Any) -> NoReturn:
        refuse("a persistent id")


class _Resolver:
    """Puts real arrays in place of those that waited, everywhere below an object, once for each object.

    Args:
        most: How many items there may be in all, where one that is held in two places counts twice: lists that hold
            each other over and over are as large as that to whoever makes an array of them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._done: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()
        self._kept: list[Any] = []

    def resolve(self, found: Any) -> Any:
        return self._counted(found)[0]

    def _counted(self, found: Any) -> tuple[Any, int]:
        """Return what stands in its place, and its number of items."""
        if type(found) in _PLAIN or isinstance(found, np.generic):
            return found, 1
        key = id(found)
        if key in self._open:
            refuse("an object that holds itself")
        if key not in self._done:
            self._open.add(key)
            self._done[key] = self._resolve(found)
            self._kept.append(found)  # an object that is alive keeps its id to itself
            self._open.discard(key)
            if self._done[key][1] > self._most:
                refuse("objects that hold each other over and over")
        return self._done[key]

    def _resolve(self, found: Any) -> tuple[Any, int]:
        kind, values, count = type(found), list[Any](), 1
        inner = found.items if kind is Array else chain.from_iterable(found.items()) if kind is dict else found
        if kind in (dict, list, tuple) or (kind is Array and inner is not None):
            for item in inner:  # here, and not in a function of its own: frames count where things are nested deep
                value, items = self._counted(item)
                values.append(value)
                count += items
            if kind is dict:
                return dict(zip(values[::2], values[1::2], strict=True)), count
            if kind is Array:
                array = np.empty(len(values), dtype=object)
                for place, item in enumerate(values):
                    array[place] = item
                return found.arrange(array), count
            return tuple(values) if kind is tuple else values, count
        if type(found) is Array and found.values is not None:
            return found.values, found.values.size
        if isinstance(found, StandIn):
            refuse(f"the function {found.name}")
        if isinstance(found, Array | DType):
            refuse("an array without its numbers" if isinstance(found, Array) else "a numpy.dtype of its own")
        return refuse(f"{type(found).__module__}.{type(found).__qualname__}")

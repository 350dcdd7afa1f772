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
import zipfile
import zlib
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ampose.errors import InputError
from ampose.files.pickles.pickle_nesting import check_nesting
from ampose.files.pickles.pickle_stand_ins import STAND_INS, Array, DType, StandIn, refuse

_PLAIN = (str, bytes, int, float, bool, type(None))
_BROKEN = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    OverflowError,
    MemoryError,
    RecursionError,
)
"""What a broken or hostile file makes the readers of zip, npy and pickle raise."""


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
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy"): _read_member(archive, name) for name in archive.namelist()}
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except _BROKEN as error:
        raise InputError(
            f"{path}: file must be a whole .npz archive, got a broken one ({_one_line(error)}); "
            "it may be half downloaded, get it again"
        ) from error


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
    try:
        return _load(data)
    except _BROKEN as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"pickle must be whole and hold plain data, got a broken one ({_one_line(error)})") from error


def _read_member(archive: zipfile.ZipFile, name: str) -> Any:
    """Read one .npy member: a plain array by NumPy, an array of objects by the stand-ins below."""
    with archive.open(name) as member:
        version = np.lib.format.read_magic(member)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        if read_header(member)[2].hasobject:
            content = _load(member.read())
            wrapped = isinstance(content, np.ndarray) and content.dtype == object and content.ndim == 0
            return content.item() if wrapped else content
    with archive.open(name) as member:
        return np.lib.format.read_array(member, allow_pickle=False)


def _load(data: bytes) -> Any:
    check_nesting(data)
    return _Resolver().resolve(_Unpickler(io.BytesIO(data), encoding="latin1").load())


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
    """Puts real arrays in place of those that waited, everywhere below an object, once for each object."""

    def __init__(self) -> None:
        self._done: dict[int, Any] = {}
        self._open: set[int] = set()
        self._kept: list[Any] = []

    def resolve(self, found: Any) -> Any:
        if type(found) in _PLAIN or isinstance(found, np.generic):
            return found
        key = id(found)
        if key in self._open:
            refuse("an object that holds itself")
        if key not in self._done:
            self._open.add(key)
            self._done[key] = self._resolve(found)
            self._kept.append(found)  # an object that is alive keeps its id to itself
            self._open.discard(key)
        return self._done[key]

    def _resolve(self, found: Any) -> Any:
        if type(found) is dict:
            return {self.resolve(key): self.resolve(value) for key, value in found.items()}
        if type(found) is list:
            return [self.resolve(value) for value in found]
        if type(found) is tuple:
            return tuple(self.resolve(value) for value in found)
        if type(found) is Array and found.items is not None:
            array = np.empty(len(found.items), dtype=object)
            for place, item in enumerate(found.items):
                array[place] = self.resolve(item)
            return found.arrange(array)
        if type(found) is Array and found.values is not None:
            return found.values
        if isinstance(found, StandIn):
            refuse(f"the function {found.name}")
        if isinstance(found, Array | DType):
            refuse("an array without its numbers" if isinstance(found, Array) else "a numpy.dtype of its own")
        return refuse(f"{type(found).__module__}.{type(found).__qualname__}")


def _one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:160]

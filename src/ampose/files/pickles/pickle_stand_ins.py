"""What the names in a pickle of NumPy arrays mean to the restricted loader: stand-ins that build plain numbers.

NumPy's own functions are not used: they believe a pickle which says that an array of pointers has no pointers.
"""

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from ampose.errors import InputError

_ADMITTED = "only NumPy arrays, dict, list, tuple, text and numbers are admitted"
_OBJECT, _TEXT = "O", "U"
_KINDS = "biufcUS"
_MOST_AXES, _MOST = 32, 2**63


def refuse(found: str) -> NoReturn:
    """Raise the error that names what was found."""
    raise InputError(f"pickle must hold plain data, found {found}; {_ADMITTED}")


def _shown(value: Any) -> str:
    """Return a value for a message; of lists and tuples only what they are, as writing one out may have no end."""
    return repr(value)[:40] if type(value) in (str, bytes, int, float, bool, type(None)) else type(value).__name__


class StandIn:
    """What a name means here: it can be called, and nothing else; it has no attributes that could be changed."""

    __slots__ = ("call", "name")
    call: Callable[..., Any]
    name: str

    def __init__(self, name: str, call: Callable[..., Any]) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "call", call)

    def __call__(self, *args: Any) -> Any:
        """Do what the name stands for; raises InputError if the arguments are not what NumPy writes."""
        return self.call(*args)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        refuse(f"a change of {self.name}")

    def __setstate__(self, state: Any) -> NoReturn:
        refuse(f"a change of {self.name}")


class DType:
    """The type of an array's numbers: a kind and a size, and in its state the order of the bytes."""

    __slots__ = ("dtype",)

    def __init__(self, code: Any = None, *_: Any) -> None:  # numpy.dtype("f4", False, True)
        kind = code[:1] if isinstance(code, str) else ""
        if not (code in ("O8", _OBJECT) or (kind and kind in _KINDS and code[1:].isdigit())):
            refuse(f"numpy.dtype({_shown(code)})")
        self.dtype = np.dtype(object if kind == _OBJECT else code)

    def __setstate__(self, state: Any) -> None:
        """Take the order of the bytes; the rest of the state can only repeat what the code said."""
        if not isinstance(state, tuple) or len(state) < 6 or state[1] not in ("<", ">", "|", "="):
            refuse("a state of numpy.dtype that is none")
        _, order, subdtype, names, fields, *_ = state
        if (subdtype, names, fields) != (None, None, None):
            refuse("a numpy.dtype with fields")
        if order in "<>" and not self.dtype.hasobject:
            self.dtype = self.dtype.newbyteorder(order)


class Array:
    """An array that waits for its state. Objects in it are put in place by the resolver."""

    __slots__ = ("by_column", "items", "shape", "values")

    def __init__(self) -> None:
        self.values: np.ndarray | None = None
        self.items: list[Any] | None = None
        self.shape: tuple[int, ...] = ()
        self.by_column = False

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5 or self.values is not None or self.items is not None:
            refuse("a state of numpy.ndarray that is none")
        _, shape, kind, by_column, data = state
        if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < _MOST for n in shape[:_MOST_AXES]):
            refuse("a numpy.ndarray of a shape that is none")
        if len(shape) > _MOST_AXES:
            refuse(f"a numpy.ndarray of {len(shape)} axes")
        dtype = _as_dtype(kind)
        self.shape, self.by_column = shape, bool(by_column)
        if dtype.hasobject:
            self.items = data if isinstance(data, list) else refuse("an array of objects that are no list")
            if len(data) != math.prod(shape):
                refuse(f"an array of shape {shape} with {len(data)} objects")
        else:
            self.values = self.arrange(_numbers(data, dtype, math.prod(shape)))

    def arrange(self, flat: np.ndarray) -> np.ndarray:
        """Give the values in a row the array's shape."""
        return flat.reshape(self.shape, order="F" if self.by_column else "C")


def _make_array(subtype: Any = None, shape: Any = None, code: Any = None) -> Array:
    """Answer numpy's _reconstruct(ndarray, (0,), b"b")."""
    if subtype is not _NDARRAY:
        refuse(f"an array of another class, {_shown(subtype)}")
    return Array()


def _make_scalar(kind: Any = None, data: Any = None) -> Any:
    """Answer numpy's scalar(dtype, bytes)."""
    dtype = _as_dtype(kind)
    if dtype.hasobject:
        refuse("a numpy scalar that is an object")
    return _numbers(data, dtype, 1)[0]


def _make_bytes(text: Any = None, encoding: Any = None) -> bytes:
    """Answer _codecs.encode(text, "latin1"): how bytes are written in old pickles, which know no bytes."""
    if not isinstance(text, str) or encoding != "latin1":
        refuse(f"_codecs.encode with {_shown(encoding)}")
    return text.encode("latin1")


def _make_empty_bytes(*args: Any) -> bytes:
    """Answer bytes(): how no bytes are written in old pickles."""
    return refuse(f"bytes of {_shown(args)}") if args else b""


def _as_dtype(kind: Any) -> np.dtype:
    return kind.dtype if isinstance(kind, DType) else refuse("an array without a numpy.dtype")


def _numbers(data: Any, dtype: np.dtype, count: int) -> np.ndarray:
    """Read numbers from bytes, which a pickle of Python 2 holds as text."""
    if isinstance(data, str):
        data = data.encode("latin1")
    if not isinstance(data, bytes) or len(data) != count * dtype.itemsize or not dtype.itemsize:
        size = f"{len(data)} bytes" if isinstance(data, bytes) else type(data).__name__
        refuse(f"an array of {count} numbers of type {dtype} in {size}")
    if dtype.kind == _TEXT:  # four bytes make a character only below 0x110000
        codes = np.frombuffer(data, dtype=">u4" if dtype.str.startswith(">") else "<u4")
        if (codes > 0x10FFFF).any():
            refuse("text that is none")
    return np.frombuffer(data, dtype=dtype)


_NDARRAY = StandIn("numpy.ndarray", lambda *_: refuse("a call of numpy.ndarray"))
STAND_INS = {
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): StandIn("numpy.dtype", DType),
    ("_codecs", "encode"): StandIn("_codecs.encode", _make_bytes),
    ("__builtin__", "bytes"): StandIn("bytes", _make_empty_bytes),
    ("builtins", "bytes"): StandIn("bytes", _make_empty_bytes),
} | {
    (f"numpy.{core}.multiarray", name): StandIn(f"numpy.{name}", call)
    for core in ("core", "_core")
    for name, call in (("_reconstruct", _make_array), ("scalar", _make_scalar))
}

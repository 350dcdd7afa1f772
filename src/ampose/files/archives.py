"""Zip archives of arrays (npz), looked through before anything is unpacked.

A header of some bytes may state an array of terabytes, and a member of some kilobytes unpack to gigabytes.
"""

import math
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ampose.errors import InputError, reading

EXPANSION, ROOM = 10, 2**26
"""What is made of a file takes at most this many times its size, and this many bytes besides. Poses deflate to a half,
people who are mostly missing to a twentieth; what deflates to less is small."""

_ENCRYPTED = 1


def allowance(path: Path) -> int:
    """Return how many bytes may be made of a file, by its size."""
    return EXPANSION * path.stat().st_size + ROOM


def read_npz(
    path: Path, unpickle: Callable[[bytes], Any] | None = None, remedy: str = "copy it again"
) -> dict[str, Any]:
    """Read all arrays of an npz file by name; sizes are compared with the file before room is made for anything.

    Args:
        path: The file.
        unpickle: Makes objects of a pickled member; None: these are refused.
        remedy: What to do with a damaged one.

    Raises:
        InputError: The file is missing, is no npz file, or a damaged or encrypted one, or holds more than it can.
    """
    with reading(path, "a whole npz file", remedy), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len({member.filename for member in members}) < len(members):
            raise InputError(f"{path}: arrays must have different names, got two of one name")
        if any(member.flag_bits & _ENCRYPTED for member in members):
            raise InputError(f"{path}: must be an npz file that is not encrypted, got one with a password")
        size = sum(member.file_size for member in members)
        if size > allowance(path):
            raise InputError(f"{path}: must not unpack to {size / 1e6:.0f} MB, from {path.stat().st_size / 1e6:.2g} MB")
        return {
            member.filename.removesuffix(".npy"): _read_member(archive, member, unpickle)
            for member in members
            if not member.is_dir()
        }


def check_no_objects(path: Path) -> None:
    """Refuse an npy file of Python's objects, which would have to be unpickled.

    Raises:
        InputError: It is one.
    """
    with path.open("rb") as stream:
        dtype = _read_header(stream)[1]
    if dtype.hasobject:
        raise InputError("the array must hold numbers, got objects; save it as numbers, as array.astype(float)")


def _read_header(stream: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and type of the array in an npy file."""
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read_header(stream)
    return shape, dtype


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, unpickle: Callable[[bytes], Any] | None) -> Any:
    with archive.open(info) as member:
        shape, dtype = _read_header(member)
        if dtype.hasobject and unpickle is not None:
            return unpickle(member.read())
        stated, there = math.prod(shape) * max(dtype.itemsize, 1), info.file_size - member.tell()
        if stated > there and not dtype.hasobject:
            raise InputError(f"{info.filename} must be whole, got {there} bytes of the {stated} that it states")
    with archive.open(info) as member:
        array = np.lib.format.read_array(member, allow_pickle=False)
    if array.dtype.kind == "U" and array.dtype.itemsize:
        letters = np.ascontiguousarray(array).reshape(-1).view(array.dtype.newbyteorder("=")).view(np.uint32)
        if (letters > sys.maxunicode).any() or ((letters >= 0xD800) & (letters < 0xE000)).any():
            raise InputError(f"{info.filename} must be text, got numbers that are no letters")
    return array

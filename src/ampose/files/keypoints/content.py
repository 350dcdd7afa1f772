"""What is in a file or a folder, opened once and only as far as somebody asks."""

import codecs
import json
import zipfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ampose.errors import InputError, no_such_path, printable, reading
from ampose.files.cells import rows_of
from ampose.files.isolated import parse_apart
from ampose.files.letters import read_text
from ampose.files.pickles.restricted_pickle import load_restricted_npz
from ampose.packages import require

_HDF5, _ZIP, _NPY = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\x93NUMPY"
_HEAD = 4096
_FRAME_SUFFIXES = (".json", ".txt")

SUFFIXES = frozenset((*_FRAME_SUFFIXES, ".jsonl", ".ndjson", ".npy", ".npz", ".csv", ".tsv", ".h5", ".hdf5"))
"""Of files with keypoints."""

NO_KEYPOINTS = frozenset({"thumbs.db", "desktop.ini", "classes.txt", "labels.txt", "readme.txt"})
"""Files that programs and people leave in folders of keypoints."""


class Content:
    """A file or a folder of files, one a frame.

    Args:
        path: Where it is.

    Raises:
        InputError: There is nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise no_such_path(path, "a file or a folder with keypoints")
        if not path.is_file() and not path.is_dir():  # it can be read once only, and a device without end
            raise InputError(f"{path}: must be a file or a folder, got a named pipe or a device; pipe it into -")

    @cached_property
    def kind(self) -> str:
        """What it is made of, by its first bytes: "folder", "json", "npy", "npz", "hdf5" or "text"."""
        if self.path.is_dir():
            return "folder"
        with self.path.open("rb") as stream:
            head = stream.read(_HEAD)
        if head.startswith(_HDF5):
            return "hdf5"
        if head.startswith(_ZIP):
            return "npz"
        if head.startswith(_NPY):
            return "npy"
        # UTF-16 has a zero in every letter of JSON; a mark of the letters comes first.
        start = head.lstrip(codecs.BOM_UTF8 + codecs.BOM_UTF16 + b"\xfe\0").lstrip()[:1]
        return "json" if start in (b"{", b"[") else "text"

    @cached_property
    def json(self) -> Any:
        """The whole JSON file; None for anything else.

        Raises:
            InputError: It is cut off.
        """
        if self.kind != "json":
            return None
        with reading(self.path, "a whole JSON file", "write it again"):
            text = self._text()
            try:
                return json.loads(text)
            except json.JSONDecodeError as error:
                if error.msg != "Extra data" or len(text.splitlines()) < 2:
                    raise
            return _json_lines(text)

    @cached_property
    def rows(self) -> list[list[str]]:
        """The cells of a text file (see ``rows_of``); empty for anything else."""
        return rows_of(self._text()) if self.kind == "text" else []

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the arrays of an npz or HDF5 file; none for anything else."""
        if self.kind == "npz":
            with reading(self.path, "a whole npz file", "write it again"), zipfile.ZipFile(self.path) as archive:
                return frozenset(name.removesuffix(".npy") for name in archive.namelist())
        if self.kind == "hdf5":
            return frozenset(self.hdf5()["@names"].tolist())
        return frozenset()

    @cached_property
    def arrays(self) -> dict[str, Any]:
        """The arrays of an npz file. Pickled ones are read without running anything."""
        return load_restricted_npz(self.path)

    def hdf5(self, *wanted: str) -> dict[str, np.ndarray]:
        """Return what is there of arrays (``group/array``) and attributes (``group@attribute``) of an HDF5 file.

        An array with fields is returned as ``group/array#field``; ``@names`` are what is at the top.

        Raises:
            MissingExtraError: h5py is not installed.
        """
        require("h5py", extra="keypoints", purpose="an HDF5 file of keypoints")
        with reading(self.path, "a whole HDF5 file", "write it again"):
            return parse_apart("hdf5_arrays", self.path, wanted)

    @cached_property
    def frames(self) -> dict[str, "Content"]:
        """The files of a folder by name without suffix, in no order; a single file stands for one frame.

        Raises:
            InputError: The folder holds no such files.
        """
        if self.kind != "folder":
            return {self.path.stem: self}
        by_suffix: dict[str, list[Path]] = {}
        for path in sorted(self.path.iterdir()):
            if not path.name.startswith(".") and path.name.lower() not in NO_KEYPOINTS and path.is_file():
                by_suffix.setdefault(path.suffix.lower(), []).append(path)
        for suffix in _FRAME_SUFFIXES:
            if suffix in by_suffix:
                return {path.stem: Content(path) for path in by_suffix[suffix]}
        # DeepLabCut writes the whole of a video into several.
        others = [path.name for suffix, paths in sorted(by_suffix.items()) if suffix in SUFFIXES for path in paths]
        wanted = f"{self.path}: must hold a {' or '.join(_FRAME_SUFFIXES)} file for each frame"
        raise InputError(f"{wanted}, got {some(others)}; name one of them" if others else f"{wanted}, got none")

    def frame_name(self, file: "Content", number: object) -> str:
        """Return the name of one of the frames that a file holds: its number, in a folder after the file's name."""
        return f"{file.path.stem}_{number}" if self.kind == "folder" else str(number)

    @cached_property
    def first(self) -> "Content | None":
        """One of the frames that has something in it, or None: to tell the layout by."""
        return next((frame for frame in self.frames.values() if frame.json or frame.rows), None)

    def _text(self) -> str:
        try:
            return read_text(self.path)
        except ValueError as error:
            raise InputError(f"{self.path}: must be text or a known binary file, got bytes that are neither") from error


def some(names: Sequence[str]) -> str:
    """Return the first of several names, to be shown."""
    return ", ".join(map(printable, names[:3])) + ", ..." * (len(names) > 3)


def _json_lines(text: str) -> list[Any]:
    """Return the value of each line that is not empty.

    Raises:
        json.JSONDecodeError: One is no JSON; it counts the lines of the whole text.
    """
    values, start = [], 0
    for line in text.splitlines(keepends=True):
        try:
            values += [json.loads(line)] if line.strip() else []
        except json.JSONDecodeError as error:
            raise json.JSONDecodeError(error.msg, text, start + error.pos) from None
        start += len(line)
    return values


def texts(array: np.ndarray) -> list[str]:
    """Return the texts of an array, which may hold them as bytes."""
    return [text.decode("utf-8") if isinstance(text, bytes) else str(text) for text in array.tolist()]

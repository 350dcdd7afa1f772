"""Files on this machine or in an object store, by path or URI; written whole or not at all."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from ampose.atomic import replacing
from ampose.errors import InputError
from ampose.packages import arrow

_HIDDEN = (".", "_")
"""Names that begin so are no parts of a table, for every reader of folders of Parquet files."""


@dataclass(frozen=True)
class StoredFile:
    """A file that is there.

    Args:
        path: In its file system.
        name: Relative to the folder in which it was looked for.
        size: Bytes.
        mtime: Nanoseconds, when it was written.
    """

    path: str
    name: str
    size: int
    mtime: int


class Storage:
    """A folder or a file, with the file system that it is in.

    Args:
        location: A path of this machine, or a URI such as s3://bucket/folder, for the file systems of pyarrow.

    Raises:
        InputError: There is no such file system.
    """

    def __init__(self, location: str | Path) -> None:
        fs = arrow("fs")
        pa = arrow()
        self.location = str(location)
        self.local = "://" not in self.location
        if self.local:
            self.system: Any = fs.LocalFileSystem()
            self.path = Path(self.location).resolve().as_posix()
            return
        try:
            self.system, self.path = fs.FileSystem.from_uri(self.location)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise InputError(f"{self.location}: {' '.join(str(error).split())}") from error
        self.local = isinstance(self.system, fs.LocalFileSystem)

    def under(self, name: str) -> str:
        """Return the path of a file in this folder."""
        return f"{self.path.rstrip('/')}/{name}"

    def files(self, pattern: str = "*.parquet") -> list[StoredFile]:
        """Return the files of this folder and those below it, or the file itself, in the order of their names.

        What begins with a dot or an underscore is left out, as by every reader of folders of Parquet files.

        Raises:
            InputError: There is no such file or folder, or it cannot be read.
        """
        fs = arrow("fs")
        base, _, last = self.path.rpartition("/")
        (info,) = self.system.get_file_info([self.path])
        if info.type == fs.FileType.File:
            return self._stored([info], base)
        if info.type != fs.FileType.Directory and any(sign in last for sign in "*?["):
            found = [info for info in self._list(base, recursive=False) if fnmatch(info.base_name, last)]
            return self._stored(found, base)
        if info.type != fs.FileType.Directory:
            raise InputError(f"{self.location}: there is no such file or folder")
        everything = self._list(self.path, recursive=True)
        return [file for file in self._stored(everything, self.path) if fnmatch(Path(file.name).name, pattern)]

    def exists(self) -> bool:
        """Tell whether this is a folder that is there."""
        fs = arrow("fs")
        return bool(self.system.get_file_info([self.path])[0].type == fs.FileType.Directory)

    def clear_unfinished(self) -> None:
        """Delete what a run that was killed left half-written in an object store; on this machine, writing does it."""
        for info in self._list(self.path, recursive=True) if not self.local and self.exists() else []:
            if re.fullmatch(r"\..+\.[0-9a-f]{8}\.partial", info.base_name):
                self.system.delete_file(info.path)

    def _list(self, folder: str, *, recursive: bool) -> list[Any]:
        fs = arrow("fs")
        try:
            found = self.system.get_file_info(fs.FileSelector(folder, recursive=recursive))
        except OSError as error:
            raise InputError(f"{self.location}: {' '.join(str(error).split())}") from error
        return [info for info in found if info.type == fs.FileType.File]

    def _stored(self, infos: list[Any], base: str) -> list[StoredFile]:
        files = [
            StoredFile(info.path, info.path[len(base.rstrip("/")) + 1 :], info.size, info.mtime_ns or 0)
            for info in infos
        ]
        visible = [file for file in files if not any(part.startswith(_HIDDEN) for part in file.name.split("/"))]
        return sorted(visible, key=lambda file: file.name)

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        """Give a stream to write to; the file appears in this folder when the block ends without an error.

        Raises:
            InputError: The folder cannot be written to, or the disk is full.
        """
        path = self.under(name)
        if self.local:
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(f"{path}: cannot be written: {error.strerror}") from error
            with replacing(path) as unfinished, unfinished.open("wb") as stream:
                yield stream
            return
        # In an object store a file appears when it is closed, after an error too: so under another name first.
        folder, _, last = path.rpartition("/")
        part = f"{folder}/.{last}.{secrets.token_hex(4)}.partial"
        try:
            with self.system.open_output_stream(part) as stream:
                yield stream
            self.system.move(part, path)
        except BaseException:
            with suppress(OSError):
                self.system.delete_file(part)
            raise

    def delete(self, name: str) -> None:
        """Delete a file in this folder, if it is there."""
        with suppress(FileNotFoundError):
            self.system.delete_file(self.under(name))

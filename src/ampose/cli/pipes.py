"""Standard input and output in place of files: ``-``, so that a command works in a pipe."""

import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ampose.errors import InputError

PIPE = Path("-")
"""Standard input, or standard output."""

_NAME = "standard input"
_BY_FIRST_BYTES = {b"\x89HDF": ".h5", b"PK\x03\x04": ".npz", b"\x93NUMPY": ".npy", b"{": ".json", b"[": ".json"}
_MARKS = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"


@contextmanager
def file_of(source: Path) -> Iterator[Path]:
    """Give the path back, or that of a file with all of standard input, which is gone after the block.

    Raises:
        InputError: Nothing comes; or from inside the block, with words that name standard input, not the file.
    """
    if source != PIPE:
        yield source
        return
    if sys.stdin.isatty():
        raise InputError("-: standard input is a terminal; pipe a file into it, or name one")
    with tempfile.TemporaryDirectory(prefix="ampose-") as folder:
        path = Path(folder) / "stdin"
        with path.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        with path.open("rb") as stream:
            start = stream.read(64)
        if not start:
            raise InputError("-: must hold keypoints or poses, but nothing comes from standard input")
        kinds = (kind for first, kind in _BY_FIRST_BYTES.items() if start.lstrip(_MARKS).startswith(first))
        named = path.rename(path.with_suffix(next(kinds, ".csv")))
        handlers = logging.getLogger().handlers
        renamed = _Renamed(str(named))
        for handler in handlers:
            handler.addFilter(renamed)
        try:
            yield named
        except InputError as error:
            raise InputError(str(error).replace(str(named), _NAME), field=error.field) from error
        finally:
            for handler in handlers:
                handler.removeFilter(renamed)


class _Renamed(logging.Filter):
    """Names standard input where the log has the name of the file that holds it."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def filter(self, record: logging.LogRecord) -> bool:
        """Rename it, and let it through."""
        record.msg, record.args = record.getMessage().replace(self._path, _NAME), ()
        return True


@contextmanager
def to_stdout(suffix: str) -> Iterator[Path]:
    """Give a path for a file that goes to standard output, whole, when the block is done."""
    with tempfile.TemporaryDirectory(prefix="ampose-") as folder:
        path = Path(folder) / f"stdout{suffix}"
        yield path
        if not path.is_file():
            raise InputError("-: people of different joints need a file each; name files, not standard output")
        sys.stdout.flush()
        with path.open("rb") as stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)
        sys.stdout.buffer.flush()

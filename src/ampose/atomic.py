"""Write a file whole or not at all.

A file is written under a temporary name in its own folder, flushed to the disk and renamed: whoever looks, and whoever
comes after a kill or a power cut, sees the old file or the new one, never half of one.
"""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from ampose.errors import InputError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path to write to; it becomes ``path`` when the block ends without an error.

    Raises:
        InputError: The folder does not exist or cannot be written to, or the disk is full.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "note.txt"
        >>> with replacing(target) as unfinished:
        ...     _ = unfinished.write_text("done")
        ...     target.exists()
        False
        >>> target.read_text()
        'done'
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.partial{path.suffix}")
    try:
        unfinished.touch()
    except OSError as error:
        raise InputError(
            f"{path}: must be in a folder that can be written to, got {error.strerror}; name another"
        ) from error
    try:
        yield unfinished
        _flush(unfinished)
        unfinished.replace(path)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise InputError(
            f"{path}: must fit on the disk, got: {error.strerror}; make room or name another folder"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Wait until the file is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())

"""Write a file whole or not at all.

A file is written under a temporary name in its own folder, flushed to the disk and renamed: whoever looks, and whoever
comes after a kill or a power cut, sees the old file or the new one, never half of one.
"""

import contextlib
import errno
import os
import re
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
    with replacing_together(path) as (unfinished,):
        yield unfinished


@contextlib.contextmanager
def replacing_together(*paths: str | Path) -> Iterator[list[Path]]:
    """The same for files that belong together: all are on the disk before the first is renamed, in this order.

    Raises:
        InputError: As in ``replacing``.
    """
    targets = [Path(path) for path in paths]
    parts = [path.with_name(f".{path.stem}.{secrets.token_hex(4)}.partial{path.suffix}") for path in targets]
    try:
        for part, target in zip(parts, targets, strict=True):
            try:  # before the work is done: where they cannot be written is better known early
                part.touch()
            except OSError as error:
                raise InputError(
                    f"{target}: must be in a folder that can be written to, got {error.strerror}; name another"
                ) from error
        yield parts
        for part in parts:
            with part.open("r+b") as file:  # Windows flushes only what is open for writing
                os.fsync(file.fileno())
        for part, target in zip(parts, targets, strict=True):
            part.replace(target)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        names = ", ".join(map(str, targets))
        raise InputError(
            f"{names}: must fit on the disk, got: {error.strerror}; make room or name another folder"
        ) from error
    finally:
        for part in filter(Path.exists, parts):
            part.unlink()


def final_name(unfinished: Path) -> str:
    """Return the name that a file will have when it is complete, for formats that state it inside.

    Example:
        >>> final_name(Path(".walk.0a1b2c3d.partial.trc")), final_name(Path("walk.trc"))
        ('walk.trc', 'walk.trc')
    """
    match = re.fullmatch(r"\.(.+)\.[0-9a-f]{8}\.partial(\.[^.]+)?", unfinished.name)
    return unfinished.name if match is None else match[1] + (match[2] or "")

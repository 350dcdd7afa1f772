"""Writes files whole or not at all, and removes what killed runs left.

A file is written under a temporary name in its own folder, flushed to the disk and renamed: whoever looks, and whoever
comes after a kill or a power cut, sees the old file or the new one, never half of one. What is unfinished is locked by
the process that writes it. A kill ends the lock, and the next run that writes into the folder removes what is left.
"""

import contextlib
import errno
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ampose.errors import InputError

if sys.platform != "win32":
    import fcntl

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}\.partial(\.[^.]+|\.old)?|\.ampose-[0-9a-f]{8}", re.DOTALL)
_LONGEST_NAME = 255
"""Bytes, on all file systems that are common."""

_DAY_S = 86400
"""Where files cannot be locked, what is unfinished for longer was left."""

_targets: dict[Path, Path] = {}
_cleaned: set[Path] = set()


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
    parts = [unfinished_name(path) for path in targets]
    with contextlib.ExitStack() as locks:
        try:
            for part, target in zip(parts, targets, strict=True):
                remove_unfinished(target.parent)
                try:  # before the work is done: where they cannot be written is better known early
                    locks.enter_context(_held(part))
                except OSError as error:
                    raise InputError(
                        f"{target}: must be in a folder that can be written to, got {error.strerror}; name another"
                    ) from error
                _targets[part] = target
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
            for part in parts:
                _targets.pop(part, None)
                with contextlib.suppress(OSError):  # there is none, or no such folder
                    part.unlink()


@contextlib.contextmanager
def working_folder(parent: Path) -> Iterator[Path]:
    """Give a folder for what is on its way, beside where it goes; it is removed with all that is in it.

    Raises:
        OSError: There can be none.

    Example:
        >>> import tempfile
        >>> with working_folder(Path(tempfile.mkdtemp())) as work:
        ...     work.is_dir()
        True
        >>> work.exists()
        False
    """
    remove_unfinished(parent)
    work = parent / f".ampose-{secrets.token_hex(4)}"
    work.mkdir()
    with unfinished_folder(work):
        yield work


@contextlib.contextmanager
def unfinished_folder(folder: Path) -> Iterator[None]:
    """Hold a folder that is not finished; what is there of it at the end is removed."""
    try:
        with _locked(os.open(folder, os.O_RDONLY)) if sys.platform != "win32" else contextlib.nullcontext():
            yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make a folder and keep other runs out of it until the block ends; then remove it if nothing is in it.

    Raises:
        InputError: Another run writes there.
        OSError: It cannot be made.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "result"
        >>> with claimed(folder), claimed(folder):
        ...     pass
        Traceback (most recent call last):
        ...
        ampose.errors.InputError: ...result: another run writes to this folder; wait for its end, or name another
    """
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if sys.platform == "win32":  # folders cannot be locked
            yield
            return
        with _locked(os.open(folder, os.O_RDONLY)) as alone:
            if not alone:
                made = []
                raise InputError(f"{folder}: another run writes to this folder; wait for its end, or name another")
            remove_unfinished(folder)
            yield
    finally:
        for parent in made:
            with contextlib.suppress(OSError):  # there is something in it, or in one above it
                parent.rmdir()


def unfinished_name(target: Path) -> Path:
    """Return the name that a file or a folder has until it is finished; it ends as the target does."""
    end = f".{secrets.token_hex(4)}.partial{target.suffix}"
    room = _LONGEST_NAME - len(os.fsencode(end)) - 1
    stem = os.fsdecode(os.fsencode(target.stem)[:room])
    return target.with_name(f".{stem}{end}")


def final_name(unfinished: Path) -> str:
    """Return the name that a file will have when it is complete, for formats that state it inside.

    Example:
        >>> final_name(Path("walk.trc"))
        'walk.trc'
    """
    return _targets.get(unfinished, unfinished).name


def remove_unfinished(folder: Path) -> None:
    """Remove what runs that were killed have left in a folder; looks once in the life of this process."""
    folder = folder.absolute()
    if folder in _cleaned or not folder.is_dir():
        return
    _cleaned.add(folder)
    with contextlib.suppress(OSError):  # of others: they may go on, or be removed, meanwhile
        for entry in list(os.scandir(folder)):
            if _UNFINISHED.fullmatch(entry.name) and _is_left(Path(entry.path)):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    Path(entry.path).unlink(missing_ok=True)


def _is_left(path: Path) -> bool:
    """Whether nobody writes it any more."""
    if sys.platform == "win32":
        return time.time() - path.lstat().st_mtime > _DAY_S
    with _locked(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)) as free:
        return free


@contextlib.contextmanager
def _held(part: Path) -> Iterator[None]:
    """Make an empty file, which is locked until the block ends."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    if sys.platform == "win32":  # what is open cannot be renamed
        os.close(descriptor)
        yield
        return
    with _locked(descriptor):
        part.touch()  # another run may have removed it before it was locked
        yield


if sys.platform != "win32":

    @contextlib.contextmanager
    def _locked(descriptor: int) -> Iterator[bool]:
        """Lock what is open until the block ends, and close it; gives whether it was free."""
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            except OSError:  # a file system without locks: nobody is kept out
                yield True
                return
            yield True
        finally:
            os.close(descriptor)

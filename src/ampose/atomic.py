"""Writes files whole or not at all, and removes what killed runs left.

What is written lies in a working folder beside its place, is flushed to the disk and renamed: whoever looks, and
whoever comes after a kill or a power cut, sees the old file or the new one, never half of one. The process that writes
holds a lock on a file beside its working folder. A kill ends the lock, and the next run that writes there removes what
is left. What is written is never locked itself: on network drives that keeps out the process that holds the lock.
"""

import contextlib
import errno
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ampose.errors import InputError

if sys.platform != "win32":
    import fcntl
else:
    import msvcrt

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_UNFINISHED = re.compile(r"\.ampose-[0-9a-f]{8}(\.lock)?")

_DAY_S = 86400
"""Where files cannot be locked, what nobody has touched for longer was left."""

_TRIES = 10
"""To find a lock that is still there; some drives number their files anew each time."""

_CLAIM, _REPLACED = ".ampose-run.lock", "replaced"

_cleaned: set[Path] = set()


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path to write to; it becomes ``path`` when the block ends without an error.

    The temporary path has the name of ``path``, in a folder of its own that is removed with all that is in it.

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
    check_no_folders(targets)
    with _working_folders(targets) as folders:
        parts = [folder / target.name for folder, target in zip(folders, targets, strict=True)]
        with _in_their_places(dict(zip(parts, targets, strict=True))):
            for part in parts:
                part.touch()
            yield parts
            for part in parts:
                _flush(part)
            for part, target in zip(parts, targets, strict=True):
                part.replace(target)


def check_no_folders(paths: Iterable[Path]) -> None:
    """Refuse to write a file where there is a folder, which is better known before the work than after it.

    Raises:
        InputError: There is a folder.
    """
    if folder := next((path for path in paths if path.is_dir()), None):
        raise InputError(f"{folder}: is a folder, and no file can be written there; name another, or move it away")


@contextlib.contextmanager
def _in_their_places(parts: Mapping[Path, Path]) -> Iterator[None]:
    """Let errors about what is unfinished name the place that it is to come to, which is the one that the user knows.

    Args:
        parts: That place for each temporary path.
    """
    try:
        yield
    except OSError as error:
        for part, target in parts.items():
            if isinstance(error.filename, str) and error.filename.startswith(str(part)):
                place = str(target) + error.filename.removeprefix(str(part))
                raise OSError(error.errno, error.strerror, place) from error
        raise
    except InputError as error:
        message = str(error)
        for part, target in parts.items():
            message = message.replace(str(part), str(target))
        if message == str(error):
            raise
        raise InputError(message, field=error.field) from error


@contextlib.contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder to write to; it becomes ``folder`` when the block ends without an error.

    Raises:
        InputError: As in ``replacing``.
    """
    with _working_folders([folder]) as (work,):
        new, old = work / "new", work / _REPLACED
        with _in_their_places({new: folder}):
            new.mkdir()
            yield new
            for path in new.rglob("*"):
                if path.is_file():
                    _flush(path)
        if folder.exists():  # a folder cannot be renamed over one that is not empty
            old.mkdir()
            folder.rename(old / folder.name)
        new.rename(folder)


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
    with _locked(work.with_suffix(".lock")):  # first: nobody finds the folder without it
        work.mkdir()
        try:
            yield work
        finally:
            _discard(work)


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make a folder and keep other runs out of it until the block ends; then remove it if nothing is in it.

    Raises:
        InputError: Another run writes there, or it cannot be made.

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
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to: {error.strerror}; name another") from error
    try:
        with _locked(folder / _CLAIM) as alone:
            if alone is False:
                made = []
                raise InputError(f"{folder}: another run writes to this folder; wait for its end, or name another")
            remove_unfinished(folder)
            yield
    finally:
        for parent in made:
            with contextlib.suppress(OSError):  # there is something in it, or in one above it
                parent.rmdir()


def remove_unfinished(folder: Path) -> None:
    """Remove what runs that were killed have left in a folder; looks once in the life of this process."""
    folder = folder.absolute()
    if folder in _cleaned or not folder.is_dir():
        return
    _cleaned.add(folder)
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            if _UNFINISHED.fullmatch(entry.name):
                with contextlib.suppress(OSError):  # of others: they may go on, or be removed, meanwhile
                    _remove_if_left(Path(entry.path))


def _remove_if_left(path: Path) -> None:
    """Remove a working folder and its lock, of which this is one, unless a run goes on there."""
    work = path.with_suffix("")
    touched = max(each.lstat().st_mtime for each in (path, *work.rglob("*")))
    old = time.time() - touched > _DAY_S
    if path != work and not old:  # it may be a lock that its run is about to take
        return
    with _locked(work.with_suffix(".lock")) as alone:
        if alone or (alone is None and old):
            _discard(work)


def _discard(work: Path) -> None:
    """Remove a working folder; a folder that was to be replaced, and was not, goes back to its place."""
    for old in work.glob(f"{_REPLACED}/*"):
        with contextlib.suppress(OSError):  # the new one is there
            old.rename(work.parent / old.name)
    shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _working_folders(targets: list[Path]) -> Iterator[list[Path]]:
    """Give a working folder beside each target; raises InputError if there can be none, or if the disk is full."""
    with contextlib.ExitStack() as stack:
        folders = []
        for target in targets:
            try:  # before the work is done: where they cannot be written is better known early
                folders.append(stack.enter_context(working_folder(target.parent)))
            except OSError as error:
                raise InputError(
                    f"{target}: must be in a folder that can be written to, got {error.strerror}; name another"
                ) from error
        try:
            yield folders
        except InputError:
            raise
        except Exception as error:
            cause: BaseException | None = error
            while cause and not (isinstance(cause, OSError) and cause.errno in _NO_ROOM):
                cause = cause.__context__  # a library's own closing fails after it, in words of its own
            if not isinstance(cause, OSError):
                raise
            names = ", ".join(map(str, targets))
            raise InputError(
                f"{names}: must fit on the disk, got: {cause.strerror}; make room or name another folder"
            ) from error


def _flush(path: Path) -> None:
    with path.open("r+b") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool | None]:
    """Lock a file, which is made for this, until the block ends.

    Gives False if another run has it, and None if nobody can tell: where files cannot be locked, or not this one.
    """
    descriptor, alone = -1, None
    with contextlib.suppress(OSError):
        for _ in range(_TRIES):  # opened for writing: NFS locks nothing else
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
            alone = _lock(descriptor)
            if not alone or _is_at(path, descriptor):
                break
            os.close(descriptor)  # whoever had it removed it before it was free
            descriptor, alone = -1, None
    ours = descriptor >= 0 and alone is not False  # not what another user has made
    try:
        yield alone
    finally:
        if ours and sys.platform != "win32":  # while it is ours: then nobody else's is removed
            with contextlib.suppress(OSError):
                path.unlink()
        if descriptor >= 0:
            os.close(descriptor)
        if ours and sys.platform == "win32":  # where nothing that is open can be removed
            with contextlib.suppress(OSError):
                path.unlink()


def _lock(descriptor: int) -> bool | None:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the second on Windows and on its network drives
        return False
    except OSError:
        return None
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False

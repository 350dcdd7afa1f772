"""A file appears whole or not at all."""

import errno
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from ampose import atomic
from ampose.atomic import claimed, remove_unfinished, replacing, replacing_folder, working_folder
from ampose.errors import InputError


def test_replacing_keeps_the_old_file_when_writing_fails(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), replacing(path) as unfinished:
        unfinished.write_text("half\ud800")  # an error in the middle of the writing
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_replacing_in_a_folder_that_is_none(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="folder that can be written to"), replacing(tmp_path / "file" / "a.txt"):
        pytest.fail("the block must not run")


def test_a_file_that_is_to_replace_a_folder_is_refused_before_the_work(tmp_path):
    (tmp_path / "d.bvh").mkdir()
    with (
        pytest.raises(InputError, match=rf"^{re.escape(str(tmp_path / 'd.bvh'))}: is a folder"),
        replacing(tmp_path / "d.bvh"),
    ):
        pytest.fail("the block must not run")


def test_errors_name_the_place_that_the_user_named(tmp_path):
    place = tmp_path / "result"
    with pytest.raises(FileNotFoundError) as told, replacing_folder(place) as unfinished:
        (unfinished / "there is none").rmdir()
    assert told.value.filename == str(place / "there is none")
    with pytest.raises(InputError, match=rf"^{re.escape(str(place))}: is odd$"), replacing(place) as unfinished:
        raise InputError(f"{unfinished}: is odd")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("little_room")
def test_a_full_disk_is_told_with_the_name_that_the_user_gave(tmp_path):
    """What writes a file in two steps, as FFmpeg does a clip, does so within the first's working folder."""
    path = tmp_path / "a.bin"
    with (
        pytest.raises(InputError, match=rf"^{re.escape(str(path))}: must fit on the disk"),
        replacing(path) as outer,
        replacing(outer) as inner,
    ):
        inner.write_bytes(bytes(5000))


@pytest.mark.usefixtures("little_room")
def test_a_full_disk_is_told_and_is_told_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(InputError, match=r"a\.bin: must fit on the disk"), replacing(path) as unfinished:
        unfinished.write_bytes(bytes(5000))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("little_room")
def test_a_full_disk_is_told_though_another_error_follows_it(tmp_path):
    """As of zlib, when a PDF that could not be written is closed."""

    @contextmanager
    def closed_wrongly():
        try:
            yield
        finally:
            raise ValueError("inconsistent stream state")

    told = pytest.raises(InputError, match=r"a\.bin: must fit on the disk")
    with told, replacing(tmp_path / "a.bin") as unfinished, closed_wrongly():
        unfinished.write_bytes(bytes(5000))


def unfinished(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.name.startswith("."))


DIE = "os.kill(os.getpid(), signal.SIGKILL)"


def killed(code: str) -> None:
    """Run a program that kills itself in the middle."""
    program = f"import os, signal, pathlib\nfrom ampose import atomic\n{code}\n"
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_what_a_killed_run_left_is_gone_after_the_next(tmp_path: Path) -> None:
    place = f"pathlib.Path({str(tmp_path)!r})"
    killed(f"with atomic.replacing({place} / 'a.json') as part:\n    part.write_text('half')\n    {DIE}")
    killed(f"with atomic.working_folder({place}) as work:\n    (work / 'a').touch()\n    {DIE}")
    (tmp_path / ".mine.partial").touch()
    (tmp_path / ".notes").touch()
    assert len(unfinished(tmp_path)) == 4  # the second run has removed what the first one left
    with replacing(tmp_path / "a.json") as part:
        part.write_text("whole")
    assert unfinished(tmp_path) == [".mine.partial", ".notes"]
    assert (tmp_path / "a.json").read_text() == "whole"


def test_what_another_run_is_writing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with replacing(tmp_path / "a.json") as part, working_folder(tmp_path) as work:
        part.write_text("half")
        monkeypatch.setattr(atomic, "_cleaned", set())
        remove_unfinished(tmp_path)
        assert part.exists()
        assert work.exists()
    assert unfinished(tmp_path) == []


def test_a_folder_is_for_one_run_and_goes_if_nothing_comes_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "a"
    with claimed(folder), pytest.raises(InputError, match="another run writes to this folder"), claimed(folder):
        pytest.fail("the block must not run")
    assert not (tmp_path / "runs").exists()
    with claimed(folder):
        (folder / "log").touch()
    assert (folder / "log").exists()
    with claimed(folder):  # free again, and what was there stays
        pass
    assert (folder / "log").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_folder_is_free_again_after_a_kill(tmp_path: Path) -> None:
    killed(f"with atomic.claimed(pathlib.Path({str(tmp_path)!r})):\n    {DIE}")
    with claimed(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


NO_LOCKS = [errno.EBADF, errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP]


@pytest.mark.skipif(sys.platform == "win32", reason="fcntl")
@pytest.mark.parametrize("number", NO_LOCKS, ids=errno.errorcode.get)
def test_where_nothing_can_be_locked_age_decides(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    with replacing(tmp_path / "a.json") as live, working_folder(tmp_path) as left:
        for path in (left, left.with_suffix(".lock"), live.parent, live.parent.with_suffix(".lock")):
            os.utime(path, (0, 0))  # the run of the first goes on: its file was written just now
        monkeypatch.setattr(atomic, "_cleaned", set())
        remove_unfinished(tmp_path)
        assert live.exists()
        assert not left.exists()
    with claimed(tmp_path), claimed(tmp_path):  # nobody is kept out
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="fcntl")
def test_nfs_locks_for_writing_only_and_cifs_for_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    flock, locked = fcntl.flock, []

    def strict(descriptor: int, how: int) -> None:
        if not fcntl.fcntl(descriptor, fcntl.F_GETFL) & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        locked.append(os.fstat(descriptor).st_ino)
        flock(descriptor, how)

    monkeypatch.setattr("fcntl.flock", strict)
    with claimed(tmp_path), replacing(tmp_path / "a.json") as part, working_folder(tmp_path) as work:
        (work / "b").touch()
        assert not {part.stat().st_ino, (work / "b").stat().st_ino} & {*locked}
        with pytest.raises(InputError, match="another run"), claimed(tmp_path):
            pytest.fail("the block must not run")
    assert len(locked) == 4


@pytest.mark.skipif(sys.platform == "win32", reason="fcntl")
def test_a_lock_that_its_owner_removes_meanwhile_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else two runs would each hold a lock: one on the file that is there, one on the file that was."""
    import fcntl

    flock, lock, removed = fcntl.flock, tmp_path / ".ampose-run.lock", []

    def late(descriptor: int, how: int) -> None:
        if not removed:
            removed.append(lock.unlink())
        flock(descriptor, how)

    monkeypatch.setattr("fcntl.flock", late)
    with claimed(tmp_path):
        assert lock.exists()
        with pytest.raises(InputError, match="another run writes"), claimed(tmp_path):
            pass
        assert lock.exists()
    assert not lock.exists()


def test_a_lock_of_another_user_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    lock = tmp_path / ".ampose-run.lock"
    lock.touch()
    monkeypatch.setattr("os.open", refuse)
    with claimed(tmp_path):
        pass
    assert lock.exists()


def test_a_lock_alone_goes_when_it_is_old(tmp_path: Path) -> None:
    new, old = tmp_path / ".ampose-00000000.lock", tmp_path / ".ampose-00000001.lock"
    new.touch()
    old.touch()
    os.utime(old, (0, 0))
    remove_unfinished(tmp_path)
    assert list(tmp_path.iterdir()) == [new]


def test_a_folder_replaces_another_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for content in ("old", "new"):
        with replacing_folder(folder) as part:
            (part / content).touch()
            assert not (folder / content).exists()
        assert [path.name for path in folder.iterdir()] == [content]
    with pytest.raises(ZeroDivisionError), replacing_folder(folder) as part:
        raise ZeroDivisionError
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["data", str(Path("data/new"))]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize(("renamed", "content"), [(1, "old"), (2, "new")])
def test_a_folder_survives_a_kill_while_it_is_replaced(renamed: int, content: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "old").touch()
    killed(
        "rename, left = pathlib.Path.rename, [None] * " + str(renamed) + "\n"
        "def count(*paths):\n"
        "    rename(*paths)\n"
        "    left.pop()\n"
        f"    if not left: {DIE}\n"
        "pathlib.Path.rename = count\n"
        f"with atomic.replacing_folder(pathlib.Path({str(folder)!r})) as part:\n"
        "    (part / 'new').touch()\n"
    )
    remove_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert [path.name for path in folder.iterdir()] == [content]


@pytest.mark.parametrize("name", ["n" * 250 + ".json", "é" * 125 + ".json"], ids=["letters", "accents"])
def test_names_as_long_as_a_file_system_has_them(name: str, tmp_path: Path) -> None:
    with replacing(tmp_path / name) as part:
        assert part.name == name
        part.write_text("a")
    assert [file.name for file in tmp_path.iterdir()] == [name]

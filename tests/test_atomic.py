"""A file appears whole or not at all."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ampose import atomic
from ampose.atomic import claimed, final_name, remove_unfinished, replacing, working_folder
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


@pytest.mark.usefixtures("little_room")
def test_a_full_disk_is_told_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(InputError, match=r"a\.bin: must fit on the disk"), replacing(path) as unfinished:
        unfinished.write_bytes(bytes(5000))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def unfinished(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.name.startswith("."))


def killed(code: str) -> None:
    """Run a program that kills itself in the middle."""
    program = f"import os, signal, pathlib\nfrom ampose import atomic\n{code}\n"
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot lock what is renamed")
def test_what_a_killed_run_left_is_gone_after_the_next(tmp_path: Path) -> None:
    die = "os.kill(os.getpid(), signal.SIGKILL)"
    place = f"pathlib.Path({str(tmp_path)!r})"
    killed(f"with atomic.replacing({place} / 'a.json') as part:\n    part.write_text('half')\n    {die}")
    killed(f"with atomic.working_folder({place}) as work:\n    (work / 'a').touch()\n    {die}")
    (tmp_path / ".mine.partial").touch()
    (tmp_path / ".notes").touch()
    assert len(unfinished(tmp_path)) == 3  # the second run has removed what the first one left
    with replacing(tmp_path / "a.json") as part:
        part.write_text("whole")
    assert unfinished(tmp_path) == [".mine.partial", ".notes"]
    assert (tmp_path / "a.json").read_text() == "whole"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot lock what is renamed")
def test_what_another_run_is_writing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with replacing(tmp_path / "a.json") as part, working_folder(tmp_path) as work:
        part.write_text("half")
        monkeypatch.setattr(atomic, "_cleaned", set())
        remove_unfinished(tmp_path)
        assert part.exists()
        assert work.exists()
    assert unfinished(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot lock folders")
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


@pytest.mark.parametrize("name", ["n" * 246 + ".json", "é" * 120 + ".json"], ids=["letters", "accents"])
def test_names_as_long_as_a_file_system_has_them(name: str, tmp_path: Path) -> None:
    with replacing(tmp_path / name) as part:
        assert final_name(part) == name
        part.write_text("a")
    assert [file.name for file in tmp_path.iterdir()] == [name]

"""What Windows and macOS do differently, as far as it can be tested on Linux: names, encodings, processes, the disk."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ampose.atomic import replacing
from ampose.cli.lift.batch import name_folders
from ampose.errors import InputError
from ampose.lifting.weights import find_weights

SOURCES = sorted((Path(__file__).parents[1] / "src" / "ampose").rglob("*.py"))
NOT_TEXT = {"image_module", "archive", "opened", "av", "os", "webbrowser"}
"""What else has a method ``open``."""
NOT_ON_WINDOWS = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}


NO_WINDOWS = "sys.platform != 'win32'"


def imported(tree: ast.AST) -> set[str]:
    """The modules that are imported by their own names."""
    return {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str, str]]:
    """Every call with the name of the function, and of the object that it belongs to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            owner = function.value if isinstance(function, ast.Attribute) else None
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            yield node, name, getattr(owner, "id", "")


def without_encoding(source: str) -> list[str]:
    """The calls that read or write text in whatever encoding the system has."""
    found = []
    for call, name, owner in calls(ast.parse(source)):
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        modes = [each.value for each in [*call.args, named.get("mode")] if isinstance(each, ast.Constant)]
        binary = any(isinstance(mode, str) and "b" in mode for mode in modes)
        is_method = isinstance(call.func, ast.Attribute)
        opens = name == "open" and owner not in NOT_TEXT and not binary
        reads = name in ("read_text", "write_text") and is_method
        runs = name == "run" and owner == "subprocess" and "text" in named
        if (opens or reads or runs) and "encoding" not in named:
            found.append(ast.unparse(call))
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(SOURCES[0].parent).as_posix())
def test_source_is_portable(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert without_encoding(source) == []
    names = imported(tree)
    elsewhere = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == NO_WINDOWS]
    assert names & NOT_ON_WINDOWS <= set().union(*map(imported, elsewhere))
    words = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert words & {"fork", "getuid", "SIGKILL", "SIGHUP", "SIGUSR1", "SIGALRM", "killpg"} == set()
    # A process begins with "spawn" everywhere, so that what works on Linux works on Windows and macOS.
    if "multiprocessing" in names:
        used = {name for _, name, owner in calls(tree) if owner == "multiprocessing"}
        assert "get_context" in used
        assert used <= {"get_context", "active_children"}
        assert '"spawn"' in source


def test_the_check_notices_text_without_encoding() -> None:
    source = "open('a'); p.open('w'); p.read_text(); open('b', 'rb'); p.write_text('', encoding='utf-8')"
    assert without_encoding(source) == ["open('a')", "p.open('w')", "p.read_text()"]


@pytest.mark.parametrize(
    "names",
    [
        ("Walk.mp4", "walk.mov"),
        ("walk.mp4", "walk .mov"),
        ("walk.mp4", "walk...mov"),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}.mp4", "cafe\N{COMBINING ACUTE ACCENT}.mov"),
    ],
    ids=["case", "space at the end", "dots at the end", "accents"],
)
def test_inputs_get_folders_that_are_two_on_any_system(names: tuple[str, str], tmp_path: Path) -> None:
    first, second = name_folders([tmp_path / name for name in names], tmp_path).values()
    assert first.suffix == second.suffix == ""
    assert {first.name[-4:], second.name[-4:]} == {"_mp4", "_mov"}


def test_inputs_that_differ_by_case_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"2 inputs are called .*_Cam_mp4; lift them one by one"):
        name_folders([tmp_path / "1/a/Cam.mp4", tmp_path / "2/A/cam.mp4"], tmp_path)


@pytest.mark.parametrize("name", [r"C:\runs\last", r"\\server\runs\last", "con", "last.", "a:b"])
def test_windows_names_of_weights_that_are_not_there_are_refused_in_one_line(name: str) -> None:
    with pytest.raises(InputError, match=r"or a folder with config.json, got") as caught:
        find_weights(name)
    assert repr(name) in str(caught.value)


def test_files_are_flushed_through_a_handle_that_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses others: "Bad file descriptor"."""
    fcntl = pytest.importorskip("fcntl", reason="Windows fails by itself")
    modes = []
    monkeypatch.setattr(os, "fsync", lambda file: modes.append(fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE))
    with replacing(tmp_path / "note.txt") as unfinished:
        unfinished.write_text("done", encoding="utf-8")
    assert modes == [os.O_RDWR]


def test_a_console_without_the_letters_of_a_name_shows_their_codes(tmp_path: Path) -> None:
    code = "import sys; from ampose import cli; cli._run = print; sys.exit(cli.main())"
    command = [sys.executable, "-c", code, "\N{GREEK SMALL LETTER PI}.mp4"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, rb"\u03c0.mp4", b"")

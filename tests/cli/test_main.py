"""The command line: help, exit statuses, and errors in one line."""

import importlib
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import ampose
from ampose import cli
from ampose.cli import command_names, info, main
from ampose.errors import InputError, MissingExtraError, RunLostError

Captured = pytest.CaptureFixture[str]


def raising(error: BaseException) -> Callable[[], None]:
    """A command that ends like this."""

    def run() -> None:
        raise error

    return run


@pytest.mark.parametrize("args", [[], ["--help"], ["-h"]], ids=["nothing", "--help", "-h"])
def test_help_lists_every_command_with_its_summary(args: list[str], capsys: Captured) -> None:
    assert main(args) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "usage: ampose COMMAND [options]"
    for name in command_names():
        (line,) = [line for line in lines if line.startswith(f"  {name} ")]
        assert line.endswith(".")
        assert len(line.split()) > 3


def test_the_commands_are_the_modules_that_can_run() -> None:
    modules = {module.name for module in pkgutil.iter_modules(cli.__path__)}
    runnable = {name for name in modules if hasattr(importlib.import_module(f"ampose.cli.{name}"), "run")}
    assert set(command_names()) == runnable >= {"info", "lift", "train", "evaluate", "prepare"}
    assert {"arguments", "pose_files"} <= modules - runnable


def test_the_version(capsys: Captured) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ampose {ampose.__version__}\n"


def test_an_unknown_command_comes_with_a_suggestion(capsys: Captured) -> None:
    assert main(["lfit", "film.mp4"]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == (
        "",
        "ampose: error: command must be a known name, got 'lfit'; did you mean 'lift' or 'live'?\n",
    )


def test_a_command_gets_its_arguments(capsys: Captured) -> None:
    assert main(["info"]) == 0
    assert "ampose-small" in capsys.readouterr().out


def test_bad_input_is_one_line_and_status_2(capsys: Captured) -> None:
    assert main(["info", "ampose-smal"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ampose: error: model must be a known name, got 'ampose-smal'; did you mean 'ampose-small'")
    assert err.count("\n") == 1


@pytest.mark.parametrize("args", [["--debug", "info", "ampose-smal"], ["info", "ampose-smal", "--debug"]])
def test_debug_shows_the_traceback(args: list[str]) -> None:
    with pytest.raises(InputError, match="ampose-smal"):
        main(args)


def test_debug_is_seen_by_no_command(capsys: Captured) -> None:
    assert main(["info", "--debug"]) == 0
    assert "models:" in capsys.readouterr().out


def test_a_wrong_option_is_status_2(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["info", "--no-such-option"])
    assert caught.value.code == 2
    assert "no-such-option" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["info", "lift", "train", "evaluate", "prepare"])
def test_every_command_has_help_of_its_own(name: str, capsys: Captured) -> None:
    try:
        status = main([name, "--help"])
    except SystemExit as stop:
        status = stop.code
    assert status == 0
    assert f"ampose {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "line"),
    [
        pytest.param(InputError("film.mp4 must\n  be a video"), "film.mp4 must be a video", id="input, two lines"),
        pytest.param(
            InputError("fps must be positive, got 0", field="fps"), "fps must be positive, got 0 (--fps)", id="field"
        ),
        pytest.param(
            InputError("its size is not known", field="image_size"), "its size is not known (--image-size)", id="word"
        ),
        pytest.param(
            FileNotFoundError(2, "No such file or directory", "film.mp4"),
            "film.mp4: No such file or directory",
            id="file",
        ),
        pytest.param(OSError(28, "No space left on device"), "No space left on device", id="disk"),
        pytest.param(OSError("odd"), "odd", id="system without a number"),
        pytest.param(
            MissingExtraError("av", extra="video", purpose="reading a video"),
            "reading a video needs the package av; install it with: pip install 'ampose[video]'",
            id="extra",
        ),
    ],
)
def test_a_user_s_error_is_one_line(
    error: Exception, line: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(info, "run", raising(error))
    assert main(["info"]) == 2
    assert capsys.readouterr().err == f"ampose: error: {line}\n"


@pytest.mark.parametrize("error", [KeyError("joint"), ZeroDivisionError(), ValueError("shape"), ImportError("x")])
def test_a_bug_keeps_its_traceback(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "run", raising(error))
    with pytest.raises(type(error)):
        main(["info"])


def test_an_interrupt_is_status_130_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(info, "run", raising(KeyboardInterrupt()))
    assert main(["info"]) == 130
    assert capsys.readouterr().err == "ampose: interrupted\n"


def run_code(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_loads_nothing_heavy(option: str) -> None:
    heavy = ("torch", "numpy", "tyro", "matplotlib", "mediapipe")
    code = f"""
import sys
from ampose.cli import main
main([{option!r}])
print(sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)
"""
    assert run_code(code).stderr == "[]\n"


def test_help_answers_in_half_a_second() -> None:
    """The best of some tries: what is measured is the program, not what else the machine does."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        assert "usage: ampose" in run_code("from ampose.cli import main; main(['--help'])").stdout
        seconds.append(time.perf_counter() - start)
        if seconds[-1] < 0.5:
            break
    assert min(seconds) < 0.5


@pytest.mark.parametrize("flags", [[], ["-u"]], ids=["buffered", "unbuffered"])
def test_a_reader_that_has_seen_enough_is_no_error(flags: list[str]) -> None:
    """As in ``ampose --help | head -1``: the pipe is closed before everything is written."""
    code = "import sys; from ampose.cli import main; sys.stdin.read(); sys.exit(main(['--help']))"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    env = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    with subprocess.Popen([sys.executable, *flags, "-c", code], env=env, **pipes) as process:
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_the_installed_command_is_this_one(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("ampose")
    if not command.exists():
        pytest.skip("ampose is not installed beside this Python")
    done = subprocess.run([command, "lfit"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'lift' or 'live'?" in done.stderr
    assert list(tmp_path.iterdir()) == []


WAITING = """
import sys, time
from pathlib import Path
from ampose import cli
from ampose.atomic import replacing
from ampose.cli import info, main

def run() -> None:
    with replacing(Path(sys.argv[1]) / "a.json") as part:
        part.write_text("half")
        print("begun", flush=True)
        for _ in range(600):  # a signal in the moment before one sleep waits for its end
            time.sleep(0.1)

info.run = run
sys.exit(main(["info"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_it_with_nothing_left_behind(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WAITING, str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(getattr(signal, name))
        assert process.wait(timeout=60) == 128 + getattr(signal, name)
        assert process.stderr.read() == f"ampose: {'interrupted' if name == 'SIGINT' else 'ended'}\n"
    assert list(tmp_path.iterdir()) == []


IN_A_CALLBACK = """
import signal, sys, time, weakref
from ampose.cli import info, main

class Thing:
    pass

def run() -> None:
    thing = Thing()
    watched = weakref.ref(thing, lambda _: (signal.raise_signal(int(sys.argv[1])), time.sleep(0.1)))
    del thing  # what the callback raises is dropped
    for _ in range(600):
        time.sleep(0.1)

info.run = run
sys.exit(main(["info"]))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_during_a_callback_ends_it_too(name: str) -> None:
    """As in the garbage collector, or where an import gives its lock back."""
    command = [sys.executable, "-c", IN_A_CALLBACK, str(int(getattr(signal, name)))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 128 + getattr(signal, name)
    assert done.stderr == f"ampose: {'interrupted' if name == 'SIGINT' else 'ended'}\n"


def test_a_run_whose_folder_is_gone_is_status_1(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(info, "run", raising(RunLostError("runs/a: the run's folder is gone")))
    assert main(["info"]) == 1
    assert capsys.readouterr().err == "ampose: error: runs/a: the run's folder is gone\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows shells close no streams")
def test_a_closed_standard_input_holds_nothing() -> None:
    command = f"{sys.executable} -m ampose convert - a.csv <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    message = "must hold keypoints or poses, but nothing comes from standard input"
    assert done.stderr == f"ampose: error: -: {message}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows shells close no streams")
@pytest.mark.parametrize(
    ("closing", "status"),
    [(">&-", 0), (">&- 2>&-", 0), ("<&- >&-", 0), (">/dev/full", 2)],
    ids=["out", "both", "in", "full"],
)
def test_closed_and_full_streams_are_no_tracebacks(closing: str, status: int) -> None:
    command = f"{sys.executable} -m ampose info {closing}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr

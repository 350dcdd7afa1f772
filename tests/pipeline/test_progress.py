"""Progress without a terminal: plain lines, few of them, on the error stream."""

import pytest

from ampose.pipeline import progress as progress_module
from ampose.pipeline.progress import progress


def test_the_end_is_always_said_and_the_way_there_rarely(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("lifting") as report:
        for done in range(1, 101):
            report(done, 100, "")
    out, err = capsys.readouterr()
    assert (out, err) == ("", "lifting: 100 of 100 frames\n")


def test_long_work_is_heard_of_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: next(clock))
    with progress("training", unit="steps") as report:
        for done in range(1, 7):
            report(done, None, f"loss {done}")
    lines = capsys.readouterr().err.splitlines()
    assert 1 <= len(lines) < 5
    assert lines[0].startswith("training: ")
    assert " of ? steps loss " in lines[0]


def test_nothing_to_do_is_said_as_nothing_done(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("lifting") as report:
        report(0, 0, "")
    assert capsys.readouterr().err == "lifting: 0 of 0 frames\n"


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress_module.sys.stderr, "isatty", lambda: True, raising=False)
    with progress("lifting") as report:
        report(3, 10, "half [of] it")
        report(10, 10, "")
    out, err = capsys.readouterr()
    assert out == ""
    assert "lifting" in err
    assert "10/10" in err


def test_a_notebook_without_widgets_gets_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(progress_module.sys.modules, "ipykernel", progress_module)
    monkeypatch.setattr(progress_module, "find_missing", lambda package: package)
    with progress("lifting") as report:
        report(1, 1, "")
    assert capsys.readouterr().err == "lifting: 1 of 1 frames\n"

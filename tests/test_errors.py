"""A user's mistakes are told apart from ours by their class."""

from pathlib import Path

import pytest

from ampose.errors import InputError, MissingExtraError, no_such_path, reading


def test_bad_input_is_a_value_error_for_callers_that_know_nothing_of_us() -> None:
    assert issubclass(InputError, ValueError)


def test_a_missing_package_comes_with_the_command_that_installs_it() -> None:
    error = MissingExtraError("av", extra="video", purpose="reading a video")
    assert isinstance(error, ImportError)
    assert str(error) == "reading a video needs the package av; install it with: pip install 'ampose[video]'"


@pytest.mark.parametrize("extra", ["video", "view", "train"])
def test_the_extras_that_messages_may_name_are_there(extra: str) -> None:
    from importlib.metadata import metadata

    assert extra in (metadata("ampose").get_all("Provides-Extra") or [])


class Panic(BaseException):
    """What an extension in Rust raises."""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "more in it than fits into memory"),
        (RecursionError("maximum recursion depth exceeded"), "things nested too deep"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), "bytes that are no text in UTF-8"),
        (KeyError("joints"), "no 'joints'"),
        (OSError(5, "Input/output error", "/a"), "Input/output error"),
        (ZeroDivisionError(), "ZeroDivisionError"),
        (Panic("index\x1b[2J out of range"), r"index\x1b[2J out of range"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_a_parser_throws_is_one_line_with_the_file_s_name(error, reason):
    with pytest.raises(InputError) as caught, reading("clip.bvh", "a whole .bvh file"):
        raise error
    assert (
        str(caught.value)
        == f"clip.bvh: must be a whole .bvh file, got a broken or different one ({reason}); copy it again"
    )


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(3), MissingExtraError("av", extra="video", purpose="x")]
)
def test_what_no_file_causes_passes(error):
    with pytest.raises(type(error)) as caught, reading("clip.bvh", "a whole .bvh file"):
        raise error
    assert caught.value is error


def test_our_own_words_get_the_file_s_name_once():
    with pytest.raises(InputError, match=r"^clip\.bvh: no joints$") as caught, reading("clip.bvh", "x"):
        raise InputError("no joints", field="skeleton")
    assert caught.value.field == "skeleton"
    with pytest.raises(InputError, match=r"^clip\.bvh: no joints$"), reading("clip.bvh", "x"):
        raise InputError("clip.bvh: no joints")


def test_a_line_that_quotes_a_whole_file_is_shortened_and_others_are_not():
    error = str(InputError("first line\na.toml: got " + "1" * 100_000 + "; name it"))
    assert error.startswith("first line\na.toml: got 111")
    assert error.endswith("111; name it")
    assert len(error) < 1300
    usual = "a.toml: " + "x" * 1100
    assert str(InputError(usual)) == usual


def test_a_path_that_is_not_there_is_one_line_also_where_nothing_can_be_listed(tmp_path, monkeypatch):
    (tmp_path / "poses.json").touch()
    path = tmp_path / "poses.jsn"
    assert str(no_such_path(path, "poses")).endswith("there is no such file or folder; did you mean poses.json?")

    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("os.scandir", refuse)
    assert str(no_such_path(path, "poses")) == f"{path}: there is no such file or folder; name poses"
    monkeypatch.setattr(Path, "exists", lambda _: False)  # as on a drive that Windows does not have
    assert str(no_such_path(path, "poses")) == f"{path}: there is no {path.anchor}; name poses"

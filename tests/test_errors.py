"""A user's mistakes are told apart from ours by their class."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from ampose.errors import InputError, MissingExtraError, check_field_values, no_such_path, reading


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


def of_python(call: Callable[[], object]) -> Exception:
    """Return what Python or NumPy throws, in the words of the version that is installed."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call()
    return caught.value


def unpacked(*values: int) -> int:
    one, other = values
    return one + other


PYTHONS = {
    of_python(lambda: float("abc")): "'abc' where a number belongs",
    of_python(lambda: np.array(["abc"]).astype(float)): "'abc' where a number belongs",
    of_python(lambda: int("1.5")): "'1.5' where a whole number belongs",
    of_python(lambda: int(float("nan"))): "NaN where a whole number belongs",
    of_python(lambda: ["a"].index("b")): "no 'b'",
    of_python(lambda: unpacked(7, 8, 9)): "fewer or more values than belong there",
    of_python(lambda: np.array([[1.0], [1.0, 2.0]])): "lists of different lengths",
    of_python(lambda: list(zip([1], [], strict=True))): "lists of different lengths",
    of_python(lambda: np.ones(3).reshape(2, 2)): "arrays of other shapes",
    of_python(lambda: np.ones(3) + np.ones(2)): "arrays of other shapes",
    of_python(lambda: np.column_stack([np.ones(3), np.ones(2)])): "arrays of other shapes",
}


class Panic(BaseException):
    """What an extension in Rust raises."""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "more in it than fits into memory"),
        (RecursionError("maximum recursion depth exceeded"), "things nested too deep"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), "bytes that are no text in UTF-8"),
        (KeyError("joints"), "no 'joints'"),
        (KeyError(("Anna", "nose", "x")), "no Anna nose x"),
        (TypeError("'NoneType' object is not subscriptable"), "a value of another kind than belongs there"),
        (AttributeError("'str' object has no attribute 'get'"), "a value of another kind than belongs there"),
        (IndexError("list index out of range"), "fewer values than belong there"),
        *((error, reason) for error, reason in PYTHONS.items()),
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


def test_a_link_to_nothing_is_told_as_one(tmp_path):
    (tmp_path / "clip.mp4").symlink_to("gone/clip.mp4")
    (tmp_path / "disk").symlink_to("elsewhere")
    for name, link, leads in (("clip.mp4", "clip.mp4", "gone/clip.mp4"), ("disk/a.mp4", "disk", "elsewhere")):
        told = f"{tmp_path / name}: the link {link} leads to {leads}, where there is nothing; name a video"
        assert str(no_such_path(tmp_path / name, "a video")) == told


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


@dataclass(frozen=True)
class Settings:
    """As options are declared."""

    ground: Literal["feet", "tilt"] | None = None
    place: bool = False
    height: float | None = None
    people: int = 1
    person: Literal["all"] | int = "all"
    model: str = "x"
    size: tuple[int, int] | None = None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ground": "moon"}, "ground must be 'feet' or 'tilt', got 'moon'"),
        ({"place": "no"}, "place must be bool, got 'no'"),
        ({"place": 1}, "place must be bool, got 1"),
        ({"place": None}, "place must be bool, got None"),
        ({"height": "tall"}, "height must be float, got 'tall'"),
        ({"height": True}, "height must be float, got True"),
        ({"people": 2.5}, "people must be int, got 2.5"),
        ({"person": "big"}, "person must be 'all' or int, got 'big'"),
    ],
)
def test_a_field_that_holds_a_value_of_another_kind_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_field_values(Settings(**wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fine",
    [
        {},
        {"ground": "feet", "place": True, "height": 2, "people": 3, "person": 4},
        {"height": np.float32(1.75), "people": np.int64(2), "person": np.int32(0)},
        {"model": 5, "size": "not looked at"},
    ],
)
def test_values_that_fit_pass(fine: dict[str, object]) -> None:
    check_field_values(Settings(**fine))  # type: ignore[arg-type]

"""A user's mistakes are told apart from ours by their class."""

import pytest

from ampose.errors import InputError, MissingExtraError


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

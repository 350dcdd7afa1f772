"""A frame of reference comes back from the words that a file has for it."""

import pytest

from ampose.poses.reference_frame import CAMERA_ABSOLUTE, CAMERA_ROOT_RELATIVE, ON_FLOOR, ReferenceFrame


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (CAMERA_ROOT_RELATIVE, "camera axes (x right, y down, z away), origin at the root joint"),
        (CAMERA_ABSOLUTE, "camera axes (x right, y down, z away), origin at the camera"),
        (ON_FLOOR, "level axes (x right, y down, z away), origin on the floor below the camera"),
    ],
)
def test_words_of_files_are_those_of_always(frame, words):
    assert str(frame) == words
    assert ReferenceFrame.parse(words) == frame


def test_other_words_are_kept():
    foreign = ReferenceFrame.parse("laboratory axes, Z up")
    assert str(foreign) == "laboratory axes, Z up"
    assert (foreign.origin, foreign.level) == (None, False)
    assert ReferenceFrame.parse("level axes (x right, y down, z away), for a camera that looks down by 5 degrees").level

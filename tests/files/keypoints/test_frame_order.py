"""Which frame comes after which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ampose.errors import InputError
from ampose.files.keypoints.frame_order import in_order


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        ([], []),
        (["7"], ["7"]),
        (["10", "9"], ["9", "10"]),
        (["a_000012_v2", "a_000010_v2"], ["a_000010_v2", "a_000012_v2"]),
        (["1", "2", "4"], ["1", "2", None, "4"]),
        (["10", "30", "20"], ["10", "20", "30"]),  # every tenth frame
        (["10", "20", "40"], ["10", "20", None, "40"]),
        (["5", "000000391895", "522418"], ["5", "000000391895", "522418"]),  # COCO's pictures are no video
        (["1", "01"], ["01", "1"]),
        (["2024-05-01_12-59", "2024-05-01_13-00"], ["2024-05-01_12-59", "2024-05-01_13-00"]),
        (["boat", "Anna", "cat"], ["Anna", "boat", "cat"]),
        (["a1", "b2"], ["a1", "b2"]),
    ],
)
def test_by_the_numbers_in_them(names: list[str], ordered: list[str | None]) -> None:
    assert in_order(names) == ordered
    assert in_order(names[::-1]) == ordered


def test_two_videos_are_refused() -> None:
    with pytest.raises(InputError, match="got a_#, b_#; put each video into a folder"):
        in_order(["a_1", "a_2", "b_1"])


@given(st.sets(st.integers(0, 200), min_size=1), st.text("ab_-. é", max_size=5))
def test_nobody_is_lost_and_numbers_rise(numbers: set[int], stem: str) -> None:
    ordered = in_order([f"{stem}{number}{stem}" for number in numbers])
    assert [name for name in ordered if name] == [f"{stem}{number}{stem}" for number in sorted(numbers)]

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
    assert in_order(names)[0] == ordered
    assert in_order(names[::-1])[0] == ordered


@pytest.mark.parametrize("video", [True, False])
@pytest.mark.parametrize("parts", [(range(1, 21), range(801, 821)), (range(5), range(100_000, 100_003), [500_000])])
def test_a_long_gap_stays_one(parts: tuple[range, ...], video: bool) -> None:
    numbers = [number for part in parts for number in part]
    ordered, _ = in_order([f"clip_{number}" for number in numbers], video=video)
    assert len(ordered) == numbers[-1] - numbers[0] + 1
    assert [numbers[0] + place for place, name in enumerate(ordered) if name] == numbers


def test_a_person_who_is_seldom_there_in_a_video() -> None:
    ordered, _ = in_order(["3", "90", "1000"], video=True)
    assert [(place, name) for place, name in enumerate(ordered) if name] == [(0, "3"), (87, "90"), (997, "1000")]


def test_two_frames_far_apart_in_a_video() -> None:
    assert len(in_order(["0.jpg", "5.jpg"], video=True)[0]) == 6
    assert len(in_order(["0.jpg", "5.jpg"])[0]) == 2


def test_numbers_that_are_times() -> None:
    """Milliseconds, of a camera whose clock jitters, with two frames lost."""
    times = [1699999999000 + round(1000 * frame / 30) + frame % 3 for frame in range(40) if frame not in (7, 8)]
    ordered, _ = in_order([f"frame_{time}" for time in times], video=True)
    assert [place for place, name in enumerate(ordered) if name is None] == [7, 8]
    assert len(ordered) == 40


def test_a_video_that_is_longer_than_any() -> None:
    with pytest.raises(InputError, match="frames must be 2000000 at most, got numbers from 1 to 4000001"):
        in_order(["1", "2", "4000001"], video=True)


@pytest.mark.parametrize(("first", "said"), [("-5", "got -5"), ("-1.0", "got -1.0"), ("", "got none")])
def test_numbers_that_are_negative_or_missing(first: str, said: str) -> None:
    """Whether or not all are: with the sign taken for a part of the name, -5 would come after -1."""
    for names in ([first], [first, "-4"], [first, "3", "4"]):
        with pytest.raises(InputError, match=f"frame numbers must not be negative or missing, {said}"):
            in_order(names)


def test_a_sign_within_a_name_is_none() -> None:
    assert in_order(["clip-2", "clip-1"]) == (["clip-1", "clip-2"], 1)


@pytest.mark.parametrize(
    ("numbers", "step"), [(range(0, 12, 2), 2), ([0, 2, 6, 8], 2), ([4, 5, 7], 1), (range(0, 330, 33), 33)]
)
def test_by_how_much_numbers_rise(numbers: list[int], step: int) -> None:
    assert in_order(map(str, numbers), video=True)[1] == step


def test_two_videos_are_refused() -> None:
    with pytest.raises(InputError, match="got a_#, b_#; put each video into a folder"):
        in_order(["a_1", "a_2", "b_1"])


@pytest.mark.parametrize("video", [True, False])
@pytest.mark.parametrize(
    ("pattern", "clips", "numbers", "said"),
    [
        ("cam{}_{:012}_keypoints", (1, 2), range(4), "cam1_#_keypoints, cam2_#_keypoints"),
        ("GOPR{:04}_{:06}", (1, 2, 3, 4), range(100), "GOPR0001_#, GOPR0002_#, GOPR0003_#"),
        ("images/val/{:06}_mpii_test/{:06}.jpg", (342, 522), range(3), "images/val/000342_mpii_test/#.jpg, images/val"),
        ("IMG_{}_{}", (1234, 1235), range(0, 60, 2), "IMG_1234_#, IMG_1235_#"),
        ("cam{0}_{1:06}_{1}33", (1, 2), range(4), "cam1_#_#, cam2_#_#"),  # frame and milliseconds
    ],
)
def test_two_videos_whose_names_differ_by_a_number(pattern: str, clips, numbers, said: str, video: bool) -> None:
    names = [pattern.format(clip, number) for clip in clips for number in numbers]
    with pytest.raises(InputError, match=f"must be those of one video, got {said}"):
        in_order(names, video=video)


def test_two_videos_in_which_somebody_is_seen_at_different_times() -> None:
    with pytest.raises(InputError, match="got cam1_#, cam2_#;"):
        in_order(["cam1_10", "cam1_11", "cam1_12", "cam2_30", "cam2_31", "cam2_35"], video=True)


@pytest.mark.parametrize(
    "names",
    [
        [f"{minute}-{second:02}" for minute in (12, 13) for second in range(0, 60, 5)],
        [f"{second}.{part:03}" for second in (9, 10, 11) for part in range(0, 1000, 40)],
        [f"20240501_{second}_{1000 * part // 30:03}" for second in (125930, 125931) for part in range(30)],
        [f"part{number // 50}_frame{number}" for number in range(100)],  # one number goes on over all parts
        ["IMG_20240501_125930", "IMG_20240501_130512", "IMG_20240502_081200"],
        ["2024-05-01_12-58", "2024-05-01_12-59", "2024-05-01_13-00"],
    ],
)
def test_parts_of_a_time_are_no_two_videos(names: list[str]) -> None:
    assert in_order(reversed(names), video=True) == (sorted(names, key=lambda name: (len(name), name)), 1)


@pytest.mark.parametrize("rest", ["_{time}", "_at_{seconds}_s", "_{time}_{seconds}"])
def test_a_frame_number_that_a_time_follows(rest: str) -> None:
    """The first of numbers that rise together counts the frames."""
    there = (2, 3, 4, 7, 40)
    names = [(f"frame_{n:06}" + rest).format(time=n * 33, seconds=n // 30) for n in there]
    ordered, step = in_order(names, video=True)
    assert [2 + place for place, name in enumerate(ordered) if name] == list(there)
    assert (len(ordered), step) == (39, 1)


def test_a_time_before_the_number_of_the_frame() -> None:
    ordered, _ = in_order([f"s{n // 30}_{n}" for n in (27, 28, 31, 33)], video=True)
    assert [27 + place for place, name in enumerate(ordered) if name] == [27, 28, 31, 33]


@given(st.sets(st.integers(0, 200), min_size=1), st.text("ab_-. é", max_size=5))
def test_nobody_is_lost_and_numbers_rise(numbers: set[int], stem: str) -> None:
    ordered, _ = in_order([f"{stem}{number}{stem}" for number in numbers])
    assert [name for name in ordered if name] == [f"{stem}{number}{stem}" for number in sorted(numbers)]

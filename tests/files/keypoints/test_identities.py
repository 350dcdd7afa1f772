"""Ids that a file has for some of its detections are kept, and the others are joined to them."""

from pathlib import Path

import numpy as np
import pytest
from tests.files.keypoints.samples import dump
from tests.files.keypoints.test_gather import BODY, SIZE, entry, read

from ampose.files.keypoints.identities import with_ids
from ampose.poses.people import Detection

LEFT, RIGHT = BODY * SIZE * [0.5, 1] - [200, 0], BODY * SIZE * [0.5, 1] + [550, 0]


def crossing(folder: Path, merged: dict[int, object], frames: int = 6) -> Path:
    """AlphaPose's file of 7, who walks to the right, and 12, who walks to the left; 7 is called otherwise at times."""
    entries = [
        entry(start + np.array([step * frame, 0]), f"{frame}.jpg", 2.9, idx=merged.get(frame, who) if who == 7 else who)
        for frame in range(frames)
        for who, start, step in ((7, LEFT, 100), (12, RIGHT, -100))
    ]
    return dump(folder / "a.json", entries)


@pytest.mark.parametrize("merged", [{5: [7, 12]}, {0: -1}, {0: None, 5: [7, 12]}, {2: []}, {1: [12]}])
def test_one_detection_without_an_id_leaves_the_others_theirs(tmp_path: Path, merged: dict, caplog) -> None:
    people = read(crossing(tmp_path, merged))
    assert [person.id for person in people] == [7, 12]
    for person, step in zip(people, (100, -100), strict=True):
        np.testing.assert_allclose(np.diff(person.pose2d.keypoints[:, 0, 0]), step, atol=1e-2)
    count = 2 if 1 in merged or len(merged) > 1 else 1  # 12 twice in a frame is nobody's
    assert f"{count} of 12 detections have no id of their own: {count} are given one of the file's" in caplog.text


def test_ids_of_everybody_are_nothing_to_say(tmp_path: Path, caplog) -> None:
    assert [person.id for person in read(crossing(tmp_path, {}))] == [7, 12]
    assert not caplog.messages


def at(x: float, identity: int | str | None = None) -> Detection:
    return Detection(BODY * 100 + [x, 0], np.ones(17), identity)


def ids(*frames: list[Detection]) -> list[list[int | str | None]]:
    return [[one.id for one in people] for people in with_ids(frames, fps=30.0)[0]]


def test_somebody_whom_no_id_fits_gets_a_new_one() -> None:
    frames = [[at(0, 3), at(500)], [at(1, 3), at(501)], [at(900), at(2, 3), at(502)]]
    assert ids(*frames) == [[3, 4], [3, 4], [5, 3, 4]]
    frames[0][0] = at(0, "Anna")
    assert ids(*frames) == [["Anna", 4], [3, 4], [5, 3, 4]]


def test_an_id_that_comes_late_holds_from_the_beginning() -> None:
    assert ids([at(0), at(500)], [at(0), at(500)], [at(500, 8), at(0, 3)]) == [[3, 8], [3, 8], [8, 3]]


def test_ids_that_tell_nobody_apart_are_none() -> None:
    untracked = ids([at(0, 7), at(500, 7)], [at(500, 7)], [at(500, 9), at(0, 9)])
    assert untracked[0] == [untracked[2][1], untracked[1][0]] == [0, 1]


def test_without_any_id_people_are_followed() -> None:
    frames, note = with_ids([[at(0), at(500)], [at(500), at(0)]], fps=30.0)
    assert [[one.id for one in people] for people in frames] == [[0, 1], [1, 0]]
    assert note is None


def test_somebody_alone_is_one_person_however_long_they_were_away() -> None:
    assert ids([at(0, 3)], *[[]] * 500, [at(700)]) == [[3], *[[]] * 500, [3]]


def test_a_copy_of_somebody_with_an_id_is_left_out_and_not_they(tmp_path: Path) -> None:
    """Two people with ids who are close together, and a better detection of one of them without any."""
    close = [entry(BODY * SIZE, 0, 0.5, track_id=1), entry(BODY * SIZE + 3, 0, 0.6, track_id=2)]
    path = dump(tmp_path / "a.json", [*close, entry(BODY * SIZE + 1, 0, 0.9)])
    assert [person.id for person in read(path)] == [1, 2]


KEYS = [{"idx": 7}, {"track_id": 7}, {"attributes": {"track_id": 7}}, {"idx": [7, 12], "track_id": 7}]


@pytest.mark.parametrize("stated", KEYS)
@pytest.mark.parametrize("image", [3, "3.jpg"])
def test_an_id_is_found_under_any_of_its_keys(tmp_path: Path, stated: dict, image: int | str) -> None:
    """In AlphaPose's results and in COCO's, which differ by the kind of the image_id."""
    (person,) = read(dump(tmp_path / "a.json", [entry(BODY * SIZE, image, **stated)]))
    assert person.id == 7


@pytest.mark.parametrize("stated", KEYS)
def test_an_id_of_coco_s_annotations(tmp_path: Path, stated: dict) -> None:
    """CVAT writes it among the attributes."""
    images = [{"id": 3, "file_name": "3.jpg"}]
    path = dump(tmp_path / "a.json", {"images": images, "annotations": [entry(BODY * SIZE, 3, **stated)]})
    assert [person.id for person in read(path)] == [7]

"""Whom a choice means."""

import numpy as np
import pytest

from ampose.errors import InputError
from ampose.poses.boxes import Box
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D
from ampose.poses.skeletons import get_skeleton
from ampose.processing.person_selection import select_people


def somebody(identity: int, boxes: list[Box | None]) -> Person[Pose2D, None]:
    """Return a person who fills these boxes, frame by frame."""
    points = np.full((len(boxes), 17, 2), np.nan)
    for frame, box in enumerate(boxes):
        if box:
            points[frame] = np.linspace(box[:2], np.add(box[:2], box[2:]), 17)
    confidence = (~np.isnan(points[..., 0])).astype(float)
    pose = Pose2D(
        keypoints=points, confidence=confidence, skeleton=get_skeleton("coco_17"), image_size=(640, 480), fps=30.0
    )
    return Person(identity, pose, None)


HERE, THERE = Box(100, 100, 50, 200), Box(400, 100, 80, 200)


def ids(people, which) -> list[int]:
    return [person.id for person in select_people(people, which)]


def test_everybody_the_largest_and_one_by_id():
    people = [somebody(3, [HERE, None, HERE]), somebody(5, [THERE, THERE, None])]
    assert ids(people, "all") == [3, 5]
    assert ids(people, "largest") == [5]
    assert ids(people, 3) == [3]
    with pytest.raises(InputError, match="there is no person 4 among: 3, 5"):
        select_people(people, 4)


def test_a_box_means_who_is_there_first_not_who_fits_it_best_later():
    """One walks off out of a generous box, and another, who fills it, comes by."""
    generous = Box(80, 80, 100, 240)
    people = [somebody(0, [HERE, THERE, THERE]), somebody(1, [THERE, None, generous])]
    assert ids(people, generous) == [0]


def test_of_several_in_the_box_the_one_who_fills_it():
    people = [somebody(0, [Box(140, 120, 30, 100)]), somebody(1, [HERE])]
    assert ids(people, Box(95, 95, 80, 210)) == [1]
    assert ids(people[::-1], Box(95, 95, 80, 210)) == [1]


def test_who_comes_later_into_an_empty_box():
    assert ids([somebody(0, [THERE] * 3), somebody(1, [None, HERE, HERE])], HERE) == [1]


def test_who_only_touches_the_box_is_not_meant():
    with pytest.raises(InputError, match="nobody was found in the box 145,100,60,200; draw it around the whole person"):
        select_people([somebody(0, [HERE])], Box(145, 100, 60, 200))


def test_a_box_around_the_head_means_the_person():
    assert ids([somebody(0, [THERE]), somebody(1, [HERE])], Box(110, 100, 30, 40)) == [1]

"""Which of several people to lift: everybody, the largest, one by id, or whoever is at a place."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ampose.errors import InputError
from ampose.poses.boxes import Box, bounding_boxes, intersection_over_union
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D

PersonChoice = Literal["all", "largest"] | int | Box
"""Everybody, who fills most of the image, the person with an id, or the person in a box."""


def select_people(people: Sequence[Person[Pose2D, None]], which: PersonChoice = "all") -> list[Person[Pose2D, None]]:
    """Return the people to lift.

    Args:
        people: Everybody.
        which: ``all``; ``largest``, by the area that a person fills, added up over all frames; an id; or a box, for the
            one whose own box ever overlaps most with it.

    Raises:
        InputError: Nobody has this id, or is ever in the box.

    Example:
        >>> select_people([], 3)
        Traceback (most recent call last):
        ...
        ampose.errors.InputError: there is no person 3 among: nobody
    """
    if which == "all":
        return list(people)
    # Of each person the boxes in the frames in which they were found: (frame, left top right bottom).
    boxes = [bounding_boxes(person.pose2d.keypoints[~person.pose2d.missing]) for person in people]
    if which == "largest":
        areas = [(corners[:, 2:] - corners[:, :2]).prod(axis=1).sum() for corners in boxes]
        return [people[int(np.argmax(areas))]]
    if isinstance(which, Box):
        wanted = np.array([[which.left, which.top, which.left + which.width, which.top + which.height]])
        overlaps = [intersection_over_union(wanted, corners).max(initial=0.0) for corners in boxes]
        if max(overlaps) == 0:
            where = ",".join(f"{side:g}" for side in which)
            raise InputError(f"nobody was found in the box {where}; draw it around the whole person", field="box")
        return [people[int(np.argmax(overlaps))]]
    selected = [person for person in people if person.id == which]
    if not selected:
        ids = ", ".join(str(person.id) for person in people) or "nobody"
        raise InputError(f"there is no person {which} among: {ids}", field="person")
    return selected

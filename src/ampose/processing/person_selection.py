"""Which of several people to lift: everybody, the largest, one by id, or whoever is at a place."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.poses.boxes import Box, bounding_boxes, intersection_over_union, share_middle
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D

PersonChoice = Literal["all", "largest"] | int | Box
"""Everybody, who fills most of the image, the person with an id, or the person in a box."""


def select_people(people: Sequence[Person[Pose2D, None]], which: PersonChoice = "all") -> list[Person[Pose2D, None]]:
    """Return the people to lift.

    Args:
        people: Everybody.
        which: ``all``; ``largest``, by the area that a person fills, added up over all frames; an id; or a box, for the
            one in it in the first frame that has somebody there; of several, whose own box overlaps most with it.

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
    if which == "largest":
        areas = [np.nansum((box[:, 2:] - box[:, :2]).prod(axis=1)) for box in map(_boxes, people)]
        return [people[int(np.argmax(areas))]]
    if isinstance(which, Box):
        return [_in_box(people, which)]
    selected = [person for person in people if person.id == which]
    if not selected:
        ids = ", ".join(str(person.id) for person in people) or "nobody"
        raise InputError(f"there is no person {which} among: {ids}", field="person")
    return selected


def _in_box(people: Sequence[Person[Pose2D, None]], wanted: Box) -> Person[Pose2D, None]:
    boxes = np.stack([_boxes(person) for person in people], axis=1)  # (frame, person, corner)
    there = np.stack([share_middle(wanted.corners, box) for box in boxes])  # (frame, person)
    if not there.any():
        where = ",".join(f"{side:g}" for side in wanted)
        raise InputError(f"nobody was found in the box {where}; draw it around the whole person", field="box")
    first = int(there.any(axis=1).argmax())
    overlap = intersection_over_union(wanted.corners[None], boxes[first])[0]
    return people[int(np.where(there[first], overlap, -1.0).argmax())]


def _boxes(person: Person[Pose2D, None]) -> Float[np.ndarray, "frame 4"]:
    """Return the box around somebody in each frame; NaN where they were not found."""
    return bounding_boxes(person.pose2d.keypoints)

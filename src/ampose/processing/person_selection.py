"""Which of several people to lift: everybody, the largest, one by id, or whoever is at a place."""

from collections.abc import Sequence

import numpy as np

from ampose.errors import InputError
from ampose.poses.boxes import Box, Corners, bounding_boxes, intersection_over_union
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D

Tracks = Sequence[Person[Pose2D, None]]


def select_people(people: Tracks, which: str = "all") -> list[Person[Pose2D, None]]:
    """Return the people to lift.

    Args:
        people: Everybody.
        which: ``all``, ``largest`` (who fills most of the image, added up over all frames), or an id.

    Raises:
        InputError: It is none of these, or nobody has this id.

    Example:
        >>> select_people([], "tallest")
        Traceback (most recent call last):
        ...
        ampose.errors.InputError: person must be all, largest or an id of a person, got 'tallest'
    """
    if which == "all":
        return list(people)
    if which == "largest":
        return [max(people, key=_filled)] if people else []
    if not which.isdecimal():
        raise InputError(f"person must be all, largest or an id of a person, got {which!r}")
    selected = [person for person in people if person.id == int(which)]
    if not selected:
        ids = ", ".join(str(person.id) for person in people) or "nobody"
        raise InputError(f"person must be one of {ids}, got {which}; without it all are taken")
    return selected


def select_at(people: Tracks, box: Box) -> list[Person[Pose2D, None]]:
    """Return the one whose box ever has the most in common with this one.

    Raises:
        InputError: Nobody is ever in the box.
    """
    left, top, width, height = box
    corners = np.array([[left, top, left + width, top + height]])
    overlaps = [intersection_over_union(corners, _boxes(person)).max(initial=0.0) for person in people]
    if not overlaps or max(overlaps) == 0:
        where = ",".join(f"{side:g}" for side in box)
        raise InputError(f"box must hold a person, found nobody in {where}; draw it around the whole person")
    return [people[int(np.argmax(overlaps))]]


def read_box(text: str) -> Box:
    """Read ``x,y,w,h``.

    Raises:
        InputError: It is not four numbers, or the box is empty.

    Example:
        >>> read_box("10,20,300,400")
        (10.0, 20.0, 300.0, 400.0)
    """
    try:
        left, top, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"box must be x,y,w,h in pixels, as in 10,20,300,400; got {text!r}") from None
    if not np.isfinite([left, top, width, height]).all() or min(width, height) <= 0:
        raise InputError(f"box must be x,y,w,h in pixels with a positive width and height, got {text!r}")
    return left, top, width, height


def _boxes(person: Person[Pose2D, None]) -> Corners:
    """Return the person's box in each frame in which they were found."""
    return bounding_boxes(person.pose2d.keypoints[~person.pose2d.missing])


def _filled(person: Person[Pose2D, None]) -> float:
    """Return the area of the person's boxes, added up over the frames."""
    corners = _boxes(person)
    return float((corners[:, 2:] - corners[:, :2]).prod(axis=1).sum())

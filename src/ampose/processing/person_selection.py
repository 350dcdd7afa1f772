"""Which of several people is meant: everybody, the largest, one by id, or who is at a place."""

from collections.abc import Sequence

import numpy as np

from ampose.errors import InputError
from ampose.poses.people import Track
from ampose.processing.tracking import Detection

Box = tuple[float, float, float, float]
"""Left, top, width, height in pixels."""


def pick_people(tracks: Sequence[Track], person: str = "all") -> list[Track]:
    """Return the people who are meant.

    Args:
        tracks: Everybody.
        person: ``all``, ``largest`` (who fills most of the picture, added up over all frames), or an id.

    Raises:
        InputError: It is none of these, or nobody has this id.

    Example:
        >>> pick_people([], "tallest")
        Traceback (most recent call last):
        ...
        ampose.errors.InputError: person must be all, largest or an id of a person, got 'tallest'
    """
    if person == "all":
        return list(tracks)
    if person == "largest":
        return [max(tracks, key=_filled)] if tracks else []
    if not person.isdecimal():
        raise InputError(f"person must be all, largest or an id of a person, got {person!r}")
    found = [track for track in tracks if track.id == int(person)]
    if not found:
        raise InputError(f"person must be one of {_ids(tracks)}, got {person}; without it all are taken")
    return found


def pick_at(tracks: Sequence[Track], box: Box) -> list[Track]:
    """Return the one whose box, when they were first seen there, has the most in common with this one.

    Raises:
        InputError: Nobody is ever in the box.
    """
    overlaps = [max((_overlap(box, Detection(*frame).box) for frame in _seen(track)), default=0.0) for track in tracks]
    if not overlaps or max(overlaps) == 0:
        where = ",".join(f"{side:g}" for side in box)
        raise InputError(f"box must hold a person, found nobody in {where}; draw it around the whole person")
    return [tracks[int(np.argmax(overlaps))]]


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


def _ids(tracks: Sequence[Track]) -> str:
    return ", ".join(str(track.id) for track in tracks) or "nobody"


def _seen(track: Track) -> list[tuple[np.ndarray, np.ndarray]]:
    there = ~track.pose.missing
    return list(zip(track.pose.keypoints[there], track.pose.confidence[there], strict=True))


def _filled(track: Track) -> float:
    return sum(width * height for *_, width, height in (Detection(*frame).box for frame in _seen(track)))


def _overlap(one: Box, other: Box) -> float:
    """Return the intersection over the union."""
    sides = [max(0.0, min(one[k] + one[k + 2], other[k] + other[k + 2]) - max(one[k], other[k])) for k in (0, 1)]
    both: float = sides[0] * sides[1]
    return both / max(one[2] * one[3] + other[2] * other[3] - both, 1e-9)

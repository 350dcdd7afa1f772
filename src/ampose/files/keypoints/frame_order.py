"""Which frame comes after which, by the names that programs give to frames."""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from statistics import median_low

import numpy as np

from ampose.errors import InputError
from ampose.poses.timing import MOST_FRAMES

_SPARSE = 10
"""Numbers of which fewer than one in this many is there are no frames of a video, unless most follow each other."""

_FEW = 3
"""With fewer steps than this a regular one says nothing: somebody was seen three times."""

_JITTER, _TICKS = 0.2, 5
"""Numbers that rise by more than so many from frame to frame may be times, such as milliseconds: by how much of a step
one may then differ."""


def in_order(names: Iterable[str], *, video: bool = False) -> tuple[list[str | None], int]:
    """Put the names of frames in order: by the numbers in them, where 10 comes after 9.

    Names that differ in one number alone are frames of a video: a number that is missing gets a None, and a regular
    step from number to number is no gap.

    Args:
        names: Of the frames, in any order.
        video: Whether they are known to be a video's: numbers that are far apart are then gaps as well.

    Returns:
        The names, and by how much the number rises from each to the next; 1 where no number counts them.

    Raises:
        InputError: They are the frames of several videos, or of one that is longer than any.

    Example:
        >>> in_order(["a_9", "a_12", "a_10"])
        (['a_9', 'a_10', None, 'a_12'], 1)
        >>> in_order(["cat", "Boat"])
        (['Boat', 'cat'], 1)
    """
    names = list(names)
    for name in names:
        if not name.strip() or re.fullmatch(r"\s*-[0-9][0-9.]*\s*", name):
            raise InputError(f"frame numbers must not be negative or missing, got {name.strip() or 'none'}")
    split = {}  # name -> the texts between its numbers, and the numbers
    for name in names:
        parts = re.split(r"([0-9]+)", name)
        split[name] = tuple(part.casefold() for part in parts[::2]), tuple(map(int, parts[1::2]))
    patterns = Counter(texts for texts, _ in split.values())
    if len(patterns) > 1 and max(patterns.values()) > 1:
        shown = ", ".join(sorted("#".join(texts) for texts in patterns)[:3])
        raise InputError(f"frames must be those of one video, got {shown}; put each video into a folder of its own")
    ordered = sorted(split, key=lambda name: (split[name][0], split[name][1], name))
    counted = _counted([split[name][1] for name in ordered], video=video)
    if counted is None:
        return list(ordered), 1
    places, step = counted
    slots: list[str | None] = [None] * (places[-1] + 1)
    for name, place in zip(ordered, places, strict=True):
        slots[place] = name
    return slots, step


def _counted(numbers: list[tuple[int, ...]], *, video: bool) -> tuple[list[int], int] | None:
    """Return each frame's place from 0, and the step from number to number.

    None unless exactly one of the numbers in the names counts the frames.
    """
    if len(numbers) < 2 or len({len(row) for row in numbers}) > 1:
        return None
    moving = [column for column in zip(*numbers, strict=True) if len(set(column)) > 1]
    if len(moving) != 1 or len(set(moving[0])) < len(numbers):
        return None
    steps = [later - earlier for earlier, later in zip(moving[0], moving[0][1:], strict=False)]
    usual = median_low(steps)
    few = video and len(steps) < _FEW
    counts = [round(step / usual) for step in steps]
    regular = all(abs(step / usual - count) <= _JITTER for step, count in zip(steps, counts, strict=True))
    if not (regular and usual > _TICKS and len(steps) > _TICKS):
        usual = 1 if few else int(np.gcd.reduce(np.array(steps, dtype=object)))
        counts = [step // usual for step in steps]
    places = [0, *accumulate(counts)]
    # One after the other with a gap between, or COCO's images, whose numbers say nothing?
    if not video and places[-1] >= _SPARSE * len(places) and 2 * counts.count(1) < len(counts):
        return None
    if places[-1] >= MOST_FRAMES:
        if not video:
            return None
        raise InputError(
            f"frames must be {MOST_FRAMES} at most, got numbers from {moving[0][0]} to {moving[0][-1]} in their names; "
            "number them by the frames of the video"
        )
    return places, usual

"""Which frame comes after which, by the names that programs give to frames."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
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

_UNEVEN = 0.5
"""By how much of it the time of a frame may be longer or shorter than the usual one, in a name that states both."""

_CLOCK = (24, 60)
"""At what numbers of two digits a clock begins anew."""


def in_order(names: Iterable[str], *, video: bool = False, images: bool = False) -> tuple[list[str | None], int]:
    """Put the names of frames in order: by the numbers in them, where 10 comes after 9.

    Names that differ in one number alone, or in several that rise together (the first then counts), are frames of a
    video: a number that is missing gets a None, and a regular step from number to number is no gap.

    Args:
        names: Of the frames, in any order.
        video: Whether they are known to be a video's: numbers that are far apart are then gaps as well.
        images: Whether names of several videos may be those of single images, which are then in order of name.

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
    ordered = sorted(split, key=lambda name: (split[name][0], split[name][1], name))
    clips = _numbered_clips(ordered) if len(patterns) == 1 else []
    if len(patterns) > 1 and max(patterns.values()) > 1:
        clips = sorted("#".join(texts) for texts in patterns)
    if clips and not images:
        shown = ", ".join(clips[:3])
        raise InputError(
            f"frames must be those of one video, got {shown}; put each video into a folder or a file of its own"
        )
    counted = None if clips else _counted([split[name][1] for name in ordered], video=video)
    if counted is None:
        return list(ordered), 1
    places, step = counted
    slots: list[str | None] = [None] * (places[-1] + 1)
    for name, place in zip(ordered, places, strict=True):
        slots[place] = name
    return slots, step


def _numbered_clips(ordered: Sequence[str]) -> list[str]:
    """Return what the names of each of several videos have in common, where a number tells them apart: cam1_#, cam2_#.

    A number does so if a later one counts frames for each of its values, and neither goes on from one value to the next
    nor begins anew where a clock does.

    Args:
        ordered: Names of one pattern, in order.
    """
    rows = [re.findall("[0-9]+", name) for name in ordered]
    moving = [at for at, column in enumerate(zip(*rows, strict=True)) if len(set(map(int, column))) > 1]
    for before, at in pairwise(moving):
        runs: dict[tuple[int, ...], list[int]] = {}  # the later number, for each value of those before it
        names: dict[tuple[int, ...], str] = {}  # the first of each
        for name, row in zip(ordered, rows, strict=True):
            key = tuple(map(int, row[:at]))
            names.setdefault(key, name)
            if (number := int(row[at])) not in runs.setdefault(key, [])[-1:]:
                runs[key].append(number)
        steps = [later - earlier for run in runs.values() for earlier, later in pairwise(run)]
        usual, count = Counter(steps).most_common(1)[0] if steps else (0, 0)
        if usual and count > 1 and 2 * count >= len(steps):
            widths = [{len(row[column]) for row in rows} for column in (before, at)]
            ends = [(earlier[-1], later[0]) for earlier, later in pairwise(runs.values())]
            if not any(_goes_on(ends, begin, 2 * max(steps)) for begin in _turns(*widths)):
                return [_hidden_from(name, at) for name in names.values()]
    return []


def _hidden_from(name: str, at: int) -> str:
    """Return a name with a # for its number ``at`` and all later ones."""
    parts = re.split(r"([0-9]+)", name)
    return "".join(parts[: 2 * at + 1]) + "#" + "#".join(parts[2 * at + 2 :: 2])


def _turns(coarse: set[int], fine: set[int]) -> tuple[int, ...]:
    """Return the numbers after which one may begin anew without another video: those of clocks and decimals, or none.

    Args:
        coarse: With how many digits the number before it is written.
        fine: With how many it is itself.
    """
    if fine == {2}:
        return (0, *_CLOCK) if coarse == {2} else (0,)
    return (0, 10 ** min(fine)) if len(fine) == 1 and min(fine) > 2 else (0,)


def _goes_on(ends: Sequence[tuple[int, int]], turn: int, reach: int) -> bool:
    """Tell whether a number that begins anew at ``turn`` goes on, from the last of one run to the first of the next."""
    return 0 < median_low([turn + first - last for last, first in ends]) <= reach


def _counted(numbers: list[tuple[int, ...]], *, video: bool) -> tuple[list[int], int] | None:
    """Return each frame's place from 0, and the step from number to number.

    None unless one of the numbers in the names counts the frames.
    """
    if len(numbers) < 2 or len({len(row) for row in numbers}) > 1:
        return None
    moving = [np.array(column, dtype=object) for column in zip(*numbers, strict=True) if len(set(column)) > 1]
    column = next((column for column in moving if (np.diff(column) > 0).all()), None)
    if column is None or not all(_rise_together(column, other) for other in moving if other is not column):
        return None
    steps = np.diff(column).tolist()
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
            f"frames must be {MOST_FRAMES} at most, got numbers from {column[0]} to {column[-1]} in their names; "
            "number them by the frames of the video"
        )
    return places, usual


def _rise_together(column: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether another number rises as that of the frames does, as their time: hours and minutes do not."""
    steps, others = np.diff(column), np.diff(other)
    expected = steps * ((other[-1] - other[0]) / (column[-1] - column[0]))
    return bool((others >= 0).all() and (np.abs(others - expected) <= np.maximum(1, _UNEVEN * expected)).all())

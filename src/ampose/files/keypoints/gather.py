"""Gathers people as a reader comes upon them, frame by frame, and makes the whole of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.files.keypoints.joints import JointLayout, layout_by_number
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions
from ampose.poses.people import Detection

Points = Float[np.ndarray, "point 3"]
RawPerson = tuple[Points, int | str | None]
"""A person's points as the file has them (x, y, confidence), and their id."""


def triples(numbers: Any) -> Points:
    """Return x, y and confidence in rows, from numbers in a row, as read from JSON; null is a missing one.

    Raises:
        ValueError: Their number is not a multiple of 3, or they are none.
    """
    return np.array(numbers, dtype=np.float64).reshape(-1, 3)


def fractions_to_pixels(
    people: Mapping[str, Sequence[RawPerson]], options: ReaderOptions
) -> Callable[[Points], Points] | None:
    """Return what turns coordinates of 0 to 1, or of -1 to 1, across the image into pixels; None if they are pixels.

    Raises:
        InputError: They are none, and the size of the image is not known.
    """
    parts = [points[points[:, 2] > 0, :2] for frame in people.values() for points, _ in frame]
    known = np.concatenate(parts) if parts else np.zeros((0, 2))
    if np.isnan(known).all() or np.nanmax(np.abs(known)) > 1:
        return None
    if options.image_size is None:
        raise InputError(
            "coordinates lie between -1 and 1: parts of the image, whose size the file does not hold; give its width "
            "and height in pixels",
            field="image_size",
        )
    size = np.array([*options.image_size, 1.0])
    if np.nanmin(known) < 0:
        return lambda points: (points * [0.5, 0.5, 1] + [0.5, 0.5, 0]) * size
    return lambda points: points * size


def gather(
    people: Mapping[str, Sequence[RawPerson]],
    names: Sequence[str | None],
    options: ReaderOptions,
    *,
    layout: JointLayout | None = None,
    to_pixels: Callable[[Points], Points] | None = None,
    **facts: Any,
) -> PeopleFile:
    """Make the whole of people by frame.

    Args:
        people: Name of a frame -> the people in it.
        names: The frames in order; those that are not in ``people`` are without people.
        options: What the user stated.
        layout: Of the points; None: by their number.
        to_pixels: What to do with the coordinates first.
        facts: What else a PeopleFile has.

    Raises:
        InputError: The points do not fit the skeleton, or people have different numbers of them.
    """
    if layout is None:
        counts = [len(points) for frame in people.values() for points, _ in frame]
        if not counts:
            raise InputError(f"people must be somewhere in the file, but there is nobody in {len(people)} frames")
        layout = layout_by_number(counts[0], options.skeleton)
    frames = [
        [
            Detection.from_rows(layout.place(to_pixels(points) if to_pixels else points), identity)
            for points, identity in people.get(name or "", ())
        ]
        for name in names
    ]
    return PeopleFile(frames=frames, skeleton=layout.skeleton, frame_names=list(names), **facts)

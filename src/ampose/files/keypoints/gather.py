"""Gathers people as a reader comes upon them, frame by frame, and makes the whole of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.files.keypoints.frame_order import in_order
from ampose.files.keypoints.joints import JointLayout, layout_by_number
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions
from ampose.poses.people import Detection

Points = Float[np.ndarray, "point 3"]
RawPerson = tuple[Points, int | str | None]
"""A person's points as the file has them (x, y, confidence), and their id."""

RawPeople = Mapping[str, Sequence[RawPerson]]
"""The name of each frame, and the people in it; frames may be without people."""


def triples(numbers: Any) -> Points:
    """Return x, y and confidence in rows, from numbers in a row, as read from JSON; null is a missing one.

    Raises:
        ValueError: Their number is not a multiple of 3, or they are none.
    """
    return np.array(numbers, dtype=np.float64).reshape(-1, 3)


def to_pixels(people: RawPeople, options: ReaderOptions, *, centred: bool = False) -> RawPeople:
    """Turn coordinates that are parts of the image, 0 to 1 or (``centred``) -1 to 1 across it, into pixels.

    Raises:
        InputError: The size of the image is not known.
    """
    if options.image_size is None:
        raise InputError(
            "coordinates are parts of the image, whose size the file does not hold; give its width and height in "
            "pixels",
            field="image_size",
        )
    scale, shift = np.array([*options.image_size, 1.0]), np.zeros(3)
    if centred:
        scale, shift = scale * [0.5, 0.5, 1], scale * [0.5, 0.5, 0]
    return {name: [(points * scale + shift, identity) for points, identity in frame] for name, frame in people.items()}


def fractions_to_pixels(people: RawPeople, options: ReaderOptions) -> RawPeople:
    """Do the same where all coordinates lie between -1 and 1; others are pixels already, and stay."""
    seen = [points[points[:, 2] > 0, :2] for frame in people.values() for points, _ in frame]
    known = np.concatenate([np.zeros((0, 2)), *seen])
    if np.isnan(known).all() or np.nanmax(np.abs(known)) > 1:
        return people
    return to_pixels(people, options, centred=bool(np.nanmin(known) < 0))


def gather(
    people: RawPeople,
    options: ReaderOptions,
    *,
    layout: JointLayout | None = None,
    image_size: tuple[int, int] | None = None,
) -> PeopleFile:
    """Make the whole of people by frame; ``in_order`` says which frame comes after which.

    Args:
        people: Everybody's points in pixels.
        options: What the user stated.
        layout: Of the points; None: by their number.
        image_size: Width and height in pixels, if the file says so.

    Raises:
        InputError: The points do not fit the skeleton, people have different numbers of them, or the frames are of
            several videos.
    """
    if layout is None:
        counts = [len(points) for frame in people.values() for points, _ in frame]
        if not counts:
            raise InputError(f"people must be somewhere in the file, but there is nobody in {len(people)} frames")
        layout = layout_by_number(counts[0], options.skeleton)
    names = in_order(people)
    frames = [
        [Detection.from_rows(layout.place(points), identity) for points, identity in people.get(name or "", ())]
        for name in names
    ]
    return PeopleFile(frames=frames, skeleton=layout.skeleton, frame_names=names, image_size=image_size)

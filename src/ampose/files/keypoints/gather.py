"""Gathers people as a reader comes upon them, frame by frame, and makes the whole of them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.files.cells import is_missing
from ampose.files.keypoints.duplicates import without_duplicates
from ampose.files.keypoints.frame_order import in_order
from ampose.files.keypoints.joints import JointLayout, layout_by_number
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions
from ampose.poses.people import Detection
from ampose.poses.pose import SMALLEST_PX

Points = Float[np.ndarray, "point 3"]

_CENTRED = 0.1
"""With more of the joints than this left of or above 0, coordinates are -1 to 1; in 0 to 1, few joints lie outside."""

_FRAME_KEYS = ("frame", "frame_id")

_FAR = 10
"""Parts of the image are not this many images away."""


class RawPerson(NamedTuple):
    """A person of a frame as the file has them.

    Args:
        points: x, y and confidence of each point.
        id: What the file calls the person; None where it does not.
        score: How sure the detector is that there is a person; None where the file does not say.
    """

    points: Points
    id: int | str | None = None
    score: float | None = None


RawPeople = Mapping[str, Sequence[RawPerson]]
"""The name of each frame, and the people in it; frames may be without people."""


def triples(numbers: Any) -> Points:
    """Return x, y and confidence in rows, from numbers in a row, as read from JSON; null is a missing one.

    Raises:
        InputError: They are none, or their number is not a multiple of 3.
    """
    array = numbers_of(numbers)
    if array.size % 3:
        raise InputError(f"keypoints must be x, y and confidence of each point in a row, got {array.size} numbers")
    return array.reshape(-1, 3)


def numbers_of(values: Any, what: str = "keypoints") -> np.ndarray:
    """Return numbers as read from JSON; null is a missing one.

    Raises:
        InputError: They are none, or lists of different lengths.
    """
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} must be numbers, as many for each point, got {str(values)!r:.40}") from None


def with_scores(xy: np.ndarray, scores: np.ndarray) -> Points:
    """Return x, y and confidence in rows.

    Raises:
        InputError: They are not of as many points.

    Example:
        >>> with_scores(np.array([[3.0, 4.0]]), np.array([0.5])).tolist()
        [[3.0, 4.0, 0.5]]
    """
    if xy.ndim != 2 or xy.shape[1] != 2 or scores.size != len(xy):
        raise InputError(
            f"people must have x and y of each point and as many scores, got shapes {xy.shape} and {scores.shape}"
        )
    return np.column_stack([xy, scores.ravel()])


def identity_of(value: Any) -> int | str | None:
    """Return what a file calls a person, in whatever way it says so: a number, a name, a list of one of them.

    A negative number, nothing, or a list of several (detections that were merged) is nobody.

    Example:
        >>> [identity_of(value) for value in ([3], 3.0, "3", "Anna", -1, "", None)]
        [3, 3, 3, 'Anna', None, None, None]
    """
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        if is_missing(value):
            return None
        if not re.fullmatch(r"-?[0-9]+(\.0*)?", value.strip()):
            return value.strip()
        value = int(value.strip().partition(".")[0])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def identity_in(entry: Mapping[str, Any]) -> int | str | None:
    """Return what an entry of a COCO-like list calls a person, under whichever key: CVAT has it among the attributes.

    Example:
        >>> [identity_in(entry) for entry in ({"idx": 3}, {"track_id": 3}, {"attributes": {"track_id": 3}}, {})]
        [3, 3, 3, None]
    """
    attributes = entry.get("attributes")
    tracked = attributes.get("track_id") if isinstance(attributes, Mapping) else None
    stated = map(identity_of, (entry.get("idx"), entry.get("track_id"), tracked))
    return next((identity for identity in stated if identity is not None), None)


def name_of(frame: Any) -> str:
    """Return the name of a frame that a file calls by a number or a name; pandas makes 1.0 of 1.

    Example:
        >>> [name_of(frame) for frame in (1, 1.0, "1.jpg")]
        ['1', '1', '1.jpg']
    """
    return str(int(frame) if isinstance(frame, float) and frame.is_integer() else frame)


def add_frame(
    people: dict[str, list[RawPerson]], entry: Mapping[str, Any], number: int, there: list[RawPerson], file: str = ""
) -> None:
    """Add the people of a frame by the number that its entry states as ``frame`` or ``frame_id``.

    Args:
        people: Of the frames so far.
        entry: What the file holds of the frame.
        number: Of the entry, for one that states none.
        there: Its people.
        file: What the names of the file's frames begin with.

    Raises:
        InputError: The frame is there already.
    """
    key, stated = next(((key, entry[key]) for key in _FRAME_KEYS if entry.get(key) is not None), ("number", number))
    name = file + name_of(stated)
    if name in people:
        raise InputError(f"every frame must be there once, got {key} {name.removeprefix(file):.40} twice")
    people[name] = there


def with_keypoints(data: Any) -> list[dict[str, Any]]:
    """Return the entries of a JSON list that have keypoints: detectors with several heads list boxes among them.

    Example:
        >>> with_keypoints([{"image_id": 1, "bbox": [0, 0, 9, 9]}, {"image_id": 1, "keypoints": [5, 5, 1]}])
        [{'image_id': 1, 'keypoints': [5, 5, 1]}]
    """
    entries = data if isinstance(data, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and entry.get("keypoints")]


def to_pixels(
    people: RawPeople, image_size: tuple[int, int] | None, *, centred: bool = False
) -> dict[str, list[RawPerson]]:
    """Turn coordinates that are parts of the image, 0 to 1 or (``centred``) -1 to 1 across it, into pixels.

    Raises:
        InputError: The size of the image is not known.
    """
    if image_size is None:
        raise InputError(
            "coordinates are parts of the image, whose size the file does not hold; give its width and height in "
            "pixels",
            field="image_size",
        )
    scale, shift = np.array([*image_size, 1.0]), np.zeros(3)
    if centred:
        scale, shift = scale * [0.5, 0.5, 1], scale * [0.5, 0.5, 0]
    return {
        name: [person._replace(points=person.points * scale + shift) for person in frame]
        for name, frame in people.items()
    }


def fractions_to_pixels(
    people: RawPeople, image_size: tuple[int, int] | None, *, may_centre: bool = False
) -> RawPeople:
    """Do the same where everybody is too small to be a body in pixels; others are pixels already, and stay.

    The numbers themselves do not tell: landmarks of a limb out of the image lie outside 0 to 1.

    Args:
        people: Of the file.
        image_size: Width and height in pixels.
        may_centre: Whether the format also writes -1 to 1.

    Raises:
        InputError: The size of the image is not known, or the numbers are around 0 in a format that does not write
            them so.
    """
    seen = [
        there
        for frame in people.values()
        for person in frame
        if len(there := person.points[(person.points[:, 2] > 0) & np.isfinite(person.points).all(axis=1), :2])
    ]
    # The median: a foot far below the image may be several images away.
    if not seen or np.median([np.ptp(there, axis=0).max() for there in seen]) >= SMALLEST_PX:
        return people
    known = np.concatenate(seen)
    # Single joints have no size, and a few in one place none that tells.
    alone = all(len(there) == 1 for there in seen)
    if np.median(np.abs(known)) > (1 if alone else _FAR):
        return people
    centred = (known < 0).any(axis=1).mean() > _CENTRED
    if centred and not may_centre:
        # Screen coordinates of VideoPose3D are of -1 to 1 too, but not in the height: either would be a guess.
        raise InputError("keypoints must be in pixels or from 0 to 1, got numbers between -1 and 1; undo that first")
    return to_pixels(people, image_size, centred=bool(centred))


def gather(
    people: RawPeople,
    options: ReaderOptions,
    *,
    layout: JointLayout | None = None,
    image_size: tuple[int, int] | None = None,
    may_centre: bool = False,
) -> PeopleFile:
    """Make the whole of people by frame; ``in_order`` says which frame comes after which.

    Parts of the image become pixels, and of several detections of one person in a frame the best is kept.

    Args:
        people: Everybody's points.
        options: What the user stated.
        layout: Of the points; None: by their number.
        image_size: Width and height in pixels, if the file says so.
        may_centre: Whether the format also writes coordinates of -1 to 1.

    Raises:
        InputError: The points do not fit the skeleton, people have different numbers of them, the frames are of
            several videos, or the least score leaves nobody.
    """
    if image_size is not None and min(image_size) <= 0:  # programs that do not know it write 0
        image_size = None
    if layout is None:
        counts = [len(person.points) for frame in people.values() for person in frame]
        if not counts:
            raise InputError(f"people must be somewhere in the file, but there is nobody in {len(people)} frames")
        layout = layout_by_number(counts[0], options.skeleton)
    placed = {
        name: [person._replace(points=layout.place(person.points)) for person in frame]
        for name, frame in people.items()
    }
    scaled = fractions_to_pixels(placed, options.image_size or image_size, may_centre=may_centre)
    sure, unsure = sure_enough(scaled, options.min_score)
    once, twice = _once(sure, sum(map(len, people.values())))
    notes = [*unsure, *twice]
    names, step = in_order(once, video=options.fps is not None, images=options.images)
    if step > 1 and options.fps is not None:
        notes.append(
            f"frame numbers rise by {step}: taken as frames that follow each other, {options.fps:g} a second; if they "
            f"count the frames of a video, give its rate divided by {step}"
        )
    frames = [[Detection.from_rows(person.points, person.id) for person in once.get(name or "", ())] for name in names]
    return PeopleFile(
        frames=frames, skeleton=layout.skeleton, frame_names=names, image_size=image_size, notes=tuple(notes)
    )


def sure_enough(people: RawPeople, min_score: float | None) -> tuple[RawPeople, list[str]]:
    """Leave out who has a lower score; also returns the words for it.

    Raises:
        InputError: Nobody is left.
    """
    count = sum(map(len, people.values()))
    if min_score is None or not count:
        return people, []
    sure = {name: [one for one in frame if _score(one) >= min_score] for name, frame in people.items()}
    left = sum(map(len, sure.values()))
    if not left:
        best = max(_score(one) for frame in people.values() for one in frame)
        raise InputError(f"the least score must leave somebody, but the best is {best:.3g}", field="min_score")
    return sure, [f"{count - left} of {count} detections have a score under {min_score:g}"] if left < count else []


def _once(people: RawPeople, count: int) -> tuple[RawPeople, list[str]]:
    """Leave out worse detections of somebody who is there; also returns the words for it, of ``count`` detections."""
    kept: dict[str, Sequence[RawPerson]] = {}
    for name, frame in people.items():
        # Ids that tell the people of a frame apart are a tracker's: it has seen to it that nobody is there twice.
        ids = [one.id for one in frame]
        tracked = [number for number, identity in enumerate(ids) if identity is not None and ids.count(identity) == 1]
        staying = without_duplicates([one.points for one in frame], list(map(_score, frame)), tracked)
        kept[name] = [frame[number] for number in staying]
    twice = sum(map(len, people.values())) - sum(map(len, kept.values()))
    return kept, [f"{twice} of {count} detections are a second one of the same person, and are left out"] * (twice > 0)


def _score(person: RawPerson) -> float:
    """Return the detector's score, or else the mean confidence of the joints that were found."""
    try:
        stated = np.nan if person.score is None else float(person.score)
    except (TypeError, ValueError):  # files hold anything
        stated = np.nan
    if np.isfinite(stated):
        return stated
    found = person.points[:, 2] > 0  # False for a confidence that is not a number
    return float(person.points[found, 2].mean()) if found.any() else 0.0

"""A table with a row for each person of each frame, and columns of each joint: how most people save what they have.

The first line names the columns: ``nose_x``, ``nose.y``, ``x_nose``, ``x1`` or the like, with the confidence beside
them (``_score``, ``_confidence``, ``_visibility``, ``_likelihood``, ``_v``, ``_c``). There may be ``frame`` (or
``frame_idx``, ``image``), ``person`` (``track``, ``id``) and a person's ``score``; other columns are not looked at.
Without ``frame`` each row is one. SLEAP's CSV files are of this kind. Joints that are numbered have the order of the
detector with so many; coordinates may be pixels or parts of the image.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.files.cells import check_widths, is_missing, numbers_in
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, gather, identity_of
from ampose.files.keypoints.joints import JointLayout, layout_by_names, layout_by_number
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers

_AXES = {
    "x": "x",
    "y": "y",
    **dict.fromkeys(
        ("v", "vis", "visibility", "visible", "c", "conf", "confidence", "score", "likelihood", "p", "prob"), "sure"
    ),
}
_NAMES = "|".join(_AXES)
_AXIS_LAST = re.compile(rf"(?P<joint>.*[^ _.:-])[ _.:-]+(?P<axis>{_NAMES})", re.IGNORECASE)
_AXIS_FIRST = re.compile(rf"(?P<axis>{_NAMES})(?:[ _.:-]+(?P<joint>.+)|(?P<number>\d+))", re.IGNORECASE)
_FRAME = ("frame", "frame_idx", "frame_id", "frame_number", "frame_no", "image", "image_id", "image_name", "filename")
_PERSON = ("person", "person_id", "track", "track_id", "individual", "id")
_SCORE = ("score", "instance.score", "person_score", "bbox_score")
_FEWEST = 3


@readers.register(
    "table",
    title="a table (CSV) with columns of each joint",
    looks_for="a CSV with columns such as nose_x, nose_y and nose_score, or x1, y1, v1, one row per frame",
    words=("nose_x", "nose_y", "frame"),
    size=False,
    example="keypoints.csv",
)
class WideTable:
    """A table with columns of each joint; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the first line names x and y of several joints."""
        return content.kind == "text" and bool(content.rows) and len(_joints(content.rows[0])) >= _FEWEST

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all rows."""
        header, *rows = content.rows
        check_widths(rows, len(header))
        joints = _joints(header)
        columns = {name.strip().lower(): at for at, name in reversed(list(enumerate(header)))}
        frame, person, score = (
            next((columns[name] for name in names if name in columns), None) for names in (_FRAME, _PERSON, _SCORE)
        )
        points = np.stack([_points(rows, joint, place) for joint, place in joints.items()], axis=1)  # (row, joint, 3)
        scores = None if score is None else numbers_in(rows, score, header[score])
        people: dict[str, list[RawPerson]] = {}
        for number, row in enumerate(rows):
            name = str(number) if frame is None else "" if is_missing(row[frame]) else row[frame].strip()
            identity = None if person is None else identity_of(row[person])
            others = people.setdefault(name, [])
            if identity is not None and any(other.id == identity for other in others):
                raise InputError(f"every person must be in a frame once, got {identity} twice in frame {name}")
            others.append(RawPerson(points[number], identity, None if scores is None else scores[number]))
        return gather(people, options, layout=_layout(list(joints), options))


def _joints(header: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the columns of x, y and the confidence of each joint that has x and y."""
    places: dict[str, dict[str, int]] = {}
    for at, name in enumerate(header):
        match = _AXIS_LAST.fullmatch(name.strip()) or _AXIS_FIRST.fullmatch(name.strip())
        if match:
            parts = match.groupdict()
            place, axis = places.setdefault(parts["joint"] or parts["number"], {}), _AXES[parts["axis"].lower()]
            if axis in place and axis != "sure":  # of the confidence there may be several kinds
                raise InputError(f"columns must be there once, got {header[place[axis]]} and {name}")
            place[axis] = at
    return {joint: place for joint, place in places.items() if {"x", "y"} <= place.keys()}


def _points(rows: Sequence[Sequence[str]], joint: str, place: Mapping[str, int]) -> Float[np.ndarray, "row 3"]:
    """Return x, y and the confidence of a joint; without any, a joint that is empty or in the corner was not found."""
    x, y = (numbers_in(rows, place[axis], f"{axis} of {joint}") for axis in ("x", "y"))
    sure = numbers_in(rows, place["sure"], f"the confidence of {joint}") if "sure" in place else np.full(len(x), np.nan)
    if np.isfinite(sure).any():
        return np.column_stack([x, y, sure])
    return np.column_stack([x, y, np.isfinite(x) & np.isfinite(y) & ((x != 0) | (y != 0))])


def _layout(joints: Sequence[str], options: ReaderOptions) -> JointLayout:
    """Return the layout by the joints' names, or by their number where these are numbered: ``1``, ``kp_1``."""
    split = [re.fullmatch(r"(.*?)[ _.:-]*(\d+)", joint) for joint in joints]
    numbers = [int(match[2]) for match in split if match]
    if len(numbers) == len(joints) and len({match[1] for match in split if match}) == 1:
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise InputError(f"joints must be numbered one after the other, got {', '.join(joints)}")
        return layout_by_number(len(joints), options.skeleton)
    return layout_by_names(joints, options.skeleton)

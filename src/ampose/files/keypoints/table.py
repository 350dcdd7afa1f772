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

from ampose.errors import InputError
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, gather
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
    looks_for="a CSV with columns such as nose_x, nose_y and nose_score, or x1, y1, v1, a row a frame",
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
        joints = _joints(header)
        columns = {name.strip().lower(): at for at, name in reversed(list(enumerate(header)))}
        frame, person, score = (
            next((columns[name] for name in names if name in columns), None) for names in (_FRAME, _PERSON, _SCORE)
        )
        people: dict[str, list[RawPerson]] = {}
        for number, row in enumerate(rows):
            if len(row) != len(header):
                raise InputError(f"rows must have {len(header)} cells as the first, got {len(row)} in row {number + 1}")
            name = str(number) if frame is None else row[frame].strip()
            identity = row[person].strip() or None if person is not None else None
            people.setdefault(name, []).append(
                RawPerson(
                    np.array([_point(row, place) for place in joints.values()]),
                    int(identity) if identity and identity.isdecimal() else identity,
                    None if score is None else _number(row[score]),
                )
            )
        return gather(people, options, layout=_layout(list(joints), options))


def _joints(header: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the columns of x, y and the confidence of each joint that has x and y."""
    places: dict[str, dict[str, int]] = {}
    for at, name in enumerate(header):
        match = _AXIS_LAST.fullmatch(name.strip()) or _AXIS_FIRST.fullmatch(name.strip())
        if match:
            parts = match.groupdict()
            places.setdefault(parts["joint"] or parts["number"], {})[_AXES[parts["axis"].lower()]] = at
    return {joint: place for joint, place in places.items() if {"x", "y"} <= place.keys()}


def _point(row: Sequence[str], place: Mapping[str, int]) -> tuple[float, float, float]:
    """Return x, y and the confidence; without one, a joint that is empty or in the corner was not found."""
    x, y = _number(row[place["x"]]), _number(row[place["y"]])
    if "sure" in place:
        return x, y, _number(row[place["sure"]])
    return x, y, float(np.isfinite(x + y) and (x, y) != (0, 0))


def _number(cell: str) -> float:
    return float(cell) if cell.strip() else float("nan")


def _layout(joints: Sequence[str], options: ReaderOptions) -> JointLayout:
    """Return the layout by the joints' names, or by their number where these are numbered: ``1``, ``kp_1``."""
    split = [re.fullmatch(r"(.*?)[ _.:-]*(\d+)", joint) for joint in joints]
    numbers = [int(match[2]) for match in split if match]
    if len(numbers) == len(joints) and len({match[1] for match in split if match}) == 1:
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise InputError(f"joints must be numbered one after the other, got {', '.join(joints)}")
        return layout_by_number(len(joints), options.skeleton)
    return layout_by_names(joints, options.skeleton)

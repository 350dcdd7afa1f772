"""MediaPipe's landmarks. MediaPipe writes no file itself; this is the layout that we read.

CSV, a landmark a line, with these names in the first line (``person``, ``z`` and ``visibility`` may be left out)::

    frame,person,landmark,x,y,z,visibility
    0,0,nose,0.512,0.203,-0.41,0.999
    0,0,left_eye_inner,0.518,0.190,-0.39,0.998

``frame`` counts from any number; a frame without a person has no lines. ``landmark`` is MediaPipe's name or number.

JSON, a frame an entry: ``[{"frame": 0, "landmarks": [[{x, y, z, visibility}, ...33], ...people]}, ...]``. Without
``frame`` (or ``frame_id``) the frames are in order. The list of people may be a single person, the key may be
``pose_landmarks`` or ``poseLandmarks`` as in MediaPipe's own results, and without people it is an empty list or null.
In both x and y are parts of the image's width and height, as MediaPipe gives them, or pixels.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ampose.errors import InputError
from ampose.files.cells import check_widths, numbers_in
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import Points, RawPerson, add_frame, gather, identity_of, numbers_of
from ampose.files.keypoints.joints import layout_by_names, plain_name
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers
from ampose.poses.skeletons import get_skeleton

_COLUMNS = {"frame", "landmark", "x", "y"}
_KEYS = ("landmarks", "pose_landmarks", "poseLandmarks")


@readers.register(
    "mediapipe",
    title="MediaPipe, CSV or JSON",
    looks_for="a CSV with frame, landmark, x and y in its first line, or a JSON list of frames with landmarks",
    words=("frame", "landmark", "landmarks", "x", "y"),
    size=False,
    example="landmarks.csv",
)
class MediaPipe:
    """MediaPipe's landmarks; the layouts are described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the first line or the first frame is that of landmarks."""
        if content.kind == "text":
            return bool(content.rows) and {name.strip() for name in content.rows[0]} >= _COLUMNS
        data = content.json if content.kind == "json" else None
        first = data[0] if isinstance(data, list) and data else None
        return isinstance(first, dict) and any(key in first for key in _KEYS)

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all frames."""
        people = _rows(content.rows) if content.kind == "text" else _frames(content.json)
        skeleton = get_skeleton("blazepose_33")
        layout = layout_by_names(skeleton.joints, options.skeleton or skeleton)
        return gather(people, options, layout=layout)


def _rows(rows: Sequence[Sequence[str]]) -> dict[str, list[RawPerson]]:
    skeleton = get_skeleton("blazepose_33")
    columns = {name.strip(): at for at, name in reversed(list(enumerate(rows[0])))}
    check_widths(rows[1:], len(rows[0]))
    x, y = (numbers_in(rows[1:], columns[axis], axis) for axis in ("x", "y"))
    visible = np.full(len(x), np.nan)
    if "visibility" in columns:
        visible = numbers_in(rows[1:], columns["visibility"], "visibility")
    people: dict[str, dict[str, Points]] = {}
    stated: set[tuple[str, str, int]] = set()
    for row, point in zip(rows[1:], _visible(np.column_stack([x, y, visible])), strict=True):
        frame, person = row[columns["frame"]].strip(), row[columns["person"]].strip() if "person" in columns else "0"
        mark = row[columns["landmark"]].strip()
        place = int(mark) if mark.isdecimal() and int(mark) < skeleton.num_joints else skeleton.index(plain_name(mark))
        if (frame, person, place) in stated:
            raise InputError(
                f"every landmark must be there once, got {mark} twice in frame {frame}"
                + (f" of person {person}" if "person" in columns else "")
            )
        stated.add((frame, person, place))
        points = people.setdefault(frame, {}).setdefault(person, np.full((skeleton.num_joints, 3), np.nan))
        points[place] = point
    return {
        frame: [RawPerson(points, identity_of(name)) for name, points in persons.items()]
        for frame, persons in people.items()
    }


def _frames(data: Sequence[Mapping[str, Any]]) -> dict[str, list[RawPerson]]:
    people: dict[str, list[RawPerson]] = {}
    for number, frame in enumerate(data):
        landmarks = next((frame[key] for key in _KEYS if key in frame), None) or []
        if isinstance(landmarks, dict):  # {"landmark": [...]}, as MediaPipe's message is written to JSON
            landmarks = landmarks["landmark"]
        persons = [landmarks] if landmarks and isinstance(landmarks[0], dict) else landmarks
        rows = [
            numbers_of([(mark["x"], mark["y"], mark.get("visibility")) for mark in marks], "landmarks")
            for marks in persons
        ]
        add_frame(people, frame, number, [RawPerson(_visible(points)) for points in rows])
    return people


def _visible(points: Points) -> Points:
    """Return x, y and visibility, which is 1 where it is not stated."""
    return np.column_stack([points[:, :2], np.nan_to_num(points[:, 2], nan=1.0)])

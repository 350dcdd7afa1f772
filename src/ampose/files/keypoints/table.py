"""A table with a row for each person of each frame, and columns of each joint: how most people save what they have.

The first line names the columns: ``nose_x``, ``nose.y``, ``x_nose``, ``x1`` or the like, with the confidence beside
them (``_score``, ``_confidence``, ``_visibility``, ``_likelihood``, ``_v``, ``_c``). There may be ``frame`` (or
``Frame Number``, ``frameIndex``, ``image``), ``person`` (``track``, ``id``) and a person's ``score``; other columns are
not looked at. Without ``frame`` each row is one, or of several people each ``timestamp``. SLEAP's CSV files are of this
kind. Joints that are numbered have the order of the detector with so many; coordinates may be pixels or parts of the
image.
"""

import mimetypes
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

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
    "z": "z",
    **dict.fromkeys(
        ("v", "vis", "visibility", "visible", "c", "conf", "confidence", "score", "likelihood", "p", "prob"), "sure"
    ),
}
_NAMES = "|".join(_AXES)
_AXIS_LAST = re.compile(rf"(?P<joint>.*[^ _.:-])[ _.:-]+(?P<axis>{_NAMES})", re.IGNORECASE)
_AXIS_FIRST = re.compile(rf"(?P<axis>{_NAMES})(?:[ _.:-]+(?P<joint>.+)|(?P<number>\d+))", re.IGNORECASE)
_FRAME = (
    *("frame", "frameidx", "frameindex", "frameid", "framenumber", "framenum", "frameno", "framenr", "fnum"),
    *("image", "img", "imageid", "imageindex", "imagename", "imgname", "imagepath", "imgpath", "filename", "filepath"),
)
_TIME = ("timestamp", "timestampms", "timestamps", "time", "timems", "times")
_PERSON = ("person", "personid", "personindex", "personidx", "track", "trackid", "individual", "id")
_SCORE = ("score", "instancescore", "personscore", "bboxscore")
"""What columns are called, as ``_plain`` writes it; the first that is there counts."""

_BOX = frozenset(("bbox", "box"))
_OF_A_BOX = _BOX | {"min", "max", "center", "centre"}
"""Words for x and y of what is no joint."""

_NEGATIVE = 0.25
"""In 3D more of the points than this have a negative x or y; in an image only those of somebody who is half out of it,
whom detectors that guess such joints give a visibility."""

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
        _check_once(header)
        joints = _joints(header)
        columns = {_plain(name): at for at, name in reversed(list(enumerate(header)))}
        person, score = (_first(columns, names) for names in (_PERSON, _SCORE))
        points = np.stack([_points(rows, joint, place) for joint, place in joints.items()], axis=1)  # (row, joint, 3)
        _check_flat(header, joints, points)
        scores = None if score is None else numbers_in(rows, score, header[score])
        ids = [None if person is None else identity_of(row[person]) for row in rows]
        people: dict[str, list[RawPerson]] = {}
        for number, (name, identity) in enumerate(zip(_frames(header, rows, columns, ids), ids, strict=True)):
            others = people.setdefault(name, [])
            if identity is not None and any(other.id == identity for other in others):
                raise InputError(f"every person must be in a frame once, got {identity} twice in frame {name}")
            others.append(RawPerson(points[number], identity, None if scores is None else scores[number]))
        return gather(people, options, layout=_layout(list(joints), options))


def _plain(name: str) -> str:
    """Write a column's name without what programs write differently: ``Frame #``, ``frame_idx``, ``frameIdx``."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _first(columns: Mapping[str, int], names: Sequence[str]) -> int | None:
    return next((columns[name] for name in names if name in columns), None)


def _frames(
    header: Sequence[str], rows: Sequence[Sequence[str]], columns: Mapping[str, int], ids: Sequence[int | str | None]
) -> list[str]:
    """Return the name of each row's frame."""
    frame, time = (_first(columns, names) for names in (_FRAME, _TIME))
    if frame is not None and not all(_is_video(row[frame]) for row in rows):
        return ["" if is_missing(row[frame]) else row[frame].strip() for row in rows]
    several = Counter(identity for identity in ids if identity is not None)
    if len(several) < 2 or max(several.values()) < 2:
        return [str(number) for number in range(len(rows))]
    if time is None:
        raise InputError(
            f"a table of several people must have a column frame, with the number of the frame, got {', '.join(header)}"
        )
    moments = numbers_in(rows, time, header[time])
    places = np.unique(moments, return_inverse=True)[1]
    return ["" if np.isnan(moment) else str(place) for moment, place in zip(moments, places, strict=True)]


def _is_video(cell: str) -> bool:
    """Tell whether it names the whole video, as in a column file_name, and no frame of it."""
    return (mimetypes.guess_type(cell.strip())[0] or "").startswith("video/")


def _matched(name: str) -> re.Match[str] | None:
    return _AXIS_LAST.fullmatch(name.strip()) or _AXIS_FIRST.fullmatch(name.strip())


def _columns(header: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Yield the joint and the axis of each column of one, and the column's number."""
    for at, name in enumerate(header):
        if match := _matched(name):
            parts = match.groupdict()
            joint = parts["joint"] or parts["number"]
            words = set(re.split(r"[\W_]+", joint.lower()))
            if not words & _BOX and not words <= _OF_A_BOX:
                yield joint, _AXES[parts["axis"].lower()], at


def _check_once(header: Sequence[str]) -> None:
    """Refuse a joint with two x or y; of its confidence there may be several kinds."""
    seen: dict[tuple[str, str], int] = {}
    for joint, axis, at in _columns(header):
        if axis in "xy" and (joint, axis) in seen:
            raise InputError(f"columns must be there once, got {header[seen[joint, axis]]} and {header[at]}")
        seen[joint, axis] = at


def _joints(header: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the columns of x, y, z and the confidence of each joint that has x and y."""
    places: dict[str, dict[str, int]] = {}
    for joint, axis, at in _columns(header):
        places.setdefault(joint, {})[axis] = at
    return {joint: place for joint, place in places.items() if {"x", "y"} <= place.keys()}


def _points(rows: Sequence[Sequence[str]], joint: str, place: Mapping[str, int]) -> Float[np.ndarray, "row 3"]:
    """Return x, y and the confidence of a joint; without any, a joint that is empty or in the corner was not found.

    Others have 1, as those that somebody set by hand have in a table of a detector.
    """
    x, y = (numbers_in(rows, place[axis], f"{axis} of {joint}") for axis in ("x", "y"))
    sure = numbers_in(rows, place["sure"], f"the confidence of {joint}") if "sure" in place else np.full(len(x), np.nan)
    found = np.isfinite(x) & np.isfinite(y) & ((x != 0) | (y != 0))
    return np.column_stack([x, y, np.where(np.isnan(sure), found, sure)])


def _check_flat(
    header: Sequence[str], joints: Mapping[str, Mapping[str, int]], points: Float[np.ndarray, "row joint 3"]
) -> None:
    """Refuse poses in 3D: what several cameras saw, or x, y and z around an origin that is no corner of an image."""
    if not all("z" in place for place in joints.values()):
        return
    by_cameras = any(_plain(name).endswith("ncams") for name in header)  # of anipose
    visible = any((match := _matched(name)) and match["axis"].lower().startswith("v") for name in header)
    known = points[(points[..., 2] > 0) & np.isfinite(points).all(axis=-1), :2]
    if by_cameras or (not visible and len(known) and (known < 0).any(axis=1).mean() > _NEGATIVE):
        raise InputError(
            "holds 3D poses already, no 2D keypoints: x, y and z of each joint, around an origin that no image has; if "
            "x and y are pixels, leave z out"
        )


def _layout(joints: Sequence[str], options: ReaderOptions) -> JointLayout:
    """Return the layout by the joints' names, or by their number where these are numbered: ``1``, ``kp_1``."""
    split = [re.fullmatch(r"(.*?)[ _.:-]*(\d+)", joint) for joint in joints]
    numbers = [int(match[2]) for match in split if match]
    if len(numbers) == len(joints) and len({match[1] for match in split if match}) == 1:
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise InputError(f"joints must be numbered one after the other, got {', '.join(joints)}")
        return layout_by_number(len(joints), options.skeleton)
    return layout_by_names(joints, options.skeleton)

"""``.c3d``: the file of biomechanics (Visual3D, Vicon, Mokka), through the package ezc3d.

Axes: X right, Y away from the camera, Z up (``axes``). Units: millimetres (``POINT:UNITS``). Points are called as the
joints (``POINT:LABELS``); with several people ``<id>:<joint>``, and one person's number is not kept. A point
that was not seen has the residual -1, one that was 0. The number of the first frame says when the clip begins.

Of other programs' files the labels go on in ``LABELS2`` and so on, what stands before a colon is a subject or a prop,
who becomes a person each, and ``Y_SCREEN`` is the axis that points up. Points without a label, and what is no place
(angles, forces, moments, powers, scalars), are left out, which the log says.
"""

import errno
import logging
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Literal

import numpy as np

from ampose.errors import InputError
from ampose.files.isolated import parse_apart
from ampose.files.poses.axes import MILLIMETRE, UP_AXES, from_camera, pose_of
from ampose.files.poses.body_axes import AS_THE_FILE_SAYS, FileAxes
from ampose.files.poses.markers import MarkerAxes, axes_of, unit_in, without_zeros
from ampose.files.poses.pose_format import formats
from ampose.poses.people import Person
from ampose.poses.timing import times_from, usual_rate

_LOG = logging.getLogger(__name__)

_UP = "z"
_CARRIES = ("positions", "missing_joints", "missing_frames", "people", "start")
_BLOCK, _MAGIC, _BIG_ENDIAN = 512, 0x50, 86
_MOST_FRAMES = 65535  # a 16-bit field of the header

_NO_PLACES = tuple(f"POINT:{kind}" for kind in ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "REACTIONS"))
"""Parameters that name the "points" that are none."""

_NO_MARKERS = "points are angles, forces, moments, powers or scalars, and"
_UNLABELLED = re.compile(r"$|\*|unlabel|unnamed|uname|unidentified|unknown", re.IGNORECASE)
"""How programs call a point that nobody named; Vicon ``*12``."""


@formats.register(".c3d", up=_UP, carries=_CARRIES, measures=True, foreign=True, extra="c3d", package="ezc3d")
class C3dFile:
    """People as points over time."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write the points of all people."""
        import ezc3d  # noqa: PLC0415 - an optional dependency

        frames, rate, seconds = len(people[0].pose3d), people[0].pose3d.mean_rate or 1.0, people[0].pose3d.seconds
        first = 0 if seconds is None else max(0, round(float(seconds[0]) * rate))
        if frames + first > _MOST_FRAMES:
            more = f", the first of them at number {first + 1}" if first else ""
            raise InputError(f"frames of a .c3d file must be {_MOST_FRAMES} at most, got {frames}{more}")
        positions = np.concatenate([person.pose3d.positions for person in people], axis=1)
        points_mm = np.moveaxis(from_camera(positions, _UP), -1, 0).swapaxes(1, 2) / MILLIMETRE
        lost = np.isnan(points_mm).any(axis=0)
        file = ezc3d.c3d()
        about = file["parameters"]["POINT"]
        about["RATE"]["value"] = [rate]
        about["UNITS"]["value"] = ["mm"]
        prefixes = [f"{person.id}:" if len(people) > 1 else "" for person in people]
        about["LABELS"]["value"] = [prefix + joint for prefix in prefixes for joint in people[0].pose3d.skeleton.joints]
        for screen, axis in (("X_SCREEN", "+X"), ("Y_SCREEN", f"+{_UP.upper()}")):
            file.add_parameter("POINT", screen, [axis])
        file["header"]["points"]["first_frame"] = first
        file["data"]["points"] = np.concatenate([np.where(lost, np.nan, points_mm), np.ones((1, *lost.shape))])
        file["data"]["meta_points"]["residuals"] = np.where(lost, -1.0, 0.0)[None]
        file.write(str(path))
        if path.stat().st_size < 4 * 4 * lost.size:  # ezc3d says nothing when the disk is full
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    def read(self, path: Path, stated: FileAxes = AS_THE_FILE_SAYS) -> list[Person]:
        """Read the people back, to the precision of float32 millimetres."""
        declared, content = _declared_frames(path), parse_apart("c3d_points", path)
        points = content["points"][:3]
        if declared > points.shape[2]:  # ezc3d reads what is there and says nothing
            raise ValueError(f"{points.shape[2]} of the {declared} frames that its header says")
        if not points.shape[1] or not points.shape[2]:
            raise InputError(
                "points must be there in one frame at least, got none; is it a file of analog signals only?"
            )
        labels = _labels(path, content, points.shape[1])
        lost = np.isnan(points).any(axis=0) | (content["residuals"] < 0)
        places = np.where(lost, np.nan, points).transpose(2, 1, 0)[:, list(labels)]
        places = without_zeros(path, places)
        name = next(filter(None, _texts(content, "POINT:UNITS")), None)
        up = next(iter(_texts(content, "POINT:Y_SCREEN")), "").lower().removeprefix("+")
        own = MarkerAxes(unit_in(name, "POINT:UNITS", stated), up if up in UP_AXES else _UP, up in UP_AXES)
        unit, up = axes_of(path, places, list(labels.values()), stated, own)
        rate = _rate(content)
        times = times_from(_first_frame(content) / rate, len(places), rate)
        return _people(places * unit, list(labels.values()), up=up, fps=rate, times=times)


def _texts(content: Mapping[str, np.ndarray], name: str) -> list[str]:
    """Return a parameter of texts, without blanks around them; none where the file has not got it."""
    return [str(text).strip().strip("\0").strip() for text in np.atleast_1d(content.get(name, []))]


def _labels(path: Path, content: Mapping[str, np.ndarray], num_points: int) -> dict[int, str]:
    """Return the name of each point that is a marker or a joint, by its number."""
    labels = _texts(content, "POINT:LABELS")
    for number in count(2):  # a parameter holds 255 at most: they go on in LABELS2 and so on
        more = _texts(content, f"POINT:LABELS{number}")
        if not more:
            break
        labels += more
    labels = labels[:num_points] + [""] * (num_points - len(labels))
    named = {at: label for at, label in enumerate(labels) if not _UNLABELLED.match(label.rpartition(":")[2])}
    if not named:  # nobody has named any: all that there is
        named = {at: f"point_{at + 1}" for at in range(num_points)}
    others = {label for kind in _NO_PLACES for number in ("", "2", "3") for label in _texts(content, kind + number)}
    places = {at: label for at, label in named.items() if label not in others}
    if not places:
        raise InputError("points must be places of markers, got angles, forces and the like alone")
    for left_out, words in (
        (num_points - len(named), "points without a label"),
        (len(named) - len(places), _NO_MARKERS),
    ):
        if left_out:
            _LOG.warning("%s: %d %s are left out", path, left_out, words)
    repeated = Counter[str]()
    unique = {}
    for at, label in places.items():
        repeated[label] += 1
        unique[at] = label if repeated[label] == 1 else f"{label}_{repeated[label]}"
    return unique


def _rate(content: Mapping[str, np.ndarray]) -> float:
    """Return the frame rate of the parameters, or else of the header."""
    stated = np.float32(next(iter(content.get("POINT:RATE", np.zeros(0)).ravel()), 0.0) or content["frame_rate"])
    if not 0 < stated < np.inf:
        raise InputError(f"POINT:RATE must be positive, got {stated:g}")
    return usual_rate(float(str(stated)), 0.0)  # float32: 29.97 is 29.969999..., whose shortest name is 29.97


def _first_frame(content: Mapping[str, np.ndarray]) -> int:
    """Return the number of the first frame, from 0; long trials have it in two words of TRIAL."""
    start = content.get("TRIAL:ACTUAL_START_FIELD", np.zeros(0)).ravel().astype(np.int64)
    if len(start) == 2 and (start >= 0).all() and (start < 2**16).all() and start.any():
        return max(0, int(start[0] + 2**16 * start[1]) - 1)
    return max(0, int(content["first_frame"]))


def _declared_frames(path: Path) -> int:
    """Return the header's number of frames (words 4 and 5, in the byte order that the parameters' header names)."""
    with path.open("rb") as stream:
        header = stream.read(_BLOCK)
        if len(header) < _BLOCK or header[1] != _MAGIC:
            raise ValueError("no C3D header")
        stream.seek((header[0] - 1) * _BLOCK + 3)
        order: Literal["little", "big"] = "big" if stream.read(1) == bytes([_BIG_ENDIAN]) else "little"
    first, last = (int.from_bytes(header[at : at + 2], order) for at in (6, 8))
    return last - first + 1


def _people(
    positions: np.ndarray, labels: Sequence[str], *, up: str, fps: float, times: np.ndarray | None
) -> list[Person]:
    """Sort the points by the part of their label before the colon."""
    prefixes = [label.rpartition(":")[0] for label in labels]
    subjects = list(dict.fromkeys(prefixes))
    numbered = all(subject.isdecimal() for subject in subjects)
    people: list[Person] = []
    for number, subject in enumerate(subjects):
        mine = [at for at, other in enumerate(prefixes) if other == subject]
        joints = [labels[at].rpartition(":")[2].strip() for at in mine]
        pose = pose_of(positions[:, mine], joints, up=up, fps=fps, times=times)
        if subject and not numbered:
            pose = replace(pose, provenance={"person": subject})
        people.append(Person(int(subject) if numbered else number, None, pose))
    return people

"""``.trc``: the marker file of OpenSim and of optical motion capture. One person a file.

Axes: X right, Y up, Z towards the camera (``axes``). Units: millimetres, in which marker systems and OpenSim's own
examples write it; metres and centimetres are read too, by the header's ``Units``. A joint that was not seen is ``NaN``
three times: OpenSim 4.6 reads that as missing, but refuses a row that ends in empty fields. Both are read.

Tab-separated; five lines of header: ``PathFileType 4 (X/Y/Z) name``; the names of eight values; the values
(``DataRate CameraRate NumFrames NumMarkers Units OrigDataRate OrigDataStartFrame OrigNumFrames``); ``Frame# Time`` and
each joint's name, followed by two empty fields; ``X1 Y1 Z1 X2 ...``. Then one row per frame: number from 1, seconds,
coordinates.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ampose.errors import InputError
from ampose.files.letters import read_text
from ampose.files.poses.axes import MILLIMETRE, from_camera, pose_of
from ampose.files.poses.body_axes import AS_THE_FILE_SAYS, FileAxes
from ampose.files.poses.markers import MarkerAxes, axes_of, unit_in, without_zeros
from ampose.files.poses.pose_format import formats
from ampose.poses.people import Person
from ampose.poses.skeletons import list_skeletons
from ampose.poses.skeletons.by_joints import skeleton_of
from ampose.poses.timing import clock, frame_numbers, is_uneven, spread, times_from, usual_rate

_UP = "y"
_CARRIES = ("positions", "missing_joints", "missing_frames", "times", "start")
_ROUNDING_S = 1e-3  # of times that were written with three decimals
_SEPARATORS = "\t;,"
_FIELDS = (
    *("DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units"),
    *("OrigDataRate", "OrigDataStartFrame", "OrigNumFrames"),
)


@formats.register(".trc", up=_UP, carries=_CARRIES, measures=True, foreign=True)
class TrcFile:
    """One person as marker trajectories; the layout is described at the top of this file."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write the header and a row for each frame."""
        (person,) = people
        pose = person.pose3d
        joints, frames = pose.skeleton.joints, len(pose)
        rate = f"{(pose.mean_rate or 1.0):.10g}"
        seconds = np.zeros(1) if pose.seconds is None else pose.seconds
        first = max(0, round(float(seconds[0] * (pose.mean_rate or 1.0)))) + 1
        values = (rate, rate, frames, len(joints), "mm", rate, first, frames)
        header = [
            ("PathFileType", "4", "(X/Y/Z)", path.name),
            _FIELDS,
            values,
            ("Frame#", "Time", *(field for joint in joints for field in (joint, "", ""))),
            ("", "", *(f"{axis}{number}" for number in range(1, len(joints) + 1) for axis in "XYZ")),
        ]
        with path.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines("\t".join(map(str, line)) + "\n" for line in header)
            for number, points in enumerate(from_camera(pose.positions, _UP) / MILLIMETRE):
                missing = np.isnan(points).any(axis=1).repeat(3)
                fields = ["NaN" if no else f"{value:.3f}" for value, no in zip(points.flat, missing, strict=True)]
                stream.write("\t".join((str(first + number), f"{seconds[number]:.9f}", *fields)) + "\n")

    def read(self, path: Path, stated: FileAxes = AS_THE_FILE_SAYS) -> list[Person]:
        """Read the person back, to a thousandth of a millimetre.

        Files of other programs may have commas, semicolons or blanks for tabs, other letters than UTF-8, and 0 0 0 for
        a marker that was lost; one without ``Units`` is in those that the size of the body tells.
        """
        text = read_text(path).splitlines()
        if len(text) < 5 or not text[0].startswith("PathFileType"):
            raise ValueError("no header of five lines that begins with PathFileType")
        separator = next((one for one in _SEPARATORS if one in text[1]), None)  # None: blanks
        lines = [[field.strip() for field in line.split(separator)] for line in text]
        if separator is not None:
            lines[3] = [name.strip() for name in re.split(f"[\t{separator}]", text[3])]  # some leave tabs there
        about = {key.strip(): value.strip() for key, value in zip(lines[1], lines[2], strict=False)}
        joints = _names(lines[3], int(about["NumMarkers"]))
        rows = np.array([_row(line, len(joints)) for line in lines[5:] if any(line)]).reshape(-1, 2 + 3 * len(joints))
        if int(about["NumFrames"]) != len(rows) or not len(rows):  # cut off, or the header is of another file
            raise ValueError(f"{len(rows)} rows but NumFrames {about['NumFrames']}")
        frames = frame_numbers(rows[:, 0])
        frames -= frames[0]
        points = without_zeros(path, rows[:, 2:].reshape(len(rows), len(joints), 3))
        unit = unit_in(about.get("Units"), "Units", stated)
        own = MarkerAxes(unit, _UP, sure=skeleton_of(joints).name in list_skeletons())
        unit, up = axes_of(path, points, joints, stated, own)
        positions = spread(points * unit, frame_numbers(frames), int(frames.max()) + 1)
        fps, times = _clock(about, frames, rows[:, 1])
        pose = pose_of(positions, joints, up=up, fps=fps, times=times)
        return [Person(0, None, pose)]


def _names(fields: Sequence[str], count: int) -> list[str]:
    """Return the markers' names, which stand over the first of three columns each, or side by side."""
    spaced, close = fields[2::3], [name for name in fields[2:] if name]
    joints = close if len(close) == count else [name for name in spaced if name]
    if len(joints) != count:
        raise ValueError(f"the names of {len(joints)} markers but NumMarkers {count}")
    return joints


def _row(fields: Sequence[str], num_joints: int) -> list[float]:
    """Return the numbers of a row; empty fields, also those left out at the end, are NaN."""
    width = 2 + 3 * num_joints
    if any(fields[width:]):
        raise ValueError(f"{len(fields)} fields instead of {width} in the row of frame {fields[0]}")
    numbers = [_number(field) if field else np.nan for field in fields[:width]]
    if np.isinf(numbers).any():
        raise ValueError(f"an infinite number in the row of frame {fields[0]}")
    return numbers + [np.nan] * (width - len(numbers))


def _number(field: str) -> float:
    try:
        return float(field)
    except ValueError:
        return float(field.replace(",", "."))  # a decimal comma, between tabs or semicolons


def _clock(about: dict[str, str], frames: np.ndarray, times: np.ndarray) -> tuple[float, np.ndarray | None]:
    """Return the header's rate, and the times where they are uneven or do not begin at 0."""
    stated, (timed, own_times) = _number(about["DataRate"]), clock(frames, times)
    if not 0 < stated < np.inf:
        raise InputError(f"DataRate must be positive, got {stated:g}")
    stated = usual_rate(stated, 0.0)
    if timed is None:
        start = times[np.isfinite(times)][:1]
        return stated, times_from(float(start[0]), int(frames.max()) + 1, stated) if len(start) else None
    if own_times is not None and is_uneven(own_times):
        return stated, own_times
    if abs(frames.max() * (1 / stated - 1 / timed)) > _ROUNDING_S + 1e-2 * frames.max() / stated:
        raise InputError(f"DataRate must be that of the times, got {stated:g} and {timed:g} frames a second")
    return stated, None if own_times is None else times_from(float(own_times[0]), len(own_times), stated)

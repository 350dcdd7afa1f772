"""``.trc``: the marker file of OpenSim and of optical motion capture. One person a file.

Axes: X right, Y up, Z towards the camera (``axes``). Units: millimetres, in which marker systems and OpenSim's own
examples write it; metres and centimetres are read too, by the header's ``Units``. A joint that was not seen is ``NaN``
three times: OpenSim 4.6 reads that as missing, but refuses a row that ends in empty fields. Both are read.

Tab-separated; five lines of header: ``PathFileType 4 (X/Y/Z) name``; the names of eight values; the values
(``DataRate CameraRate NumFrames NumMarkers Units OrigDataRate OrigDataStartFrame OrigNumFrames``); ``Frame# Time`` and
each joint's name, followed by two empty fields; ``X1 Y1 Z1 X2 ...``. Then a row a frame: number from 1, seconds,
coordinates.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ampose.atomic import final_name
from ampose.errors import InputError
from ampose.files.poses.axes import MILLIMETRE, from_camera, metres, pose_of
from ampose.files.poses.pose_format import formats
from ampose.poses.people import Person
from ampose.poses.timing import clock, frame_numbers, spread

_UP = "y"
_CARRIES = ("positions", "missing_joints", "missing_frames", "times")
_ROUNDING_S = 1e-3  # of times that were written with three decimals
_FIELDS = (
    *("DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units"),
    *("OrigDataRate", "OrigDataStartFrame", "OrigNumFrames"),
)


@formats.register(".trc", up=_UP, carries=_CARRIES, measures=True)
class TrcFile:
    """One person as marker trajectories; the layout is described at the top of this file."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write the header and a row for each frame."""
        (person,) = people
        pose = person.pose3d
        joints, frames = pose.skeleton.joints, len(pose)
        rate = f"{(pose.mean_rate or 1.0):.10g}"
        seconds = np.zeros(1) if pose.seconds is None else pose.seconds
        values = (rate, rate, frames, len(joints), "mm", rate, 1, frames)
        header = [
            ("PathFileType", "4", "(X/Y/Z)", final_name(path)),
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
                stream.write("\t".join((str(number + 1), f"{seconds[number]:.9f}", *fields)) + "\n")

    def read(self, path: Path) -> list[Person]:
        """Read the person back, to a thousandth of a millimetre."""
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        if len(lines) < 5 or not lines[0].startswith("PathFileType"):
            raise ValueError("no header of five lines that begins with PathFileType")
        about = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
        joints = [name.strip() for name in lines[3].rstrip().split("\t")[2::3]]
        rows = np.array([_row(line, len(joints)) for line in lines[5:] if line.strip()]).reshape(
            -1, 2 + 3 * len(joints)
        )
        # A file that was cut off, or whose header is of another file.
        if int(about["NumMarkers"]) != len(joints):
            raise ValueError(f"the names of {len(joints)} markers but NumMarkers {about['NumMarkers']}")
        if int(about["NumFrames"]) != len(rows) or not len(rows):
            raise ValueError(f"{len(rows)} rows but NumFrames {about['NumFrames']}")
        frames = frame_numbers(rows[:, 0])
        frames -= frames[0]
        points = rows[:, 2:].reshape(len(rows), len(joints), 3) * metres(about["Units"], "Units")
        positions = spread(points, frame_numbers(frames), int(frames.max()) + 1)
        fps, times = _clock(about, frames, rows[:, 1])
        pose = pose_of(positions, joints, up=_UP, fps=fps, times=times)
        return [Person(0, None, pose)]


def _row(line: str, num_joints: int) -> list[float]:
    """Return the numbers of a row; empty fields, also those left out at the end, are NaN."""
    fields, width = line.split("\t"), 2 + 3 * num_joints
    if any(field.strip() for field in fields[width:]):
        raise ValueError(f"{len(fields)} fields instead of {width} in the row of frame {fields[0]}")
    numbers = [float(field) if field.strip() else np.nan for field in fields[:width]]
    if np.isinf(numbers).any():
        raise ValueError(f"an infinite number in the row of frame {fields[0]}")
    return numbers + [np.nan] * (width - len(numbers))


def _clock(about: dict[str, str], frames: np.ndarray, times: np.ndarray) -> tuple[float, np.ndarray | None]:
    """Return the header's rate, and the times where they are uneven."""
    stated, (timed, uneven) = float(about["DataRate"]), clock(frames, times)
    if not 0 < stated < np.inf:
        raise InputError(f"DataRate must be positive, got {stated:g}")
    if timed is None or uneven is not None:
        return stated, uneven
    if abs(frames.max() * (1 / stated - 1 / timed)) > _ROUNDING_S + 1e-2 * frames.max() / stated:
        raise InputError(f"DataRate must be that of the times, got {stated:g} and {timed:g} frames a second")
    return stated, None

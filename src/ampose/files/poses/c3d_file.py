"""``.c3d``: the file of biomechanics (Visual3D, Vicon, Mokka), through the package ezc3d.

Axes: X right, Y away from the camera, Z up (``axes``). Units: millimetres (``POINT:UNITS``). Points are called as the
joints (``POINT:LABELS``); with several people ``<id>:<joint>``, and one person's number is not kept. A point
that was not seen has the residual -1, one that was 0.
"""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from ampose.errors import InputError
from ampose.files.isolated import parse_apart
from ampose.files.poses.axes import MILLIMETRE, from_camera, metres, pose_of
from ampose.files.poses.pose_format import formats
from ampose.poses.people import Person

_UP = "z"
_CARRIES = ("positions", "missing_joints", "missing_frames", "people")
_BLOCK, _MAGIC, _BIG_ENDIAN = 512, 0x50, 86
_MOST_FRAMES = 65535  # a 16-bit field of the header


@formats.register(".c3d", up=_UP, carries=_CARRIES, measures=True, extra="c3d", package="ezc3d")
class C3dFile:
    """People as points over time."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write the points of all people."""
        import ezc3d  # noqa: PLC0415 - an optional dependency

        if len(people[0].pose3d) > _MOST_FRAMES:
            raise InputError(f"frames of a .c3d file must be {_MOST_FRAMES} at most, got {len(people[0].pose3d)}")
        positions = np.concatenate([person.pose3d.positions for person in people], axis=1)
        points_mm = np.moveaxis(from_camera(positions, _UP), -1, 0).swapaxes(1, 2) / MILLIMETRE
        lost = np.isnan(points_mm).any(axis=0)
        file = ezc3d.c3d()
        about = file["parameters"]["POINT"]
        about["RATE"]["value"] = [people[0].pose3d.mean_rate or 1.0]
        about["UNITS"]["value"] = ["mm"]
        prefixes = [f"{person.id}:" if len(people) > 1 else "" for person in people]
        about["LABELS"]["value"] = [prefix + joint for prefix in prefixes for joint in people[0].pose3d.skeleton.joints]
        file["data"]["points"] = np.concatenate([np.where(lost, np.nan, points_mm), np.ones((1, *lost.shape))])
        file["data"]["meta_points"]["residuals"] = np.where(lost, -1.0, 0.0)[None]
        file.write(str(path))
        if path.stat().st_size < 4 * 4 * lost.size:  # ezc3d says nothing when the disk is full
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    def read(self, path: Path) -> list[Person]:
        """Read the people back, to the precision of float32 millimetres."""
        declared, content = _declared_frames(path), parse_apart("c3d_points", path)
        points = content["points"][:3]
        if declared > points.shape[2]:  # ezc3d reads what is there and says nothing
            raise ValueError(f"{points.shape[2]} of the {declared} frames that its header says")
        lost = np.isnan(points).any(axis=0) | (content["residuals"] < 0)
        unit = metres(str(content["POINT:UNITS"][0]), "POINT:UNITS")
        positions = np.where(lost, np.nan, points * unit).transpose(2, 1, 0)
        rate = np.float32(content["POINT:RATE"][0])
        if not 0 < rate < np.inf:
            raise InputError(f"POINT:RATE must be positive, got {rate:g}")
        fps = float(str(rate))  # float32: 29.97 is 29.969999..., whose shortest name is 29.97
        return _people(positions, content["POINT:LABELS"].tolist()[: points.shape[1]], fps)


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


def _people(positions: np.ndarray, labels: Sequence[str], fps: float) -> list[Person]:
    """Sort the points by the part of their label before the colon."""
    if not len(positions) or not labels:
        raise InputError("points must be there in one frame at least, got none")
    prefixes = [label.rpartition(":")[0] for label in labels]
    people: list[Person] = []
    for number, prefix in enumerate(dict.fromkeys(prefixes)):
        mine = [at for at, other in enumerate(prefixes) if other == prefix]
        joints = [labels[at].rpartition(":")[2].strip() for at in mine]
        pose = pose_of(positions[:, mine], joints, up=_UP, fps=fps)
        people.append(Person(int(prefix) if prefix.isdigit() else number, None, pose))
    return people

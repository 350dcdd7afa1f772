"""``poses.json``: everything about the people of a video, readable by eye and by any language.

The file is one object (version 1)::

    format, version       "ampose.poses", 1
    unit                  "m": of every position
    frame_of_reference    what the axes and the origin are
    fps                   frames per second; null for images
    uneven_times          true if each frame's time is its own; false if fps says them all
    num_frames            how many frames there are, those without a person included
    skeleton              {name, parents: {joint: its parent or null}, pairs: [[left, right], ...]}
    joints, parents       names in the order of the positions; the parent's name or null
    made_up               joints that the 2D detector does not see and that were computed from others
    image_size            [width, height] in pixels; null when the file carries no 2D
    skeleton_2d, joints_2d   the same for the detector's keypoints; null likewise
    provenance            source, detector, model, hash of its weights, settings
    people                [{id, frames: [...]}], a frame for each frame of the video (read back, one that is left out
                          is one without the person):
        frame, time       number from 0; seconds (null for images)
        positions         [[x, y, z], ...] metres; null when the person was not found, and for a missing joint
        confidence        of each joint, 0 (a guess) to 1; null when the person was not found
        expected_error    of each joint, metres; null likewise, or where the lifter does not estimate it
        keypoints_2d      [[x, y], ...] pixels from the upper left corner; null likewise, or without 2D
        confidence_2d     of each keypoint; null likewise

Positions and expected errors are rounded to 0.01 mm, pixels to 0.01, confidences to 0.0001. Older files of
version 1 have no ``uneven_times`` and no ``expected_error``; they are read all the same.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ampose.errors import InputError
from ampose.files.poses.own_header import (
    FORMAT,
    VERSION,
    camera_of,
    check_joints,
    check_unit,
    check_version,
    provenance_of,
)
from ampose.files.poses.pose_format import formats
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.reference_frame import ReferenceFrame
from ampose.poses.skeletons import Skeleton
from ampose.poses.timing import frame_numbers

_DIGITS_M, _DIGITS_PX, _DIGITS_CONFIDENCE = 5, 2, 4


@formats.register(".json")
class JsonFile:
    """People as JSON; the layout is described at the top of this file."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write header fields one a line and frames one a line."""
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(_lines(people))

    def read(self, path: Path) -> list[Person]:
        """Read the people back, to the digits that were written."""
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or "format" not in data:
            raise ValueError(f"no {FORMAT!r} in its field 'format'")
        check_version(data["format"], data["version"])
        check_unit(data["unit"])
        return [_person(entry, data) for entry in data["people"]]


def _lines(people: Sequence[Person]) -> Iterator[str]:
    yield "{\n"
    for key, value in _header(people[0]).items():
        yield f" {json.dumps(key)}: {json.dumps(value, allow_nan=False, ensure_ascii=False)},\n"
    yield ' "people": [\n'
    for number, person in enumerate(people):
        yield f'  {{"id": {person.id}, "frames": [\n'
        last = len(person.pose3d) - 1
        for frame in range(len(person.pose3d)):
            yield f"   {json.dumps(_frame(person, frame), allow_nan=False)}{',' if frame < last else ''}\n"
        yield f"  ]}}{',' if number < len(people) - 1 else ''}\n"
    yield " ]\n}\n"


def _header(person: Person) -> dict[str, Any]:
    pose2d, pose3d = person.pose2d, person.pose3d
    return {
        "format": FORMAT,
        "version": VERSION,
        "unit": pose3d.unit,
        "frame_of_reference": str(pose3d.frame_of_reference),
        "fps": pose3d.fps,
        "uneven_times": pose3d.times is not None,
        "num_frames": len(pose3d),
        "skeleton": pose3d.skeleton.as_dict(),
        "joints": list(pose3d.skeleton.joints),
        "parents": list(pose3d.skeleton.parents.values()),
        "made_up": sorted(pose3d.computed_joints),
        "image_size": list(pose2d.image_size) if pose2d else None,
        "skeleton_2d": pose2d.skeleton.as_dict() if pose2d else None,
        "joints_2d": list(pose2d.skeleton.joints) if pose2d else None,
        "provenance": provenance_of(pose3d),
    }


def _frame(person: Person, frame: int) -> dict[str, Any]:
    pose2d, pose3d = person.pose2d, person.pose3d
    found = not pose3d.missing[frame]
    has_2d = pose2d is not None and not pose2d.missing[frame]
    time = round(frame / pose3d.fps, 6) if pose3d.fps else None
    return {
        "frame": frame,
        "time": time if pose3d.times is None else float(pose3d.times[frame]),
        "positions": _points(pose3d.positions[frame], _DIGITS_M) if found else None,
        "confidence": _rounded(pose3d.confidence[frame], _DIGITS_CONFIDENCE) if found else None,
        "expected_error": _error(pose3d, frame) if found else None,
        "keypoints_2d": _points(pose2d.keypoints[frame], _DIGITS_PX) if pose2d and has_2d else None,
        "confidence_2d": _rounded(pose2d.confidence[frame], _DIGITS_CONFIDENCE) if pose2d and has_2d else None,
    }


def _error(pose: Pose3D, frame: int) -> list[float | None] | None:
    if pose.expected_error is None:
        return None
    return [None if math.isnan(value) else value for value in _rounded(pose.expected_error[frame], _DIGITS_M)]


def _points(points: np.ndarray, digits: int) -> list[list[float] | None]:
    lost = np.isnan(points).any(axis=1)
    return [None if gone else point for gone, point in zip(lost, _rounded(points, digits), strict=True)]


def _rounded(values: np.ndarray, digits: int) -> Any:
    return np.round(values.astype(np.float64), digits).tolist()


@dataclass(frozen=True)
class _Rows:
    """The frames that are written of a person, and which of the video's each is."""

    rows: Sequence[Mapping[str, Any]]
    numbers: np.ndarray
    num_frames: int

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], stated: Any) -> "_Rows":
        counts = np.array([stated, *(row["frame"] for row in rows)], dtype=np.float64)
        num_frames, *numbers = frame_numbers(counts).tolist()  # within bounds: room is made for all of them
        if len(set(numbers)) < len(rows) or max(numbers, default=-1) >= num_frames:
            raise InputError(f"frames must be numbered from 0 to {num_frames - 1} (num_frames), and be there once each")
        return cls(rows, np.array(numbers, dtype=np.int64), num_frames)

    def stack(self, key: str, shape: tuple[int, ...], missing: float) -> np.ndarray:
        """Return (frame, *shape); frames that are not there or hold null, and null points, are ``missing``."""
        stacked = np.full((self.num_frames, *shape), missing, dtype=np.float32)
        for number, row in zip(self.numbers, self.rows, strict=True):
            if row[key] is not None:
                nothing = [missing] * shape[-1] if len(shape) > 1 else missing
                values = [nothing if value is None else value for value in row[key]]
                array = np.asarray(values, dtype=np.float32)
                if array.shape != shape:
                    raise ValueError(f"{key} of shape {array.shape} instead of {shape} in frame {number}")
                stacked[number] = array
        return stacked

    def times(self) -> np.ndarray:
        """Return the time of each frame."""
        if len(self.rows) < self.num_frames:
            raise InputError(f"frames must all be there where times are uneven, got {len(self.rows)} of them")
        times = np.empty(self.num_frames)
        times[self.numbers] = [row["time"] for row in self.rows]
        return times


def _person(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Person:
    skeleton, frames = Skeleton.from_dict(data["skeleton"]), _Rows.of(entry["frames"], data["num_frames"])
    check_joints(data["joints"], skeleton)
    has_errors = any(row.get("expected_error") for row in frames.rows)
    pose3d = Pose3D(
        positions=frames.stack("positions", (skeleton.num_joints, 3), np.nan),
        confidence=frames.stack("confidence", (skeleton.num_joints,), 0.0),
        skeleton=skeleton,
        fps=None if data["fps"] is None else float(data["fps"]),
        frame_of_reference=ReferenceFrame.parse(data["frame_of_reference"]),
        provenance=data["provenance"],
        expected_error=frames.stack("expected_error", (skeleton.num_joints,), np.nan) if has_errors else None,
        times=frames.times() if data.get("uneven_times") else None,
        computed_joints=frozenset(data.get("made_up", ())),
        **camera_of(data["provenance"]),
    )
    return Person(entry["id"], _pose2d(frames, data, pose3d), pose3d)


def _pose2d(frames: _Rows, data: Mapping[str, Any], pose3d: Pose3D) -> Pose2D | None:
    if data["skeleton_2d"] is None:
        return None
    skeleton, (width, height) = Skeleton.from_dict(data["skeleton_2d"]), data["image_size"]
    check_joints(data["joints_2d"], skeleton)
    return Pose2D(
        keypoints=frames.stack("keypoints_2d", (skeleton.num_joints, 2), np.nan),
        confidence=frames.stack("confidence_2d", (skeleton.num_joints,), 0.0),
        skeleton=skeleton,
        image_size=(int(width), int(height)),
        fps=pose3d.fps,
        provenance=data["provenance"],
        times=pose3d.times,
        focal_px=pose3d.focal_px,
        camera_tilt=pose3d.camera_tilt,
    )

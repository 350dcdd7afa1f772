"""``poses.json``: everything about the people of a video, readable by eye and by any language.

The file is one object (version 1)::

    format, version       "ampose.poses", 1
    unit                  "m": of every position
    frame_of_reference    what the axes and the origin are
    fps                   frames per second; null for pictures
    num_frames            how many frames there are, those without a person included
    skeleton              {name, parents: {joint: its parent or null}, pairs: [[left, right], ...]}
    joints, parents       names in the order of the positions; the parent's name or null
    made_up               joints that the 2D detector does not see and that were computed from others
    image_size            [width, height] in pixels; null when the file carries no 2D
    skeleton_2d, joints_2d   the same for the detector's keypoints; null likewise
    provenance            source, detector, model, hash of its weights, settings
    people                [{id, frames: [...]}], a frame for each frame of the video:
        frame, time       number from 0; seconds (null for pictures)
        positions         [[x, y, z], ...] metres; null when the person was not found, and for a missing joint
        confidence        of each joint, 0 (a guess) to 1; null when the person was not found
        keypoints_2d      [[x, y], ...] pixels from the upper left corner; null likewise, or without 2D
        confidence_2d     of each keypoint; null likewise

Positions are rounded to 0.01 mm, pixels to 0.01, confidences to 0.0001.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ampose.formats.contract import Person, formats
from ampose.pose import Pose2D, Pose3D
from ampose.skeletons import Skeleton

_FORMAT, _VERSION = "ampose.poses", 1
_DIGITS_M, _DIGITS_PX, _DIGITS_CONFIDENCE = 5, 2, 4


@formats.register(".json", reads=True, writes=True)
class JsonFile:
    """People as JSON; the layout is described at the top of this file."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write header fields one a line and frames one a line."""
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(_lines(people))

    def read(self, path: Path) -> list[Person]:
        """Read the people back, to the digits that were written."""
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or data.get("format") != _FORMAT:
            raise ValueError(f"no {_FORMAT!r} in its field 'format'")
        if data["version"] != _VERSION:
            raise ValueError(f"version {data['version']}, which this ampose does not know ({_VERSION})")
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
    made_up = pose3d.provenance.get("made_up_joints", "")
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "unit": pose3d.unit,
        "frame_of_reference": pose3d.frame_of_reference,
        "fps": pose3d.fps,
        "num_frames": len(pose3d),
        "skeleton": pose3d.skeleton.as_dict(),
        "joints": list(pose3d.skeleton.joints),
        "parents": list(pose3d.skeleton.parents.values()),
        "made_up": made_up.split(", ") if made_up else [],
        "image_size": list(pose2d.image_size) if pose2d else None,
        "skeleton_2d": pose2d.skeleton.as_dict() if pose2d else None,
        "joints_2d": list(pose2d.skeleton.joints) if pose2d else None,
        "provenance": dict(pose3d.provenance),
    }


def _frame(person: Person, frame: int) -> dict[str, Any]:
    pose2d, pose3d = person.pose2d, person.pose3d
    found = not pose3d.missing[frame]
    seen = pose2d is not None and not pose2d.missing[frame]
    return {
        "frame": frame,
        "time": round(frame / pose3d.fps, 6) if pose3d.fps else None,
        "positions": _points(pose3d.positions[frame], _DIGITS_M) if found else None,
        "confidence": _rounded(pose3d.confidence[frame], _DIGITS_CONFIDENCE) if found else None,
        "keypoints_2d": _points(pose2d.keypoints[frame], _DIGITS_PX) if pose2d and seen else None,
        "confidence_2d": _rounded(pose2d.confidence[frame], _DIGITS_CONFIDENCE) if pose2d and seen else None,
    }


def _points(points: np.ndarray, digits: int) -> list[list[float] | None]:
    lost = np.isnan(points).any(axis=1)
    return [None if gone else point for gone, point in zip(lost, _rounded(points, digits), strict=True)]


def _rounded(values: np.ndarray, digits: int) -> Any:
    return np.round(values.astype(np.float64), digits).tolist()


def _person(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Person:
    skeleton, frames = Skeleton.from_dict(data["skeleton"]), entry["frames"]
    fps = None if data["fps"] is None else float(data["fps"])
    pose3d = Pose3D(
        positions=_stack(frames, "positions", (skeleton.num_joints, 3), np.nan),
        confidence=_stack(frames, "confidence", (skeleton.num_joints,), 0.0),
        skeleton=skeleton,
        fps=fps,
        frame_of_reference=data["frame_of_reference"],
        provenance=data["provenance"],
    )
    return Person(pose3d, _pose2d(frames, data, fps), id=entry["id"])


def _pose2d(frames: Sequence[Mapping[str, Any]], data: Mapping[str, Any], fps: float | None) -> Pose2D | None:
    if data["skeleton_2d"] is None:
        return None
    skeleton, (width, height) = Skeleton.from_dict(data["skeleton_2d"]), data["image_size"]
    return Pose2D(
        keypoints=_stack(frames, "keypoints_2d", (skeleton.num_joints, 2), np.nan),
        confidence=_stack(frames, "confidence_2d", (skeleton.num_joints,), 0.0),
        skeleton=skeleton,
        image_size=(int(width), int(height)),
        fps=fps,
        provenance=data["provenance"],
    )


def _stack(frames: Sequence[Mapping[str, Any]], key: str, shape: tuple[int, ...], missing: float) -> np.ndarray:
    """Return (frame, *shape); frames that hold null, and points that are null, are filled with ``missing``."""
    stacked = np.full((len(frames), *shape), missing, dtype=np.float32)
    for number, frame in enumerate(frames):
        if frame[key] is not None:
            values = [[missing] * shape[-1] if value is None else value for value in frame[key]]
            array = np.asarray(values, dtype=np.float32)
            if array.shape != shape:
                raise ValueError(f"{key} of shape {array.shape} instead of {shape} in frame {number}")
            stacked[number] = array
    return stacked

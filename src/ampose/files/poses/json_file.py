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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ampose.errors import InputError
from ampose.files.poses.own_header import FORMAT, check_header, header_of, person_of
from ampose.files.poses.pose_format import formats
from ampose.poses.people import Person
from ampose.poses.skeletons import Skeleton
from ampose.poses.timing import frame_numbers

_DIGITS_M, _DIGITS_PX, _DIGITS_CONFIDENCE = 5, 2, 4


@formats.register(".json")
class JsonFile:
    """People as JSON; the layout is described at the top of this file."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write header fields one a line and frames one a line."""
        with path.open("w", encoding="utf-8") as stream:
            stream.write("{\n")
            for key, value in header_of(people).items():
                stream.write(f" {json.dumps(key)}: {json.dumps(value, allow_nan=False, ensure_ascii=False)},\n")
            stream.write(' "people": [\n')
            for number, person in enumerate(people):
                stream.write(f'  {{"id": {person.id}, "frames": [\n')
                last = len(person.pose3d) - 1
                for frame in range(last + 1):
                    text = json.dumps(_frame(person, frame), allow_nan=False)
                    stream.write(f"   {text}{',' if frame < last else ''}\n")
                stream.write(f"  ]}}{',' if number < len(people) - 1 else ''}\n")
            stream.write(" ]\n}\n")

    def read(self, path: Path) -> list[Person]:
        """Read the people back, to the digits that were written."""
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or "format" not in data:
            raise ValueError(f"no {FORMAT!r} in its field 'format'")
        check_header(data)
        return [person_of(entry["id"], data, _arrays(entry["frames"], data)) for entry in data["people"]]


def _frame(person: Person, frame: int) -> dict[str, Any]:
    pose2d, pose3d = person.pose2d, person.pose3d
    time = round(frame / pose3d.fps, 6) if pose3d.fps else None
    row: dict[str, Any] = {
        "frame": frame,
        "time": time if pose3d.times is None else float(pose3d.times[frame]),
        **dict.fromkeys(("positions", "confidence", "expected_error", "keypoints_2d", "confidence_2d")),
    }
    if not np.isnan(pose3d.positions[frame]).all():
        row["positions"] = _numbers(pose3d.positions[frame], _DIGITS_M)
        row["confidence"] = _numbers(pose3d.confidence[frame], _DIGITS_CONFIDENCE)
        if pose3d.expected_error is not None:
            row["expected_error"] = _numbers(pose3d.expected_error[frame], _DIGITS_M)
    if pose2d is not None and not np.isnan(pose2d.keypoints[frame]).all():
        row["keypoints_2d"] = _numbers(pose2d.keypoints[frame], _DIGITS_PX)
        row["confidence_2d"] = _numbers(pose2d.confidence[frame], _DIGITS_CONFIDENCE)
    return row


def _numbers(values: np.ndarray, digits: int) -> list[Any]:
    """Return the points, or the numbers, of a frame; null for one that is NaN."""
    lost = np.isnan(values).reshape(len(values), -1).any(axis=1)
    rounded = np.round(values.astype(np.float64), digits).tolist()
    return [None if gone else value for gone, value in zip(lost, rounded, strict=True)]


def _arrays(rows: Sequence[Mapping[str, Any]], data: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return a person's arrays by name, each (frame, ...); what is not there or null is NaN, and has confidence 0."""
    counts = np.array([data["num_frames"], *(row["frame"] for row in rows)], dtype=np.float64)
    num_frames, *numbers = frame_numbers(counts).tolist()  # within bounds: room is made for all of them
    if len(set(numbers)) < len(rows) or max(numbers, default=-1) >= num_frames:
        raise InputError(f"frames must be numbered from 0 to {num_frames - 1} (num_frames), and be there once each")
    num_joints = Skeleton.from_dict(data["skeleton"]).num_joints
    shapes = {"positions": (num_joints, 3), "confidence": (num_joints,)}
    if any(row.get("expected_error") for row in rows):
        shapes["expected_error"] = (num_joints,)
    if data["skeleton_2d"] is not None:
        num_joints = Skeleton.from_dict(data["skeleton_2d"]).num_joints
        shapes |= {"keypoints_2d": (num_joints, 2), "confidence_2d": (num_joints,)}
    arrays = {}
    for key, shape in shapes.items():
        missing = 0.0 if key.startswith("confidence") else np.nan
        nothing = [missing] * shape[-1] if len(shape) > 1 else missing
        arrays[key] = np.full((num_frames, *shape), missing, dtype=np.float32)
        for number, row in zip(numbers, rows, strict=True):
            if row[key] is not None:
                array = np.asarray([nothing if value is None else value for value in row[key]], dtype=np.float32)
                if array.shape != shape:
                    raise ValueError(f"{key} of shape {array.shape} instead of {shape} in frame {number}")
                arrays[key][number] = array
    if data.get("uneven_times"):
        if len(rows) < num_frames:
            raise InputError(f"frames must all be there where times are uneven, got {len(rows)} of them")
        arrays["times"] = np.empty(num_frames)
        arrays["times"][numbers] = [row["time"] for row in rows]
    return arrays

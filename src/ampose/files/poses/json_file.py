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
from ampose.files.letters import letters_of, read_text
from ampose.files.poses.own_header import check_header, header_of, person_of
from ampose.files.poses.pose_format import formats
from ampose.poses.people import Person
from ampose.poses.skeletons import Skeleton
from ampose.poses.timing import check_span, frame_numbers

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
        try:
            data = _by_lines(path)
        except UnicodeDecodeError:  # Windows' letters
            data = None
        data = data or json.loads(read_text(path))
        check_header(data)
        return [person_of(entry["id"], data, _arrays(entry["frames"], data)) for entry in data["people"]]


class _Rows(Sequence[Any]):
    """The frames of a person as the lines of the file, parsed when they are asked for.

    All at once, as Python's lists of numbers, those of an hour would take ten times the memory of the poses.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, place: Any) -> Any:
        return json.loads(self.lines[place])


def _by_lines(path: Path) -> dict[str, Any] | None:
    """Read a file whose lines are as they are written here; None for another."""
    header, people, rows = list[str](), list[dict[str, Any]](), _Rows()
    with path.open(encoding=letters_of(path)) as stream:
        for line in stream:
            text = line.strip().removesuffix(",")
            if line.startswith("   {"):
                rows.lines.append(text)
            elif line.startswith('  {"id": ') and text.endswith('"frames": ['):
                rows = _Rows()
                people.append({**json.loads(text + "]}"), "frames": rows})
            elif text not in ("]}", "]"):
                header.append(text)
    if not people or header[0] != "{" or header[-2:] != ['"people": [', "}"]:
        return None
    return {**json.loads(f"{{{','.join(header[1:-2])}}}"), "people": people}


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


def _arrays(rows: "Sequence[Mapping[str, Any]] | _Rows", data: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return a person's arrays by name, each (frame, ...); what is not there or null is NaN, and has confidence 0."""
    num_frames = int(frame_numbers(np.array([data["num_frames"]], dtype=np.float64))[0])
    check_span(num_frames, len(rows))  # room is made for all of them
    num_joints = Skeleton.from_dict(data["skeleton"]).num_joints
    shapes = {"positions": (num_joints, 3), "confidence": (num_joints,), "expected_error": (num_joints,)}
    if data["skeleton_2d"] is not None:
        num_joints = Skeleton.from_dict(data["skeleton_2d"]).num_joints
        shapes |= {"keypoints_2d": (num_joints, 2), "confidence_2d": (num_joints,)}
    missing = {key: 0.0 if key.startswith("confidence") else np.nan for key in shapes}
    arrays = {key: np.full((num_frames, *shape), missing[key], dtype=np.float32) for key, shape in shapes.items()}
    times = np.full(num_frames, np.nan)
    there = np.zeros(num_frames, dtype=bool)
    for row in rows:
        number = row["frame"]
        if number not in range(num_frames) or there[int(number)]:
            raise InputError(f"frames must be numbered from 0 to {num_frames - 1} (num_frames), and be there once each")
        there[int(number)] = True
        times[int(number)] = np.nan if row["time"] is None else row["time"]
        for key, shape in shapes.items():
            values = row.get(key) if key == "expected_error" else row[key]
            if values is not None:
                arrays[key][int(number)] = _values(values, shape, missing[key], f"{key} in frame {number}")
    if np.isnan(arrays["expected_error"]).all():
        del arrays["expected_error"]
    if data.get("uneven_times"):
        if not there.all():
            raise InputError(f"frames must all be there where times are uneven, got {there.sum()} of them")
        arrays["times"] = times
    return arrays


def _values(values: Sequence[Any], shape: tuple[int, ...], missing: float, where: str) -> np.ndarray:
    """Return the numbers of a frame; what is null is missing."""
    nothing = [missing] * shape[-1] if len(shape) > 1 else missing
    array = np.asarray([nothing if value is None else value for value in values], dtype=np.float32)
    if array.shape != shape:
        raise ValueError(f"{where} of shape {array.shape} instead of {shape}")
    return array

"""The columns of the table formats (CSV, Parquet): a row for each frame of each person.

``person`` and ``frame`` (from 0), ``time_s`` (empty without a frame rate), then of each joint ``<joint>_x_m``,
``<joint>_y_m``, ``<joint>_z_m`` and ``<joint>_confidence``, and ``<joint>_expected_error_m`` if the lifter estimates
it. Camera axes (x right, y down, z away), metres. An empty cell is a missing joint; a frame in which a person is
missing is a row of empty cells. ``time_s`` are the frames' own times, even or not.

Read back, ``person``, ``time_s``, the confidences and the expected errors may be left out, as may rows: they are
frames in which the person is missing. Other columns are not looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ampose.errors import InputError
from ampose.files.poses.axes import pose_of
from ampose.files.poses.own_header import expected_errors
from ampose.poses.people import Person
from ampose.poses.timing import clock, frame_numbers, spread

_AXES = ("_x_m", "_y_m", "_z_m")
_CONFIDENCE, _ERROR = "_confidence", "_expected_error_m"
_INDEX = ("person", "frame", "time_s")


def is_column(name: str) -> bool:
    """True for the columns that are read."""
    return name in _INDEX or name.endswith((*_AXES, _CONFIDENCE, _ERROR))


def columns_of(people: Sequence[Person]) -> dict[str, np.ndarray]:
    """Return the columns: int64, float64 seconds, and float32 with NaN for an empty cell."""
    frames = np.arange(len(people[0].pose3d))
    seconds = people[0].pose3d.seconds
    columns = {
        "person": np.repeat([person.id for person in people], len(frames)),
        "frame": np.tile(frames, len(people)),
        "time_s": np.tile(np.full(len(frames), np.nan) if seconds is None else seconds, len(people)),
    }
    positions = np.concatenate([person.pose3d.positions for person in people])
    confidence = np.concatenate([person.pose3d.confidence for person in people])
    error = expected_errors(people)
    lost = np.isnan(positions).any(axis=2)
    for number, joint in enumerate(people[0].pose3d.skeleton.joints):
        for axis, ending in enumerate(_AXES):
            columns[joint + ending] = np.where(lost[:, number], np.nan, positions[:, number, axis]).astype(np.float32)
        columns[joint + _CONFIDENCE] = np.where(lost[:, number], np.nan, confidence[:, number]).astype(np.float32)
        if error is not None:
            columns[joint + _ERROR] = error[:, :, number].ravel().astype(np.float32)
    return columns


def people_of(columns: Mapping[str, np.ndarray]) -> list[Person]:
    """Return the people of the columns, as float arrays with NaN for an empty cell.

    Raises:
        InputError: A number is not what its column means, times are uneven, or there is no row or no joint.
        KeyError: A column is missing.
    """
    joints = [name.removesuffix(_AXES[0]) for name in columns if name.endswith(_AXES[0])]
    if not joints:
        raise InputError(
            f"columns must be {', '.join(_INDEX)} and <joint>{', <joint>'.join(_AXES)}, got none of a joint"
        )
    frames = frame_numbers(columns["frame"])
    if not len(frames):
        raise InputError("rows must be one for each frame of each person, got none; there is no person in it")
    numbers = columns.get("person", np.zeros(len(frames)))
    wrong = numbers[~(numbers == np.round(numbers))]  # NaN, an empty cell, is wrong too
    if len(wrong):
        raise InputError(f"person must be a whole number in each row, got {wrong[0]:g}")
    numbers = numbers.astype(np.int64)
    fps, times = clock(frames, columns["time_s"]) if "time_s" in columns else (None, None)
    positions = np.stack([np.stack([columns[joint + ending] for ending in _AXES], axis=1) for joint in joints], axis=1)
    if np.isinf(positions).any():
        raise InputError("positions must be finite numbers or empty, got an infinite one")
    confidence = np.stack([columns.get(joint + _CONFIDENCE, np.ones(len(frames))) for joint in joints], axis=1)
    error = np.stack([columns.get(joint + _ERROR, np.full(len(frames), np.nan)) for joint in joints], axis=1)
    people: list[Person] = []
    num_frames = int(frames.max()) + 1
    for number in sorted(set(numbers.tolist())):
        rows = numbers == number
        place, confidences, off = (
            spread(values[rows], frames[rows], num_frames) for values in (positions, confidence, error)
        )
        pose = pose_of(place, joints, fps=fps, times=times, confidence=confidences)
        if np.isfinite(off).any():
            pose = replace(pose, expected_error=off.astype(np.float32))
        people.append(Person(number, None, pose))
    return people


def cells(values: np.ndarray, digits: int) -> list[float | int | str]:
    """Return numbers as a CSV file has them: an empty cell for NaN, and no minus before a zero."""
    if values.dtype.kind == "i":
        return values.tolist()
    return ["" if np.isnan(value) else round(value, digits) + 0.0 for value in values.astype(np.float64).tolist()]

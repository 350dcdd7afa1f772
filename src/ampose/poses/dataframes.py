"""Poses as tables of pandas and as arrays of xarray, and back: for notebooks and other people's packages.

A table is tidy, one row for each joint of each frame of each person, with these columns:

``frame``, ``time``
    The frame's number from 0, and its seconds; NaN for single images.
``person``, ``joint``
    The person's id, and the joint's name.
``x``, ``y``, ``z``
    Metres in the pose's frame of reference; NaN for a missing joint.
``confidence``, ``expected_error``, ``inferred``
    0 to 1; metres, NaN where the lifter does not say it; whether the lifter inferred a joint that was not seen.

An xarray dataset has the dimensions and attributes that the package ``movement`` gives to poses
(https://movement.neuroinformatics.dev): ``position`` over (time, space, keypoints, individuals), and ``confidence``
and ``expected_error`` over all of these but space.

What neither has a place for (skeleton, frame rate, frame of reference, camera, provenance) goes with them in their
``attrs``, which most operations keep. Without them the skeleton is found by the joints' names.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from ampose.errors import InputError
from ampose.packages import load_package
from ampose.poses.pose import Pose3D
from ampose.poses.reference_frame import ReferenceFrame
from ampose.poses.skeletons import Skeleton
from ampose.poses.skeletons.by_joints import skeleton_of
from ampose.poses.timing import frame_numbers, frame_times, spread

if TYPE_CHECKING:
    import pandas
    import xarray

COLUMNS = ("frame", "time", "person", "joint", "x", "y", "z", "confidence", "expected_error", "inferred")
"""Of a table of poses, in this order."""

SPACE = ("x", "y", "z")

_NEEDED = ("frame", "joint", *SPACE)
_EVEN_S = 1e-3
"""Times that differ by less from an even rate are even."""


def to_dataframe(people: Mapping[int, Pose3D]) -> "pandas.DataFrame":
    """Return a tidy table of people by id.

    Raises:
        InputError: There is nobody, or people have different joints.
        MissingExtraError: pandas is not installed.
    """
    pandas = load_package("pandas", extra="tables", purpose="tables of poses")
    first = _alike(people)
    joints = first.skeleton.joints
    tables = []
    for person, pose in people.items():
        frames, count = len(pose), len(joints)
        missing = np.full(frames, np.nan)
        error = np.full((frames, count), np.nan) if pose.expected_error is None else pose.expected_error
        columns = {
            "frame": np.repeat(np.arange(frames), count),
            "time": np.repeat(missing if pose.seconds is None else pose.seconds, count),
            "person": np.full(frames * count, person),
            "joint": pandas.Categorical.from_codes(np.tile(np.arange(count), frames), joints),
            **{axis: pose.positions[..., number].ravel() for number, axis in enumerate(SPACE)},
            "confidence": pose.confidence.ravel(),
            "expected_error": error.ravel(),
            "inferred": pose.inferred.ravel(),
        }
        tables.append(pandas.DataFrame(columns, columns=list(COLUMNS)))
    table = pandas.concat(tables, ignore_index=True)
    table.attrs = _attributes(first)
    return table


def from_dataframe(table: "pandas.DataFrame", *, skeleton: Skeleton | None = None) -> dict[int, Pose3D]:
    """Return the people of a tidy table, by id.

    Args:
        table: With the columns ``frame``, ``joint``, ``x``, ``y`` and ``z``; the others may be left out. Frames and
            joints without a row are missing. Rows may be in any order.
        skeleton: Of the joints. None: that of the table's ``attrs``, or the known one that has these joints.

    Raises:
        InputError: A column is missing, a joint has two rows in a frame, a number is none that its column can hold, or
            the joints are not those of the skeleton.
    """
    lacking = [column for column in _NEEDED if column not in table.columns]
    if lacking:
        raise InputError(f"a table of poses must have the columns {', '.join(_NEEDED)}; {', '.join(lacking)} missing")
    if not len(table):
        raise InputError("a table of poses must have a row for each joint, got none")
    names = list(dict.fromkeys(table["joint"].astype(str)))
    skeleton = skeleton or _skeleton(table.attrs, names)
    if unknown := sorted(set(names) - set(skeleton.joints)):
        raise InputError(f"joints must be those of {skeleton.name}, got {', '.join(unknown)}")
    numbers, count = frame_numbers(table["frame"].to_numpy()), skeleton.num_joints
    frames = int(numbers.max()) + 1
    fps, times = None, None
    if "time" in table.columns and table["time"].notna().any():
        fps, times = _rate_and_times(frame_times(numbers, table["time"].to_numpy()), table.attrs)
    people = {}
    for person, rows in table.groupby("person") if "person" in table.columns else [(0, table)]:
        joints = np.array([skeleton.index(str(name)) for name in rows["joint"]])
        places = rows["frame"].to_numpy().astype(np.int64) * count + joints
        positions, error = _filled(rows[list(SPACE)], places, (frames, count, 3)), None
        confidence = np.isfinite(positions).all(axis=2).astype(np.float32)
        if "confidence" in rows:
            confidence = np.nan_to_num(_filled(rows["confidence"], places, (frames, count)))
        if "expected_error" in rows and rows["expected_error"].notna().any():
            error = _filled(rows["expected_error"], places, (frames, count))
        people[int(person)] = Pose3D(
            positions=positions,
            confidence=confidence,
            skeleton=skeleton,
            fps=fps,
            times=times,
            expected_error=error,
            **_known(table.attrs),
        )
    return people


def to_xarray(people: Mapping[int, Pose3D]) -> "xarray.Dataset":
    """Return a dataset of people by id, as the package ``movement`` has them.

    Individuals are called ``person_<id>``. ``time`` is in seconds, or in frames for single images.

    Raises:
        InputError: There is nobody, or people have different joints or numbers of frames.
        MissingExtraError: xarray is not installed.
    """
    xarray = load_package("xarray", extra="tables", purpose="arrays of poses with named dimensions")
    first = _alike(people)
    poses = list(people.values())
    if len({len(pose) for pose in poses}) > 1:
        raise InputError("people must have the same number of frames, got different ones")
    variables: dict[str, tuple[tuple[str, ...], list[Any]]] = {
        "position": (("time", "space", "keypoints", "individuals"), [pose.positions.swapaxes(1, 2) for pose in poses]),
        "confidence": (("time", "keypoints", "individuals"), [pose.confidence for pose in poses]),
    }
    if all(pose.expected_error is not None for pose in poses):
        variables["expected_error"] = ("time", "keypoints", "individuals"), [pose.expected_error for pose in poses]
    attributes = _attributes(first) | {
        "source_software": "ampose",
        "ds_type": "poses",
        "time_unit": "frames" if first.seconds is None else "seconds",
    }
    return xarray.Dataset(
        {name: (dimensions, np.stack(values, axis=-1)) for name, (dimensions, values) in variables.items()},
        coords={
            "time": np.arange(len(first)) if first.seconds is None else first.seconds,
            "space": list(SPACE),
            "keypoints": list(first.skeleton.joints),
            "individuals": [f"person_{person}" for person in people],
        },
        attrs=attributes,
    )


def from_xarray(dataset: "xarray.Dataset", *, skeleton: Skeleton | None = None) -> dict[int, Pose3D]:
    """Return the people of a dataset as ``movement`` has them, by the number in their name, or else counted from 0.

    Args:
        dataset: With ``position`` in metres over time, space (x, y, z), keypoints and individuals. Without
            ``confidence`` a joint that is there has confidence 1.
        skeleton: Of the keypoints. None: that of the ``attrs``, or the known one that has these joints.

    Raises:
        InputError: There is no ``position`` in three dimensions, or the joints are not those of the skeleton.
    """
    wanted = ("time", "keypoints", "space", "individuals")
    if "position" not in dataset or set(dataset["position"].dims) != set(wanted):
        raise InputError(f"a dataset of poses must have a position over {', '.join(wanted)}")
    if list(dataset["space"].values) != list(SPACE):
        raise InputError(f"positions must be x, y and z, got {', '.join(map(str, dataset['space'].values))}")
    names = [str(name) for name in dataset["keypoints"].values]
    skeleton = skeleton or _skeleton(dataset.attrs, names)
    if sorted(names) != sorted(skeleton.joints):
        raise InputError(f"keypoints must be the joints of {skeleton.name}, got {', '.join(names)}")
    dataset = dataset.sel(keypoints=list(skeleton.joints))
    fps, times = None, None
    if dataset.attrs.get("time_unit") != "frames":
        seconds = dataset["time"].values.astype(np.float64)
        fps, times = _rate_and_times(frame_times(np.arange(len(seconds)), seconds), dataset.attrs)
    individuals = [str(name) for name in dataset["individuals"].values]
    endings = [name.rpartition("_")[2] for name in individuals]
    numbered = all(ending.isdecimal() for ending in endings) and len(set(endings)) == len(endings)
    people = {}
    for number, name in enumerate(individuals):
        one = dataset.sel(individuals=name)
        positions = one["position"].transpose("time", "keypoints", "space").values
        there = np.isfinite(positions).all(axis=2)
        confidence, error = (
            one[variable].transpose("time", "keypoints").values if variable in one else None
            for variable in ("confidence", "expected_error")
        )
        if confidence is None or np.isnan(confidence).all():  # movement writes NaN where it knows none
            confidence = there.astype(np.float32)
        people[int(endings[number]) if numbered else number] = Pose3D(
            # A filter that interpolates leaves a joint with one coordinate where it cannot: that is no position.
            positions=np.where(there[..., None], positions, np.nan),
            confidence=np.nan_to_num(confidence, nan=0.0),
            skeleton=skeleton,
            fps=fps,
            times=times,
            expected_error=error,
            **_known(dataset.attrs),
        )
    return people


def _alike(people: Mapping[int, Pose3D]) -> Pose3D:
    """Return the first of people with the same joints."""
    if not people:
        raise InputError("people must be one at least, got nobody")
    first, *others = people.values()
    if any(pose.skeleton != first.skeleton for pose in others):
        raise InputError("people must have the same joints, got different ones")
    return first


def _attributes(pose: Pose3D) -> dict[str, Any]:
    """Return what a table has no column for; strings and numbers, as files of tables and arrays keep them."""
    known = {
        "fps": pose.fps,
        "unit": pose.unit,
        "skeleton": json.dumps(pose.skeleton.as_dict()),
        "frame_of_reference": str(pose.frame_of_reference),
        "provenance": json.dumps(dict(pose.provenance)),
        "focal_px": pose.focal_px,
        "camera_tilt": pose.camera_tilt,
        "computed_joints": json.dumps(sorted(pose.computed_joints)),
    }
    return {name: value for name, value in known.items() if value is not None}


def _known(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the fields of a pose that ``_attributes`` noted."""
    fields: dict[str, Any] = {name: attributes[name] for name in ("focal_px", "camera_tilt") if name in attributes}
    if "frame_of_reference" in attributes:
        fields["frame_of_reference"] = ReferenceFrame.parse(str(attributes["frame_of_reference"]))
    if "provenance" in attributes:
        fields["provenance"] = json.loads(attributes["provenance"])
    if "computed_joints" in attributes:
        fields["computed_joints"] = frozenset(json.loads(attributes["computed_joints"]))
    return fields


def _skeleton(attributes: Mapping[Any, Any], names: list[str]) -> Skeleton:
    """Return the skeleton that was noted, if it has these joints; or else the one that is known by them."""
    if "skeleton" in attributes:
        noted = Skeleton.from_dict(json.loads(attributes["skeleton"]))
        if set(names) <= set(noted.joints):
            return noted
    return skeleton_of(names)


def _filled(values: Any, places: Int[np.ndarray, " row"], shape: tuple[int, ...]) -> Float[np.ndarray, "frame ..."]:
    """Put a column, or several, in their places among (frame, joint) in the type of their numbers."""
    numbers = values.to_numpy()
    filled = spread(numbers, places, shape[0] * shape[1])
    return filled.reshape(shape).astype(np.result_type(numbers.dtype, np.float32))


def _rate_and_times(
    seconds: Float[np.ndarray, " frame"], attributes: Mapping[Any, Any]
) -> tuple[float | None, Float[np.ndarray, " frame"] | None]:
    """Return the frame rate, and the times where they are not those of that rate from 0."""
    fps = attributes.get("fps")
    if fps is None:
        if len(seconds) < 2:
            return None, None
        fps = round((len(seconds) - 1) / (seconds[-1] - seconds[0]), 6)
    even = np.abs(seconds - np.arange(len(seconds)) / float(fps)).max() <= _EVEN_S
    return float(fps), None if even else seconds

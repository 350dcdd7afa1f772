"""``poses.npz``: the same content as ``poses.json`` as plain NumPy arrays, exact; nothing is pickled.

Arrays (version 1)::

    format, version            "ampose.poses", 1
    positions                  (person, frame, joint, 3) float32 metres; NaN where a person or a joint was not found
    confidence                 (person, frame, joint) float32, 0 to 1
    expected_error             (person, frame, joint) float32 metres; NaN where there is none
    keypoints_2d               (person, frame, joint_2d, 2) float32 pixels; NaN likewise
    confidence_2d              (person, frame, joint_2d) float32
    ids                        (person,) int64
    joints, joints_2d          names in the order of the arrays
    made_up                    names of the joints that were computed from others
    image_size                 (2,) int64: width, height
    fps                        NaN for images
    times                      (frame,) float64 seconds
    unit, frame_of_reference   as in the JSON file
    skeleton, skeleton_2d, provenance   JSON texts

The arrays of the 2D keypoints (those called ``..._2d``, and ``image_size``) are not there when the file carries no 2D,
``expected_error`` not when the lifter does not estimate it, ``times`` not when ``fps`` says them all.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

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


@formats.register(".npz")
class NpzFile:
    """People as NumPy arrays; the layout is described at the top of this file."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write compressed arrays."""
        first = people[0]
        arrays: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "positions": np.stack([person.pose3d.positions for person in people]),
            "confidence": np.stack([person.pose3d.confidence for person in people]),
            "ids": np.array([person.id for person in people]),
            "joints": list(first.pose3d.skeleton.joints),
            "made_up": np.array(sorted(first.pose3d.computed_joints), dtype=str),
            "fps": np.nan if first.pose3d.fps is None else first.pose3d.fps,
            "unit": first.pose3d.unit,
            "frame_of_reference": str(first.pose3d.frame_of_reference),
            "skeleton": json.dumps(first.pose3d.skeleton.as_dict()),
            "provenance": json.dumps(provenance_of(first.pose3d)),
            **_arrays_if_there(people),
            **_arrays_2d(people),
        }
        archive = io.BytesIO()  # a disk that is full would make the unfinished archive complain when it is collected
        np.savez_compressed(archive, **arrays)
        path.write_bytes(archive.getvalue())

    def read(self, path: Path) -> list[Person]:
        """Read the people back, bit for bit."""
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                if not isinstance(file, np.lib.npyio.NpzFile):
                    raise ValueError("a single array in it")  # noqa: TRY004 - the file is wrong, not a type
                data = {name: file[name] for name in file.files}
        except (zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"a damaged archive in it ({error})") from error
        check_version(str(data["format"]), int(data["version"]))
        check_unit(str(data["unit"]))
        return [_person(number, data) for number in range(len(data["ids"]))]


def _arrays_if_there(people: Sequence[Person]) -> dict[str, Any]:
    first = people[0].pose3d
    arrays: dict[str, Any] = {} if first.times is None else {"times": first.times.astype(np.float64)}
    errors = [person.pose3d.expected_error for person in people]
    if any(error is not None for error in errors):
        nothing = np.full(first.confidence.shape, np.nan, dtype=np.float32)
        arrays["expected_error"] = np.stack([nothing if error is None else error for error in errors])
    return arrays


def _arrays_2d(people: Sequence[Person]) -> dict[str, Any]:
    poses = [person.pose2d for person in people if person.pose2d is not None]
    if not poses:
        return {}
    return {
        "keypoints_2d": np.stack([pose.keypoints for pose in poses]),
        "confidence_2d": np.stack([pose.confidence for pose in poses]),
        "joints_2d": list(poses[0].skeleton.joints),
        "image_size": np.array(poses[0].image_size),
        "skeleton_2d": json.dumps(poses[0].skeleton.as_dict()),
    }


def _person(number: int, data: dict[str, np.ndarray]) -> Person:
    fps = None if np.isnan(data["fps"]) else float(data["fps"])
    skeleton = Skeleton.from_dict(json.loads(str(data["skeleton"])))
    check_joints(data["joints"].tolist(), skeleton)
    provenance = json.loads(str(data["provenance"]))
    error = data["expected_error"][number] if "expected_error" in data else None
    pose3d = Pose3D(
        positions=data["positions"][number],
        confidence=data["confidence"][number],
        skeleton=skeleton,
        fps=fps,
        frame_of_reference=ReferenceFrame.parse(str(data["frame_of_reference"])),
        provenance=provenance,
        expected_error=None if error is None or np.isnan(error).all() else error,
        times=data.get("times"),
        computed_joints=frozenset(data["made_up"].tolist() if "made_up" in data else ()),
        **camera_of(provenance),
    )
    return Person(int(data["ids"][number]), _pose2d(number, data, pose3d), pose3d)


def _pose2d(number: int, data: dict[str, np.ndarray], pose3d: Pose3D) -> Pose2D | None:
    if "keypoints_2d" not in data:
        return None
    skeleton, (width, height) = Skeleton.from_dict(json.loads(str(data["skeleton_2d"]))), data["image_size"].tolist()
    check_joints(data["joints_2d"].tolist(), skeleton)
    return Pose2D(
        keypoints=data["keypoints_2d"][number],
        confidence=data["confidence_2d"][number],
        skeleton=skeleton,
        image_size=(width, height),
        fps=pose3d.fps,
        provenance=pose3d.provenance,
        times=pose3d.times,
        focal_px=pose3d.focal_px,
        camera_tilt=pose3d.camera_tilt,
    )

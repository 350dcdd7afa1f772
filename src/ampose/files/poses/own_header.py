"""What poses.json, poses.npz and our Parquet have in common: what they say of themselves, and the way back from it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError, check_format
from ampose.poses.people import Person
from ampose.poses.pose import UNIT, Pose2D, Pose3D
from ampose.poses.reference_frame import ReferenceFrame
from ampose.poses.skeletons import Skeleton

FORMAT, VERSION = "ampose.poses", 1


def header_of(people: Sequence[Person]) -> dict[str, Any]:
    """Return what a file says of people, who have the same frames and skeletons: the fields of ``poses.json``.

    What is known of the camera and the joints is part of the provenance.
    """
    pose2d, pose3d = people[0].pose2d, people[0].pose3d
    known = {
        "focal_px": None if pose3d.focal_px is None else f"{pose3d.focal_px:.1f}",
        "made_up_joints": ", ".join(sorted(pose3d.computed_joints)) or None,
        "camera_tilt": None if pose3d.camera_tilt is None else f"{pose3d.camera_tilt:g}",
    }
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
        "provenance": {**pose3d.provenance, **{name: words for name, words in known.items() if words is not None}},
    }


def expected_errors(people: Sequence[Person]) -> Float[np.ndarray, "person frame joint"] | None:
    """Return the expected errors of all; NaN for a person without, None if nobody has any."""
    errors = [person.pose3d.expected_error for person in people]
    if all(error is None for error in errors):
        return None
    nothing = np.full(people[0].pose3d.confidence.shape, np.nan, dtype=np.float32)
    return np.stack([nothing if error is None else error for error in errors])


def check_header(header: Mapping[str, Any]) -> None:
    """Refuse another format, a version that is not known, and positions in another unit than metres.

    Raises:
        InputError: It is one.
    """
    check_format(header, FORMAT, VERSION)
    if (unit := header["unit"]) != UNIT:
        raise InputError(f"unit must be {UNIT!r}, of all positions, got {unit!r}; turn them into metres, and say so")


def person_of(identity: int, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Person:
    """Return a person of a file.

    Args:
        identity: Their number.
        header: As of ``header_of``.
        arrays: ``positions`` and ``confidence``, and where there are some ``expected_error``, ``times``,
            ``keypoints_2d`` and ``confidence_2d``; each begins with the axis of frames.

    Raises:
        InputError: Joints are in another order than those of the skeletons, or a focal length or a tilt in the
            provenance, where somebody may have written it, is no number.
    """
    provenance = header["provenance"]
    shared: dict[str, Any] = {
        "fps": None if header["fps"] is None else float(header["fps"]),
        "times": arrays.get("times"),
        "provenance": provenance,
        "focal_px": _number(provenance, "focal_px"),
        "camera_tilt": _number(provenance, "camera_tilt"),
    }
    pose3d = Pose3D(
        positions=arrays["positions"],
        confidence=arrays["confidence"],
        skeleton=_skeleton(header["skeleton"], header["joints"]),
        frame_of_reference=ReferenceFrame.parse(header["frame_of_reference"]),
        expected_error=arrays.get("expected_error"),
        computed_joints=frozenset(header.get("made_up", ())),
        **shared,
    )
    if "keypoints_2d" not in arrays:
        return Person(identity, None, pose3d)
    width, height = header["image_size"]
    pose2d = Pose2D(
        keypoints=arrays["keypoints_2d"],
        confidence=arrays["confidence_2d"],
        skeleton=_skeleton(header["skeleton_2d"], header["joints_2d"]),
        image_size=(int(width), int(height)),
        **shared,
    )
    return Person(identity, pose2d, pose3d)


def _number(provenance: Mapping[str, str], name: str) -> float | None:
    if name not in provenance:
        return None
    try:
        number = float(provenance[name])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{name} in the provenance must be a number, got {provenance[name]!r}; correct or remove it")
    return number


def _skeleton(data: Mapping[str, Any], joints: Sequence[str]) -> Skeleton:
    skeleton = Skeleton.from_dict(data)
    if tuple(joints) != skeleton.joints:
        raise InputError(
            f"joints must be those of the file's skeleton in its order, {', '.join(skeleton.joints)}, got "
            f"{', '.join(map(str, joints))}; give both in the order of the positions"
        )
    return skeleton

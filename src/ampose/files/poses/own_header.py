"""What poses.json, poses.npz and our Parquet say of themselves, and what is refused when it is something else."""

import math
from collections.abc import Mapping, Sequence
from typing import TypedDict

from ampose.errors import InputError
from ampose.poses.pose import UNIT, Pose3D
from ampose.poses.skeletons import Skeleton

FORMAT, VERSION = "ampose.poses", 1


class CameraFields(TypedDict):
    """What a file may state of the camera: focal length in pixels, and how far it looks down in degrees."""

    focal_px: float | None
    camera_tilt: float | None


def check_version(found: object, version: object) -> None:
    """Refuse another format, or a version that is not known.

    Raises:
        InputError: It is one.
    """
    if found != FORMAT:
        raise InputError(f"format must be {FORMAT!r}, got {found!r}; name the file as its own format's")
    if version != VERSION:
        raise InputError(f"version must be {VERSION}, got {version}; take an ampose that knows it")


def provenance_of(pose: Pose3D) -> dict[str, str]:
    """Return what the file says of a pose's origin: what is known of the camera and the joints is part of it."""
    known = {
        "focal_px": None if pose.focal_px is None else f"{pose.focal_px:.1f}",
        "made_up_joints": ", ".join(sorted(pose.computed_joints)) or None,
        "camera_tilt": None if pose.camera_tilt is None else f"{pose.camera_tilt:g}",
    }
    return {**pose.provenance, **{name: words for name, words in known.items() if words is not None}}


def camera_of(provenance: Mapping[str, str]) -> CameraFields:
    """Return what the file states of the camera, as fields of a pose.

    Raises:
        InputError: Somebody wrote something that is no number.

    Example:
        >>> camera_of({"focal_px": "1145.0"})
        {'focal_px': 1145.0, 'camera_tilt': None}
    """
    return {"focal_px": _number(provenance, "focal_px"), "camera_tilt": _number(provenance, "camera_tilt")}


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


def check_unit(unit: object) -> None:
    """Refuse positions in another unit than metres.

    Raises:
        InputError: They are.
    """
    if unit != UNIT:
        raise InputError(f"unit must be {UNIT!r}, of all positions, got {unit!r}; turn them into metres, and say so")


def check_joints(joints: Sequence[str], skeleton: Skeleton) -> None:
    """Refuse columns that are in another order than the joints of the file's skeleton.

    Raises:
        InputError: They are.
    """
    if tuple(joints) != skeleton.joints:
        raise InputError(
            f"joints must be those of the file's skeleton in its order, {', '.join(skeleton.joints)}, got "
            f"{', '.join(map(str, joints))}; give both in the order of the positions"
        )

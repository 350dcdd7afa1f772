"""From camera axes (x right, y down, z away) to the axes and units of other programs, and back to a pose.

Both are turns, never mirror images: left stays left. "Up" is the camera's up; for a camera that looks down, turn the
pose upright first (``ampose.processing.ground.upright``). The origin stays
where it is: at the root joint for a lifted pose, so that the feet are below zero.

======  ======  ==========  ===================  ==========================
up      X       Y           Z                    used by
======  ======  ==========  ===================  ==========================
``y``   right   up          towards the camera   OpenSim, BVH, glTF, Unity
``z``   right   away        up                   C3D, Visual3D, Blender
======  ======  ==========  ===================  ==========================
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.poses.pose import Pose3D
from ampose.poses.reference_frame import AXES, ReferenceFrame
from ampose.poses.skeletons.by_joints import skeleton_of

_FROM_CAMERA = {
    "y": np.array([[1, 0, 0], [0, -1, 0], [0, 0, -1]], dtype=np.float64),
    "z": np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], dtype=np.float64),
    # Only read: what other programs write.
    "x": np.array([[0, -1, 0], [-1, 0, 0], [0, 0, -1]], dtype=np.float64),
    "-x": np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1]], dtype=np.float64),
    "-y": np.eye(3),
    "-z": np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=np.float64),
}
UP_AXES = tuple(_FROM_CAMERA)
"""The axes that may point up in a file."""

_SPELLINGS = {
    1e-3: ("mm", "millimeter", "millimetre", "millimeters", "millimetres"),
    1e-2: ("cm", "centimeter", "centimetre", "centimeters", "centimetres"),
    1e-1: ("dm", "decimeter", "decimetre", "decimeters", "decimetres"),
    1.0: ("m", "meter", "metre", "meters", "metres"),
    0.0254: ("in", "inch", "inches", '"'),
    0.3048: ("ft", "foot", "feet", "'"),
}
_METRES = {spelling: metres for metres, spellings in _SPELLINGS.items() for spelling in spellings}
MILLIMETRE = _METRES["mm"]


def metres(unit: str, field: str) -> float:
    """Return how many metres a file's unit is; raises InputError if the field names another.

    Example:
        >>> metres("Millimeters ", "Units"), metres("IN", "Units")
        (0.001, 0.0254)
    """
    word = unit.strip().strip("[]().\0").lower()
    if word not in _METRES:
        known = ", ".join(spellings[0] for spellings in _SPELLINGS.values())
        raise InputError(f"{field} must be one of {known}, got {unit!r}")
    return _METRES[word]


def from_camera(positions: Float[np.ndarray, "*batch 3"], up: str) -> Float[np.ndarray, "*batch 3"]:
    """Turn positions from camera axes to axes in which ``"y"`` or ``"z"`` points up.

    Example:
        >>> head_above_root = np.array([0.1, -0.7, 2.0])
        >>> from_camera(head_above_root, "y").tolist(), from_camera(head_above_root, "z").tolist()
        ([0.1, 0.7, -2.0], [0.1, 2.0, 0.7])
    """
    return positions.astype(np.float64) @ _FROM_CAMERA[up].T


def to_camera(positions: Float[np.ndarray, "*batch 3"], up: str) -> Float[np.ndarray, "*batch 3"]:
    """The way back.

    Example:
        >>> to_camera(np.array([0.1, 0.7, -2.0]), "y").tolist()
        [0.1, -0.7, 2.0]
    """
    return positions.astype(np.float64) @ _FROM_CAMERA[up]


def pose_of(
    positions: Float[np.ndarray, "frame joint 3"],
    joints: Sequence[str],
    *,
    up: str | None = None,
    fps: float | None,
    times: np.ndarray | None = None,
    confidence: np.ndarray | float = 1.0,
) -> Pose3D:
    """Return the pose of a file that names its joints but does not say how they are joined.

    Args:
        positions: Metres; NaN for a missing joint.
        joints: Their names.
        up: The axis that points up in the file, one of ``UP_AXES``; None: the positions have camera axes.
        fps: Frames per second.
        times: Seconds of each frame, where they are uneven.
        confidence: Of each joint; NaN is 0, and so is that of a missing joint.

    Raises:
        InputError: See ``skeleton_of``.
    """
    known = ~np.isnan(positions).any(axis=2)
    origin = "as the columns of a table are defined"
    if up is not None:
        positions, origin = to_camera(positions, up), f"turned from a file in which {up.upper()} points up"
    return Pose3D(
        positions=np.where(known[..., None], positions, np.nan).astype(np.float32),
        confidence=np.where(known, np.nan_to_num(confidence), 0).astype(np.float32),
        skeleton=skeleton_of(joints),
        fps=fps,
        frame_of_reference=ReferenceFrame(axes=f"{AXES}, {origin}"),
        times=times,
    )

"""From camera axes (x right, y down, z away) to the axes and units of other programs, and back: one for all formats.

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

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.poses.reference_frame import AXES, ReferenceFrame

TURNED_FROM = {
    up: ReferenceFrame(axes=f"{AXES}, turned from a file in which {up.upper()} points up") for up in ("y", "z")
}
"""The frame of reference of a pose that was read from a file, by the axis that points up in it."""

_FROM_CAMERA = {
    "y": np.array([[1, 0, 0], [0, -1, 0], [0, 0, -1]], dtype=np.float64),
    "z": np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], dtype=np.float64),
}

_METRES = {"mm": 1e-3, "cm": 1e-2, "m": 1.0}
MILLIMETRE = _METRES["mm"]


def metres(unit: str, field: str) -> float:
    """Return how many metres a file's unit is; raises InputError if the field names another."""
    if unit.strip().lower() not in _METRES:
        raise InputError(f"{field} must be one of {', '.join(_METRES)}, got {unit!r}")
    return _METRES[unit.strip().lower()]


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

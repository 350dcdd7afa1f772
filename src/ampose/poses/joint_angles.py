"""Joint angles over time, in degrees: what each is, is defined here and nowhere else.

The trunk is the line from mid-hip to thorax. The sagittal plane of a joint is at right angles to the line from the
right to the left hip (or shoulder), made square to the trunk.

knee, elbow flexion
    How far the joint is bent: 0 is straight.
hip, shoulder flexion
    Of the thigh (upper arm) against the trunk, in the sagittal plane: 0 hangs down beside the trunk, positive is
    forward, negative backward. NaN where the limb points so far to the side that forward or backward says nothing.
trunk lean
    Of the trunk against the vertical, in any direction: 0 is upright. In camera axes the camera's tilt says where up
    is; without one the camera is taken to be level.

These are angles between segments: no rotation about a bone's own axis, and not the joint coordinate systems of the
International Society of Biomechanics, which need more markers.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton

Points = Float[np.ndarray, "frame 3"]
Degrees = Float[np.ndarray, " frame"]

_UP = np.array([0.0, -1.0, 0.0])  # y points down
_SIDEWAYS = np.sin(np.radians(15.0))
"""A limb nearer than 15 degrees to the line between the joints of both sides points sideways."""


def angle_names(skeleton: Skeleton) -> list[str]:
    """Return the angles that a skeleton's joints can tell, in the order of ``joint_angles``.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> angle_names(get_skeleton("coco_17"))
        ['left_knee_flexion', 'right_knee_flexion', 'left_elbow_flexion', 'right_elbow_flexion']
    """
    return [name for name, (_, joints) in _ANGLES.items() if set(joints) <= set(skeleton.joints)]


def joint_angles(pose: Pose3D) -> dict[str, Degrees]:
    """Return each angle by its name; NaN where the person, or a joint that it needs, is missing.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> pose = Pose3D(
        ...     positions=np.ones((1, 17, 3)), confidence=np.ones((1, 17)), skeleton=get_skeleton("human36m_17")
        ... )
        >>> list(joint_angles(pose))[-1]
        'trunk_lean'
    """
    # Turned about x until y is vertical, which matters to the lean alone: the other angles are the same in any axes.
    tilt = 0.0 if pose.frame_of_reference.level else np.radians(pose.camera_tilt or 0.0)
    x, y, z = np.moveaxis(pose.positions.astype(np.float64), 2, 0)
    level = np.stack([x, np.cos(tilt) * y + np.sin(tilt) * z, np.cos(tilt) * z - np.sin(tilt) * y], axis=2)
    at = {joint: level[:, number] for number, joint in enumerate(pose.skeleton.joints)}
    angles = {name: _ANGLES[name] for name in angle_names(pose.skeleton)}
    return {name: angle(*(at[joint] for joint in joints)) for name, (angle, joints) in angles.items()}


def _bend(start: Points, middle: Points, end: Points) -> Degrees:
    return _between(middle - start, end - middle)


def _lean(hip: Points, thorax: Points) -> Degrees:
    return _between(thorax - hip, _UP)


def _swing(hip: Points, thorax: Points, left: Points, right: Points, joint: Points, end: Points) -> Degrees:
    """Return the angle in the sagittal plane, between -90 (far back) and 270 degrees (over the head and further)."""
    trunk = _unit(thorax - hip)
    across = left - right
    across = _unit(across - _dot(across, trunk)[:, None] * trunk)
    forward = np.cross(across, trunk)
    limb = _unit(end - joint)
    ahead, down = _dot(limb, forward), -_dot(limb, trunk)
    degrees = (np.degrees(np.arctan2(ahead, down)) + 90) % 360 - 90
    return np.where(np.hypot(ahead, down) < _SIDEWAYS, np.nan, degrees)


def _between(first: Points, second: np.ndarray) -> Degrees:
    """Return the angle between vectors; accurate also where they are nearly parallel."""
    cross = np.linalg.norm(np.cross(first, second), axis=-1)
    degrees: np.ndarray = np.degrees(np.arctan2(cross, (first * second).sum(axis=-1)))
    return degrees


def _unit(vectors: Points) -> Points:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, np.nan, lengths))


def _dot(first: Points, second: Points) -> Degrees:
    return np.asarray((first * second).sum(axis=-1))


_ANGLES: dict[str, tuple[Callable[..., Degrees], tuple[str, ...]]] = {
    **{
        f"{side}_{joint}_flexion": (_bend, (f"{side}_{above}", f"{side}_{joint}", f"{side}_{below}"))
        for above, joint, below in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
        for side in ("left", "right")
    },
    **{
        f"{side}_{joint}_flexion": (
            _swing,
            ("hip", "thorax", f"left_{joint}", f"right_{joint}", f"{side}_{joint}", f"{side}_{end}"),
        )
        for joint, end in (("hip", "knee"), ("shoulder", "elbow"))
        for side in ("left", "right")
    },
    "trunk_lean": (_lean, ("hip", "thorax")),
}
"""What each angle is computed by, and from which joints."""

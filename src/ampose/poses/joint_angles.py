"""Joint angles over time, in degrees: what each is, is defined here and nowhere else.

The trunk is the line from mid-hip to thorax. The sagittal plane of a joint is at right angles to the line from the
right to the left hip (or shoulder), made square to the trunk.

knee, elbow flexion
    How far the joint is bent: 0 is straight.
hip, shoulder flexion
    Of the thigh (upper arm) against the trunk, in the sagittal plane: 0 hangs down beside the trunk, positive is
    forward, negative backward. NaN where the limb points so far to the side that forward or backward says nothing.
trunk lean
    Of the trunk against the vertical, in any direction: 0 is upright. Vertical is the y axis; turn a pose ``upright``
    first if the camera was not level.

These are angles between segments: no rotation about a bone's own axis, and not the joint coordinate systems of the
International Society of Biomechanics, which need more markers.
"""

import numpy as np
from jaxtyping import Float

from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton

Points = Float[np.ndarray, "frame 3"]
Degrees = Float[np.ndarray, " frame"]

_BENT = {"knee": ("hip", "knee", "ankle"), "elbow": ("shoulder", "elbow", "wrist")}
_SWUNG = {"hip": ("hip", "knee"), "shoulder": ("shoulder", "elbow")}
_TRUNK = ("hip", "thorax")
_SIDEWAYS = np.sin(np.radians(15.0))
"""A limb nearer than 15 degrees to the line between the joints of both sides points sideways."""

_UP = np.array([0.0, -1.0, 0.0])  # y points down


def angle_names(skeleton: Skeleton) -> list[str]:
    """Return the angles that a skeleton's joints can tell, in the order of ``joint_angles``.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> angle_names(get_skeleton("coco_17"))
        ['left_knee_flexion', 'right_knee_flexion', 'left_elbow_flexion', 'right_elbow_flexion']
    """
    return [name for name, joints in _needs().items() if set(joints) <= set(skeleton.joints)]


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
    at = {joint: pose.positions[:, number].astype(np.float64) for number, joint in enumerate(pose.skeleton.joints)}
    return {name: _angle(name, at) for name in angle_names(pose.skeleton)}


def _needs() -> dict[str, tuple[str, ...]]:
    """Return the joints that each angle is made of."""
    needs: dict[str, tuple[str, ...]] = {}
    for joint, chain in _BENT.items():
        for side in ("left", "right"):
            needs[f"{side}_{joint}_flexion"] = tuple(f"{side}_{part}" for part in chain)
    for joint, (_, end) in _SWUNG.items():
        for side in ("left", "right"):
            needs[f"{side}_{joint}_flexion"] = (f"left_{joint}", f"right_{joint}", f"{side}_{end}", *_TRUNK)
    needs["trunk_lean"] = _TRUNK
    return needs


def _angle(name: str, at: dict[str, Points]) -> Degrees:
    if name == "trunk_lean":
        return _between(at[_TRUNK[1]] - at[_TRUNK[0]], _UP)
    side, joint, _ = name.split("_")
    if joint in _BENT:
        start, middle, end = (at[f"{side}_{part}"] for part in _BENT[joint])
        return _between(middle - start, end - middle)
    return _swing(side, joint, at)


def _swing(side: str, joint: str, at: dict[str, Points]) -> Degrees:
    """Return the angle in the sagittal plane, between -90 (far back) and 270 degrees (over the head and further)."""
    trunk = _unit(at[_TRUNK[1]] - at[_TRUNK[0]])
    across = at[f"left_{joint}"] - at[f"right_{joint}"]
    across = _unit(across - _dot(across, trunk)[:, None] * trunk)
    forward = np.cross(across, trunk)
    limb = _unit(at[f"{side}_{_SWUNG[joint][1]}"] - at[f"{side}_{joint}"])
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

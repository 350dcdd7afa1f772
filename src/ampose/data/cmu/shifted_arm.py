"""A fault of CMU's eight further actions, and its repair.

In that file, computed on subject 02's skeleton, each bone of the right arm was turned with the rotation of the bone
after it, so that the collar bone swings with the upper arm, the upper arm with the forearm, and the elbow is always
straight. The true pose can be had back, since nothing was lost: the collar bone and the upper arm make a known angle
that shows where the elbow's hinge points, and the true forearm is there as the false upper arm.
"""

import numpy as np
from jaxtyping import Float

from ampose.poses.skeletons import Skeleton

# Subject 02's right arm at rest, from 02.asf, axes x left, y back, z up: the directions of the bones
# and of the elbow's hinge. Where the right shoulder is from the thorax, mean over that subject's trials
# (standard deviation 1, 2, 6 mm), in metres in the axes of ``_trunk_axes``.
_COLLAR_AT_REST = np.array([-0.973174, 0.090739, 0.211421])
_ARM_AT_REST = np.array([-1.0, 0.0, 0.0])
_HINGE_AT_REST = np.array([0.0, 0.5, np.sqrt(0.75)])
_SHOULDER_ON_TRUNK = np.array([-0.1958, 0.0271, 0.0451])
_STRAIGHT = 1e-5
"""1 + cosine of an elbow angle that is straight but for the rounding of the file (0.26 degrees)."""


def has_shifted_right_arm(positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton) -> bool:
    """Say whether the right elbow is straight in every frame, as only the fault makes it.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> skeleton = get_skeleton("human36m_17")
        >>> positions = np.random.default_rng(0).normal(size=(9, 17, 3))
        >>> has_shifted_right_arm(positions, skeleton)
        False
    """
    shoulder, elbow, wrist = (
        positions[:, skeleton.index(joint)] for joint in ("right_shoulder", "right_elbow", "right_wrist")
    )
    cosine = (_unit(shoulder - elbow) * _unit(wrist - elbow)).sum(axis=1)
    return bool((cosine < _STRAIGHT - 1).all())


def restore_right_arm(
    positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton
) -> Float[np.ndarray, "frame joint 3"]:
    """Undo the fault that the file's header describes.

    Args:
        positions: Metres, computed with the right arm's rotations shifted by one bone.
        skeleton: Names and order of the joints.

    Returns:
        The positions with the right shoulder, elbow and wrist where they were. The shoulder's place on the
        trunk is a mean (a few millimetres); the bones' directions are exact but for rounding.
    """
    thorax, shoulder, elbow, wrist = (
        positions[:, skeleton.index(joint)].astype(np.float64)
        for joint in ("thorax", "right_shoulder", "right_elbow", "right_wrist")
    )
    forearm, collar = _unit(elbow - shoulder), _unit(shoulder - thorax)
    upper_arm = _upper_arm(forearm, collar)
    true_shoulder = thorax + _trunk_axes(positions, skeleton) @ _SHOULDER_ON_TRUNK
    true_elbow = true_shoulder + upper_arm * _length(elbow - shoulder)
    true_wrist = true_elbow + forearm * _length(wrist - elbow)
    restored = positions.astype(np.float64)
    for joint, points in (
        ("right_shoulder", true_shoulder),
        ("right_elbow", true_elbow),
        ("right_wrist", true_wrist),
    ):
        restored[:, skeleton.index(joint)] = points
    return restored


def _upper_arm(
    forearm: Float[np.ndarray, "frame 3"], collar: Float[np.ndarray, "frame 3"]
) -> Float[np.ndarray, "frame 3"]:
    """Direction of the true upper arm.

    With the rotation G of the upper arm and the elbow's bend b, the file gives ``collar = G collar_0`` and
    ``forearm = G R(hinge_0, b) arm_0``. Their angle gives b (never negative); then two
    directions before and after give G.
    """
    sideways = np.cross(_HINGE_AT_REST, _ARM_AT_REST)
    along, across = _COLLAR_AT_REST @ _ARM_AT_REST, _COLLAR_AT_REST @ sideways
    cosine = (forearm * collar).sum(axis=1) / np.hypot(along, across)
    bend = np.arctan2(across, along) + np.arccos(cosine.clip(-1, 1))
    forearm_at_rest = np.cos(bend)[:, None] * _ARM_AT_REST + np.sin(bend)[:, None] * sideways
    before = _axes(forearm_at_rest, np.broadcast_to(_COLLAR_AT_REST, forearm_at_rest.shape))
    turned: np.ndarray = _axes(forearm, collar) @ before.swapaxes(1, 2) @ _ARM_AT_REST
    return turned


def _trunk_axes(positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton) -> Float[np.ndarray, "frame 3 3"]:
    """Columns: left (towards the left shoulder), back, up (along the spine)."""
    spine, thorax, shoulder = (
        positions[:, skeleton.index(joint)].astype(np.float64) for joint in ("spine", "thorax", "left_shoulder")
    )
    up = _unit(thorax - spine)
    back = _unit(np.cross(up, shoulder - thorax))
    return np.stack([np.cross(back, up), back, up], axis=2)


def _axes(first: Float[np.ndarray, "frame 3"], second: Float[np.ndarray, "frame 3"]) -> Float[np.ndarray, "frame 3 3"]:
    """Right-handed axes as columns: the first direction, the normal of both, and what completes them."""
    normal = _unit(np.cross(first, second))
    return np.stack([first, normal, np.cross(first, normal)], axis=2)


def _length(vectors: Float[np.ndarray, "frame 3"]) -> Float[np.ndarray, "frame 1"]:
    return np.linalg.norm(vectors, axis=1, keepdims=True)


def _unit(vectors: Float[np.ndarray, "frame 3"]) -> Float[np.ndarray, "frame 3"]:
    return vectors / _length(vectors)

"""Bones that keep their length: over a clip, and between left and right."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from ampose.poses.pose import Pose3D
from ampose.processing.kinematics import median_lengths


def constant_bone_lengths(pose: Pose3D, *, symmetric: bool = True) -> Pose3D:
    """Give each bone one length, the median over the clip, and keep every bone's direction.

    The root stays where it is. A joint that is missing stays missing; what hangs below it moves with the nearest
    joint above that is there.

    Args:
        pose: In any frame of reference.
        symmetric: Give left and right the mean of their two lengths.

    Example:
        >>> from ampose.poses.skeletons import Skeleton
        >>> arm = Skeleton("arm", {"elbow": None, "wrist": "elbow"})
        >>> ends = np.array([[[0, 0, 0], [0, 1.0, 0]], [[0, 0, 0], [0, 1.0, 0]], [[0, 0, 0], [4.0, 0, 0]]])
        >>> clip = Pose3D(positions=ends, confidence=np.ones((3, 2)), skeleton=arm)
        >>> constant_bone_lengths(clip).positions[2].tolist()
        [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    lengths, skeleton = clip_lengths(pose, symmetric=symmetric), pose.skeleton
    positions = pose.positions.astype(np.float64)
    rebuilt = positions.copy()
    shift = np.zeros_like(positions)  # by how much what hangs on a joint has to move with it
    for joint in skeleton.topological_order[1:]:
        parent = skeleton.parent_indices[joint]
        bone = positions[:, joint] - positions[:, parent]  # (frame, xyz)
        size = np.linalg.norm(bone, axis=1, keepdims=True)
        known = size > 0  # False for NaN too
        along = rebuilt[:, parent] + bone / np.where(known, size, 1.0) * lengths[joint]
        rebuilt[:, joint] = np.where(known, along, positions[:, joint] + shift[:, parent])
        moved = rebuilt[:, joint] - positions[:, joint]
        shift[:, joint] = np.where(np.isfinite(moved), moved, shift[:, parent])
    kind = "constant, left and right alike" if symmetric else "constant"
    facts = {**pose.provenance, "bone_lengths": kind}
    return replace(pose, positions=rebuilt.astype(pose.positions.dtype), provenance=facts)


def clip_lengths(pose: Pose3D, *, symmetric: bool = True) -> Float[np.ndarray, " joint"]:
    """Return each joint's median distance from its parent, in metres; 0 for the root and what was never found.

    With ``symmetric``, left and right get the mean of their two lengths.
    """
    lengths = median_lengths(pose.positions.astype(np.float64), pose.skeleton)
    if not symmetric:
        return lengths
    other = lengths[pose.skeleton.flip_order]
    both = (lengths > 0) & (other > 0)
    return np.where(both, (lengths + other) / 2, np.maximum(lengths, other))

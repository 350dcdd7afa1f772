"""Pure functions on points: mirroring, root-relative positions, bone lengths.

Similarity alignment needs torch and is in ``ampose.poses.metrics.alignment``: this file stays light.
"""

from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float, Int

Points = TypeVar("Points", bound=Any)
"""NumPy arrays and tensors alike: these functions use only what both understand."""


def mirror(points: Points, flip_order: Int[np.ndarray, " joint"]) -> Points:
    """Mirror points left-right: negate x and exchange left and right joints.

    Args:
        points: (..., joint, xy or xyz), with x = 0 in the mirror plane.
        flip_order: ``Skeleton.flip_order``.

    Returns:
        New points of the same shape. Applied twice it gives the points back.
    """
    mirrored: Points = points[..., flip_order, :]  # fancy indexing copies, so the caller's points stay as they are
    mirrored[..., 0] = -mirrored[..., 0]
    return mirrored


def root_relative(points: Points, root_index: int) -> Points:
    """Subtract the root joint from all joints of (..., joint, coordinate)."""
    relative: Points = points - points[..., root_index : root_index + 1, :]
    return relative


def bone_lengths(
    points: Float[np.ndarray, "*batch joint xyz"], bones: Int[np.ndarray, "bone 2"]
) -> Float[np.ndarray, "*batch bone"]:
    """Length of each bone, in the unit of the points."""
    ends = points[..., bones, :]
    lengths: np.ndarray = np.linalg.norm(ends[..., 1, :] - ends[..., 0, :], axis=-1)
    return lengths

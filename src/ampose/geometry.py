"""Pure functions on points: mirroring, root-relative positions, bone lengths, similarity alignment."""

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from jaxtyping import Float, Int

if TYPE_CHECKING:
    from torch import Tensor

Points = TypeVar("Points", bound="np.ndarray | Tensor | Any")
"""NumPy arrays and tensors alike: these functions use only what both understand."""


def mirror(points: Points, flip_order: Int[np.ndarray, " joint"]) -> Points:
    """Mirror points left-right: negate x and exchange left and right joints.

    Args:
        points: (..., joint, xy or xyz), with x = 0 in the mirror plane.
        flip_order: ``Skeleton.flip_order``.

    Returns:
        New points of the same shape. Applied twice it gives the points back.
    """
    mirrored = points[..., flip_order, :]  # fancy indexing copies, so the caller's points stay as they are
    mirrored[..., 0] = -mirrored[..., 0]
    return mirrored


def root_relative(points: Points, root_index: int) -> Points:
    """Subtract the root joint from all joints of (..., joint, coordinate)."""
    return points - points[..., root_index : root_index + 1, :]


def bone_lengths(
    points: Float[np.ndarray, "*batch joint xyz"], bones: Int[np.ndarray, "bone 2"]
) -> Float[np.ndarray, "*batch bone"]:
    """Length of each bone, in the unit of the points."""
    ends = points[..., bones, :]
    return np.linalg.norm(ends[..., 1, :] - ends[..., 0, :], axis=-1)

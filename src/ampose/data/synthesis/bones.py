"""Poses as bones: each joint as seen from its parent, and the axes of pelvis and chest that limbs hang on."""

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.poses.skeletons import Skeleton


def to_bones(
    positions: Float[Tensor, "sample *frame joint 3"], skeleton: Skeleton
) -> Float[Tensor, "sample *frame joint 3"]:
    """Return each joint minus its parent; 0 for the root."""
    return positions - positions[..., skeleton.parent_indices, :]  # the root is its own parent


def from_bones(
    bones: Float[Tensor, "sample *frame joint 3"], root: Float[Tensor, "sample *frame 3"], skeleton: Skeleton
) -> Float[Tensor, "sample *frame joint 3"]:
    """Undo ``to_bones`` for a root that stands at ``root``."""
    parents = skeleton.parent_indices
    places = list(bones.unbind(-2))  # one (sample, *frame, xyz) a joint
    places[skeleton.root_index] = root
    # From the root outwards, so that a joint's parent is always in place before it.
    for joint in skeleton.topological_order[1:]:
        places[joint] = places[parents[joint]] + bones[..., joint, :]
    return torch.stack(places, dim=-2)


def pelvis_axes(positions: Float[Tensor, "sample joint 3"], skeleton: Skeleton) -> Float[Tensor, "sample 3 3"]:
    """Return the pelvis' axes as rows: to the left, forward, up."""
    return _axes(positions, skeleton, ("right_hip", "left_hip"), (skeleton.root, "spine"))


def chest_axes(positions: Float[Tensor, "sample joint 3"], skeleton: Skeleton) -> Float[Tensor, "sample 3 3"]:
    """Return the chest's axes as rows: to the left, forward, up."""
    return _axes(positions, skeleton, ("right_shoulder", "left_shoulder"), ("spine", "thorax"))


def _axes(positions: Tensor, skeleton: Skeleton, across: tuple[str, str], up: tuple[str, str]) -> Tensor:
    start, end, low, high = (positions[:, skeleton.index(joint)] for joint in (*across, *up))  # (sample, xyz) each
    left = unit(end - start)
    # The spine is not quite at right angles to hips or shoulders: what it has along them is taken away (Gram-Schmidt).
    upward = high - low
    upward = unit(upward - (upward * left).sum(-1, keepdim=True) * left)
    # left x up is forward. (left, forward, up) is left-handed: rows to measure along, no rotation.
    return torch.stack([left, torch.linalg.cross(left, upward), upward], dim=1)


def unit(vectors: Float[Tensor, "*any 3"]) -> Float[Tensor, "*any 3"]:
    """Return vectors of length 1; a vector of length 0 stays 0."""
    return torch.nn.functional.normalize(vectors, dim=-1)


def rotate_about(
    vectors: Float[Tensor, "*any 3"], axis: Float[Tensor, "*any 3"], angle: Float[Tensor, "*any"]
) -> Float[Tensor, "*any 3"]:
    """Rotate about an axis of length 1 by an angle in radians (Rodrigues).

    The vectors are turned directly. By roma's quaternions or matrices it takes three to four times as long, and the
    data engine does it some twenty times a batch.
    """
    cos, sin = angle.cos()[..., None], angle.sin()[..., None]
    # What lies along the axis stays; the rest turns towards axis x vector, counter-clockwise seen from the axis' tip.
    along = (axis * vectors).sum(-1, keepdim=True) * axis
    return vectors * cos + torch.linalg.cross(axis, vectors) * sin + along * (1 - cos)

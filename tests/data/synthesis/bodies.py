"""A standing body and variations of it, made from anatomy's numbers, not from recordings."""

import torch
from torch import Tensor

from ampose.poses.skeletons import Skeleton, get_skeleton

SKELETON: Skeleton = get_skeleton("human36m_17")

_PLACES = {
    "hip": (0.0, 0.0, 1.0),
    "spine": (0.0, 0.02, 1.25),
    "thorax": (0.0, 0.0, 1.5),
    "neck_nose": (0.0, 0.03, 1.6),
    "head": (0.0, 0.02, 1.75),
    "hip_of_side": (0.1, 0.0, 0.98),
    "knee": (0.11, 0.02, 0.55),
    "ankle": (0.11, -0.02, 0.12),
    "shoulder": (0.18, 0.0, 1.46),
    "elbow": (0.26, -0.02, 1.18),
    "wrist": (0.28, 0.10, 0.95),
}
"""Metres: how far from the middle, y forward, z up. The body faces y, so that its left is at -x."""


def standing(count: int) -> Tensor:
    """The same body, standing, ``count`` times."""
    places = []
    for joint in SKELETON.joints:
        side, _, stem = joint.partition("_")
        if side not in ("left", "right"):
            places.append(_PLACES[joint])
            continue
        x, y, z = _PLACES["hip_of_side" if stem == "hip" else stem]
        places.append((-x if side == "left" else x, y, z))
    return torch.tensor(places)[None].repeat(count, 1, 1)


def different(count: int, seed: int = 0) -> Tensor:
    """Standing bodies, each with its limbs a little elsewhere and turned to another side."""
    generator = torch.Generator().manual_seed(seed)
    poses = standing(count)
    poses = poses + 0.03 * torch.randn(poses.shape, generator=generator)
    angle = 6.283 * torch.rand(count, generator=generator)
    cos, sin = angle.cos(), angle.sin()
    zero, one = torch.zeros(count), torch.ones(count)
    turn = torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], dim=-1).reshape(count, 3, 3)
    return poses @ turn.mT

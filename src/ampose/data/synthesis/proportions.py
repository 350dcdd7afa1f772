"""Body proportions: the same pose on taller, smaller, longer-limbed people."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ampose.data.synthesis.bones import from_bones, to_bones
from ampose.data.synthesis.draws import uniform
from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton


@dataclass(frozen=True, kw_only=True)
class ProportionConfig:
    """How much bodies differ."""

    height: tuple[float, float] = (1.0, 1.0)
    """Factor on all bones, drawn uniformly; (0.85, 1.12) makes a body of 1.70 m one of 1.45 to 1.90 m."""

    bone_spread: float = 0.0
    """Standard deviation of the factor on each bone, the same for left and right."""

    def __post_init__(self) -> None:
        if not 0 < self.height[0] <= self.height[1] < math.inf:
            raise InputError(f"height must be (low, high) factors above 0, got {self.height}")
        if not 0 <= self.bone_spread < 0.25:
            raise InputError(f"bone_spread must be in [0, 0.25), got {self.bone_spread}")


def vary_proportions(
    positions: Float[Tensor, "sample *frame joint 3"],
    skeleton: Skeleton,
    config: ProportionConfig,
    generator: torch.Generator,
) -> Float[Tensor, "sample *frame joint 3"]:
    """Give each pose a body of its own: directions of bones stay, lengths change.

    Left and right bones of a pair change alike. The root stays where it is, also in a window: strides keep their
    length, which root-relative targets do not show. All frames of a sample have one body.
    """
    if config == ProportionConfig():
        return positions
    count, joints = len(positions), skeleton.num_joints
    height = uniform((count, 1), config.height, generator)
    # Cut at three standard deviations, of less than 0.25 each: every factor stays above 1 - 0.75, so above 0.
    drawn = 1 + config.bone_spread * torch.randn(count, joints, generator=generator).clamp(-3, 3)
    # Both joints of a pair read the column of the one with the lower number: left and right change alike.
    one_of_pair = np.minimum(skeleton.flip_order, np.arange(joints))
    factor = height * drawn[:, one_of_pair]  # (sample, joint)
    # (sample, 1 for each *frame, joint, 1): the same body in all frames, and all three coordinates alike.
    factor = factor.view(count, *[1] * (positions.ndim - 3), joints, 1)
    return from_bones(to_bones(positions, skeleton) * factor, positions[..., skeleton.root_index, :], skeleton)

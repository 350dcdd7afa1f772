"""Where joints sit: every motion-capture set and every annotator puts them a little elsewhere.

The tip of the spine, the neck and the top of the head differ by centimetres between sets, hips and shoulders by one or
two. A network that has seen one set only takes its definitions for anatomy.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.skeletons import Skeleton

_TRUNK = ("spine", "thorax", "neck_nose", "head")


@dataclass(frozen=True, kw_only=True)
class DefinitionConfig:
    """How far joint definitions differ; each sample draws its own."""

    joint_m: float = 0.0
    """Standard deviation in metres, in any direction, of the joints of the limbs."""

    trunk_m: float = 0.0
    """The same of spine, thorax, neck and head."""

    def __post_init__(self) -> None:
        if not (0 <= self.joint_m <= 0.1 and 0 <= self.trunk_m <= 0.1):
            raise InputError(f"joint_m and trunk_m must be in [0, 0.1], got {self.joint_m} and {self.trunk_m}")


def vary_definitions(
    positions: Float[Tensor, "sample joint 3"],
    skeleton: Skeleton,
    config: DefinitionConfig,
    generator: torch.Generator,
) -> Float[Tensor, "sample joint 3"]:
    """Move each joint a little; the root stays in the middle between the hips."""
    if config.joint_m == config.trunk_m == 0:
        return positions
    spread = torch.tensor([config.trunk_m if joint in _TRUNK else config.joint_m for joint in skeleton.joints])
    moved = positions + spread[:, None] * torch.randn(positions.shape, generator=generator)
    hips = [skeleton.index("left_hip"), skeleton.index("right_hip")]
    shift = (moved[:, hips] - positions[:, hips]).mean(dim=1)
    moved[:, skeleton.root_index] = positions[:, skeleton.root_index] + shift
    return moved

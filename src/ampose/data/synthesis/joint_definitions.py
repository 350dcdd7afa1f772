"""Where joints sit: every motion-capture set and every annotator puts them a little elsewhere.

The tip of the spine, the neck and the top of the head differ by centimetres between sets, hips and shoulders by one or
two. Where hips and shoulders sit is the same on both sides: a detector that puts its hips 4 cm too low puts both
there. A network that has seen one set only takes its definitions for anatomy, and low hips for a body that leans.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.data.synthesis.bones import chest_axes, pelvis_axes, to_bones
from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton

_ADULT = 4.12
"""Metres: all bones of an adult, laid end to end (the mean of the CMU database). Offsets grow with the body. Were they
the same for all, a network would measure bodies by them: it took people without any for 6 % taller than they are."""

_TRUNK = ("spine", "thorax", "neck_nose", "head")


@dataclass(frozen=True, kw_only=True)
class DefinitionConfig:
    """How far joint definitions differ on an adult; each sample draws its own."""

    joint_m: float = 0.0
    """Standard deviation in metres, in any direction, of the joints of the limbs."""

    trunk_m: float = 0.0
    """The same of spine, thorax, neck and head."""

    girdles_m: float = 0.0
    """Standard deviation in metres by which both hips sit outwards, forwards or upwards of the recorded ones, in the
    axes of the pelvis, and both shoulders in those of the chest: the same for left and right."""

    def __post_init__(self) -> None:
        for name in ("joint_m", "trunk_m", "girdles_m"):
            if not 0 <= getattr(self, name) <= 0.1:
                raise InputError(f"{name} must be in [0, 0.1], got {getattr(self, name)}")


def vary_definitions(
    positions: Float[Tensor, "sample joint 3"],
    skeleton: Skeleton,
    config: DefinitionConfig,
    generator: torch.Generator,
) -> Float[Tensor, "sample joint 3"]:
    """Move each joint a little; the root stays in the middle between the hips."""
    if config == DefinitionConfig():
        return positions
    # (sample, 1, 1): how large the body is beside an adult.
    size = to_bones(positions, skeleton).norm(dim=-1).sum(dim=-1)[:, None, None] / _ADULT
    deviation = torch.tensor([config.trunk_m if joint in _TRUNK else config.joint_m for joint in skeleton.joints])
    moved = positions + size * deviation[:, None] * torch.randn(positions.shape, generator=generator)
    if config.girdles_m:
        for joint, axes in (("hip", pelvis_axes), ("shoulder", chest_axes)):
            _move_both(moved, joint, axes(positions, skeleton), skeleton, config.girdles_m * size, generator)
    # The root is the middle between the hips by definition, so it goes where they went.
    hips = [skeleton.index("left_hip"), skeleton.index("right_hip")]
    shift = (moved[:, hips] - positions[:, hips]).mean(dim=1)
    moved[:, skeleton.root_index] = positions[:, skeleton.root_index] + shift
    return moved


def _move_both(
    moved: Float[Tensor, "sample joint 3"],
    joint: str,
    axes: Float[Tensor, "sample 3 3"],
    skeleton: Skeleton,
    spread: Float[Tensor, "sample 1 1"],
    generator: torch.Generator,
) -> None:
    """Move the left and the right joint alike, in place."""
    # In the axes left, forward, up of the girdle: outwards is left on the left side, and its mirror image on the right.
    left = spread * torch.randn(len(moved), 1, 3, generator=generator)
    right = left * torch.tensor([-1.0, 1.0, 1.0])
    for side, offset in (("left", left), ("right", right)):
        moved[:, skeleton.index(f"{side}_{joint}")] += (offset @ axes)[:, 0]

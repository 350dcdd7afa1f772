"""Where joints sit: every motion-capture set and every annotator puts them a little elsewhere.

The thorax, the neck and the top of the head differ by centimetres between sets, hips and shoulders by one or
two. Where hips and shoulders sit is the same on both sides: a detector that puts its hips 4 cm too low puts both
there. A network that has seen one set only takes its definitions for anatomy, and low hips for a body that leans.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.data.synthesis.bones import chest_axes, pelvis_axes, to_bones
from ampose.data.synthesis.draws import uniform
from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton

_ADULT = 4.12
"""Metres: all bones of an adult, laid end to end (human36m_17; the mean of the CMU database). Offsets grow with the
body: with offsets of one size, a network overestimated the height of people without any by 6 %."""

_TRUNK = ("spine", "thorax", "neck_nose", "head")

_OTHER_SETS = {
    "hip": ((-0.01, 0.05), (-0.02, 0.02), (-0.03, 0.02)),
    "shoulder": ((-0.07, 0.03), (-0.03, 0.02), (-0.04, 0.02)),
    "spine": ((0.0, 0.0), (-0.02, 0.10), (-0.03, 0.06)),
    "thorax": ((0.0, 0.0), (-0.03, 0.03), (-0.02, 0.12)),
    "neck_nose": ((0.0, 0.0), (-0.02, 0.10), (-0.04, 0.04)),
    "head": ((0.0, 0.0), (-0.03, 0.03), (-0.02, 0.05)),
}
"""Metres from CMU's joint to those of other sets, on an adult: from, to; outwards (of a side), forward, up.

They span Human3.6M (hips 133 mm from the middle, the thorax between the shoulders, neck and nose in front of it),
Plug-in-Gait's markers (thorax 10 cm higher, spine forward) and the generic skeletons of BVH files. Hips and spine are
in the axes of the pelvis, the others in those of the chest; the head is counted from where the neck went.
"""


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

    other_sets: float = 0.0
    """Chance of a sample to have the trunk, hips and shoulders of another set: each moved evenly within what sets
    differ by, both sides alike. Small offsets in any direction never make a thorax that sits 10 cm higher."""

    def __post_init__(self) -> None:
        if not 0 <= self.other_sets <= 1:
            raise InputError(f"other_sets must be in [0, 1], got {self.other_sets}")
        for name in ("joint_m", "trunk_m", "girdles_m"):
            if not 0 <= getattr(self, name) <= 0.1:
                raise InputError(f"{name} must be in [0, 0.1], got {getattr(self, name)}")


def vary_definitions(
    positions: Float[Tensor, "sample joint 3"],
    skeleton: Skeleton,
    config: DefinitionConfig,
    generator: torch.Generator,
) -> Float[Tensor, "sample joint 3"]:
    """Move each joint a little; the root stays in the middle between the hips.

    Raises:
        InputError: Other sets' definitions are asked for, and the skeleton has no neck_nose.
    """
    if config == DefinitionConfig():
        return positions
    # (sample, 1, 1): how large the body is beside an adult.
    size = to_bones(positions, skeleton).norm(dim=-1).sum(dim=-1)[:, None, None] / _ADULT
    deviation = torch.tensor([config.trunk_m if joint in _TRUNK else config.joint_m for joint in skeleton.joints])
    moved = positions + size * deviation[:, None] * torch.randn(positions.shape, generator=generator)
    # From before any joint moved: axes of moved hips or shoulders would lean with them.
    pelvis, chest = pelvis_axes(positions, skeleton), chest_axes(positions, skeleton)
    if config.girdles_m:
        for joint, axes in (("hip", pelvis), ("shoulder", chest)):
            offset = config.girdles_m * size * torch.randn(len(moved), 1, 3, generator=generator)
            _move(moved, skeleton, joint, offset, axes)
    if config.other_sets:
        if "neck_nose" not in skeleton.parents:
            raise InputError(
                f"definitions.other_sets needs a skeleton with neck_nose, got {skeleton.name}; set it to 0"
            )
        chosen = torch.rand(len(positions), 1, generator=generator) < config.other_sets
        offsets: dict[str, Tensor] = {}
        for joint, ranges in _OTHER_SETS.items():
            low, high = torch.tensor(ranges).T  # (axis,) each: outwards, forward, up
            drawn = uniform((len(moved), 1, 3), (low, high), generator)
            offsets[joint] = chosen[..., None] * size * drawn  # (sample, 1, axis); 0 where not chosen
        offsets["head"] = offsets["head"] + offsets["neck_nose"]
        for joint, offset in offsets.items():
            _move(moved, skeleton, joint, offset, pelvis if joint in ("hip", "spine") else chest)
    # The root is the middle between the hips by definition, so it goes where they went.
    hips = [skeleton.index("left_hip"), skeleton.index("right_hip")]
    shift = (moved[:, hips] - positions[:, hips]).mean(dim=1)
    moved[:, skeleton.root_index] = positions[:, skeleton.root_index] + shift
    return moved


def _move(
    moved: Float[Tensor, "sample joint 3"],
    skeleton: Skeleton,
    joint: str,
    offset: Float[Tensor, "sample 1 3"],
    axes: Float[Tensor, "sample 3 3"],
) -> None:
    """Move a joint, or the left and the right one alike, in place, by an offset in the axes of pelvis or chest."""
    # Outwards is left on the left side, and its mirror image on the right.
    sides = {f"left_{joint}": 1.0, f"right_{joint}": -1.0} if joint in ("hip", "shoulder") else {joint: 1.0}
    for name, outwards in sides.items():
        # (sample, 1, axis) @ (sample, axis, xyz): from the axes of the body to the world's.
        moved[:, skeleton.index(name)] += ((offset * torch.tensor([outwards, 1.0, 1.0])) @ axes)[:, 0]

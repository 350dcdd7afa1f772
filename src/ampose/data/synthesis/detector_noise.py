"""2D as an imperfect detector gives it: every joint a little off, some far off, left and right of a limb swapped."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton
from ampose.poses.skeletons.joint_sides import stem_of

_OUTLIER = 5.0
"""How many times farther off an outlier is. With noise of 3 % of a body's height, that is the length of a forearm: the
joint is looked for on the wrong end of its limb."""

_LIMBS = (("hip", "knee", "ankle"), ("knee", "ankle"), ("ankle",), ("shoulder", "elbow", "wrist"), ("elbow", "wrist"))
"""Joints that detectors take for those of the other side, together; of legs, which cross, the ankles alone too."""


@dataclass(frozen=True, kw_only=True)
class NoiseConfig:
    """How far keypoints are off."""

    largest: float = 0.0
    """Largest standard deviation as a share of the person's height in the image (the longer side of the box
    around the joints). Each sample draws its own from 0 to this, so clean input stays in the training."""

    outliers: float = 0.0
    """Chance of each joint of a noisy sample to be five times as far off: detectors' errors have heavy tails."""

    swaps: float = 0.0
    """Chance of a sample to have left and right of a limb, or of a part of one, mistaken."""

    clean: float = 0.0
    """Share of samples whose joints are not moved at all, beside those that draw little noise. Swaps are drawn
    apart."""

    def __post_init__(self) -> None:
        if not 0 <= self.largest < 0.2:
            raise InputError(f"largest must be in [0, 0.2), got {self.largest}")
        for name in ("outliers", "swaps", "clean"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} must be in [0, 1], got {getattr(self, name)}")


def add_detector_noise(
    keypoints_px: Float[Tensor, "sample *frame joint 2"],
    skeleton: Skeleton,
    config: NoiseConfig,
    generator: torch.Generator,
) -> Float[Tensor, "sample *frame joint 2"]:
    """Make all of a detector's errors: joints that are off, then left and right of limbs swapped."""
    return swap_left_right(add_noise(keypoints_px, config, generator), skeleton, config, generator)


def add_noise(
    keypoints_px: Float[Tensor, "sample *frame joint 2"], config: NoiseConfig, generator: torch.Generator
) -> Float[Tensor, "sample *frame joint 2"]:
    """Add Gaussian noise to each joint, in pixels that grow with the person, with outliers if there are any.

    All frames of a sample are equally bad, and each is off in its own way.
    """
    if config.largest == 0:
        return keypoints_px
    box = (keypoints_px.amax(dim=-2) - keypoints_px.amin(dim=-2)).amax(dim=-1)  # (sample, *frame): the longer side
    share = config.largest * torch.rand(len(box), generator=generator)  # (sample,)
    if config.clean:
        share = share * (torch.rand(len(box), generator=generator) >= config.clean)
    noise = torch.randn(keypoints_px.shape, generator=generator)  # (sample, *frame, joint, xy)
    if config.outliers:
        far = torch.rand(noise.shape[:-1], generator=generator) < config.outliers  # (sample, *frame, joint)
        noise = noise * torch.where(far, _OUTLIER, 1.0)[..., None]
    # (sample, *frame), in pixels: one share for all frames of a sample.
    deviation = box * share.view(-1, *[1] * (box.ndim - 1))
    return keypoints_px + deviation[..., None, None] * noise


def swap_left_right(
    keypoints_px: Float[Tensor, "sample *frame joint 2"],
    skeleton: Skeleton,
    config: NoiseConfig,
    generator: torch.Generator,
) -> Float[Tensor, "sample *frame joint 2"]:
    """Exchange left and right of one limb, or of a part of it, in some samples: alike in all frames of a sample."""
    if config.swaps == 0:
        return keypoints_px
    # (limb, joint): the order of the joints with that limb's left and right exchanged; the first changes nothing.
    exchanged = torch.tensor([[stem_of(joint) in limb for joint in skeleton.joints] for limb in ((), *_LIMBS)])
    orders = torch.where(exchanged, torch.tensor(skeleton.flip_order), torch.arange(skeleton.num_joints))
    count = len(keypoints_px)
    # (sample,): a limb's number for the samples that are swapped, from 1; order 0 for the others.
    which = torch.randint(1, len(orders), (count,), generator=generator)
    which = torch.where(torch.rand(count, generator=generator) < config.swaps, which, 0)
    # (sample, 1 for each *frame, joint, 1): the same joints in all frames, and x and y together.
    order = orders[which].view(count, *[1] * (keypoints_px.ndim - 3), -1, 1)
    return keypoints_px.gather(-2, order.expand(keypoints_px.shape))

"""2D as an imperfect detector gives it: every joint a little off."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError


@dataclass(frozen=True, kw_only=True)
class NoiseConfig:
    """How far keypoints are off."""

    largest: float = 0.0
    """Largest standard deviation as a share of the person's height in the picture (the longer side of the box
    around the joints). Each sample draws its own from 0 to this, so clean input stays in the training."""

    def __post_init__(self) -> None:
        if not 0 <= self.largest < 0.2:
            raise InputError(f"largest must be in [0, 0.2), got {self.largest}")


def add_noise(
    keypoints_px: Float[Tensor, "sample *frame joint 2"], config: NoiseConfig, generator: torch.Generator
) -> Float[Tensor, "sample *frame joint 2"]:
    """Add Gaussian noise to each joint, in pixels that grow with the person.

    All frames of a sample are equally bad, and each is off in its own way.
    """
    if config.largest == 0:
        return keypoints_px
    box = (keypoints_px.amax(dim=-2) - keypoints_px.amin(dim=-2)).amax(dim=-1)
    share = config.largest * torch.rand(len(box), generator=generator)
    spread = box * share.view(-1, *[1] * (box.ndim - 1))
    return keypoints_px + spread[..., None, None] * torch.randn(keypoints_px.shape, generator=generator)

"""How far an engine's poses are from those of the readable network in float64, in millimetres."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.models import LifterNetwork


@dataclass(frozen=True)
class Agreement:
    """Distances between joints over some poses, mm."""

    poses: int
    mean_mm: float
    largest_mm: float

    def __str__(self) -> str:
        return f"{self.mean_mm:.2g} mm from float64 on average, {self.largest_mm:.2g} mm at most"


@torch.inference_mode()
def measure_agreement(
    run: Callable[[Tensor], Tensor], network: LifterNetwork, keypoints: Float[Tensor, "batch frame joint 2"]
) -> Agreement:
    """Run the same poses through ``run`` and through the network in float64, and compare."""
    exact = copy.deepcopy(network).cpu().double().eval()(keypoints.cpu().double())
    return compare(run(keypoints), exact)


def compare(answer: Float[Tensor, "*batch joint xyz"], exact: Float[Tensor, "*batch joint xyz"]) -> Agreement:
    """Return the distances between positions in metres.

    Example:
        >>> print(compare(torch.zeros(1, 1, 3), torch.tensor([[[0.003, 0.004, 0.0]]])))
        5 mm from float64 on average, 5 mm at most
    """
    distances = (answer.cpu().double() - exact)[..., :3].norm(dim=-1) * 1000
    return Agreement(len(exact), float(distances.mean()), float(distances.max()))


def example_keypoints(network: LifterNetwork, joints: int, count: int = 256) -> Float[Tensor, "batch frame joint 2"]:
    """Return random normalised keypoints of about a person's size, the same every time."""
    generator = torch.Generator().manual_seed(0)
    return 0.3 * torch.randn(count, network.receptive_field, joints, 2, generator=generator)

"""Random numbers as all steps of the data engine draw them."""

import torch
from jaxtyping import Float
from torch import Tensor


def uniform(
    shape: tuple[int, ...], limits: tuple[float | Tensor, float | Tensor], generator: torch.Generator
) -> Float[Tensor, "*shape"]:
    """Draw evenly between two limits: numbers, or tensors that fit the shape's last axes.

    Example:
        >>> drawn = uniform((1000,), (2.0, 3.0), torch.Generator().manual_seed(0))
        >>> 2.0 <= float(drawn.min()) < 2.1 and 2.9 < float(drawn.max()) < 3.0
        True
    """
    low, high = limits
    return low + (high - low) * torch.rand(shape, generator=generator)

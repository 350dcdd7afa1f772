"""Layers around which the input passes unchanged."""

from jaxtyping import Float
from torch import Tensor, nn


class Residual(nn.Module):
    """x + f(x), f being some layers one after the other."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Float[Tensor, "batch *any"]) -> Float[Tensor, "batch *any"]:
        """Add what the layers find."""
        return x + self.layers(x)

"""A linear layer with weights held short and, if wanted, masked: SimpleBaseline's and LCN's."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class ConstrainedLinear(nn.Linear):
    """y = x W' + b, where W' is W times a mask, scaled down to the largest norm if it is longer.

    The limit acts in the forward pass, on the whole matrix, as in the works that have it ("max norm" 1); what is
    learned is W.

    Args:
        in_features: Inputs.
        out_features: Outputs.
        max_norm: Largest Frobenius norm of W'; None for no limit.
        mask: 1 where a weight exists, 0 where it does not; (out, in).
    """

    mask: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        max_norm: float | None = None,
        mask: Float[Tensor, "out in"] | None = None,
    ) -> None:
        super().__init__(in_features, out_features)
        self.max_norm = max_norm
        self.register_buffer("mask", mask, persistent=False)
        with torch.no_grad():
            nn.init.kaiming_normal_(self.weight)
            nn.init.zeros_(self.bias)

    def effective_weight(self) -> Float[Tensor, "out in"]:
        """Return W'."""
        weight = self.weight if self.mask is None else self.weight * self.mask
        return weight if self.max_norm is None else weight * (self.max_norm / weight.norm()).clamp(max=1)

    def forward(self, input: Float[Tensor, "... in"]) -> Float[Tensor, "... out"]:  # noqa: A002
        """Apply the constrained weights."""
        return functional.linear(input, self.effective_weight(), self.bias)

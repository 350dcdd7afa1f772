"""Graph convolution with weights of each joint's own: the sharing schemes of Liu et al. (ECCV 2020).

Weight sharing and Graph Stacked Hourglass use it.
"""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

Sharing = Literal["full", "pre-aggregation", "post-aggregation"]


def affinity(joined: Bool[np.ndarray, "node node"]) -> Float[np.ndarray, "node node"]:
    """Return D^-1/2 (A + I) D^-1/2."""
    linked = joined.astype(float) + np.eye(len(joined))
    scale = linked.sum(axis=1) ** -0.5
    return scale[:, None] * linked * scale


class JointWeightConvolution(nn.Module):
    """y_i = sum_j a_ij x_j W + b, with W shared by all joints, or of the sender j, or of the receiver i.

    Args:
        in_channels: Of x.
        out_channels: Of y.
        weights: The affinity matrix a; fixed.
        sharing: ``full``: one W. ``pre-aggregation``: W_j of the sender, transformed before it is collected.
            ``post-aggregation``: W_i of the receiver, transformed after that.
        decoupled: Whether a joint's own features have weights apart from those of its neighbours:
            y_i = a_ii x_i W^self + sum_(j != i) a_ij x_j W^neighbour + b.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        weights: Float[np.ndarray, "node node"],
        *,
        sharing: Sharing = "pre-aggregation",
        decoupled: bool = True,
    ) -> None:
        super().__init__()
        self.sharing = sharing
        sets = 1 if sharing == "full" else len(weights)
        kinds = 2 if decoupled else 1
        self.weight = nn.Parameter(torch.empty(kinds, sets, in_channels, out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        bound = (6 / (in_channels + out_channels)) ** 0.5  # Glorot and Bengio
        nn.init.uniform_(self.weight, -bound, bound)
        matrix = torch.tensor(weights, dtype=torch.float32)
        diagonal = torch.diag(matrix.diagonal())
        parts = [diagonal, matrix - diagonal] if decoupled else [matrix]
        self.register_buffer("affinities", torch.stack(parts), persistent=False)

    affinities: Tensor
    """Of each kind: (kind, node, node)."""

    def forward(self, x: Float[Tensor, "batch node in"]) -> Float[Tensor, "batch node out"]:
        """Transform and collect, in the order of the scheme."""
        collected = self.bias.expand(*x.shape[:2], -1)
        for affinities, weight in zip(self.affinities, self.weight, strict=True):
            if self.sharing == "post-aggregation":
                collected = collected + _each_joint(affinities @ x, weight)
            else:
                collected = collected + affinities @ _each_joint(x, weight)
        return collected


def _each_joint(
    x: Float[Tensor, "batch node in"], weight: Float[Tensor, "set in out"]
) -> Float[Tensor, "batch node out"]:
    """Multiply each joint's features by its own matrix, or by the one that all share."""
    return (x.transpose(0, 1) @ weight).transpose(0, 1)

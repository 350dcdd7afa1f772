"""Graph convolution with weights of each edge's own, or of each kind of edge.

Of the sharing schemes of Liu et al. (ECCV 2020) those in which weights depend on who speaks *and* on who hears.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


def edges_of(weights: Float[np.ndarray, "node node"]) -> Int[np.ndarray, "edge 2"]:
    """Return the (receiver, sender) of each edge, loops included: where the affinity is not 0.

    Example:
        >>> edges_of(np.array([[0.5, 0.5], [0.5, 0.5]])).tolist()
        [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    return np.argwhere(weights)


def by_direction(edges: Int[np.ndarray, "edge 2"], hops: Int[np.ndarray, " node"]) -> Int[np.ndarray, " edge"]:
    """Return the kind of each edge: 0 to itself, 1 from a joint nearer to the root, 2 from one farther away.

    Example:
        >>> by_direction(np.array([[0, 0], [0, 1], [1, 0]]), np.array([0, 1])).tolist()
        [0, 2, 1]
    """
    receiver, sender = hops[edges].T
    return np.where(sender == receiver, 0, np.where(sender < receiver, 1, 2))


class EdgeWeightConvolution(nn.Module):
    """y_i = sum_j a_ij x_j W_k(i, j) + b, k being the kind of the edge from j to i.

    Args:
        in_channels: Of x.
        out_channels: Of y.
        weights: The affinity matrix a; fixed.
        kinds: Of each of its edges, in the order of ``edges_of``; None for every edge a kind of its own.
    """

    senders: Tensor
    """Of each edge."""
    kinds: Tensor
    """Of each edge."""
    arrivals: Tensor
    """a_ij where the edge from j arrives at i, else 0: (node, edge)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        weights: Float[np.ndarray, "node node"],
        kinds: Int[np.ndarray, " edge"] | None = None,
    ) -> None:
        super().__init__()
        edges = edges_of(weights)
        kinds = np.arange(len(edges)) if kinds is None else kinds
        arrivals = np.zeros((len(weights), len(edges)))
        arrivals[edges[:, 0], np.arange(len(edges))] = weights[edges[:, 0], edges[:, 1]]
        self.weight = nn.Parameter(torch.empty(int(kinds.max()) + 1, in_channels, out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        bound = (6 / (in_channels + out_channels)) ** 0.5  # Glorot and Bengio
        nn.init.uniform_(self.weight, -bound, bound)
        self.register_buffer("senders", torch.tensor(edges[:, 1]), persistent=False)
        self.register_buffer("kinds", torch.tensor(kinds), persistent=False)
        self.register_buffer("arrivals", torch.tensor(arrivals, dtype=torch.float32), persistent=False)

    def forward(self, x: Float[Tensor, "batch node in"]) -> Float[Tensor, "batch node out"]:
        """Send along every edge, then collect."""
        sent = x[:, self.senders].transpose(0, 1) @ self.weight[self.kinds]
        return self.arrivals @ sent.transpose(0, 1) + self.bias

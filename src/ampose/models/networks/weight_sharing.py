"""Weight sharing: a comprehensive study of weight sharing in graph networks for 3D human pose estimation.

Kenkun Liu, Rongqi Ding, Zhiming Zou, Le Wang and Wei Tang, ECCV 2020

SemGCN's skeleton (one graph convolution to 128 channels, four residual blocks of two, one to 3D; BatchNorm and ReLU
after each but the last) with graph convolutions that share their weights in one way or another. The best of the study
is the default: each joint has weights of its own, applied before features are collected, and others for what it keeps
itself ("decoupled pre-aggregation").

All of the study's eight are here: five schemes (``sharing``), of which three with and without weights apart for the
joint itself (``decoupled``).

Parameters at 16 joints, in the order of ``sharing``, decoupled: 266,883, 4,218,243 (paper: 4.22 M, exact), 4,218,243,
6,062,211, 398,595; not decoupled the first three have 135,171, 2,110,851 and 2,110,851.

What differs: no official code exists; the affinity matrix is the usual symmetric one, D^-1/2 (A + I) D^-1/2, and is
fixed. What kinds of edges convolution-style sharing has, two public re-implementations read alike: to the joint itself,
from the root's side, and from the other.

Published: 52.4 mm (Human3.6M, CPN, 16 joints), 37.8 mm (ground-truth 2D).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ampose import models
from ampose.errors import InputError
from ampose.models.layers.batch_norm import JointBatchNorm
from ampose.models.layers.joint_weights import JointWeightConvolution, Sharing, affinity
from ampose.models.layers.residual import Residual
from ampose.models.lifter_network import LifterConfig, Published, SingleFrameLifter, check_settings
from ampose.poses.skeletons import get_skeleton

Scheme = Literal[Sharing, "none", "convolution"]
"""The study's."""


@dataclass(frozen=True, kw_only=True)
class WeightSharingConfig(LifterConfig):
    """Everything that makes one network of the study different from another."""

    skeleton: str = "human36m_16"
    """Name of the skeleton whose joints go in and come out. The paper: 16 joints."""

    channels: int = 128
    """Width."""

    depth: int = 4
    """Residual blocks."""

    sharing: Scheme = "pre-aggregation"
    """Who shares weights: all joints (``full``), or none, with the weights of the sender (``pre-aggregation``) or of
    the receiver (``post-aggregation``); no two edges (``none``), or the edges that lead the same way, towards the root,
    away from it, or nowhere (``convolution``)."""

    decoupled: bool = True
    """Whether a joint's own features have weights apart from its neighbours'. With weights of edges they always do."""

    dropout: float = 0.0
    """After each hidden layer. None stated."""

    def __post_init__(self) -> None:
        check_settings(channels=self.channels, depth=self.depth, dropout=self.dropout)
        if not self.decoupled and self.sharing in ("none", "convolution"):
            raise InputError(f"decoupled must be true for sharing {self.sharing!r}, got false")


def by_direction(edges: Int[np.ndarray, "edge 2"], hops: Int[np.ndarray, " node"]) -> Int[np.ndarray, " edge"]:
    """Return the kind of each edge (receiver, sender): 0 to itself, 1 from nearer to the root, 2 from farther away.

    Example:
        >>> by_direction(np.array([[0, 0], [0, 1], [1, 0]]), np.array([0, 1])).tolist()
        [0, 2, 1]
    """
    receiver, sender = hops[edges].T
    return np.where(sender == receiver, 0, np.where(sender < receiver, 1, 2))


class EdgeWeightConvolution(nn.Module):
    """y_i = sum_j a_ij x_j W_k(i, j) + b, k being the kind of the edge from j to i.

    Weights depend on who speaks *and* on who hears.

    Args:
        in_channels: Of x.
        out_channels: Of y.
        weights: The affinity matrix a; fixed.
        kinds: Of each of its edges, in the order of their (receiver, sender); None for every edge a kind of its own.
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
        edges = np.argwhere(weights)  # (edge, 2): receiver and sender, loops included, where the affinity is not 0
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


def make_convolution(inputs: int, outputs: int, config: WeightSharingConfig) -> nn.Module:
    """Return a graph convolution of the config's scheme."""
    skeleton = get_skeleton(config.skeleton)
    weights = affinity(skeleton.adjacency)
    if config.sharing == "none":
        return EdgeWeightConvolution(inputs, outputs, weights)
    if config.sharing == "convolution":
        return EdgeWeightConvolution(inputs, outputs, weights, by_direction(np.argwhere(weights), skeleton.hops))
    return JointWeightConvolution(inputs, outputs, weights, sharing=config.sharing, decoupled=config.decoupled)


@models.register(
    "weight-sharing",
    config=WeightSharingConfig(),
    paper="A Comprehensive Study of Weight Sharing in Graph Networks for 3D Human Pose Estimation",
    year=2020,
    venue="ECCV",
    licence="Apache-2.0",
    published={"weight-sharing": Published(parameters="4.22 (paper)", rows=("Liu et al. [9]",))},
)
class WeightSharing(SingleFrameLifter):
    """SemGCN's skeleton with the chosen sharing of weights."""

    def __init__(self, config: WeightSharingConfig) -> None:
        super().__init__(config)
        width = config.channels

        def hidden(inputs: int) -> nn.Module:
            convolution = make_convolution(inputs, width, config)
            return nn.Sequential(convolution, JointBatchNorm(width), nn.ReLU(), nn.Dropout(config.dropout))

        self.layers = nn.Sequential(
            hidden(2),
            *(Residual(hidden(width), hidden(width)) for _ in range(config.depth)),
            make_convolution(width, 3, config),
        )

    def lift_poses(self, keypoints: Float[Tensor, "pose joint 2"]) -> Float[Tensor, "pose joint 3"]:
        """Lift each pose on its skeleton."""
        return self.layers(keypoints)

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

from jaxtyping import Float
from torch import Tensor, nn

from ampose import models
from ampose.errors import InputError
from ampose.models.layers.batch_norm import JointBatchNorm
from ampose.models.layers.edge_weights import EdgeWeightConvolution, by_direction, edges_of
from ampose.models.layers.joint_weights import JointWeightConvolution, Sharing, affinity
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


def make_convolution(inputs: int, outputs: int, config: WeightSharingConfig) -> nn.Module:
    """Return a graph convolution of the config's scheme."""
    skeleton = get_skeleton(config.skeleton)
    weights = affinity(skeleton.adjacency)
    if config.sharing == "none":
        return EdgeWeightConvolution(inputs, outputs, weights)
    if config.sharing == "convolution":
        return EdgeWeightConvolution(inputs, outputs, weights, by_direction(edges_of(weights), skeleton.hops))
    return JointWeightConvolution(inputs, outputs, weights, sharing=config.sharing, decoupled=config.decoupled)


class SharedLayer(nn.Sequential):
    """Graph convolution, BatchNorm, ReLU, dropout."""

    def __init__(self, inputs: int, config: WeightSharingConfig) -> None:
        super().__init__(
            make_convolution(inputs, config.channels, config),
            JointBatchNorm(config.channels),
            nn.ReLU(),
            nn.Dropout(config.dropout),
        )


class SharedBlock(nn.Module):
    """Two hidden layers around which the input passes unchanged."""

    def __init__(self, config: WeightSharingConfig) -> None:
        super().__init__()
        self.layers = nn.Sequential(SharedLayer(config.channels, config), SharedLayer(config.channels, config))

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint channel"]:
        """Add what the two layers find."""
        return x + self.layers(x)


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
        self.layers = nn.Sequential(
            SharedLayer(2, config),
            *(SharedBlock(config) for _ in range(config.depth)),
            make_convolution(config.channels, 3, config),
        )

    def lift_poses(self, keypoints: Float[Tensor, "pose joint 2"]) -> Float[Tensor, "pose joint 3"]:
        """Lift each pose on its skeleton."""
        return self.layers(keypoints)

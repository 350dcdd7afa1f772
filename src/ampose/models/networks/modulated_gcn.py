"""Modulated GCN: modulated graph convolutional network for 3D human pose estimation.

Zhiming Zou and Wei Tang, ICCV 2021

One modulated graph convolution to C channels, four residual blocks of two (graph convolution, BatchNorm, ReLU,
dropout), one graph convolution to 3D. Each joint modulates the shared weights by a vector of its own, and the
skeleton's adjacency is modulated by a learned matrix. The CPN size has a non-local block before the output.

Parameters: 287,923 with ground-truth 2D (C = 128, 16 joints; paper: 0.29 M) and 2,731,840 with CPN (C = 384, 17 joints,
non-local; the paper prints 0.28, which is the other size's): exact.

What differs: biases start at 0, in the public code at uniform +-1/sqrt(C'); its Xavier is drawn for both matrices of a
convolution as one tensor, which makes them smaller at the start than ours.

Published: 38.25 mm (Human3.6M, ground-truth 2D, 16 joints), 49.4 mm (CPN, 17 joints, with
the refinement of Cai et al.; 50.73 before it, 51.28 with another seed).
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ampose import models
from ampose.models.layers.batch_norm import JointBatchNorm
from ampose.models.layers.non_local import NonLocalBlock
from ampose.models.lifter_network import LifterConfig, Published, SingleFrameLifter, check_settings


@dataclass(frozen=True, kw_only=True)
class ModulatedGCNConfig(LifterConfig):
    """Everything that makes one Modulated GCN different from another."""

    channels: int = 384
    """C: 384 for CPN, 128 for ground-truth 2D."""

    depth: int = 4
    """Residual blocks."""

    non_local: bool = True
    """Whether a non-local block stands before the output: with CPN yes, with ground-truth 2D no."""

    dropout: float = 0.2
    """After each graph convolution."""

    def __post_init__(self) -> None:
        check_settings(channels=self.channels, depth=self.depth, dropout=self.dropout)


class ModulatedGraphConvolution(nn.Module):
    """Z = (A' o I)(M o X W0) + (A' o (1 - I))(M o X W1) + b, with A' = sym(A + Q).

    W0 transforms a joint's own features, W1 those of its neighbours; M (joint, channel) modulates the weights of each
    joint; Q, learned, modulates the adjacency, so that joints that share no bone may see each other.

    Args:
        in_channels: Of X.
        out_channels: Of Z.
        adjacency: A: bones and the joint itself, each row's sum 1.
    """

    adjacency: Tensor
    itself: Tensor

    def __init__(self, in_channels: int, out_channels: int, adjacency: Float[np.ndarray, "joint joint"]) -> None:
        super().__init__()
        joints = len(adjacency)
        self.transform = nn.Linear(in_channels, 2 * out_channels, bias=False)
        self.modulation = nn.Parameter(torch.ones(joints, out_channels))
        self.adjacency_modulation = nn.Parameter(torch.full((joints, joints), 1e-6))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.register_buffer("adjacency", torch.tensor(adjacency, dtype=torch.float32), persistent=False)
        self.register_buffer("itself", torch.eye(joints), persistent=False)
        for part in self.transform.weight.chunk(2):
            nn.init.xavier_uniform_(part, gain=2**0.5)

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint out"]:
        """Transform, modulate, collect."""
        modulated = self.adjacency + self.adjacency_modulation
        modulated = (modulated + modulated.T) / 2
        own, others = self.transform(x).chunk(2, dim=-1)
        collected = (modulated * (1 - self.itself)) @ (self.modulation * others)
        return modulated.diagonal()[:, None] * (self.modulation * own) + collected + self.bias


def modulated_layer(
    inputs: int, config: ModulatedGCNConfig, adjacency: Float[np.ndarray, "joint joint"]
) -> nn.Sequential:
    """Return graph convolution, BatchNorm, ReLU, dropout."""
    convolution = ModulatedGraphConvolution(inputs, config.channels, adjacency)
    return nn.Sequential(convolution, JointBatchNorm(config.channels), nn.ReLU(), nn.Dropout(config.dropout))


class ModulatedBlock(nn.Module):
    """Two layers around which the input passes unchanged."""

    def __init__(self, config: ModulatedGCNConfig, adjacency: Float[np.ndarray, "joint joint"]) -> None:
        super().__init__()
        self.first = modulated_layer(config.channels, config, adjacency)
        self.second = modulated_layer(config.channels, config, adjacency)

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint channel"]:
        """Add what the two layers find."""
        return x + self.second(self.first(x))


@models.register(
    "modulated-gcn",
    config=ModulatedGCNConfig(),
    sizes={
        "modulated-gcn-gt": ModulatedGCNConfig(skeleton="human36m_16", channels=128, non_local=False, dropout=0.0),
    },
    paper="Modulated Graph Convolutional Network for 3D Human Pose Estimation",
    year=2021,
    venue="ICCV",
    licence="Apache-2.0",
    published={
        "modulated-gcn": Published(
            parameters="2.732 (code)",
            rows=("Zou et al. (refinement) [10]",),
            mpjpe="50.73 (CPN, no refinement)",
            source="the author, issue 1 of the public code",
            note="the paper prints 0.28 M, the size of modulated-gcn-gt",
        ),
        "modulated-gcn-gt": Published(
            parameters="0.29 (paper)", mpjpe="38.25 (GT)", source="README of the public code"
        ),
    },
)
class ModulatedGCN(SingleFrameLifter):
    """Graph convolutions whose weights and adjacency are modulated."""

    def __init__(self, config: ModulatedGCNConfig) -> None:
        super().__init__(config)
        adjacency = self.skeleton.adjacency + np.eye(self.skeleton.num_joints)
        adjacency = adjacency / adjacency.sum(axis=1, keepdims=True)
        self.layers = nn.Sequential(
            modulated_layer(2, config, adjacency),
            *(ModulatedBlock(config, adjacency) for _ in range(config.depth)),
            NonLocalBlock(config.channels) if config.non_local else nn.Identity(),
            ModulatedGraphConvolution(config.channels, 3, adjacency),
        )

    def lift_poses(self, keypoints: Float[Tensor, "pose joint 2"]) -> Float[Tensor, "pose joint 3"]:
        """Lift each pose on its skeleton."""
        return self.layers(keypoints)

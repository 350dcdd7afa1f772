"""Graph Stacked Hourglass: graph stacked hourglass networks for 3D human pose estimation.

Tianhan Xu and Wataru Takano, CVPR 2021, https://arxiv.org/abs/2103.16385

A graph convolution to 64 channels, then four hourglasses one after the other. Each goes down from the joints to eight
and to four groups of joints (64 -> 96 -> 128 channels, max-pooling between) and up again with skips added
(128 -> 96 -> 64). A 1x1 convolution to 16 channels reads each hourglass; the four readings side by side pass a
squeeze-and-excitation block and a 1x1 convolution to 3D.

Parameters at 16 joints: 3,685,899 with decoupled pre-aggregation, 1,848,843 with pre-aggregation: 3.686 M and 1.849 M
as those of an independent re-implementation; the paper prints 3.70 M (0.4 % more). The weights of graph convolutions
alone are 2 x 1,837,056, which fixes where channels change; norms, biases and the last layers leave 0.02 M of play,
and the paper's 0.014 M more must lie there.

What differs: no official code exists. Which joints make a group was chosen here (``GROUPS``): the text that we
have says "by pairs" and no more. The neck_nose of 17 joints goes with thorax and head.

Published: 51.9 mm (Human3.6M, CPN, 16 joints), 35.8 mm (ground-truth 2D).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ampose import models
from ampose.errors import InputError
from ampose.models.layers.batch_norm import JointBatchNorm
from ampose.models.layers.joint_weights import JointWeightConvolution, Sharing, affinity
from ampose.models.layers.pointwise import PointwiseConvolution
from ampose.models.lifter_network import LifterConfig, Published, SingleFrameLifter, check_settings
from ampose.poses.skeletons import Skeleton

GROUPS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "lower body": {"waist": ("hip", "spine"), "hips": ("right_hip", "left_hip")},
    "upper body": {"neck": ("thorax", "neck_nose", "head"), "shoulders": ("left_shoulder", "right_shoulder")},
    "legs": {"right leg": ("right_knee", "right_ankle"), "left leg": ("left_knee", "left_ankle")},
    "arms": {"left arm": ("left_elbow", "left_wrist"), "right arm": ("right_elbow", "right_wrist")},
}
"""Four groups, of eight groups, of joints. neck_nose is left out where the skeleton has none."""


@dataclass(frozen=True, kw_only=True)
class StackedHourglassConfig(LifterConfig):
    """Everything that makes one Graph Stacked Hourglass different from another."""

    skeleton: str = "human36m_16"
    """Name of the skeleton whose joints go in and come out. The paper: 16 joints."""

    channels: tuple[int, int, int] = (64, 96, 128)
    """Of joints, of eight groups, of four groups."""

    stacks: int = 4
    """Hourglasses."""

    read_channels: int = 16
    """Read from each hourglass."""

    squeeze: int = 8
    """Ratio of the squeeze-and-excitation block."""

    sharing: Sharing = "pre-aggregation"
    """Of the graph convolutions' weights; see the system weight-sharing."""

    decoupled: bool = True
    """Whether a joint's own features have weights apart from its neighbours'."""

    dropout: float = 0.25
    """After each graph convolution. The paper states none; the re-implementation's."""

    def __post_init__(self) -> None:
        check_settings(channels=min(self.channels), stacks=self.stacks, dropout=self.dropout)
        check_settings(squeeze=self.squeeze, read_channels=self.read_channels)


@dataclass(frozen=True)
class Scale:
    """One of the three sizes of the body: its nodes, and which nodes of the finer size make each of them."""

    joined: Bool[np.ndarray, "node node"]
    members: list[list[int]]

    @property
    def group_of(self) -> list[int]:
        """The node that each node of the finer size belongs to."""
        return [
            group for _, group in sorted((node, group) for group, nodes in enumerate(self.members) for node in nodes)
        ]


def body_scales(skeleton: Skeleton) -> tuple[Scale, Scale]:
    """Return the eight and the four groups of a body.

    Raises:
        InputError: The skeleton has other joints than those of Human3.6M.
    """
    eight = [joints for groups in GROUPS.values() for joints in groups.values()]
    named = {joint for joints in eight for joint in joints}
    if set(skeleton.joints) | {"neck_nose"} != named:
        raise InputError(
            f"skeleton must have the joints of human36m_17 or human36m_16, got {skeleton.name}; choose another model"
        )
    members = [[skeleton.index(joint) for joint in joints if joint in skeleton.joints] for joints in eight]
    middle = Scale(_join(skeleton.adjacency, members), members)
    halves = iter(range(len(eight)))
    coarse = [[next(halves) for _ in groups] for groups in GROUPS.values()]
    return middle, Scale(_join(middle.joined, coarse), coarse)


def _join(joined: Bool[np.ndarray, "node node"], groups: Sequence[Sequence[int]]) -> Bool[np.ndarray, "group group"]:
    """Two groups are joined where any of their members are."""
    linked = np.array([[joined[np.ix_(a, b)].any() for b in groups] for a in groups])
    return linked & ~np.eye(len(groups), dtype=bool)


def hourglass_layer(
    inputs: int, outputs: int, weights: Float[np.ndarray, "node node"], config: StackedHourglassConfig
) -> nn.Sequential:
    """Return graph convolution, BatchNorm, ReLU, dropout."""
    convolution = JointWeightConvolution(inputs, outputs, weights, sharing=config.sharing, decoupled=config.decoupled)
    return nn.Sequential(convolution, JointBatchNorm(outputs), nn.ReLU(), nn.Dropout(config.dropout))


class Hourglass(nn.Module):
    """Joints -> eight groups -> four groups -> eight groups -> joints."""

    def __init__(self, config: StackedHourglassConfig, skeleton: Skeleton) -> None:
        super().__init__()
        fine, middle, wide = config.channels
        self.eight, self.four = body_scales(skeleton)
        on_joints, on_eight, on_four = map(affinity, (skeleton.adjacency, self.eight.joined, self.four.joined))
        self.down_joints = hourglass_layer(fine, middle, on_joints, config)
        self.down_eight = hourglass_layer(middle, wide, on_eight, config)
        self.bottom = hourglass_layer(wide, wide, on_four, config)
        self.up_eight = hourglass_layer(wide, middle, on_eight, config)
        self.up_joints = hourglass_layer(middle, fine, on_joints, config)

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint channel"]:
        """Go down, pool, and up again, adding what was there on the way down."""
        joints = self.down_joints(x)
        eight = self.down_eight(_pool(joints, self.eight))
        four = self.bottom(_pool(eight, self.four))
        eight = self.up_eight(eight + four[:, self.four.group_of])
        return self.up_joints(joints + eight[:, self.eight.group_of])


def _pool(x: Float[Tensor, "batch node channel"], scale: Scale) -> Float[Tensor, "batch group channel"]:
    """Take the largest of each group's members."""
    return torch.stack([x[:, nodes].amax(dim=1) for nodes in scale.members], dim=1)


class SqueezeExcitation(nn.Module):
    """Scale each channel by what the whole body says: x sigmoid(W2 relu(W1 mean(x))) (Hu et al., CVPR 2018)."""

    def __init__(self, channels: int, ratio: int) -> None:
        super().__init__()
        inner = max(channels // ratio, 1)
        self.layers = nn.Sequential(nn.Linear(channels, inner), nn.ReLU(), nn.Linear(inner, channels), nn.Sigmoid())

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint channel"]:
        """Weigh the channels."""
        return x * self.layers(x.mean(dim=1))[:, None]


@models.register(
    "stacked-hourglass",
    config=StackedHourglassConfig(),
    paper="Graph Stacked Hourglass Networks for 3D Human Pose Estimation",
    year=2021,
    venue="CVPR",
    link="https://arxiv.org/abs/2103.16385",
    licence="Apache-2.0",
    published={
        "stacked-hourglass": Published(
            parameters="3.70 (paper)",
            rows=("Xu et al. [8]",),
            note="3.686 M is what a re-implementation has too; no official code exists",
        ),
    },
)
class StackedHourglass(SingleFrameLifter):
    """Hourglasses in a row, each of them read."""

    def __init__(self, config: StackedHourglassConfig) -> None:
        super().__init__(config)
        weights = affinity(self.skeleton.adjacency)
        fine, read = config.channels[0], config.read_channels
        self.embedding = hourglass_layer(2, fine, weights, config)
        self.hourglasses = nn.ModuleList(Hourglass(config, self.skeleton) for _ in range(config.stacks))
        self.readings = nn.ModuleList(PointwiseConvolution(fine, read) for _ in range(config.stacks))
        self.head = nn.Sequential(
            SqueezeExcitation(config.stacks * read, config.squeeze), PointwiseConvolution(config.stacks * read, 3)
        )

    def lift_poses(self, keypoints: Float[Tensor, "pose joint 2"]) -> Float[Tensor, "pose joint 3"]:
        """Pass the hourglasses, read each, and put the readings together."""
        x = self.embedding(keypoints)
        read = []
        for hourglass, reading in zip(self.hourglasses, self.readings, strict=True):
            x = hourglass(x)
            read.append(reading(x))
        return self.head(torch.cat(read, dim=-1))

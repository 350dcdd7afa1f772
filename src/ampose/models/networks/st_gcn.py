"""ST-GCN for a single frame: the local-to-global network of Cai et al.

Yujun Cai et al., "Exploiting Spatial-temporal Relationships for 3D Pose Estimation via Graph Convolutional Networks",
ICCV 2019

Three graph blocks on the joints (2 -> 128 -> 128 -> 256); max-pooling to five body parts and two graph blocks of 512
there; max-pooling to the whole body. The body's feature is joined with each part's, each part's with each of its
joints', a non-local block mixes all joints, and a linear layer answers in 3D. The neighbours of a joint are of four
kinds with weights of their own: itself, its mirror partner, nearer to the centre of the body, farther from it.

Parameters at 17 joints: 3,627,847 (public code: 3.628 M), exact to the figures known.

What differs: it is the network for one frame; the temporal one is not here. The kinds of layer are known, some of their
norms were inferred: with BatchNorm and ReLU after the body's layer and after the layer that joins body and parts, the
count is that of the public code. Its further dropout (0.25 and 0.1 around the body, 0.05 after each block's second
BatchNorm) is not here. The pose refinement of the same paper is ``ampose.lifting.refinement``.

Published: 50.6 mm (Human3.6M, CPN, 17 joints, with refinement).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from ampose import models
from ampose.models.layers.batch_norm import JointBatchNorm, PoseBatchNorm
from ampose.models.layers.body_parts import body_parts
from ampose.models.layers.graph_convolution import GraphConvolution, normalise_groups
from ampose.models.layers.non_local import NonLocalBlock
from ampose.models.layers.pointwise import PointwiseConvolution
from ampose.models.lifter_network import LifterConfig, Published, SingleFrameLifter, check_settings
from ampose.poses.skeletons import Skeleton


@dataclass(frozen=True, kw_only=True)
class STGCNConfig(LifterConfig):
    """Everything that makes one ST-GCN different from another."""

    channels: tuple[int, int, int] = (128, 256, 512)
    """Of the first two blocks on joints, of the third, and of parts and body."""

    centre: str = "spine"
    """The joint by which "nearer" and "farther" are told. Cai et al. take the spine, AMPose the mid-hip."""

    dropout: float = 0.05
    """In each block."""

    head_dropout: float = 0.1
    """Before the output."""

    def __post_init__(self) -> None:
        check_settings(channels=min(self.channels), dropout=self.dropout)
        check_settings(dropout=self.head_dropout)


def neighbour_kinds(
    joined: Bool[np.ndarray, "node node"], steps: Int[np.ndarray, " node"], partner: Int[np.ndarray, " node"]
) -> Float[np.ndarray, "kind node node"]:
    """Return four matrices: itself, nearer to the centre, farther from it, mirror partner.

    Args:
        joined: True where a bone joins two nodes.
        steps: Of each node from the centre.
        partner: Of each node in the mirror; itself where it has none.
    """
    itself = np.eye(len(joined))
    mirrored = itself[partner] - itself * itself[partner]
    bones = joined.astype(float)
    return np.stack([itself, bones * (steps[None] < steps[:, None]), bones * (steps[None] > steps[:, None]), mirrored])


def _steps_from(joined: Bool[np.ndarray, "node node"], start: int) -> Int[np.ndarray, " node"]:
    """Count the bones between each node and the start: the numbers of steps that do not lead there."""
    linked = (joined | np.eye(len(joined), dtype=bool)).astype(float)
    return np.sum([np.linalg.matrix_power(linked, steps)[start] == 0 for steps in range(len(joined))], axis=0)


def joint_kinds(skeleton: Skeleton, centre: str) -> Float[np.ndarray, "kind joint joint"]:
    """Return the kinds of neighbours of joints, each row of all four together with sum 1 (D^-1 A)."""
    steps = _steps_from(skeleton.adjacency, skeleton.index(centre))
    return normalise_groups(neighbour_kinds(skeleton.adjacency, steps, skeleton.flip_order), "stgcn")


def part_kinds(skeleton: Skeleton, parts: Sequence[Sequence[int]]) -> Float[np.ndarray, "kind part part"]:
    """Return the same for body parts: the trunk, which comes first, is joined to each limb."""
    joined = np.zeros((len(parts), len(parts)), dtype=bool)
    joined[0, 1:] = joined[1:, 0] = True
    part_of = {joint: part for part, joints in enumerate(parts) for joint in joints}
    partner = np.array([part_of[int(skeleton.flip_order[joints[0]])] for joints in parts])
    return normalise_groups(neighbour_kinds(joined, _steps_from(joined, 0), partner), "stgcn")


class GraphBlock(nn.Module):
    """Graph convolution, BatchNorm, ReLU, dropout, 1x1 convolution, BatchNorm; residual; ReLU.

    Args:
        inputs: Channels in.
        outputs: Channels out; where they are others, the residual passes a 1x1 convolution and BatchNorm.
        kinds: Normalised matrices of the kinds of neighbours.
        dropout: Chance to leave a feature out in training.
        residual: Whether there is one; the first block has none.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kinds: Float[np.ndarray, "kind node node"],
        *,
        dropout: float,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.main = nn.Sequential(
            GraphConvolution(inputs, outputs, kinds),
            JointBatchNorm(outputs),
            nn.ReLU(),
            nn.Dropout(dropout),
            PointwiseConvolution(outputs, outputs),
            JointBatchNorm(outputs),
        )
        self.skip = (
            nn.Sequential(PointwiseConvolution(inputs, outputs), JointBatchNorm(outputs))
            if residual and inputs != outputs
            else nn.Identity()
        )

    def forward(self, x: Float[Tensor, "batch node channel"]) -> Float[Tensor, "batch node out"]:
        """Mix each node with its neighbours."""
        mixed: Tensor = self.main(x)
        return (mixed + self.skip(x) if self.residual else mixed).relu()


@models.register(
    "st-gcn",
    config=STGCNConfig(),
    paper="Exploiting Spatial-temporal Relationships for 3D Pose Estimation via Graph Convolutional Networks",
    year=2019,
    venue="ICCV",
    licence="Apache-2.0",
    published={
        "st-gcn": Published(
            parameters="3.628 (code)",
            rows=("Cai et al. (refinement) [3]",),
            note="the published figure is with refinement, a second stage of 0.14 M that is not counted",
        ),
    },
)
class STGCN(SingleFrameLifter):
    """Joints, parts, body, and back."""

    def __init__(self, config: STGCNConfig) -> None:
        super().__init__(config)
        skeleton = self.skeleton
        narrow, middle, wide = config.channels
        self.parts = body_parts(skeleton)
        on_joints, on_parts = joint_kinds(skeleton, config.centre), part_kinds(skeleton, self.parts)
        rate = config.dropout
        self.input_norm = PoseBatchNorm(2 * skeleton.num_joints)
        self.joint_blocks = nn.Sequential(
            GraphBlock(2, narrow, on_joints, dropout=rate, residual=False),
            GraphBlock(narrow, narrow, on_joints, dropout=rate),
            GraphBlock(narrow, middle, on_joints, dropout=rate),
        )
        self.part_blocks = nn.Sequential(
            GraphBlock(middle, wide, on_parts, dropout=rate), GraphBlock(wide, wide, on_parts, dropout=rate)
        )
        self.body = nn.Sequential(PointwiseConvolution(wide, wide), PoseBatchNorm(wide), nn.ReLU())
        self.join = nn.Sequential(PointwiseConvolution(2 * wide, middle), JointBatchNorm(middle), nn.ReLU())
        self.head = nn.Sequential(
            NonLocalBlock(2 * middle), nn.Dropout(config.head_dropout), PointwiseConvolution(2 * middle, 3)
        )
        part_of = {joint: part for part, joints in enumerate(self.parts) for joint in joints}
        self.part_of = [part_of[joint] for joint in range(skeleton.num_joints)]

    def lift_poses(self, keypoints: Float[Tensor, "pose joint 2"]) -> Float[Tensor, "pose joint 3"]:
        """Go up from joints to the body and down again."""
        x = self.input_norm(keypoints.flatten(1)).view_as(keypoints)
        joints: Tensor = self.joint_blocks(x)
        parts: Tensor = self.part_blocks(torch.stack([joints[:, part].amax(dim=1) for part in self.parts], dim=1))
        body: Tensor = self.body(parts.amax(dim=1))
        joined = self.join(torch.cat([parts, body[:, None].expand_as(parts)], dim=-1))
        return self.head(torch.cat([joints, joined[:, self.part_of]], dim=-1))

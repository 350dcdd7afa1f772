"""MixSTE: seq2seq mixed spatio-temporal encoder for 3D human pose estimation in video.

Jinlu Zhang, Zhigang Tu, Jianyu Yang, Yujin Chen and Junsong Yuan, CVPR 2022, https://arxiv.org/abs/2203.00859

Each joint of each frame is a token. Eight times a spatial encoder (the joints of a frame see each other) and a
temporal encoder (a joint sees itself in all frames of the window); all frames of the window are answered at once.
Written from the paper (section 3, Fig. 2); the two LayerNorms after the blocks are shared by all layers, as the
published parameter count has it.

Parameters at 17 joints: 33,659,907 with 1 frame (measured in the public code: 33.66 M), 33,673,219 with 27,
33,700,867 with 81, 33,783,811 with 243 (measured: 33.78 M; AMPose's Table 4 prints 33.6). MACs of one pose, all
matrix products: 573.0 M with 1 frame and 576.6 M with 27, as measured; the 645 M that Table 4 prints is its paper's
figure and not reproduced. Figures to reach (as benchmark lists give its figures; Human3.6M, MPJPE): with CPN keypoints
40.9 mm with 243 frames and 42.4 mm with 81; with ground-truth 2D 21.6 and 25.9 mm.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ampose import models
from ampose.models.layers.attention import TransformerEncoder
from ampose.models.lifter_network import LifterConfig, LifterNetwork, Published, check_settings
from ampose.models.losses import Loss
from ampose.poses.clips import Output
from ampose.poses.skeletons import get_skeleton
from ampose.poses.skeletons.joint_sides import stem_of


@dataclass(frozen=True, kw_only=True)
class MixSTEConfig(LifterConfig):
    """Everything that makes one MixSTE different from another."""

    receptive_field: int = 243
    """Frames that go in and come out."""

    channels: int = 512
    """Width of a token."""

    depth: int = 8
    """Number of (spatial, temporal) encoders."""

    heads: int = 8
    """Attention heads."""

    mlp_ratio: float = 2.0
    """Width of the MLPs over ``channels``."""

    dropout: float = 0.0
    """In attention and MLP."""

    drop_path: float = 0.1
    """Chance to leave a branch out in training; rises from 0 in the first layer to this in the last."""

    def __post_init__(self) -> None:
        check_settings(receptive_field=self.receptive_field, depth=self.depth, drop_path=self.drop_path)
        check_settings(channels=self.channels, heads=self.heads, dropout=self.dropout)

    def encoders(self) -> nn.ModuleList:
        """Make the encoders of one kind."""
        return nn.ModuleList(
            TransformerEncoder(
                self.channels,
                self.heads,
                self.mlp_ratio,
                qkv_bias=True,
                dropout=self.dropout,
                drop_path=self.drop_path * layer / max(1, self.depth - 1),
            )
            for layer in range(self.depth)
        )


_BENCHMARK_LIST = "as benchmark lists give its figures"

_COST_NOTE = "AMPose's Table 4 repeats MixSTE's published 645 M MACs; the public code has fewer"


JOINT_WEIGHTS = {"knee": 2.5, "ankle": 2.5, "head": 1.5, "head_top": 1.5, "shoulder": 1.5, "elbow": 4.0, "wrist": 4.0}
"""By the joint's name without its side; 1 for all others."""


def joint_weights(skeleton: str) -> list[float]:
    """Return the weight of each joint of a skeleton.

    Example:
        >>> joint_weights("human36m_17")[:5]
        [1.0, 1.0, 2.5, 2.5, 1.0]
    """
    names = [stem_of(joint) for joint in get_skeleton(skeleton).joints]
    return [JOINT_WEIGHTS.get(name, 1.0) for name in names]


def weighted_and_smooth_loss(network: "MixSTE", keypoints: Tensor, target: Tensor) -> Float[Tensor, ""]:
    """Weighted distance + 0.5 temporal consistency + 2 velocity error (section 3.4; the loss ``mixste``).

    Limbs weigh more than the body. Temporal consistency is the weighted square of how far each coordinate goes from
    one frame to the next; the velocity error the distance between predicted and true step. Windows of one frame
    have neither.
    """
    predicted = network(keypoints).float()  # (batch, frame, joint, 3)
    weights = predicted.new_tensor(joint_weights(network.config.skeleton))
    loss: Tensor = (weights * (predicted - target).norm(dim=-1)).mean()
    if target.shape[1] == 1:
        return loss
    steps = predicted.diff(dim=1)
    consistency = (weights[:, None] * steps.square()).mean()
    velocity = (steps - target.diff(dim=1)).norm(dim=-1).mean()
    return loss + 0.5 * consistency + 2.0 * velocity


@models.register(
    "mixste",
    config=MixSTEConfig(),
    sizes={f"mixste-{frames}": MixSTEConfig(receptive_field=frames) for frames in (1, 27, 81, 243)},
    paper="MixSTE: Seq2seq Mixed Spatio-Temporal Encoder for 3D Human Pose Estimation in Video",
    year=2022,
    venue="CVPR",
    link="https://arxiv.org/abs/2203.00859",
    licence="Apache-2.0",
    losses={"mixste": Loss(compute=weighted_and_smooth_loss)},
    published={
        "mixste-1": Published(parameters="33.66 (code)", rows=("Zhang et al. (1 frame) [6]",), note=_COST_NOTE),
        "mixste-27": Published(rows=("Zhang et al. (27 frames) [6]",), note=_COST_NOTE),
        "mixste-81": Published(mpjpe="42.4 (CPN), 25.9 (GT)", source=_BENCHMARK_LIST),
        "mixste-243": Published(parameters="33.78 (code)", mpjpe="40.9 (CPN), 21.6 (GT)", source=_BENCHMARK_LIST),
    },
)
class MixSTE(LifterNetwork):
    """The network of Fig. 2."""

    config: MixSTEConfig
    output: Output = "sequence"

    def __init__(self, config: MixSTEConfig) -> None:
        super().__init__(config)
        channels, joints = config.channels, self.skeleton.num_joints
        self.embedding = nn.Linear(2, channels)
        self.joint_position = nn.Parameter(torch.zeros(joints, channels))
        self.frame_position = nn.Parameter(torch.zeros(config.receptive_field, channels))
        self.spatial = config.encoders()
        self.temporal = config.encoders()
        self.spatial_norm = nn.LayerNorm(channels)
        self.temporal_norm = nn.LayerNorm(channels)
        self.head = nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, 3))

    def forward(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch frame joint 3"]:
        """Lift windows; several side by side may follow each other on the time axis."""
        z = self.embedding(keypoints.reshape(-1, self.receptive_field, *keypoints.shape[2:])) + self.joint_position
        batch = z.shape[0]
        for layer, (spatial, temporal) in enumerate(zip(self.spatial, self.temporal, strict=True)):
            z = self.spatial_norm(spatial(z.flatten(0, 1))).unflatten(0, (batch, -1))
            over_time = z.transpose(1, 2)
            if layer == 0:
                over_time = over_time + self.frame_position
            over_time = self.temporal_norm(temporal(over_time.flatten(0, 1)))
            z = over_time.unflatten(0, (batch, -1)).transpose(1, 2)
        lifted: Tensor = self.head(z)
        return lifted.reshape(*keypoints.shape[:-1], 3)

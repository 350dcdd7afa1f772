"""P-STMO: pre-trained spatial temporal many-to-one model for 3D human pose estimation.

Wenkang Shan, Zhenhua Liu, Xinfeng Zhang, Shanshe Wang, Siwei Ma and Wen Gao, ECCV 2022,
https://arxiv.org/abs/2203.07628; the small model, "P-STMO-S".

A fully connected block embeds each frame's joints; Transformer encoders let the frames see each other; strided
encoders fold the window into one answer. A second head answers for all frames
before the folding and is used in training only. Stage I of the training hides frames and joints and lets a light
decoder restore the 2D input (section 3.2); stage II keeps the encoders and learns to lift. Written from the paper.

What the paper leaves open: dropout 0.1 everywhere; the MLPs of the first encoders have GELU, as ViT's, those of the
strided ones ReLU; the decoder has half the channels and one layer less than the encoder. In stage I the joints to
hide are drawn from all joints, where the authors' code never draws the last one.

Parameters at 17 joints: 5,493,862. The public code has 5,527,142: 33,280 more that it never reads (two LayerNorms,
and positions of frames that the strides took away). What thop saw is 5,436,006, the 5.4 M of AMPose's Table 4; its
493 M FLOPs are two a multiply-add. Figures to reach: 44.1 mm (its Table 1; Human3.6M, MPJPE, CPN keypoints, 81 frames);
PCK 97.9, AUC 75.8, MPJPE 32.2 mm (MPI-INF-3DHP, ground-truth keypoints).
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ampose import models
from ampose.errors import InputError
from ampose.models.layers.attention import MultiHeadSelfAttention, TransformerEncoder
from ampose.models.layers.batch_norm import PoseBatchNorm
from ampose.models.lifter_network import LifterConfig, LifterNetwork, Published
from ampose.models.losses import Loss, distance
from ampose.poses.samples import middle_frame


@dataclass(frozen=True, kw_only=True)
class PSTMOConfig(LifterConfig):
    """Everything that makes one P-STMO different from another."""

    strides: tuple[int, ...] = (3, 3, 3, 3)
    """Of the strided encoders. The receptive field is their product."""

    channels: int = 256
    """Width of a frame's token. The first block is twice as wide."""

    hidden: int = 512
    """Width between the two layers of the MLPs."""

    depth: int = 3
    """Encoders before the strided ones."""

    heads: int = 8
    """Attention heads."""

    dropout: float = 0.1
    """Everywhere."""

    head_unit: Literal["m", "mm"] = "m"
    """What the heads count in; the answer is in metres either way. ``mm`` is the authors' on MPI-INF-3DHP: Adam's steps
    are of one size, so that heads that count in millimetres learn a thousand times more slowly."""

    stage: Literal["lifting", "pretraining"] = "lifting"
    """``pretraining`` adds the decoder of stage I, for the loss ``p-stmo-pretraining``."""

    masked_frames: float = 0.7
    """Share of the frames that stage I hides."""

    masked_joints: int = 2
    """Joints that stage I hides in each frame."""

    def __post_init__(self) -> None:
        if not self.strides or any(stride < 1 or stride % 2 == 0 for stride in self.strides):
            raise InputError(f"strides must be odd and at least one, got {self.strides}; a window has a middle frame")
        if self.heads < 1 or self.channels < 1 or self.channels % (2 * self.heads):
            raise InputError(f"channels must be a multiple of twice the heads, got {self.channels} and {self.heads}")
        if not (0 <= self.dropout < 1 and 0 < self.masked_frames < 1):
            raise InputError(
                f"dropout must be in [0, 1) and masked_frames in (0, 1), got {self.dropout} and {self.masked_frames}"
            )

    @property
    def receptive_field(self) -> int:
        """Frames of a window."""
        return math.prod(self.strides)

    def encoders(self, channels: int, depth: int) -> nn.Sequential:
        """Make encoders over time."""
        ratio = self.hidden / self.channels
        return nn.Sequential(
            *(
                TransformerEncoder(channels, self.heads, ratio, qkv_bias=True, dropout=self.dropout, drop_path=0.0)
                for _ in range(depth)
            )
        )


class FrameBlock(nn.Module):
    """Convolution of one frame, BatchNorm, LeakyReLU, dropout."""

    def __init__(self, inputs: int, channels: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(inputs, channels, 1), PoseBatchNorm(channels), nn.LeakyReLU(0.2), nn.Dropout(dropout)
        )

    def forward(self, x: Float[Tensor, "batch channel frame"]) -> Float[Tensor, "batch out_channel frame"]:
        """Transform each frame."""
        embedded: Tensor = self.layers(x)
        return embedded


class SpatialEncoder(nn.Module):
    """All joints of a frame to one token: wide block, residual block of two, narrow layer."""

    def __init__(self, config: PSTMOConfig, inputs: int) -> None:
        super().__init__()
        wide = 2 * config.channels
        self.first = FrameBlock(inputs, wide, config.dropout)
        self.residual = nn.Sequential(FrameBlock(wide, wide, config.dropout), FrameBlock(wide, wide, config.dropout))
        self.last = nn.Conv1d(wide, config.channels, 1)

    def forward(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch frame channel"]:
        """Embed each frame."""
        x = self.first(keypoints.flatten(2).mT)
        embedded: Tensor = self.last(x + self.residual(x))
        return embedded.mT


class StridedEncoder(nn.Module):
    """An encoder that shortens the sequence (the Strided Transformer, Li et al., 2022).

    Z' = Z + MSA(LN(Z));  out = every s-th of Z' + Conv_{3,s}(ReLU(Conv_1(LN(Z')))).

    The second convolution joins three frames around every s-th one, the first at the edge. The residual is a max
    pooling with a window of one frame, which takes every s-th frame as it is.

    Args:
        channels: Of a frame.
        hidden: Between the two convolutions.
        heads: Attention heads.
        stride: s; a sequence of n frames comes out with n / s.
        dropout: On attention, between the convolutions and on both branches.
    """

    def __init__(self, channels: int, hidden: int, heads: int, *, stride: int, dropout: float) -> None:
        super().__init__()
        self.stride = stride
        self.attention_norm = nn.LayerNorm(channels)
        self.attention = MultiHeadSelfAttention(channels, heads, dropout=dropout)
        self.convolution_norm = nn.LayerNorm(channels)
        self.convolutions = nn.Sequential(
            nn.Conv1d(channels, hidden, 1),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv1d(hidden, channels, 3, stride=stride, padding=1),
            nn.Dropout(dropout),
        )

    def forward(self, x: Float[Tensor, "batch frame channel"]) -> Float[Tensor, "batch out_frame channel"]:
        """Let all frames see each other, and keep every s-th."""
        x = x + self.attention(self.attention_norm(x))
        return x[:, :: self.stride] + self.convolutions(self.convolution_norm(x).mT).mT


class Head(nn.Module):
    """BatchNorm and a linear layer, from a frame's token to its joints."""

    def __init__(self, channels: int, joints: int, axes: int) -> None:
        super().__init__()
        self.shape = (joints, axes)
        self.layers = nn.Sequential(PoseBatchNorm(channels), nn.Conv1d(channels, joints * axes, 1))

    def forward(self, x: Float[Tensor, "batch frame channel"]) -> Float[Tensor, "batch frame joint axis"]:
        """Answer for each frame."""
        answer: Tensor = self.layers(x.mT)
        return answer.mT.reshape(*x.shape[:2], *self.shape)


class MaskedPoseDecoder(nn.Module):
    """Restores the 2D joints of all frames from the tokens of those that were not hidden (stage I)."""

    def __init__(self, config: PSTMOConfig, joints: int) -> None:
        super().__init__()
        channels = config.channels // 2
        self.joint_token = nn.Parameter(torch.randn(2))
        self.frame_token = nn.Parameter(torch.randn(channels))
        self.position = nn.Parameter(torch.randn(config.receptive_field, channels))
        self.norm = nn.LayerNorm(config.channels)
        self.narrow = nn.Linear(config.channels, channels, bias=False)
        self.encoders = config.encoders(channels, config.depth - 1)
        self.head = Head(channels, joints, 2)

    def forward(
        self, visible: Float[Tensor, "batch visible channel"], hidden: Bool[Tensor, " frame"]
    ) -> Float[Tensor, "batch frame joint 2"]:
        """Put a learnt token in the place of each hidden frame, and let all see each other."""
        shown = self.narrow(self.norm(visible))
        tokens = self.frame_token.to(shown.dtype).expand(len(visible), len(hidden), -1).clone()
        tokens[:, ~hidden] = shown
        restored: Tensor = self.head(self.encoders(tokens + self.position))
        return restored


def lifting_loss(network: "PSTMO", keypoints: Tensor, target: Tensor) -> Float[Tensor, ""]:
    """Mean distance of the head of all frames, and of the answer for the middle one (stage II; the loss ``p-stmo``)."""
    of_all, answer = network.with_all_frames(keypoints)  # (batch, frame, joint, 3) and (batch, 1, joint, 3)
    return distance(of_all.float(), target) + distance(answer.float(), middle_frame(target))


def pretraining_loss(network: "PSTMO", keypoints: Tensor, target: Tensor) -> Float[Tensor, ""]:
    """Mean distance of all 2D joints, restored from those that were not hidden; no 3D is used.

    Stage I; the loss ``p-stmo-pretraining``.
    """
    return distance(network.restore(keypoints).float(), keypoints)


@models.register(
    "p-stmo",
    config=PSTMOConfig(),
    sizes={"p-stmo-81": PSTMOConfig()},
    paper="P-STMO: Pre-Trained Spatial Temporal Many-to-One Model for 3D Human Pose Estimation",
    year=2022,
    venue="ECCV",
    link="https://arxiv.org/abs/2203.07628",
    losses={
        "p-stmo": Loss(compute=lifting_loss, targets="sequence"),
        "p-stmo-pretraining": Loss(compute=pretraining_loss, needs=("the decoder of stage I", "stage", "pretraining")),
    },
    loss="p-stmo",
    licence="Apache-2.0",
    published={
        "p-stmo-81": Published(
            parameters="5.436 (thop)",
            rows=("Shan et al. (81 frames) [7]",),
            mpjpe="44.1 (CPN)",
            source="its Table 1, P-STMO-S",
            note="thop leaves out LayerNorms and positions; the public code has 0.033 M more that it never reads",
        )
    },
)
class PSTMO(LifterNetwork):
    """The network of Fig. 2."""

    config: PSTMOConfig

    def __init__(self, config: PSTMOConfig) -> None:
        super().__init__(config)
        self.joints = self.skeleton.num_joints
        frames, channels = config.receptive_field, config.channels
        self.spatial = SpatialEncoder(config, 2 * self.joints)
        self.position = nn.Parameter(torch.randn(frames, channels))
        self.temporal = config.encoders(channels, config.depth)
        self.strided = nn.ModuleList(
            StridedEncoder(channels, config.hidden, config.heads, stride=stride, dropout=config.dropout)
            for stride in config.strides
        )
        left = [frames // math.prod(config.strides[:number]) for number in range(len(config.strides))]
        self.strided_positions = nn.ParameterList(torch.randn(count, channels) for count in left[:3])
        self.head = Head(channels, self.joints, 3)
        self.head_of_all = Head(channels, self.joints, 3)
        self.metres = 0.001 if config.head_unit == "mm" else 1.0
        self.decoder = MaskedPoseDecoder(config, self.joints) if config.stage == "pretraining" else None

    def forward(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch 1 joint 3"]:
        """Lift the middle frame of each window."""
        return self._fold(self._tokens(keypoints))

    def with_all_frames(
        self, keypoints: Float[Tensor, "batch frame joint 2"]
    ) -> tuple[Float[Tensor, "batch frame joint 3"], Float[Tensor, "batch 1 joint 3"]]:
        """Return the answer for all frames, and that for the middle one."""
        x = self._tokens(keypoints)
        return self.metres * self.head_of_all(x), self._fold(x)

    def _tokens(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch frame channel"]:
        tokens: Tensor = self.temporal(self.spatial(keypoints) + self.position)
        return tokens

    def _fold(self, x: Float[Tensor, "batch frame channel"]) -> Float[Tensor, "batch 1 joint 3"]:
        """Answer for the middle frame; the first three strided encoders have a position of their own."""
        for number, encoder in enumerate(self.strided):
            if number < len(self.strided_positions):
                x = x + self.strided_positions[number]
            x = encoder(x)
        answer: Tensor = self.metres * self.head(x)
        return answer

    def restore(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch frame joint 2"]:
        """Hide frames and joints, the same ones in all samples of the batch, and restore them (stage I)."""
        if self.decoder is None:
            raise InputError('model.stage must be "pretraining" to restore what is hidden, got "lifting"')
        hidden, hidden_joints = self.draw_masks(keypoints.device)
        masked = torch.where(hidden_joints[..., None], self.decoder.joint_token.to(keypoints.dtype), keypoints)
        tokens = (self.spatial(masked) + self.position)[:, ~hidden]
        restored: Tensor = self.decoder(self.temporal(tokens), hidden)
        return restored

    def draw_masks(self, device: torch.device) -> tuple[Bool[Tensor, " frame"], Bool[Tensor, "frame joint"]]:
        """Draw which frames to hide, and which joints of every frame."""
        frames = self.receptive_field
        hidden = torch.zeros(frames, dtype=torch.bool, device=device)
        hidden[torch.randperm(frames, device=device)[: int(frames * self.config.masked_frames)]] = True
        drawn = torch.rand(frames, self.joints, device=device).argsort(dim=1)
        return hidden, drawn < self.config.masked_joints

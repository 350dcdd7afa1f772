"""VideoPose3D: 3D human pose estimation in video with temporal convolutions.

Dario Pavllo, Christoph Feichtenhofer, David Grangier and Michael Auli, CVPR 2019, https://arxiv.org/abs/1811.11742

All joints of a frame are one vector; convolutions over time, each as far apart as the ones before it reach, fold
the window into its middle frame, with residual blocks of two convolutions. Written from the paper (section 3, Fig. 2).

One set of weights has two forms. Given exactly one receptive field, the network strides: it computes what the
answer needs and no more (how the authors train). Given a longer clip, it dilates: one pass answers for every
window of the clip. In evaluation both give the same numbers.

Parameters at 17 joints: 16,952,371 with 243 frames (published 16.95 M), 8,494,131 with 1 frame (all widths 1, as
the authors made their row without time), 12,753,971 with 81 and 8,555,571 with 27. Figures to reach (Human3.6M,
MPJPE, CPN keypoints): 46.8 mm with 243 frames, 51.8 mm with 1. Differs from the paper in nothing that is known;
the causal form and the training with unlabelled video are left out.
"""

import math
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from ampose import models
from ampose.errors import InputError
from ampose.models.layers.batch_norm import PoseBatchNorm
from ampose.models.lifter_network import LifterConfig, LifterNetwork, Published, check_settings


@dataclass(frozen=True, kw_only=True)
class VideoPose3DConfig(LifterConfig):
    """Everything that makes one VideoPose3D different from another."""

    widths: tuple[int, ...] = (3, 3, 3, 3, 3)
    """Frames that each convolution over time joins: the first one's, then one a residual block. The receptive
    field is their product."""

    channels: int = 1024
    """Width of all layers."""

    dropout: float = 0.25
    """After each activation."""

    def __post_init__(self) -> None:
        if not self.widths or any(width < 1 or width % 2 == 0 for width in self.widths):
            raise InputError(f"widths must be odd and at least one, got {self.widths}; a window has a middle frame")
        check_settings(channels=self.channels, dropout=self.dropout)

    @property
    def receptive_field(self) -> int:
        """Frames of a window."""
        return math.prod(self.widths)


class TemporalConvolution(nn.Conv1d):
    """A convolution over time in two forms: dilated over a clip, or strided over exactly one window."""

    def __init__(self, inputs: int, channels: int, width: int, dilation: int) -> None:
        super().__init__(inputs, channels, width, dilation=dilation, bias=False)

    def forward(
        self,
        input: Float[Tensor, "batch channel frame"],  # noqa: A002 (the base class's name)
        *,
        strided: bool = False,
    ) -> Float[Tensor, "batch out_channel out_frame"]:
        """Convolve; strided, the frames of a window lie side by side already."""
        if strided:
            return nn.functional.conv1d(input, self.weight, stride=self.kernel_size)
        return super().forward(input)


class TemporalBlock(nn.Module):
    """Convolution over time and convolution of each frame, with the middle frames as residual."""

    def __init__(self, channels: int, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.width, self.reach = width, (width - 1) * dilation // 2
        self.over_time = TemporalConvolution(channels, channels, width, dilation)
        self.over_time_norm = PoseBatchNorm(channels)
        self.each = TemporalConvolution(channels, channels, 1, 1)
        self.each_norm = PoseBatchNorm(channels)
        self.finish = nn.Sequential(nn.ReLU(), nn.Dropout(dropout))

    def forward(self, x: Float[Tensor, "batch channel frame"], *, strided: bool) -> Tensor:
        """Join ``width`` frames."""
        middle = x[..., self.width // 2 :: self.width] if strided else x[..., self.reach : x.shape[-1] - self.reach]
        joined = self.finish(self.over_time_norm(self.over_time(x, strided=strided)))
        return middle + self.finish(self.each_norm(self.each(joined)))


@models.register(
    "videopose3d",
    config=VideoPose3DConfig(),
    sizes={
        "videopose3d-1": VideoPose3DConfig(widths=(1, 1, 1, 1, 1)),
        "videopose3d-27": VideoPose3DConfig(widths=(3, 3, 3)),
        "videopose3d-81": VideoPose3DConfig(widths=(3, 3, 3, 3)),
        "videopose3d-243": VideoPose3DConfig(),
    },
    paper="3D Human Pose Estimation in Video with Temporal Convolutions and Semi-Supervised Training",
    year=2019,
    venue="CVPR",
    link="https://arxiv.org/abs/1811.11742",
    licence="Apache-2.0",
    published={
        "videopose3d-1": Published(parameters="8.49 (code)", rows=("Pavllo et al. [2]",)),
        "videopose3d-243": Published(parameters="16.95 (code)", mpjpe="46.8 (CPN)", source="its paper"),
    },
)
class VideoPose3D(LifterNetwork):
    """The network of Fig. 2."""

    config: VideoPose3DConfig
    dilates: bool = True

    def __init__(self, config: VideoPose3DConfig) -> None:
        super().__init__(config)
        self.joints = self.skeleton.num_joints
        first, *others = config.widths
        self.expand = TemporalConvolution(2 * self.joints, config.channels, first, 1)
        self.expand_norm = PoseBatchNorm(config.channels)
        self.finish = nn.Sequential(nn.ReLU(), nn.Dropout(config.dropout))
        self.blocks = nn.ModuleList(
            TemporalBlock(config.channels, width, math.prod(config.widths[: number + 1]), config.dropout)
            for number, width in enumerate(others)
        )
        self.shrink = nn.Conv1d(config.channels, 3 * self.joints, 1)

    def forward(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint 3"]:
        """Answer for the middle frame of every window of a clip: one for a clip of one window."""
        strided = keypoints.shape[1] == self.receptive_field
        x = self.expand(keypoints.flatten(2).mT, strided=strided)
        x = self.finish(self.expand_norm(x))
        for block in self.blocks:
            x = block(x, strided=strided)
        lifted: Tensor = self.shrink(x)
        return lifted.mT.reshape(keypoints.shape[0], -1, self.joints, 3)

"""SimpleBaseline: a simple yet effective baseline for 3D human pose estimation. The field's floor.

Julieta Martinez, Rayat Hossain, Javier Romero and James J. Little, ICCV 2017, https://arxiv.org/abs/1705.03098

All coordinates of a pose pass a linear layer to 1024, then two residual blocks of two (linear, BatchNorm, ReLU,
dropout) each, then a linear layer to all 3D coordinates. No joint knows its neighbours.

Parameters: 4,296,755 at 17 joints, 4,291,632 at 16 (the paper says 4 to 5 M; SemGCN's table prints 4.29 M).

What differs: the paper standardises input and target by the mean and deviation of the training set; here the input is
normalised as every system's is, and the target is metres. The largest weight norm of 1 ("max norm" of the paper)
acts on the hidden layers; the last layer answers in metres and not in deviations, and is free.

Published: 62.9 mm (Human3.6M, fine-tuned Stacked Hourglass 2D), 45.5 mm (ground-truth 2D).
"""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from ampose import models
from ampose.models.layers.batch_norm import PoseBatchNorm
from ampose.models.layers.constrained_linear import ConstrainedLinear
from ampose.models.layers.residual import Residual
from ampose.models.lifter_network import LifterConfig, Published, SingleFrameLifter, check_settings


@dataclass(frozen=True, kw_only=True)
class SimpleBaselineConfig(LifterConfig):
    """Everything that makes one SimpleBaseline different from another."""

    channels: int = 1024
    """Width of the hidden layers."""

    depth: int = 2
    """Residual blocks."""

    dropout: float = 0.5
    """After each hidden layer."""

    max_norm: float | None = 1.0
    """Largest norm of a hidden layer's weights; None for no limit."""

    def __post_init__(self) -> None:
        check_settings(channels=self.channels, depth=self.depth, dropout=self.dropout)


@models.register(
    "simple-baseline",
    config=SimpleBaselineConfig(),
    paper="A Simple Yet Effective Baseline for 3D Human Pose Estimation",
    year=2017,
    venue="ICCV",
    link="https://arxiv.org/abs/1705.03098",
    licence="Apache-2.0",
    published={
        "simple-baseline": Published(
            parameters="4.29 (SemGCN's table)",
            mpjpe="62.9 (Stacked Hourglass), 45.5 (GT)",
            source="its paper",
            note="4.29 M at 16 joints",
        ),
    },
)
class SimpleBaseline(SingleFrameLifter):
    """The network of the paper's Fig. 1."""

    def __init__(self, config: SimpleBaselineConfig) -> None:
        super().__init__(config)
        self.joints = self.skeleton.num_joints
        width = config.channels

        def hidden(inputs: int) -> list[nn.Module]:
            layer = ConstrainedLinear(inputs, width, max_norm=config.max_norm)
            return [layer, PoseBatchNorm(width), nn.ReLU(), nn.Dropout(config.dropout)]

        self.layers = nn.Sequential(
            *hidden(2 * self.joints),
            *(Residual(*hidden(width), *hidden(width)) for _ in range(config.depth)),
            ConstrainedLinear(width, 3 * self.joints),
        )

    def lift_poses(self, keypoints: Float[Tensor, "pose joint 2"]) -> Float[Tensor, "pose joint 3"]:
        """Lift each pose as one vector."""
        lifted: Tensor = self.layers(keypoints.flatten(1))
        return lifted.reshape(-1, self.joints, 3)

"""SRNet: improving generalization in 3D human pose estimation with a split-and-recombine approach, for one frame.

Ailing Zeng, Xiao Sun, Fuyang Huang, Minhao Liu, Qiang Xu and Stephen Lin, ECCV 2020,
https://arxiv.org/abs/2007.09389

The joints are split into five groups (trunk and limbs, each with the root). A network as VideoPose3D's for one frame
(1024 channels, two residual blocks) keeps the groups apart: each has a share of the channels that is in proportion to
its inputs. Before each layer the features of a group are multiplied by one number in 0..1, which a linear look at all
other groups decides: the groups recombine there and only there.

Parameters at 17 joints: 899,255 (public code: 0.899 M), exact to the figures known.

What differs: the five answers for the root are averaged. The gates' weights start at 0 as in the public code; every
gate is then a half of BatchNorm's 0, and learning moves it.

Published: 33.9 mm (Human3.6M, ground-truth 2D, 17 joints).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ampose import models
from ampose.models.layers.batch_norm import PoseBatchNorm
from ampose.models.layers.body_parts import body_parts
from ampose.models.layers.residual import Residual
from ampose.models.lifter_network import LifterConfig, Published, SingleFrameLifter, check_settings


@dataclass(frozen=True, kw_only=True)
class SRNetConfig(LifterConfig):
    """Everything that makes one SRNet different from another."""

    channels: int = 1024
    """Of all groups together."""

    depth: int = 2
    """Residual blocks."""

    dropout: float = 0.25
    """After each hidden layer. VideoPose3D's, on which it builds."""

    def __post_init__(self) -> None:
        check_settings(channels=self.channels, depth=self.depth, dropout=self.dropout)


def share(total: int, sizes: Sequence[int]) -> list[int]:
    """Split channels in proportion to sizes; what is left by rounding down goes to the largest group.

    Example:
        >>> share(1024, [8, 8, 10, 8, 8])
        [195, 195, 244, 195, 195]
    """
    shares = [total * size // sum(sizes) for size in sizes]
    shares[shares.index(max(shares))] += total - sum(shares)
    return shares


class GatedGroups(nn.Module):
    """One layer of all groups: gate each group by the others, then transform it alone.

    Args:
        inputs: Features in of each group.
        outputs: Features out of each group.
        bias: Whether the transformations have one.
    """

    def __init__(self, inputs: Sequence[int], outputs: Sequence[int], *, bias: bool) -> None:
        super().__init__()
        self.inputs = list(inputs)
        self.transforms = nn.ModuleList(nn.Linear(a, b, bias=bias) for a, b in zip(inputs, outputs, strict=True))
        # No bias: the BatchNorm after it has one.
        gates = [nn.Linear(sum(inputs) - a, 1, bias=False) for a in inputs]
        for gate in gates:
            nn.init.zeros_(gate.weight)
        self.gates = nn.ModuleList(gates)
        self.gate_norms = nn.ModuleList(PoseBatchNorm(1) for _ in inputs)

    def gate_values(self, groups: Sequence[Float[Tensor, "pose _"]]) -> Float[Tensor, "pose group"]:
        """Return sigmoid(BN(linear(features of all other groups))) of each group."""
        values = []
        for number, (gate, norm) in enumerate(zip(self.gates, self.gate_norms, strict=True)):
            others = torch.cat([*groups[:number], *groups[number + 1 :]], dim=-1)
            values.append(norm(gate(others)).sigmoid())
        return torch.cat(values, dim=-1)

    def forward(self, x: Float[Tensor, "pose in"]) -> Float[Tensor, "pose out"]:
        """Recombine and transform."""
        groups = torch.split(x, self.inputs, dim=-1)
        gates = torch.split(self.gate_values(groups), 1, dim=-1)
        parts = [layer(gate * group) for layer, gate, group in zip(self.transforms, gates, groups, strict=True)]
        return torch.cat(parts, dim=-1)


@models.register(
    "srnet",
    config=SRNetConfig(),
    paper="SRNet: Improving Generalization in 3D Human Pose Estimation with a Split-and-Recombine Approach",
    year=2020,
    venue="ECCV",
    link="https://arxiv.org/abs/2007.09389",
    licence="Apache-2.0",
    published={"srnet": Published(parameters="0.899 (code)", rows=("Zeng et al. [20]",))},
)
class SRNet(SingleFrameLifter):
    """Five narrow networks that see of each other one number a layer."""

    def __init__(self, config: SRNetConfig) -> None:
        super().__init__(config)
        # Trunk and limbs, the root in each, in the order of their joints.
        groups = sorted(sorted({self.skeleton.root_index, *part}) for part in body_parts(self.skeleton))
        self.order = [joint for group in groups for joint in group]
        inputs = [2 * len(group) for group in groups]
        widths = share(config.channels, inputs)

        def hidden(inputs: Sequence[int]) -> nn.Module:
            layer = GatedGroups(inputs, widths, bias=False)
            return nn.Sequential(layer, PoseBatchNorm(sum(widths)), nn.LeakyReLU(0.01), nn.Dropout(config.dropout))

        self.layers = nn.Sequential(
            hidden(inputs),
            *(Residual(hidden(widths), hidden(widths)) for _ in range(config.depth)),
            GatedGroups(widths, [3 * len(group) for group in groups], bias=True),
        )
        places = torch.zeros(self.skeleton.num_joints, len(self.order))
        places[self.order, torch.arange(len(self.order))] = 1
        self.register_buffer("gather", places / places.sum(dim=1, keepdim=True), persistent=False)

    gather: Tensor
    """(joint, place in the groups): averages what the groups say of a joint."""

    def lift_poses(self, keypoints: Float[Tensor, "pose joint 2"]) -> Float[Tensor, "pose joint 3"]:
        """Split the joints into groups, lift each, and put the joints together again."""
        lifted: Tensor = self.layers(keypoints[:, self.order].flatten(1))
        return self.gather @ lifted.reshape(-1, len(self.order), 3)

"""What a network costs: parameters and multiply-adds, layer by layer, with the counting convention stated.

Two conventions, because papers of this field mix them:

``macs``
    Every multiply-add of every matrix product of the forward pass, attention products and neighbour
    aggregation included (dense). Counted by PyTorch's own FLOP counter on a real pass. FLOPs are twice that.
``weight_macs``
    What the counting tool of the papers' day (thop 0.0.31) saw: multiply-adds with weights; a bias counts one in
    a convolution and none in a linear layer; attention, aggregation, LayerNorm and GELU count nothing. AMPose's
    published "FLOPs" are this number: multiply-adds, not FLOPs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ampose.models.contract import LifterNetwork
from ampose.models.layers.pointwise import PointwiseConvolution
from ampose.skeletons import get_skeleton


@dataclass(frozen=True)
class Cost:
    """Cost of one part of a network for one output pose."""

    name: str
    depth: int
    """How deep it is nested: 0 is the whole network."""
    kind: str
    """Class of the module."""
    parameters: int
    macs: int
    weight_macs: int

    @property
    def flops(self) -> int:
        """Two per multiply-add."""
        return 2 * self.macs


def _linear_macs(module: nn.Linear) -> int:
    return module.in_features * module.out_features


def _pointwise_macs(module: PointwiseConvolution) -> int:
    return (module.in_features + 1) * module.out_features


_WEIGHT_MACS: dict[type[nn.Module], Callable[..., int]] = {
    nn.Linear: _linear_macs,
    PointwiseConvolution: _pointwise_macs,
}
"""Multiply-adds of a layer for one joint."""


def measure_cost(network: LifterNetwork, *, depth: int = 3) -> list[Cost]:
    """Count a network's parameters and multiply-adds for one output pose.

    Args:
        network: Any lifter.
        depth: How many levels of modules to list below the network itself.

    Returns:
        The whole network first, then its parts in order, each including its own parts.
    """
    joints = get_skeleton(network.config.skeleton).num_joints
    training = network.training
    counter = FlopCounterMode(display=False)
    keypoints = torch.zeros(1, network.receptive_field, joints, 2)
    with counter, torch.no_grad():
        network.eval()(keypoints)
    network.train(training)
    root = type(network).__name__
    counts: Mapping[str, Mapping[object, int]] = counter.get_flop_counts()
    flops = {name: sum(kinds.values()) for name, kinds in counts.items()}
    return [
        Cost(
            name=name or root,
            depth=level,
            kind=type(module).__name__,
            parameters=sum(parameter.numel() for parameter in module.parameters()),
            macs=_count_flops(module, f"{root}.{name}".rstrip("."), flops) // 2,
            weight_macs=joints * sum(map(_count_weight_macs, module.modules())),
        )
        for name, module in network.named_modules()
        if (level := len(name.split(".")) if name else 0) <= depth
    ]


def _count_weight_macs(layer: nn.Module) -> int:
    """Multiply-adds of one layer for one joint; 0 for kinds that the papers' tool did not count."""
    count = _WEIGHT_MACS.get(type(layer))
    return count(layer) if count else 0


def _count_flops(module: nn.Module, name: str, flops: Mapping[str, int]) -> int:
    """Return the FLOPs of a module; a list of modules is never called itself, so its parts are added up."""
    if name in flops:
        return flops[name]
    return sum(_count_flops(child, f"{name}.{key}", flops) for key, child in module.named_children())

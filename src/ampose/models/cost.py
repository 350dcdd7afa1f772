"""What a network costs: parameters and multiply-adds, layer by layer, with the counting convention stated.

Two conventions, because papers of this field mix them:

``macs``
    Every multiply-add of every matrix product of the forward pass, attention products and neighbour
    aggregation included (dense). Counted by PyTorch's own FLOP counter on a real pass. FLOPs are twice that.
``weight_macs``
    What the counting tool of the papers' day (thop 0.0.31) saw: multiply-adds with weights; a bias counts one in
    a convolution and none in a linear layer, BatchNorm counts two; attention, aggregation, LayerNorm and GELU count
    nothing. AMPose's published "FLOPs" are this number: multiply-adds, not FLOPs.

Both are of one output pose. A network over time that answers for one frame is charged its whole window; one that
answers for all frames of the window is charged its share of it.
"""

import copy
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ampose.models.layers.pointwise import PointwiseConvolution
from ampose.models.lifter_network import LifterNetwork


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


def measure_cost(network: LifterNetwork, *, depth: int = 3) -> list[Cost]:
    """Count a network's parameters and multiply-adds for one output pose.

    Args:
        network: Any lifter.
        depth: How many levels of modules to list below the network itself.

    Returns:
        The whole network first, then its parts in order, each including its own parts.
    """
    joints = network.skeleton.num_joints
    # On the meta device nothing is computed: a window of 243 frames is counted as fast as one frame.
    network = copy.deepcopy(network).eval().to("meta")
    keypoints = torch.zeros(1, network.receptive_field, joints, 2, device="meta")
    counter = FlopCounterMode(display=False)
    weight_macs: Counter[nn.Module] = Counter()

    def count(layer: nn.Module, inputs: object, output: Any) -> None:
        """Add the multiply-adds of a call of a layer; other kinds of layer the papers' tool did not count."""
        if isinstance(layer, nn.Linear):
            weight_macs[layer] += output.numel() * (layer.in_features + isinstance(layer, PointwiseConvolution))
        elif isinstance(layer, nn.Conv1d):
            joined = layer.in_channels // layer.groups * layer.kernel_size[0]
            weight_macs[layer] += output.numel() * (joined + (layer.bias is not None))
        elif isinstance(layer, nn.BatchNorm1d):
            weight_macs[layer] += 2 * output.numel()

    for module in network.modules():  # of the copy, so that the hooks need not be removed
        module.register_forward_hook(count)
    with counter, torch.no_grad():
        poses = network(keypoints).shape[1]
    root = type(network).__name__
    counts: Mapping[str, Mapping[object, int]] = counter.get_flop_counts()
    flops = {name: sum(kinds.values()) for name, kinds in counts.items()}
    return [
        Cost(
            name=name or root,
            depth=level,
            kind=type(module).__name__,
            parameters=sum(parameter.numel() for parameter in module.parameters()),
            macs=_count_flops(module, f"{root}.{name}".rstrip("."), flops) // 2 // poses,
            weight_macs=sum(weight_macs[part] for part in module.modules()) // poses,
        )
        for name, module in network.named_modules()
        if (level := len(name.split(".")) if name else 0) <= depth
    ]


def _count_flops(module: nn.Module, name: str, flops: Mapping[str, int]) -> int:
    """Return the FLOPs of a module; a list of modules is never called itself, so its parts are added up."""
    if name in flops:
        return flops[name]
    return sum(_count_flops(child, f"{name}.{key}", flops) for key, child in module.named_children())

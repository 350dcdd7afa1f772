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

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


def _macs_a_position(layer: nn.Linear) -> int:
    """Multiply-adds with weights for one joint, or for one body where the layer sees all joints at once."""
    bias = isinstance(layer, PointwiseConvolution)
    return (layer.in_features + bias) * layer.out_features


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
    with _watch_weights(network) as weight_macs, counter, torch.no_grad():
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
            weight_macs=sum(weight_macs[part] for part in module.modules()),
        )
        for name, module in network.named_modules()
        if (level := len(name.split(".")) if name else 0) <= depth
    ]


@contextmanager
def _watch_weights(network: nn.Module) -> Iterator[Counter[nn.Module]]:
    """Count each linear layer's multiply-adds while the network runs; other kinds the papers' tool did not count."""
    counts: Counter[nn.Module] = Counter()

    def count(layer: nn.Module, _: object, output: torch.Tensor) -> None:
        assert isinstance(layer, nn.Linear)  # noqa: S101 (only those are watched)
        counts[layer] += _macs_a_position(layer) * output.numel() // layer.out_features

    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        yield counts
    finally:
        for hook in hooks:
            hook.remove()


def _count_flops(module: nn.Module, name: str, flops: Mapping[str, int]) -> int:
    """Return the FLOPs of a module; a list of modules is never called itself, so its parts are added up."""
    if name in flops:
        return flops[name]
    return sum(_count_flops(child, f"{name}.{key}", flops) for key, child in module.named_children())

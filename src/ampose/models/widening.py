"""Make a wider AMPose of a trained one, which starts where the narrow one ended (Net2WiderNet, ICLR 2016).

Every channel is copied some times, and what a channel gave to the next layer is split over its copies, each time
into other parts, so that copies learn different things from the first step on. To an even multiple of the channels the
wide network computes what the narrow one does. Otherwise some channels have one copy more than others, which LayerNorm
notices; a few hundred steps mend that.

Chen, Goodfellow and Shlens, Net2Net: Accelerating Learning via Knowledge Transfer, https://arxiv.org/abs/1511.05641
"""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ampose.errors import InputError
from ampose.models.layers.graph_convolution import neighbour_groups
from ampose.models.networks.ampose import AMPose, AMPoseConfig
from ampose.poses.skeletons import get_skeleton

Copies = Int[Tensor, " wide"]
"""Which channel of the narrow network each channel of the wide one is a copy of."""


def widen(narrow: AMPose, channels: int) -> AMPose:
    """Return a copy of a network with more channels. Random numbers are torch's own.

    Raises:
        InputError: There are not more channels, not as many heads in them, or the GCN block is not the paper's.
    """
    config = cast("AMPoseConfig", narrow.config)
    if channels <= config.channels:
        raise InputError(f"channels must be more than {config.channels} to widen a network, got {channels}")
    if config.block != "ours":
        raise InputError(f"block must be ours to widen a network, got {config.block}")
    wider = replace(config, channels=channels)
    wide = AMPose(wider)
    rules = _rules(config, wider)
    state = {}
    for name, value in narrow.state_dict().items():
        rule = next(rule for part, rule in rules.items() if part in name)
        state[name] = rule(value) if value.ndim else value
    wide.load_state_dict(state)
    return wide


Rule = Callable[[Tensor], Tensor]


def _rules(old: AMPoseConfig, new: AMPoseConfig) -> dict[str, Rule]:
    """Return what happens to each tensor, by a part of its name; the first that fits counts."""
    stream = _copies(old.channels, new.channels)
    hidden = _copies(int(old.channels * old.mlp_ratio), int(new.channels * new.mlp_ratio))
    old_width, new_width = old.channels // old.heads, new.channels // new.heads
    heads = _in_groups(_copies(old_width, new_width), old.heads)
    projections = _in_groups(heads, 3)
    groups = _in_groups(stream, len(neighbour_groups(get_skeleton(old.skeleton), old.partition)))
    # A product of query and key counts each channel as often as it is copied, and is divided by the width's root.
    scale = (new_width / old_width) ** 0.5 / torch.bincount(heads)[heads]
    scales = torch.cat([scale, torch.ones(2 * new.channels)])
    return {
        "qkv.weight": lambda value: _split(value[projections], stream) * scales[:, None],
        "qkv.bias": lambda value: value[projections] * scales,
        "attention.out.weight": lambda value: _split(value[stream], heads),
        "mlp.0.weight": lambda value: _split(value[hidden], stream),
        "mlp.0.bias": lambda value: value[hidden],
        "mlp.3.weight": lambda value: _split(value[stream], hidden),
        "transform.weight": lambda value: _split(value[groups], stream),
        "transform.bias": lambda value: value[groups],
        "head.weight": lambda value: _split(value, stream),
        "head.bias": lambda value: value,
        "position.": lambda value: value[:, stream],
        "": lambda value: value[stream],
    }


def _copies(old: int, new: int) -> Copies:
    """Return copies that are as even as can be: the first channels have one more where it does not come out."""
    return torch.arange(new) % old


def _in_groups(copies: Copies, groups: int) -> Int[Tensor, " group_wide"]:
    """Return the copies where the same channels lie behind each other so many times."""
    size = int(copies.max()) + 1
    return (copies + size * torch.arange(groups)[:, None]).flatten()


def _split(weight: Float[Tensor, "out narrow"], copies: Copies) -> Float[Tensor, "out wide"]:
    """Give each input's weight to its copies, in random parts that add up to it."""
    parts = 0.5 + torch.rand(len(weight), len(copies))
    wholes = torch.zeros_like(weight).index_add_(1, copies, parts)
    return weight[:, copies] * parts / wholes[:, copies]

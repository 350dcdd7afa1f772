"""What moves the weights, how fast, and what moves with them.

The learning rate is a function of the step, so that nothing about it needs to be saved.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ampose.errors import InputError
from ampose.training.config import OptimiserConfig

NARROW = 64
"""A matrix with a shorter side than this is of no hidden layer: it takes the coordinates of a joint or of a whole pose
(17 joints: 34 or 51 numbers) in, or gives them out."""


class MuonAndAdamW(torch.optim.Optimizer):
    """Muon for the matrices of hidden layers, AdamW for all else, as one optimiser.

    A step of Muon is momentum made orthogonal, so that no direction of a matrix learns slower than another (Jordan et
    al. 2024, https://kellerjordan.github.io/posts/muon). Its steps are as long as AdamW's of the same learning rate
    (Liu et al. 2025, https://arxiv.org/abs/2502.16982).
    """

    def __init__(self, network: nn.Module, learning_rate: float, weight_decay: float) -> None:
        hidden = [
            layer.weight
            for layer in network.modules()
            if isinstance(layer, nn.Linear) and min(layer.weight.shape) >= NARROW
        ]
        of_hidden = {id(weight) for weight in hidden}
        rest = [parameter for parameter in network.parameters() if id(parameter) not in of_hidden]
        self.parts: list[torch.optim.Optimizer] = []
        if hidden:
            muon = torch.optim.Muon(hidden, lr=learning_rate, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
            self.parts.append(muon)
        if rest:
            self.parts.append(torch.optim.AdamW(rest, lr=learning_rate, weight_decay=weight_decay, fused=True))
        super().__init__([group for part in self.parts for group in part.param_groups], {})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move all weights."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for part, group in zip(self.parts, self.param_groups, strict=True):
            part.param_groups, part.state = [group], self.state  # a checkpoint that is read makes new ones
            part.step()
        return loss


def make_optimiser(network: nn.Module, config: OptimiserConfig) -> torch.optim.Optimizer:
    """Return the optimiser of a config for all parameters of a network.

    Raises:
        InputError: This torch is too old for it.
    """
    if config.name == "muon":
        if not hasattr(torch.optim, "Muon"):
            raise InputError(f"optimiser.name muon must have torch 2.9 or newer, got {torch.__version__}")
        return MuonAndAdamW(network, config.learning_rate, config.weight_decay)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config.name]
    return kind(
        network.parameters(),
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        amsgrad=config.amsgrad,
        fused=True,
    )


def make_average(network: nn.Module, config: OptimiserConfig) -> AveragedModel | None:
    """Return the moving average of a network's weights and buffers, if the config wants one. It starts with them."""
    if config.average is None:
        return None
    mean = get_ema_multi_avg_fn(config.average)  # type: ignore[no-untyped-call]  # torch has none here
    return AveragedModel(network, multi_avg_fn=mean, use_buffers=True)


def learning_rate(config: OptimiserConfig, step: int, steps_per_epoch: int, epochs: int) -> float:
    """Return the learning rate of a step.

    Example:
        >>> paper = OptimiserConfig()
        >>> learning_rate(paper, 0, 100, 50), round(learning_rate(paper, 100, 100, 50) / 2.5e-5, 6)
        (2.5e-05, 0.99)
    """
    warmup = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    halved = step // (config.halve_epochs * steps_per_epoch) if config.halve_epochs else 0
    if config.schedule == "exponential":
        decayed = step // (config.decay_steps or config.decay_epochs * steps_per_epoch)
        factor = config.decay ** (decayed - halved) * 0.5**halved
    elif config.schedule == "cosine":
        factor = (1 + math.cos(math.pi * step / (steps_per_epoch * epochs))) / 2
    else:
        factor = 1.0
    return config.learning_rate * warmup * factor


def set_batch_norm_momentum(network: nn.Module, config: OptimiserConfig, epoch: int, epochs: int) -> None:
    """Give all BatchNorm layers the momentum of an epoch, where the config says one: it falls exponentially."""
    if config.batch_norm_momentum is None:
        return
    first, last = config.batch_norm_momentum
    momentum = round(float(first * (last / first) ** (epoch / max(1, epochs - 1))), 12)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.momentum = momentum

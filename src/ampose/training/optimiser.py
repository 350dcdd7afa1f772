"""What moves the weights, how fast, and what moves with them.

The learning rate is a function of the step, so that nothing about it needs to be saved.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ampose.training.config import OptimiserConfig

NARROW = 64
"""A matrix with a shorter side than this is of no hidden layer: it takes the coordinates of a joint or of a whole pose
(17 joints: 34 or 51 numbers) in, or gives them out."""

NEWTON_SCHULZ = 3.4445, -4.7750, 2.0315
"""a, b, c of X <- a X + (b X X^T + c (X X^T)^2) X, which drives all singular values of X to about 1 (Jordan et al.)."""


class Muon(torch.optim.Optimizer):
    """Momentum made orthogonal, so that no direction of a matrix learns slower than another.

    Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; its steps are as long as AdamW's of the same
    learning rate (Liu et al. 2025, https://arxiv.org/abs/2502.16982). PyTorch's Muon takes the same steps, one matrix
    after another and in bfloat16. On a processor without bfloat16 that took two thirds of a training step.
    """

    def __init__(self, matrices: list[Tensor], learning_rate: float, weight_decay: float) -> None:
        super().__init__(matrices, {"lr": learning_rate, "weight_decay": weight_decay, "momentum": 0.95})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move all matrices."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(weight.grad)
                momentum = state["momentum_buffer"]
                momentum.lerp_(weight.grad, 1 - group["momentum"])
                update = weight.grad.lerp(momentum, group["momentum"])  # Nesterov's
                by_shape.setdefault(weight.shape, []).append((weight, update))
            for shape, pairs in by_shape.items():
                weights, updates = zip(*pairs, strict=True)
                directions = orthogonalised(torch.stack(updates))
                torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
                # Where a matrix has S of ones, its entries have the size 1 / sqrt(longer side); AdamW's have 0.2.
                torch._foreach_add_(weights, directions.unbind(), alpha=-0.2 * group["lr"] * max(shape) ** 0.5)
        return loss


def orthogonalised(matrices: Float[Tensor, "matrix row column"]) -> Float[Tensor, "matrix row column"]:
    """Return about U V^T of each matrix U S V^T; five steps leave singular values of 0.7 to 1.2."""
    a, b, c = NEWTON_SCHULZ
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices  # the shorter side first, so that X X^T is small
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


class MuonAndAdamW(torch.optim.Optimizer):
    """Muon for the matrices of hidden layers, AdamW for all else, as one optimiser."""

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
            self.parts.append(Muon(hidden, learning_rate, weight_decay))
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
    """Return the optimiser of a config for all parameters of a network."""
    if config.name == "muon":
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

"""What moves the weights, and what moves with them."""

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ampose.training.config import OptimiserConfig
from ampose.training.schedule import batch_norm_momentum


def make_optimiser(network: nn.Module, config: OptimiserConfig) -> torch.optim.Optimizer:
    """Return the optimiser of a config for all parameters of a network."""
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


def set_batch_norm_momentum(network: nn.Module, config: OptimiserConfig, epoch: int, epochs: int) -> None:
    """Give all BatchNorm layers the momentum of an epoch, where the config says one."""
    momentum = batch_norm_momentum(config, epoch, epochs)
    for layer in network.modules():
        if momentum is not None and isinstance(layer, nn.BatchNorm1d):
            layer.momentum = momentum

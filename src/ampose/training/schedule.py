"""The learning rate as a function of the step, so that nothing about it needs to be saved."""

import math

from ampose.training.config import OptimiserConfig


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


def batch_norm_momentum(config: OptimiserConfig, epoch: int, epochs: int) -> float | None:
    """Return the momentum of BatchNorm layers in an epoch, or None to leave it alone.

    Example:
        >>> batch_norm_momentum(OptimiserConfig(batch_norm_momentum=(0.1, 0.001)), 1, 3)
        0.01
    """
    if config.batch_norm_momentum is None:
        return None
    first, last = config.batch_norm_momentum
    return round(float(first * (last / first) ** (epoch / max(1, epochs - 1))), 12)

"""Which engine to use: by the device, the number of poses, and what is installed."""

from dataclasses import dataclass

import torch

from ampose.lifting.engines.engine import Precision, engines, is_installed
from ampose.models import LifterNetwork

WORTH_BUILDING = 6e10
"""Parameters x poses above which OpenVINO makes up for the seconds that it takes to build: about 100,000 poses of
AMPose small, which it lifts a quarter faster than PyTorch (docs/performance.md)."""


@dataclass(frozen=True)
class Choice:
    """The name of an engine, and why it was chosen."""

    engine: str
    reason: str


def choose_engine(network: LifterNetwork, poses: int, precision: Precision = "fp32") -> Choice:
    """Choose an engine for a network and a number of poses.

    Example:
        >>> from ampose.models import create_model
        >>> choose_engine(create_model("ampose-small"), poses=1).engine
        'torch'
    """
    if torch.cuda.is_available():
        return Choice("torch", f"for {poses} poses on {torch.cuda.get_device_name()}")
    work = poses * sum(parameter.numel() for parameter in network.parameters())
    fits = (
        network.receptive_field == 1  # over time it would get a window for each frame, where PyTorch gets whole clips
        and precision in engines.get("openvino").facts.precisions
        and is_installed("openvino")
    )
    if work >= WORTH_BUILDING and fits:
        return Choice("openvino", f"for {poses} poses on a CPU")
    return Choice("torch", f"for {poses} poses on a CPU")

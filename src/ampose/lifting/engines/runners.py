"""A lifter's network on its engines: which one is chosen by the device, the number of poses, and what is installed."""

import logging
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.lifting import AUTO, Precision
from ampose.lifting.engines.agreement import measure_agreement
from ampose.lifting.engines.engine import create_engine, engines, is_installed
from ampose.lifting.engines.engine_network import EngineNetwork, with_error_channel
from ampose.models import LifterNetwork

COMPARED = 64
"""Poses on which less than float32 is compared with float64."""

WORTH_BUILDING = 6e10
"""Parameters x poses above which OpenVINO makes up for the seconds that it takes to build: about 46,000 poses of AMPose
small with their mirror images, which it lifts a quarter faster than PyTorch (docs/performance.md)."""

_log = logging.getLogger(__name__)


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


class Runners:
    """Builds engines when they are first needed, and keeps them.

    Args:
        network: With its weights, in evaluation mode.
        engine: One of ``engines.names()``, or ``"auto"``.
        precision: Of the matrix products.

    Raises:
        InputError: There is no such engine, or it has no such precision.
        MissingExtraError: Its package is not installed.
    """

    def __init__(self, network: LifterNetwork, engine: str = AUTO, precision: Precision = "fp32") -> None:
        self.network = network
        self.precision: Precision = precision
        self.asked = engine
        self._built: dict[str, EngineNetwork] = {}
        self._logged: set[Choice] = set()
        if engine != AUTO or precision != "fp32":
            self._build("torch" if engine == AUTO else engine)  # what cannot run is refused now, not after long work

    def choose(self, poses: int) -> Choice:
        """Choose the engine for so many poses."""
        if self.asked != AUTO:
            return Choice(self.asked, "as asked")
        return choose_engine(self.network, poses, self.precision)

    def get(self, poses: int) -> EngineNetwork:
        """Return the network on the engine for so many poses."""
        choice = self.choose(poses)
        if choice not in self._logged:
            self._logged.add(choice)
            _log.info("engine %s in %s, %s", choice.engine, self.precision, choice.reason)
        return self._build(choice.engine)

    def describe(self, poses: int, keypoints: Float[Tensor, "sample 1 joint 2"] | None = None) -> str:
        """Name engine and precision and, below float32, how far it is from float64 on these normalised keypoints."""
        text = f"{self.choose(poses).engine}, {self.precision}"
        if self.precision == "fp32" or keypoints is None or not len(keypoints):
            return text
        frames = keypoints[:COMPARED].expand(-1, self.network.receptive_field, -1, -1)
        return f"{text}: {measure_agreement(self.get(poses), self.network, frames)}"

    def _build(self, engine: str) -> EngineNetwork:
        if engine not in self._built:
            made = create_engine(engine, with_error_channel(self.network), self.precision)
            self._built[engine] = EngineNetwork(made, self.network)
        return self._built[engine]

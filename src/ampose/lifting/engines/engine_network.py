"""A network that an engine runs, in chunks of the size that is fastest for it."""

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.lifting.engines.engine import Engine
from ampose.models import LifterNetwork


class EngineNetwork(LifterNetwork):
    """Takes the place of a network in prediction; it has no parameters.

    Args:
        engine: Built from ``with_error_channel(network)``.
        network: The network.
    """

    def __init__(self, engine: Engine, network: LifterNetwork) -> None:
        super().__init__(network.config)
        self.engine = engine
        self.output = network.output
        self.dilates = network.dilates and engine.any_length
        self.chunk = max(engine.chunk, type(self).chunk)  # what goes through normalisation at a time

    def forward(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint 3"]:
        """Lift chunk by chunk."""
        return self._run(keypoints)[..., :3]

    def with_expected_error(
        self, keypoints: Float[Tensor, "batch frame joint 2"]
    ) -> tuple[Float[Tensor, "batch out_frame joint 3"], Float[Tensor, "batch out_frame joint"]]:
        """Lift chunk by chunk, and predict how far off each joint is."""
        if not self.config.predicts_error:
            return super().with_expected_error(keypoints)
        answers = self._run(keypoints)
        return answers[..., :3], answers[..., 3]

    def _run(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint each"]:
        parts = [self.engine(part) for part in torch.split(keypoints, self.engine.chunk)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def with_error_channel(network: LifterNetwork) -> LifterNetwork:
    """Return what an engine is built from: the network, with the expected error as a fourth channel if it has one."""
    return _ErrorChannel(network) if network.config.predicts_error else network


class _ErrorChannel(LifterNetwork):
    """Returns x, y, z and the expected error, all in metres, in one pass."""

    def __init__(self, network: LifterNetwork) -> None:
        super().__init__(network.config)
        self.network = network

    def forward(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint 4"]:
        lifted, error = self.network.with_expected_error(keypoints)
        return torch.cat([lifted, error[..., None]], dim=-1)

"""A network that is run by an engine, in chunks of the size that it likes."""

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.engines.contract import Engine
from ampose.models import LifterConfig, LifterNetwork


class EngineNetwork(LifterNetwork):
    """Stands wherever a network stands that is only used; it has no parameters.

    Args:
        engine: What runs.
        config: The config of the network that the engine was made of.
    """

    def __init__(self, engine: Engine, config: LifterConfig) -> None:
        super().__init__(config)
        self.engine = engine
        self.chunk = max(engine.chunk, type(self).chunk)  # what goes through normalisation at a time

    def forward(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint 3"]:
        """Lift chunk by chunk."""
        parts = [self.engine(part) for part in torch.split(keypoints, self.engine.chunk)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

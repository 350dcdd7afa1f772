"""What every lifting network promises, and what every lifter's config holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class LifterConfig:
    """What all lifters have in common."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}

    skeleton: str = "human36m_17"
    """Name of the skeleton whose joints go in and come out."""

    normalisation: str = "image-width"
    """How pixels become the network's input: see ``ampose.normalisation``. The paper says only that the
    input is normalised, following Modulated GCN and GraFormer, which divide by the picture's width."""


class LifterNetwork(nn.Module):
    """A network that lifts 2D joints to 3D.

    Input: normalised coordinates. Output: metres, root-relative, camera axes (x right, y down, z away).
    """

    receptive_field: ClassVar[int] = 1
    """How many frames go in for one that comes out."""

    chunk: int = 256
    """Samples that are lifted at a time: larger batches fall out of a CPU's cache and are slower."""

    config: LifterConfig

    def __init__(self, config: LifterConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint 3"]:
        """Lift every frame of every window of the batch."""
        raise TypeError(f"{type(self).__name__} must define forward")


@dataclass(frozen=True)
class ModelEntry:
    """A registered model: the network's class, and the config that goes with the name."""

    name: str
    network: type[LifterNetwork]
    config: LifterConfig
    facts: Mapping[str, Any]

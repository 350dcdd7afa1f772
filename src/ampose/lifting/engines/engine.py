"""What every engine promises, and the engines by name."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.lifting import Precision
from ampose.models import LifterNetwork
from ampose.packages import find_missing, require
from ampose.registry import Registry


@runtime_checkable
class Engine(Protocol):
    """Runs a network, prepared once, on batches of any size.

    It is created with the network, in evaluation mode, and a precision that its registration names.
    """

    chunk: int
    """Samples of one call that run fastest: larger batches fall out of the cache."""

    any_length: bool
    """Whether clips that are longer than the network's window may go in, if the network takes them."""

    def __init__(self, network: LifterNetwork, precision: Precision) -> None:
        """Prepare the network; it is not changed and not kept."""

    def __call__(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint each"]:
        """Return the network's output on the device of the keypoints."""


@dataclass(frozen=True, kw_only=True)
class EngineFacts:
    """What an engine states when it is registered."""

    precisions: tuple[Precision, ...]
    """In which it can take the matrix products; the first is ``fp32``."""
    packages: tuple[str, ...] = ()
    """What it imports that the core does not bring."""
    extra: str = ""
    """The extra of ampose that brings them."""


engines = Registry[type[Engine], EngineFacts](
    "engine", EngineFacts, package="ampose.lifting.engines", group="ampose.engines"
)


def create_engine(name: str, network: LifterNetwork, precision: Precision = "fp32") -> Engine:
    """Prepare a network for an engine.

    Args:
        name: One of ``engines.names()``.
        network: With its weights.
        precision: Of the matrix products.

    Raises:
        InputError: There is no such engine, or it has no such precision.
        MissingExtraError: Its package is not installed.

    Example:
        >>> import torch
        >>> from ampose.models import create_model
        >>> network = create_model("ampose-small", depth=1).eval()
        >>> engine = create_engine("torch", network)
        >>> x = torch.randn(5, 1, 17, 2)
        >>> torch.allclose(engine(x), network(x), atol=1e-5)
        True
    """
    entry = engines.get(name)
    if precision not in entry.facts.precisions:
        known = ", ".join(entry.facts.precisions)
        raise InputError(f"engine {name} runs in {known}, not in {precision}; choose one of these precisions")
    require(*entry.facts.packages, extra=entry.facts.extra, purpose=f"the engine {name}")
    return entry.target(network, precision)


def is_installed(engine: str) -> bool:
    """Say whether everything that an engine imports is installed."""
    return find_missing(*engines.get(engine).facts.packages) is None

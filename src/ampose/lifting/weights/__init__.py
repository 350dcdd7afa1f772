"""Weights on disk: a folder with ``config.json`` and ``model.safetensors``, and the ones that come with the package.

Nothing here is ever unpickled: the numbers are safetensors, the rest is JSON. What needs PyTorch is imported when it is
asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

from ampose.lifting.weights.locations import bundled_weights, find_weights

if TYPE_CHECKING:
    from ampose.lifting.weights.store import Weights, load_weights, save_weights

__all__ = ["Weights", "bundled_weights", "find_weights", "load_weights", "save_weights"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("ampose.lifting.weights.store"), name)

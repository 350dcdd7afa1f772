"""Weights on disk: a folder with ``config.json`` and ``model.safetensors``, and the ones that come with the package.

Nothing here is ever unpickled: the numbers are safetensors, the rest is JSON.
"""

from ampose.lifting.weights.store import Weights, bundled_weights, find_weights, load_weights, save_weights

__all__ = ["Weights", "bundled_weights", "find_weights", "load_weights", "save_weights"]

"""A network that is made empty and filled with the tensors of a weights folder: what of that needs PyTorch."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn
from torch.overrides import TorchFunctionMode

from ampose.errors import InputError, reading
from ampose.lifting.weights.weights_folder import CONFIG_FILE, TENSOR_FILE

_MAKERS = frozenset({torch.empty, torch.zeros, torch.ones, torch.eye, torch.arange, torch.rand, torch.randn})
_OVER, _ROOM = 2, 2**24
"""A network has at most this many numbers for each byte of its weights (16 bits each, and what it computes itself), and
these besides."""


class Unfilled(TorchFunctionMode):
    """Inside this context, a network's tensors are made and left as they are, as its weights are about to be read.

    To draw random weights takes longer than to read a file of trained ones. A config that asks for much more than is in
    the file is refused before room is made for it.

    Args:
        size: Of the file of the weights, in bytes.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self._numbers_left = _OVER * size + _ROOM
        self._calls_left = _OVER * size + _ROOM // 1000

    def __torch_function__(
        self, func: Callable[..., Any], _types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """Skip what fills a tensor in place; do all else."""
        named: Mapping[str, Any] = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return args[0] if args else named["tensor"]
        self._calls_left -= 1
        if func in _MAKERS:
            sizes = args[0] if args and isinstance(args[0], tuple | list) else args
            self._numbers_left -= math.prod(size for size in sizes if isinstance(size, int))
        if min(self._numbers_left, self._calls_left) < 0:
            raise InputError(f"{CONFIG_FILE} must fit {TENSOR_FILE}, got one of a network that is much larger")
        return func(*args, **named)


def fill(network: nn.Module, folder: Path) -> None:
    """Give a network the folder's tensors.

    The file is mapped, and copied from there: a program that runs on outlives a file that is overwritten.

    Raises:
        InputError: They are not the network's.
    """
    path = folder / TENSOR_FILE
    with reading(path, f"of the network that {CONFIG_FILE} describes"):
        network.load_state_dict(load_file(path))

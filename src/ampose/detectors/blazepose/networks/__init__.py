"""BlazePose's networks as ONNX files, made by ``tools/blazepose`` and run by ONNX Runtime. See NOTICE."""

from collections.abc import Callable
from importlib.resources import files
from typing import Literal

import numpy as np
from jaxtyping import Float32

from ampose.packages import onnx_session

Network = Callable[[Float32[np.ndarray, "person channel row column"]], list[np.ndarray]]
"""From images to the network's outputs, in the order of the file."""


def load_network(name: Literal["person", "landmarks", "landmarks_heavy"]) -> Network:
    """Load one of the networks."""
    file = files(__name__) / f"{name}.onnx"
    session = onnx_session(file.read_bytes())
    return lambda images: session.run(None, {"image": images})

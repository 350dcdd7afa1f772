"""BlazePose's two networks as ONNX files, made by ``tools/blazepose`` and run by ONNX Runtime. See NOTICE."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32

from ampose.detectors.blazepose.landmark_network import NUM_POINTS, SIDE
from ampose.errors import InputError, no_such_path, reading
from ampose.packages import onnx_session

Network = Callable[[Float32[np.ndarray, "person channel row column"]], list[np.ndarray]]
"""From images to the network's outputs, in the order of the file."""

_LAYOUT = [
    ("image", [3, SIDE, SIDE]),
    ("landmarks", [5 * NUM_POINTS]),
    ("presence", [1]),
    ("heat_maps", [NUM_POINTS, SIDE // 4, SIDE // 4]),
]
"""Names and shapes, without the first axis, of a landmark network's input and first outputs."""


def load_network(name: Literal["person", "landmarks"]) -> Network:
    """Load one of the networks."""
    file = files(__name__) / f"{name}.onnx"
    return _runner(onnx_session(file.read_bytes()))


def read_landmark_network(file: Path) -> Network:
    """Load another landmark network from a file, such as ``heavy``, which ``tools/blazepose`` holds.

    Raises:
        InputError: The file is not there, or is not what ``tools.blazepose.convert`` makes of a landmark network.
    """
    if not file.exists():
        raise no_such_path(file, "full, or the file of a landmark network")
    with reading(file, "an ONNX file of a landmark network", "convert it again"):
        session = onnx_session(file.read_bytes())
        found = [(each.name, each.shape[1:]) for each in (*session.get_inputs(), *session.get_outputs()[:3])]
        if found != _LAYOUT:
            raise InputError(f"must be a landmark network by tools.blazepose.convert, got one with {found}")
    return _runner(session)


def _runner(session: Any) -> Network:
    return lambda images: session.run(None, {"image": images})

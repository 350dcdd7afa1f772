"""BlazePose's two networks as ONNX files, made by ``tools/blazepose`` and run by ONNX Runtime. See NOTICE."""

from collections.abc import Callable
from importlib.resources import files
from typing import Literal

import numpy as np
from jaxtyping import Float32

from ampose.packages import load_package

Network = Callable[[Float32[np.ndarray, "person channel row column"]], list[np.ndarray]]
"""From images to the network's outputs, in the order of the file."""


def load_network(name: Literal["person", "landmarks"]) -> Network:
    """Load one of the networks.

    Raises:
        MissingExtraError: onnxruntime is not installed.
    """
    onnxruntime = load_package("onnxruntime", extra="video", purpose="finding people with BlazePose")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait leave the processor
    file = files(__name__) / f"{name}.onnx"
    session = onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"image": images})

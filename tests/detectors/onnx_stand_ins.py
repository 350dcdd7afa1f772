"""Tiny ONNX networks with the inputs and outputs of YOLOX and RTMPose: rtmlib's own code runs on them, offline.

The first answers with fixed boxes if the picture is bright, the second with the same place of the joints in any crop.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SPLIT = 2.0
"""RTMPose answers in half pixels of its input (SimCC)."""


def write_person(path: Path, boxes: list[list[float]], size: tuple[int, int] = (64, 64)) -> Path:
    """A detector whose boxes (x1, y1, x2, y2 in its input) are sure by as much as the blue of the first pixel."""
    height, width = size
    rows = np.array([[*box, 1.0] for box in boxes], dtype=np.float32)[None]
    nodes = [
        helper.make_node("Slice", ["input", "first", "second", "axes"], ["pixel"]),
        helper.make_node("ReduceMax", ["pixel"], ["most"], keepdims=0),
        helper.make_node("Div", ["most", "white"], ["sure"]),
        helper.make_node("Mul", ["scores", "sure"], ["scaled"]),
        helper.make_node("Concat", ["corners", "scaled"], ["dets"], axis=2),
    ]
    constants = {
        "first": np.array([0, 0, 0], dtype=np.int64),
        "second": np.array([1, 1, 1], dtype=np.int64),  # channel 0, row 0, column 0: blue, for YOLOX gets BGR
        "axes": np.array([1, 2, 3], dtype=np.int64),
        "white": np.array(255.0, dtype=np.float32),
        "scores": rows[..., 4:],
        "corners": rows[..., :4],
    }
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, height, width])]
    outputs = [helper.make_tensor_value_info("dets", TensorProto.FLOAT, [1, len(boxes), 5])]
    return _save(path, nodes, constants, inputs, outputs)


def write_pose(path: Path, places: np.ndarray, size: tuple[int, int] = (32, 24)) -> Path:
    """A network that puts joint k at ``places[k]`` (x, y in its input), as sure as the red of the picture's middle."""
    height, width = size
    along_x, along_y = (_peaks(places[:, axis], side) for axis, side in ((0, width), (1, height)))
    nodes = [
        helper.make_node("Slice", ["input", "first", "second", "axes"], ["pixel"]),
        helper.make_node("ReduceMax", ["pixel"], ["red"], keepdims=0),
        helper.make_node("Mul", ["along_x", "red"], ["simcc_x"]),
        helper.make_node("Mul", ["along_y", "red"], ["simcc_y"]),
    ]
    constants = {
        "first": np.array([0, height // 2, width // 2], dtype=np.int64),
        "second": np.array([1, height // 2 + 1, width // 2 + 1], dtype=np.int64),
        "axes": np.array([1, 2, 3], dtype=np.int64),
        "along_x": along_x,
        "along_y": along_y,
    }
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, height, width])]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(array.shape))
        for name, array in (("simcc_x", along_x), ("simcc_y", along_y))
    ]
    return _save(path, nodes, constants, inputs, outputs)


def _peaks(places: np.ndarray, side: int) -> np.ndarray:
    """(1, joint, bin): 0.4 at the place, so that RTMPose's normalised white (about 2.2) is no more than sure."""
    bins = np.zeros((1, len(places), round(side * SPLIT)), dtype=np.float32)
    bins[0, np.arange(len(places)), np.round(places * SPLIT).astype(int)] = 0.4
    return bins


def _save(path: Path, nodes: list, constants: dict[str, np.ndarray], inputs: list, outputs: list) -> Path:
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "stand-in", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path

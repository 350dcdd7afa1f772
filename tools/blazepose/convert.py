r"""BlazePose's networks from TensorFlow Lite's format to ONNX.

    python -m tools.blazepose.convert pose_detection.tflite person.onnx
    python -m tools.blazepose.convert pose_landmark_full.tflite landmarks.onnx \
        --outputs Identity Identity_1 Identity_3 Identity_4 --names landmarks presence heat_maps world

Needs the packages ``tflite`` (the format's schema) and ``onnx``. The person detector and the ``full`` landmark network
lie in the wheel mediapipe 0.10.21 (``mediapipe/modules/pose_detection`` and ``pose_landmark``), ``lite`` and ``heavy``
in the npm package @mediapipe/pose 0.5.1675469404. ``--outputs`` leaves the others out, with all that only they need:
the landmark networks' mask of the person (``Identity_2``) is a good part of their cost.

What changes, and what does not: weights stay 16-bit floats, and sparse ones become dense; the layout goes from
(batch, row, column, channel) to (batch, channel, row, column), the network's input with it; batch is free; padding is
made part of the convolution that follows. ``tests/detectors/blazepose`` holds what the originals answer.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
OPERATORS = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
DTYPES = {tflite.TensorType.FLOAT32: "<f4", tflite.TensorType.FLOAT16: "<f2", tflite.TensorType.INT32: "<i4"}

CONSTANT = ("DEQUANTIZE", "DENSIFY")
"""Operators that only unpack weights."""


@dataclass(frozen=True)
class Operator:
    """One operator of the original graph, its tensors by number."""

    name: str
    inputs: list[int]
    outputs: list[int]
    raw: Any

    def options(self, kind: type) -> Any:
        """Read the operator's own options."""
        options, table = kind(), self.raw.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options


class Original:
    """A graph of TensorFlow Lite."""

    def __init__(self, path: Path) -> None:
        self._model = tflite.Model.GetRootAsModel(path.read_bytes(), 0)
        self._graph = self._model.Subgraphs(0)

    @cached_property
    def operators(self) -> list[Operator]:
        """All operators, in the order in which they run."""
        found = []
        for number in range(self._graph.OperatorsLength()):
            raw = self._graph.Operators(number)
            code = self._model.OperatorCodes(raw.OpcodeIndex())
            name = OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            found.append(Operator(name, raw.InputsAsNumpy().tolist(), raw.OutputsAsNumpy().tolist(), raw))
        return found

    @cached_property
    def weights(self) -> dict[int, np.ndarray]:
        """All constant tensors; 16-bit floats stay what they are."""
        known = {}
        for number in range(self._graph.TensorsLength()):
            tensor = self._graph.Tensors(number)
            data = self._model.Buffers(tensor.Buffer()).DataAsNumpy()
            if not isinstance(data, int):
                values = np.frombuffer(data.tobytes(), dtype=DTYPES[tensor.Type()])
                sparsity, shape = tensor.Sparsity(), self.shape(number)
                known[number] = values.reshape(shape) if sparsity is None else densify(values, shape, sparsity)
        for operator in self.operators:
            if operator.name in CONSTANT:
                known[operator.outputs[0]] = known[operator.inputs[0]]
        return known

    def shape(self, tensor: int) -> list[int]:
        """Return the shape of a tensor."""
        found = self._graph.Tensors(tensor)
        return found.ShapeAsNumpy().tolist() if found.ShapeLength() else []

    def name(self, tensor: int) -> str:
        """Return the name of a tensor."""
        return self._graph.Tensors(tensor).Name().decode()

    @property
    def input(self) -> int:
        """The only input."""
        return int(self._graph.Inputs(0))

    @property
    def outputs(self) -> dict[str, int]:
        """All outputs by name."""
        return {self.name(tensor): tensor for tensor in self._graph.OutputsAsNumpy().tolist()}


def densify(values: np.ndarray, shape: Sequence[int], sparsity: Any) -> np.ndarray:
    """Return the dense tensor of a sparse one.

    The format is TACO's: one level of storage for each dimension, in the order of the traversal, those within blocks
    last. A dense level holds all its places, a sparse one (CSR) those that its indices name.
    """
    order, blocks = sparsity.TraversalOrderAsNumpy(), sparsity.BlockMapAsNumpy()
    block_size = dict.fromkeys(range(len(shape)), 1)
    position = np.zeros(1, dtype=int)  # of each entry in the level's storage
    places: list[np.ndarray] = []  # for each level so far, each entry's place in it
    for level, dimension in enumerate(order):
        meta = sparsity.DimMetadata(level)
        if meta.Format() == tflite.DimensionType.DENSE:
            size = meta.DenseSize()
            if dimension >= len(shape):
                block_size[int(blocks[dimension - len(shape)])] = size
            parent = np.repeat(np.arange(len(position)), size)
            place = np.tile(np.arange(size), len(position))
            position = position[parent] * size + place
        else:
            starts, indices = (_vector(getattr(meta, name)(), kind) for name, kind in _sparse_parts(meta))
            count = starts[position + 1] - starts[position]
            parent = np.repeat(np.arange(len(position)), count)
            within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
            position = starts[position][parent] + within
            place = indices[position]
        places = [before[parent] for before in places] + [place]
    index = [np.zeros_like(position) for _ in shape]
    for place, dimension in zip(places, order, strict=True):
        if dimension < len(shape):
            index[dimension] = index[dimension] + place * block_size[int(dimension)]
        else:
            at = int(blocks[dimension - len(shape)])
            index[at] = index[at] + place
    dense = np.zeros(shape, dtype=values.dtype)
    dense[tuple(index)] = values[position]
    return dense


def _sparse_parts(meta: Any) -> list[tuple[str, int]]:
    return [("ArraySegments", meta.ArraySegmentsType()), ("ArrayIndices", meta.ArrayIndicesType())]


def _vector(table: Any, kind: int) -> np.ndarray:
    names = {code: name for name, code in vars(tflite.SparseIndexVector).items() if isinstance(code, int)}
    vector = getattr(tflite, names[kind])()
    vector.Init(table.Bytes, table.Pos)
    return np.asarray(vector.ValuesAsNumpy()).astype(int)


@dataclass
class Converted:
    """The ONNX graph as it grows."""

    original: Original
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)
    pads: dict[int, tuple[int, np.ndarray]] = field(default_factory=dict)
    """Padded tensors: what they are made of, and by how much (dimension, before and after)."""

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node."""
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, value: np.ndarray) -> str:
        """Add a constant, once; a 16-bit float is stored as such, and cast where it is used."""
        half = value.dtype == np.float16
        if all(known.name != name for known in self.weights):
            self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
            if half:
                self.node("Cast", [name], f"{name}.float", to=TensorProto.FLOAT)
        return f"{name}.float" if half else name

    def activated(self, name: str, code: int) -> None:
        """Add an operator's fused activation to the last node."""
        kinds = tflite.ActivationFunctionType
        if code == kinds.NONE:
            return
        self.nodes[-1].output[0] = f"{name}.linear"
        if code == kinds.RELU:
            self.node("Relu", [f"{name}.linear"], name)
        elif code == kinds.RELU6:
            bounds = [self.constant(f"{name}.{end}", np.float32(end)) for end in (0, 6)]
            self.node("Clip", [f"{name}.linear", *bounds], name)
        else:
            raise SystemExit(f"activation {code} is not known; teach {__file__} about it")

    def convolve(self, operator: Operator) -> None:
        """Add a convolution, with the padding before it."""
        depthwise = operator.name == "DEPTHWISE_CONV_2D"
        options = operator.options(tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions)
        source, kernel, bias = operator.inputs
        weight = self.original.weights[kernel]
        # (1, row, column, channel) or (out, row, column, in) -> (out, in, row, column)
        weight = weight.transpose(3, 0, 1, 2) if depthwise else weight.transpose(0, 3, 1, 2)
        stride, size = (options.StrideH(), options.StrideW()), weight.shape[2:]
        source, pads = self._padding(source, options.Padding(), stride, size)
        name = f"t{operator.outputs[0]}"
        self.node(
            "Conv",
            [f"t{source}", self.constant(f"w{kernel}", weight), self.constant(f"w{bias}", self.original.weights[bias])],
            name,
            strides=stride,
            pads=pads,
            group=len(weight) if depthwise else 1,
        )
        self.activated(name, options.FusedActivationFunction())

    def _padding(
        self, source: int, padding: int, stride: tuple[int, int], size: tuple[int, ...]
    ) -> tuple[int, list[int]]:
        """Return the tensor to start from and ONNX's pads: rows and columns before, rows and columns after."""
        pads = np.zeros((2, 2), dtype=int)  # (row and column, before and after)
        if padding == tflite.Padding.SAME:
            lengths = self.original.shape(source)[1:3]
            for axis, (length, step, width) in enumerate(zip(lengths, stride, size, strict=True)):
                total = max((-(-length // step) - 1) * step + width - length, 0)
                pads[axis] = total // 2, total - total // 2
        if source in self.pads:
            source, before = self.pads[source]
            pads = pads + before
        return source, pads.T.ravel().tolist()

    def pad(self, operator: Operator) -> None:
        """Keep the padding of rows and columns for the convolution that follows; add one of channels."""
        source, target = operator.inputs[0], operator.outputs[0]
        amount = self.original.weights[operator.inputs[1]]  # (batch, row, column, channel), before and after
        if not amount[[0, 3]].any():
            self.pads[target] = source, amount[1:3]
            return
        widths = self.constant(f"p{target}", amount[[0, 3, 1, 2]].T.ravel().astype(np.int64))
        self.node("Pad", [f"t{source}", widths], f"t{target}")

    def add(self, operator: Operator) -> None:
        """Add a sum."""
        name = f"t{operator.outputs[0]}"
        self.node("Add", [f"t{source}" for source in operator.inputs], name)
        self.activated(name, operator.options(tflite.AddOptions).FusedActivationFunction())

    def pool(self, operator: Operator) -> None:
        """Add a maximum over windows."""
        options = operator.options(tflite.Pool2DOptions)
        size, stride = (options.FilterHeight(), options.FilterWidth()), (options.StrideH(), options.StrideW())
        source, pads = self._padding(operator.inputs[0], options.Padding(), stride, size)
        name = f"t{operator.outputs[0]}"
        self.node("MaxPool", [f"t{source}"], name, kernel_shape=size, strides=stride, pads=pads)
        self.activated(name, options.FusedActivationFunction())

    def resize(self, operator: Operator) -> None:
        """Add a bilinear enlargement."""
        options = operator.options(tflite.ResizeBilinearOptions)
        if options.AlignCorners() or not options.HalfPixelCenters():
            raise SystemExit("only enlargement by half-pixel centres is known")
        source, target = operator.inputs[0], operator.outputs[0]
        factors = np.array(self.original.shape(target)[1:3]) / self.original.shape(source)[1:3]
        scales = self.constant(f"s{target}", np.array([1, 1, *factors], dtype=np.float32))
        mode = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        self.node("Resize", [f"t{source}", "", scales], f"t{target}", **mode)

    def depth_to_space(self, operator: Operator) -> None:
        """Add channels that become rows and columns."""
        size = operator.options(tflite.DepthToSpaceOptions).BlockSize()
        self.node("DepthToSpace", [f"t{operator.inputs[0]}"], f"t{operator.outputs[0]}", blocksize=size, mode="DCR")

    def reshape(self, operator: Operator) -> None:
        """Add a new shape; the channels are the last again before it."""
        source, target = operator.inputs[0], operator.outputs[0]
        last = self.node("Transpose", [f"t{source}"], f"t{target}.last", perm=[0, 2, 3, 1])
        shape = self.constant(f"s{target}", np.array([-1, *self.original.shape(target)[1:]], dtype=np.int64))
        self.node("Reshape", [last, shape], f"t{target}")

    def concatenate(self, operator: Operator) -> None:
        """Join tensors of three dimensions, which are none of channels and rows."""
        axis = operator.options(tflite.ConcatenationOptions).Axis()
        self.node("Concat", [f"t{source}" for source in operator.inputs], f"t{operator.outputs[0]}", axis=axis)

    def logistic(self, operator: Operator) -> None:
        """Add a sigmoid."""
        self.node("Sigmoid", [f"t{operator.inputs[0]}"], f"t{operator.outputs[0]}")


CONVERTERS: dict[str, Callable[[Converted, Operator], None]] = {
    "CONV_2D": Converted.convolve,
    "DEPTHWISE_CONV_2D": Converted.convolve,
    "PAD": Converted.pad,
    "ADD": Converted.add,
    "MAX_POOL_2D": Converted.pool,
    "RESIZE_BILINEAR": Converted.resize,
    "DEPTH_TO_SPACE": Converted.depth_to_space,
    "RESHAPE": Converted.reshape,
    "CONCATENATION": Converted.concatenate,
    "LOGISTIC": Converted.logistic,
}


def convert(original: Original, outputs: dict[str, str]) -> onnx.ModelProto:
    """Convert what leads to these outputs.

    Args:
        original: The network.
        outputs: New names of the outputs that are kept, by the old ones.
    """
    needed, kept = {original.outputs[name] for name in outputs}, []
    for operator in reversed(original.operators):
        if needed & set(operator.outputs) and operator.name not in CONSTANT:
            needed |= set(operator.inputs)
            kept.append(operator)
    graph = Converted(original)
    row, column, channel = original.shape(original.input)[1:]
    for operator in reversed(kept):
        CONVERTERS[operator.name](graph, operator)
    ends = []
    for old, new in outputs.items():
        tensor, shape = original.outputs[old], original.shape(original.outputs[old])
        if len(shape) == 4:  # a map: (batch, channel, row, column)
            shape = [shape[0], shape[3], shape[1], shape[2]]
        graph.node("Identity", [f"t{tensor}"], new)
        ends.append(helper.make_tensor_value_info(new, TensorProto.FLOAT, ["batch", *shape[1:]]))
    graph.node("Identity", ["image"], f"t{original.input}")
    graph.nodes.insert(0, graph.nodes.pop())
    start = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", channel, row, column])
    made = helper.make_graph(graph.nodes, "blazepose", [start], ends, graph.weights)
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="ampose", doc_string=DOC
    )
    onnx.checker.check_model(model, full_check=True)
    return model


DOC = "BlazePose, Copyright The MediaPipe Authors, Apache-2.0; converted to ONNX"


def main() -> None:
    """Read the command line and convert a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="a .tflite file")
    parser.add_argument("target", type=Path, help="the .onnx file to write")
    parser.add_argument("--outputs", nargs="+", help="which outputs are kept; all by default")
    parser.add_argument("--names", nargs="+", help="their new names, in this order")
    asked = parser.parse_args()
    original = Original(asked.source)
    outputs = asked.outputs or list(original.outputs)
    model = convert(original, dict(zip(outputs, asked.names or outputs, strict=True)))
    asked.target.write_bytes(model.SerializeToString())
    print(f"{asked.target}: {asked.target.stat().st_size / 1e6:.1f} MB, {len(model.graph.node)} nodes")


if __name__ == "__main__":
    main()

"""Write the ONNX program of a lifter's network without its weights: ``python -m tools.lifter_program ampose-small``.

``ampose lift`` runs it without PyTorch. It depends on the network's config and on the code, not on the weights' values:
new weights of the same config need no new one. A test says when a program is out of date.
"""

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from ampose.lifting.engines.end_to_end import EndToEndLifter, example_people, output_names
from ampose.lifting.engines.export_formats import write_onnx
from ampose.lifting.ready_program import program_name
from ampose.lifting.weights import load_weights
from ampose.models import LifterNetwork

PROGRAMS = Path(__file__).parents[1] / "src" / "ampose" / "lifting" / "programs"


def write_program(name: str, network: LifterNetwork, folder: Path) -> Path:
    """Write the program of a network; returns its file."""
    lifter = EndToEndLifter(network, flip=True)
    lifter.network = network  # as it is saved: the fused form has other tensors
    with tempfile.TemporaryDirectory() as work:
        write_onnx(lifter, example_people(network, 2), Path(work) / "whole.onnx", output_names(network))
        model = onnx.load(Path(work) / "whole.onnx")
    _take_weights_out(model, {key: value.numpy() for key, value in network.state_dict().items()})
    _take_remarks_out(model)
    facts = {"normalisation": network.config.normalisation, "takes_missing": network.config.takes_missing}
    for key, value in facts.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, {True: "yes", False: "no"}.get(value, value)
    meta = {"model": name, "config": asdict(network.config), "skeleton": network.skeleton.as_dict()}
    folder.mkdir(exist_ok=True)
    file = folder / program_name(meta)
    file.write_bytes(model.SerializeToString())
    return file


def _take_weights_out(model: onnx.ModelProto, state: dict[str, np.ndarray]) -> None:
    """Leave names in the place of the weights; those that the exporter turned are turned when the program is loaded."""
    left, turns, renamed, used = [], [], {}, set()
    for tensor in model.graph.initializer:
        key, turned = _weights_in(tensor, state)
        if key is None:
            left.append(tensor)
            continue
        used.add(key)
        if turned:
            turns.append(onnx.helper.make_node("Transpose", [key], [tensor.name], perm=[1, 0]))
        else:
            renamed[tensor.name] = key
    if missing := sorted(set(state) - used):
        raise ValueError(f"the program does not use {', '.join(missing)}")
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    nodes = [*turns, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend([*left, *(_name_alone(key, state[key]) for key in sorted(used))])
    model.graph.node.extend(nodes)


def _weights_in(tensor: onnx.TensorProto, state: dict[str, np.ndarray]) -> tuple[str | None, bool]:
    """Return whose values a tensor of the program has, None for a constant, and whether they are turned."""
    values, key = numpy_helper.to_array(tensor), tensor.name.removeprefix("network.")
    if key in state:
        if not np.array_equal(values, state[key]):
            raise ValueError(f"{tensor.name} is not as it is saved")
        return key, False
    for name, weights in state.items():
        if weights.ndim == 2 and np.array_equal(weights.T, values):
            return name, True
    return None, False


def _name_alone(key: str, values: np.ndarray) -> onnx.TensorProto:
    """Return a tensor whose values are elsewhere: ONNX Runtime is given them by name."""
    kind, elsewhere = onnx.TensorProto.FLOAT, onnx.TensorProto.EXTERNAL
    tensor = onnx.TensorProto(name=key, dims=values.shape, data_type=kind, data_location=elsewhere)
    for word, value in (("location", "weights"), ("offset", "0"), ("length", str(values.nbytes))):
        entry = tensor.external_data.add()
        entry.key, entry.value = word, value
    return tensor


def _take_remarks_out(model: onnx.ModelProto) -> None:
    """Leave out where each node comes from and what shape is in between: nine tenths of the file."""
    graph = model.graph
    for part in (*graph.node, *graph.input, *graph.output, *graph.initializer, graph, model):
        part.doc_string = ""
        if hasattr(part, "metadata_props"):
            del part.metadata_props[:]
    del graph.value_info[:]


if __name__ == "__main__":
    for named in sys.argv[1:]:
        weights = load_weights(named)
        print(write_program(weights.name, weights.network, PROGRAMS))

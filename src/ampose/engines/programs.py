"""A network as a program without Python: torch.export, ONNX, OpenVINO. The batch size stays open in all of them."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ampose.engines.folded import fold
from ampose.models import LifterNetwork
from ampose.skeletons import get_skeleton

INPUT, OUTPUT = "keypoints", "positions"


def torch_program(network: LifterNetwork) -> torch.export.ExportedProgram:
    """Return the folded network as a program of PyTorch."""
    with _without_remarks():
        return torch.export.export(
            fold(network), (_example(network),), dynamic_shapes=({0: torch.export.Dim("batch")},)
        )


def write_onnx(network: LifterNetwork, file: Path) -> None:
    """Write the folded network as one ONNX file."""
    with _without_remarks():
        program = torch.onnx.export(
            torch_program(network), input_names=[INPUT], output_names=[OUTPUT], dynamo=True, verbose=False
        )
        assert program is not None  # noqa: S101 (it is None only when a file is named)
        program.save(file, external_data=False)


def openvino_model(network: LifterNetwork) -> Any:
    """Return the folded network as an ``openvino.Model``."""
    import openvino

    with _without_remarks():
        model = openvino.convert_model(torch_program(network))
    model.inputs[0].get_tensor().set_names({INPUT})
    model.outputs[0].get_tensor().set_names({OUTPUT})
    return model


def _example(network: LifterNetwork) -> torch.Tensor:
    joints = get_skeleton(network.config.skeleton).num_joints
    return torch.zeros(2, network.receptive_field, joints, 2)


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Keep quiet about what the exporters do inside: deprecations among themselves, packages that they could use."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)

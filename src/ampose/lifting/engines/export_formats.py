"""A module as a program without Python: torch.export, ONNX, OpenVINO. The batch size stays open in all of them."""

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ampose.models import LifterNetwork

INPUT, OUTPUT = "keypoints", "positions"

Examples = Mapping[str, Tensor]
"""Name of each argument of ``forward`` -> a tensor with two samples, in order."""


def network_examples(network: LifterNetwork) -> Examples:
    """Return what a network takes."""
    joints = network.skeleton.num_joints
    return {INPUT: torch.zeros(2, network.receptive_field, joints, 2)}


def torch_program(module: nn.Module, examples: Examples) -> torch.export.ExportedProgram:
    """Return the module as a program of PyTorch."""
    batch = torch.export.Dim("batch")
    with _without_remarks():
        return torch.export.export(module, tuple(examples.values()), dynamic_shapes=[{0: batch} for _ in examples])


def write_onnx(module: nn.Module, examples: Examples, file: Path, outputs: Sequence[str] = (OUTPUT,)) -> None:
    """Write the module as one ONNX file; ``outputs`` are the names of what it returns."""
    with _without_remarks():
        program = torch.onnx.export(
            torch_program(module, examples),
            input_names=list(examples),
            output_names=list(outputs),
            dynamo=True,
            verbose=False,
        )
        assert program is not None  # noqa: S101 (it is None only when a file is named)
        program.save(file, external_data=False)


def openvino_model(module: nn.Module, examples: Examples, outputs: Sequence[str] = (OUTPUT,)) -> Any:
    """Return the module as an ``openvino.Model``.

    By way of ONNX: read straight from torch.export, the same network runs at four fifths of the speed.
    """
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        write_onnx(module, examples, file, outputs)
        return openvino.Core().read_model(file)


def write_openvino(module: nn.Module, examples: Examples, file: Path, outputs: Sequence[str] = (OUTPUT,)) -> None:
    """Write the module as an OpenVINO model of full precision, the weights in a second file beside it."""
    import openvino

    openvino.save_model(openvino_model(module, examples, outputs), file, compress_to_fp16=False)


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

"""What int8 costs: static quantisation, per channel, calibrated on recorded motion, in ONNX Runtime.

Weights and the inputs of all products with weights are 8-bit integers; everything else stays as it is. Distances are
from the readable network in float64, on people that the calibration did not see.

    python benchmarks/int8.py --prepared prepared
"""

import logging
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import tyro
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor

import page
from ampose.data.motion import Motion, concatenate, read_motion
from ampose.engines.agreement import measure_agreement
from ampose.engines.folded import fold
from ampose.engines.programs import INPUT, network_examples, write_onnx
from ampose.models import LifterNetwork
from ampose.normalisation import normalise
from ampose.skeletons import get_skeleton
from ampose.synthesis.virtual_cameras import view
from ampose.training.config import DataConfig
from ampose.training.recipe import read_recipe
from ampose.weights import load_weights
from timing import take_turns

RECIPE = "wild-small"
CALIBRATED_ON, JUDGED_ON, BATCH = 1024, 2048, 64
FP32 = "fp32"
METHODS = {
    "int8, range from the extremes": CalibrationMethod.MinMax,
    "int8, range of least information lost": CalibrationMethod.Entropy,
    "int8, range of 99.999 %": CalibrationMethod.Percentile,
}


def see(motion: Motion, data: DataConfig, network: LifterNetwork, count: int) -> Tensor:
    """Look at evenly spread frames with the recipe's cameras; what the network is given, (sample, 1, joint, 2)."""
    rows = np.linspace(0, len(motion) - 1, count).astype(np.int64)
    seen = view(
        torch.from_numpy(motion.positions[rows]), motion.skeleton, data.cameras, torch.Generator().manual_seed(0)
    )
    root = get_skeleton(network.config.skeleton).root_index
    return normalise(network.config.normalisation, seen.keypoints_px, seen.intrinsics, root).keypoints[:, None]


class Inputs(CalibrationDataReader):
    """What ranges are taken from."""

    def __init__(self, inputs: Tensor) -> None:
        self.batches: Iterator[Tensor] = iter(inputs.split(BATCH))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the next batch, None at the end."""
        batch = next(self.batches, None)
        return None if batch is None else {INPUT: batch.numpy()}


def quantise(network: LifterNetwork, inputs: Tensor, method: CalibrationMethod, file: Path) -> None:
    """Write the folded network with products in int8."""
    exact, prepared = file.with_suffix(".fp32.onnx"), file.with_suffix(".prepared.onnx")
    write_onnx(fold(network), network_examples(network), exact)
    quant_pre_process(exact, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        file,
        Inputs(inputs),
        op_types_to_quantize=["MatMul", "Gemm"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QInt8,
        calibrate_method=method,
        extra_options={"MatMulConstBOnly": True, "CalibPercentile": 99.999},
    )


def runner(file: Path) -> Callable[[Tensor], Tensor]:
    """Return what runs a file, on as many threads as PyTorch."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return lambda keypoints: torch.from_numpy(session.run(None, {INPUT: keypoints.numpy()})[0])


def main(prepared: Path = Path("prepared"), model: str = "ampose-small", seconds: float = 20.0) -> None:
    """Quantise bundled weights in three ways; print what each costs and gives.

    Args:
        prepared: Folder of the recipe's prepared files.
        model: Name of bundled weights, or a folder with weights.
        seconds: Of timing.
    """
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)  # the quantiser remarks on every tensor
    data = read_recipe(RECIPE).data
    motion = concatenate([read_motion(prepared / Path(file).name) for file in data.files])
    network = load_weights(model).network.eval()
    others = motion.select(subjects=sorted(set(motion.subjects) - set(data.held_out_subjects)))
    calibration = see(others, data, network, CALIBRATED_ON)
    unseen = see(motion.select(subjects=data.held_out_subjects), data, network, JUDGED_ON)
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "exact.onnx"
        write_onnx(fold(network), network_examples(network), exact)
        runs = {FP32: runner(exact)}
        for number, (name, method) in enumerate(METHODS.items()):
            file = Path(folder) / f"{number}.onnx"
            quantise(network, calibration, method, file)
            runs[name] = runner(file)
    times = take_turns({name: partial(run, unseen[:BATCH]) for name, run in runs.items()}, seconds)
    rows = []
    for name, run in runs.items():
        agreement = measure_agreement(run, network, unseen)
        rows.append(
            {
                "what": name,
                "mean mm": agreement.mean_mm,
                "largest mm": agreement.largest_mm,
                f"speed at {BATCH} over fp32": times[FP32].median / times[name].median,
            }
        )
    print(page.as_text(rows))


if __name__ == "__main__":
    tyro.cli(main)

"""Poses a second: all engines, all batch sizes, beside the machine's own matrix product."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from benchmarks.graformer import GraFormer
from benchmarks.literal import literal
from benchmarks.timing import Spread, bandwidth, gemm, take_turns

from ampose.lifting.engines import EngineNetwork, create_engine
from ampose.lifting.engines.agreement import example_keypoints, measure_agreement
from ampose.lifting.engines.engine import is_installed
from ampose.models import LifterNetwork, create_model
from ampose.models.cost import measure_cost

JOINTS = 17
BATCHES = {"ampose-small": (1, 16, 64, 256, 1024), "ampose-full": (1, 64, 256)}
WITHOUT_ENGINE = ("literal", "readable")
ENGINES = ("torch fp32", "torch bf16", "onnxruntime fp32", "openvino fp32", "openvino bf16")
GEMM, READ, PEER = "matrix product", "reading", "GraFormer"

Row = dict[str, Any]
Run = Callable[[torch.Tensor], torch.Tensor]


def build(network: LifterNetwork, names: Sequence[str]) -> dict[str, Run]:
    """Prepare everything that runs a network; engines that are not installed are left out."""
    runs: dict[str, Run] = {"literal": literal(network), "readable": network}
    for name in names:
        engine, precision = name.split()
        if is_installed(engine):
            runs[name] = EngineNetwork(create_engine(engine, network, precision), network)
    return runs


def measure(model: str, seconds: float, names: Sequence[str] = ENGINES) -> list[Row]:
    """Measure all engines at all batch sizes."""
    torch.manual_seed(0)
    network = create_model(model).eval().requires_grad_(requires_grad=False)
    gflop = measure_cost(network, depth=0)[0].flops / 1e9
    runs = build(network, names)
    agreement = {
        name: measure_agreement(run, network, example_keypoints(network, JOINTS, 64)) for name, run in runs.items()
    }
    rows = []
    for batch in BATCHES[model]:
        for row in _measure_batch(runs, network, batch, gflop, seconds):
            rows.append({"model": model, "batch": batch, **row})
            if row["what"] in agreement:
                rows[-1]["mean mm"] = agreement[row["what"]].mean_mm
                rows[-1]["largest mm"] = agreement[row["what"]].largest_mm
    return rows


@torch.inference_mode()
def _measure_batch(
    runs: Mapping[str, Run], network: LifterNetwork, batch: int, gflop: float, seconds: float
) -> list[Row]:
    keypoints = example_keypoints(network, JOINTS, batch)
    product, product_gflop = gemm()
    read, read_gb = bandwidth()
    calls = {name: partial(run, keypoints) for name, run in runs.items()}
    if network.config.channels == 96:
        calls[PEER] = partial(GraFormer().eval(), keypoints[:, 0])
    times = take_turns({GEMM: product, READ: read, **calls}, seconds, least=3)
    ceiling = product_gflop / times[GEMM].median
    rows = [_row(name, times[name], batch) for name in calls]
    for row in rows:
        if row["what"] != PEER:
            row["share of ceiling"] = row["poses/s"] * gflop / ceiling
    weight_bytes = 4 * sum(parameter.numel() for parameter in network.parameters())
    floor = weight_bytes / (read_gb * 1e9 / times[READ].median)
    return [
        {**row, "GFLOP/s ceiling": ceiling, "GB/s": read_gb / times[READ].median, "weights read s": floor}
        for row in rows
    ]


@torch.inference_mode()
def measure_chunks(model: str, seconds: float, names: Sequence[str] = ("torch fp32", "openvino fp32")) -> list[Row]:
    """Compare large batches, which engines take in chunks, with small ones, in turns."""
    torch.manual_seed(0)
    network = create_model(model).eval().requires_grad_(requires_grad=False)
    runs = {name: run for name, run in build(network, names).items() if name in names}
    sizes = (64, 1024)
    inputs = {batch: example_keypoints(network, JOINTS, batch) for batch in sizes}
    calls = {(name, batch): partial(run, inputs[batch]) for name, run in runs.items() for batch in sizes}
    times = take_turns({f"{name} {batch}": call for (name, batch), call in calls.items()}, seconds)
    return [
        {"model": model, "batch": batch, "what": name, "poses/s": batch / times[f"{name} {batch}"].median}
        for name, batch in calls
    ]


def _row(name: str, spread: Spread, batch: int) -> Row:
    return {
        "what": name,
        "poses/s": batch / spread.median,
        "low": batch / spread.high,
        "high": batch / spread.low,
        "ms": 1e3 * spread.median,
        "repeats": spread.repeats,
    }

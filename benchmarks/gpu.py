"""How fast a GPU trains and lifts, as shares of its own matrix products. Runs unattended on any CUDA machine.

    python -m benchmarks.gpu --write-page

Training is the loop's own step: with the data engine of wild-small on the GPU, and without it. Lifting is the engine
"torch", which replays recorded CUDA graphs; keypoints and poses stay on the GPU. Networks are untrained, poses made up.
"""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import tyro
from benchmarks.timing import Call, machine, take_turns
from benchmarks.training import BACKWARD, make_step

from ampose.atomic import replacing
from ampose.data.motion_capture import MotionCapture
from ampose.lifting.engines import EngineNetwork, create_engine
from ampose.lifting.engines.agreement import example_keypoints, measure_agreement
from ampose.models import create_model
from ampose.models.cost import measure_cost
from ampose.poses.skeletons import get_skeleton
from ampose.training.batches import InputSpec, VirtualCameraBatches
from ampose.training.recipe import read_recipe
from benchmarks import page

TRAINED = {"ampose-small": (256, 1024, 8192), "ampose-full": (256, 1024, 4096)}
LIFTED = {"ampose-small": (1, 64, 4096), "ampose-full": (1, 64, 4096)}
DTYPES = {"fp32": None, "bf16": torch.bfloat16}
PRECISIONS = ("fp32", "tf32", "bf16")
RECIPE, POSES, JOINTS = "wild-small", 100_000, 17
SIDE = 8192
"""Of the matrix products that are the ceiling."""

Row = dict[str, Any]
Cases = Mapping[str, Sequence[int]]


def waiting(call: Call, device: torch.device) -> Call:
    """Return the call, with waiting until the device has done it."""

    def run() -> None:
        call()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return run


def products(device: torch.device, side: int = SIDE) -> dict[str, Call]:
    """Return one matrix product in each precision; each is 2 side^3 operations."""
    a, b = (torch.randn(side, side, device=device) for _ in range(2))
    half_a, half_b = a.bfloat16(), b.bfloat16()

    def tf32() -> None:
        torch.set_float32_matmul_precision("high")
        torch.mm(a, b)
        torch.set_float32_matmul_precision("highest")

    calls: dict[str, Call] = {
        "fp32": lambda: torch.mm(a, b),
        "tf32": tf32,
        "bf16": lambda: torch.mm(half_a, half_b),
    }
    return {name: waiting(call, device) for name, call in calls.items()}


def ceilings(device: torch.device, seconds: float, side: int = SIDE) -> dict[str, float]:
    """Return the device's FLOP/s in each precision."""
    times = take_turns(products(device, side), seconds)
    return {name: 2 * side**3 / spread.median for name, spread in times.items()}


def train(device: torch.device, cases: Cases, seconds: float, ceiling: Mapping[str, float]) -> list[Row]:
    """Measure training steps, alone and with the data engine."""
    source = _source(device)
    return [
        row for name, sizes in cases.items() for batch in sizes for row in _train(source, name, batch, seconds, ceiling)
    ]


def _train(
    source: VirtualCameraBatches, name: str, batch: int, seconds: float, ceiling: Mapping[str, float]
) -> list[Row]:
    torch.manual_seed(0)
    rows = source.sampler.order(0)[:batch]
    x, y = source.batch(rows, 0, 0)
    steps: dict[str, Call] = {
        precision: make_step(create_model(name).to(x.device), x, y, dtype=dtype) for precision, dtype in DTYPES.items()
    }

    def with_engine() -> None:
        source.batch(rows, 0, 0)  # as much work as if the step took what this makes
        steps["bf16"]()

    times = take_turns({**steps, "bf16 with the data engine": with_engine}, seconds, least=3)
    flop = BACKWARD * measure_cost(create_model(name), depth=0)[0].flops * batch
    return [
        {
            "model": name,
            "batch": batch,
            "what": what,
            "samples/s": batch / spread.median,
            "ms": 1e3 * spread.median,
            "TFLOP/s": flop / spread.median / 1e12,
            "share of its matrix product": flop / spread.median / ceiling[what.split()[0]],
        }
        for what, spread in times.items()
    ]


def _source(device: torch.device) -> VirtualCameraBatches:
    """Return the data engine over made-up poses: what it does costs the same for any."""
    rng = np.random.default_rng(0)
    motion = MotionCapture(
        positions=rng.normal(scale=0.4, size=(POSES, JOINTS, 3)).astype(np.float32),
        skeleton=get_skeleton("human36m_17"),
        clip_starts=np.array([0, POSES]),
        subjects=("nobody",),
        actions=("none",),
        names=("none",),
        fps=np.array([30.0]),
    )
    recipe = read_recipe(RECIPE)
    source = VirtualCameraBatches(motion, recipe.data, InputSpec(motion.skeleton, recipe.model.normalisation), 0)
    source.to(device)
    return source


@torch.inference_mode()
def lift(device: torch.device, cases: Cases, seconds: float, precisions: Sequence[str] = PRECISIONS) -> list[Row]:
    """Measure the engine "torch" in each precision, and how far it is from float64."""
    rows = []
    for name, sizes in cases.items():
        network = create_model(name).eval().requires_grad_(requires_grad=False)
        engines = {kind: EngineNetwork(create_engine("torch", network, kind), network) for kind in precisions}
        some = example_keypoints(network, JOINTS, 64)
        agreement = {kind: measure_agreement(engine, network, some) for kind, engine in engines.items()}
        for batch in sizes:
            keypoints = example_keypoints(network, JOINTS, batch).to(device)
            calls = {kind: waiting(partial(engine, keypoints), device) for kind, engine in engines.items()}
            for kind, spread in take_turns(calls, seconds).items():
                found = {"poses/s": batch / spread.median, "ms": 1e3 * spread.median}
                off = {"mean mm": agreement[kind].mean_mm, "largest mm": agreement[kind].largest_mm}
                rows.append({"model": name, "batch": batch, "what": kind, **found, **off})
    return rows


def main(
    *,
    seconds: float = 5.0,
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None,
    write_page: bool = False,
) -> None:
    """Measure training and lifting on this machine's GPU.

    Args:
        seconds: For each model and batch size.
        output: Write all figures to this .json file too.
        write_page: Write the section of docs/performance.md.
    """
    if not torch.cuda.is_available():
        raise SystemExit("this measures a GPU of NVIDIA's with CUDA, and there is none, or PyTorch is a build without")
    device = torch.device("cuda")
    ceiling = ceilings(device, seconds)
    result: dict[str, Any] = {
        "machine": machine(),
        "ceiling TFLOP/s": {name: flop / 1e12 for name, flop in ceiling.items()},
    }
    result["training"] = train(device, TRAINED, seconds, ceiling)
    result["lifting"] = lift(device, LIFTED, seconds)
    result["peak GB"] = torch.cuda.max_memory_allocated() / 1e9
    print(report(result))
    if output:
        with replacing(output) as unfinished:
            unfinished.write_text(json.dumps(result, indent=1) + "\n")
    if write_page:
        page.fill({"gpu": report(result)})


def report(result: Mapping[str, Any]) -> str:
    """Return the figures in Markdown."""
    ceiling = ", ".join(f"{name} {flops:,.0f}" for name, flops in result["ceiling TFLOP/s"].items())
    about = f"{result['machine']['GPU']}, PyTorch {result['machine']['torch']}"
    tables = [page.as_markdown(result[part]) for part in ("training", "lifting")]
    head = (
        f"{about}. Its matrix product of {SIDE} x {SIDE}, TFLOP/s: {ceiling}. Peak memory: {result['peak GB']:.1f} GB."
    )
    return "\n\n".join([head, *tables])


if __name__ == "__main__":
    tyro.cli(main)

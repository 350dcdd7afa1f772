"""How fast lifting and training are on this machine, as shares of what the machine can do.

Everything is measured through the code that ships: ``Lifter.predict`` (normalisation, network, turning back) and
``ampose.training.session.train`` (making a batch, forward, backward, optimiser), with made-up motion and untrained
weights, which cost the same. Warm-up is left out, and the best of several repetitions counts: on a shared machine the
others' work is in all but the best.
"""

import json
import logging
import os
import platform
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
import tyro

import ampose
from ampose.atomic import replacing
from ampose.camera import Intrinsics
from ampose.data import Motion, write_motion
from ampose.lifter import Lifter
from ampose.models import create_model
from ampose.models.cost import measure_cost
from ampose.skeletons import get_skeleton
from ampose.training.batches import Normalised, VirtualCameraBatches
from ampose.training.config import DataConfig
from ampose.training.recipe import read_recipe
from ampose.training.session import train

BATCHES = (1, 64, 256, 1024)
TRAINING_BATCHES = (128, 256)
TRAINED = "ampose-small"
PRECISIONS: dict[str, Literal["32-true", "bf16-mixed"]] = {"fp32": "32-true", "bf16 autocast": "bf16-mixed"}
GEMM_SIDE = 1536
WARM_UP_SECONDS, WARM_UP_STEPS = 1.0, 3
EPOCH = 1_000_000
"""Samples of an epoch that no benchmark reaches the end of, so that no validation is in the time."""

Row = dict[str, Any]
Seconds = list[float]


def repeat(call: Callable[[], object], seconds: float, least: int = 3) -> Seconds:
    """Return the duration of each of at least ``least`` calls that together take about ``seconds``."""
    call()
    durations: Seconds = []
    while len(durations) < least or sum(durations) < seconds:
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return durations


def gemm_ceiling(seconds: float) -> float:
    """Return the best GFLOP/s of this machine's fp32 matrix product, with the same threads."""
    a, b = torch.randn(GEMM_SIDE, GEMM_SIDE), torch.randn(GEMM_SIDE, GEMM_SIDE)
    return 2 * GEMM_SIDE**3 / min(repeat(lambda: a @ b, seconds)) / 1e9


def people(count: int, skeleton: str) -> tuple[torch.Tensor, Intrinsics]:
    """Return pixels of made-up people and a camera for each."""
    keypoints = 500 + 100 * torch.randn(count, get_skeleton(skeleton).num_joints, 2)
    camera = Intrinsics.from_field_of_view((1000, 1000))
    fields = {name: torch.from_numpy(value).expand(count, 2) for name, value in vars(camera).items()}
    return keypoints, Intrinsics(**fields)


def measure_lifting(name: str, seconds: float) -> list[Row]:
    """Lift batches of all sizes, without flip, and one with it."""
    lifter = Lifter(create_model(name, normalisation="person-rays"), name=name)
    flops = measure_cost(lifter.network, depth=0)[0].flops
    return [
        _lift_batch(lifter, flops / 1e9, batch, flip=flip, seconds=seconds)
        for batch, flip in [*((batch, False) for batch in BATCHES), (256, True)]
    ]


def _lift_batch(lifter: Lifter, gflop: float, batch: int, *, flip: bool, seconds: float) -> Row:
    """Measure one batch size, and the ceiling right before and after: others may come and go on the machine."""
    before = gemm_ceiling(seconds / 8)
    keypoints, cameras = people(batch, lifter.skeleton.name)
    durations = repeat(lambda: lifter.predict(keypoints, cameras, flip=flip), seconds)
    rate = batch / min(durations)
    speed = rate * gflop * (2 if flip else 1)
    row = {"model": lifter.name, "batch": batch, "flip": flip, "poses/s": rate, "GFLOP/s": speed}
    row["ceiling GFLOP/s"] = max(before, gemm_ceiling(seconds / 8))
    row["share of ceiling"] = speed / row["ceiling GFLOP/s"]
    if batch == 1:
        row["p50 ms"], row["p99 ms"] = (1e3 * float(np.quantile(durations, q)) for q in (0.5, 0.99))
    return row


def made_up_motion() -> Motion:
    """Return two people whose joints swing about a standing pose."""
    skeleton = get_skeleton("human36m_17")
    rng = np.random.default_rng(0)
    standing = rng.normal(scale=0.3, size=(1, skeleton.num_joints, 3))
    swing = 0.1 * np.sin(np.linspace(0, 200, 20_000)[:, None, None] + standing)
    return Motion(
        positions=(standing + swing).astype(np.float32),
        skeleton=skeleton,
        clip_starts=np.array([0, 19_000, 20_000]),
        subjects=("A", "B"),
        actions=("swing", "swing"),
        names=("A", "B"),
        fps=np.array([50.0, 50.0]),
    )


def measure_training(seconds: float) -> list[Row]:
    """Train for a while at each batch size and precision, and take the best third of a run."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "motion.npz"
        write_motion(made_up_motion(), file)
        return [
            _train_with(file, Path(folder) / f"{batch}-{label}", batch, label, seconds)
            for batch in TRAINING_BATCHES
            for label in PRECISIONS
        ]


def _train_with(file: Path, folder: Path, batch: int, label: str, seconds: float) -> Row:
    recipe = read_recipe("cmu-small")
    data = replace(
        recipe.data,
        files=(str(file),),
        held_out_subjects=("B",),
        left_out_clips=(),
        samples_per_epoch=EPOCH,
        validation_samples=16,
    )
    config = replace(recipe, data=data, batch_size=batch, precision=PRECISIONS[label], checkpoint_minutes=60.0)
    ends: Seconds = []

    def report(done: int, total: int | None, note: str) -> None:
        ends.append(time.perf_counter())
        if len(ends) > WARM_UP_STEPS + 3 and ends[-1] - ends[0] > seconds + WARM_UP_SECONDS:
            signal.raise_signal(signal.SIGINT)  # what Ctrl-C does: the run stops after this step

    train(config, folder, report=report)
    return {"model": TRAINED, "batch": batch, "precision": label, "samples/s": batch / _best_step(ends)}


def _best_step(ends: Seconds) -> float:
    """Return the mean step of the fastest third of a run."""
    steps = np.diff(ends)
    steps = steps[WARM_UP_STEPS:] if len(steps) > WARM_UP_STEPS else steps
    return min(float(part.mean()) for part in np.array_split(steps, 3) if len(part))


def measure_cameras(seconds: float) -> list[Row]:
    """Make batches of virtual cameras, as the recipe of the bundled weights does."""
    recipe, motion = read_recipe("cmu-small"), made_up_motion()
    data: DataConfig = replace(recipe.data, balance="frames", left_out_clips=())
    source = VirtualCameraBatches(motion, data, Normalised(motion.skeleton, "person-rays"), seed=0)
    order = source.order(0)
    fastest = {batch: min(repeat(partial(source.batch, order[:batch], 0, 0), seconds)) for batch in TRAINING_BATCHES}
    return [{"batch": batch, "batches/s": 1 / best, "samples/s": batch / best} for batch, best in fastest.items()]


def machine() -> Row:
    """Return where and with what this was measured."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "load average at the start": round(os.getloadavg()[0], 2),
        "torch": torch.__version__,
        "ampose": ampose.__version__,
    }


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text().splitlines() if listing.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def as_table(rows: Sequence[Row]) -> str:
    """Align rows under their keys; numbers to the right."""
    header = list(dict.fromkeys(key for row in rows for key in row))
    cells = [header, *([_cell(key, row.get(key)) for key in header] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


def _cell(key: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key.startswith("share"):
        return f"{value:.0%}"
    if isinstance(value, float):
        return f"{value:.2f}" if key.endswith("ms") else f"{value:,.0f}"
    return str(value)


def measure(models: Sequence[str], seconds: float) -> dict[str, Any]:
    """Measure everything, and print each part when it is done."""
    about = machine()
    print("\n".join(f"{key:<26} {value}" for key, value in about.items()))
    if about["load average at the start"] > 0.5:
        print("WARNING: others use this machine (see the load average): figures are too low and vary")
    print(
        f"The ceiling is this machine's own fp32 matrix product, {GEMM_SIDE} x {GEMM_SIDE}, measured beside each row.\n"
    )
    result: dict[str, Any] = {"machine": about, "seconds": seconds}
    parts: dict[str, Callable[[], list[Row]]] = {
        "lifting": lambda: [row for name in models for row in measure_lifting(name, seconds)],
        "training": lambda: measure_training(seconds),
        "virtual cameras": lambda: measure_cameras(seconds),
    }
    for title, part in parts.items():
        result[title] = part()
        print(f"{title}\n{as_table(result[title])}\n", flush=True)
    return result


def main(
    *,
    seconds: float = 2.0,
    models: tuple[str, ...] = ("ampose-small", "ampose-full"),
    threads: int | None = None,
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None,
) -> None:
    """Measure lifting and training speed on this machine's CPU.

    Args:
        seconds: For each measurement.
        models: Names of the models to lift with.
        threads: Of PyTorch; by default its own choice.
        output: Write all figures to this .json file too.
    """
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    if threads is not None:
        torch.set_num_threads(threads)
    result = measure(models, seconds)
    if output is not None:
        with replacing(output) as unfinished:
            unfinished.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    tyro.cli(main)

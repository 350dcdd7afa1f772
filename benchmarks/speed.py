"""How fast lifting and training are on this machine, as ratios: to the machine's own limits, to plain code, to goals.

Everything that is compared takes turns in this process, so that others' work on the machine is in all of it alike.
Networks are untrained, keypoints made up: they cost the same.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from benchmarks.timing import machine

from ampose.atomic import replacing
from benchmarks import goals, lifting, memory, page, startup, training

PARTS = ("lifting", "chunks", "training", "batching", "memory", "startup")


def measure(models: Sequence[str], engines: Sequence[str], seconds: float, parts: Sequence[str]) -> dict[str, Any]:
    """Measure the parts, and print each when it is done."""
    about = machine()
    print("\n".join(f"{key:<26} {value}" for key, value in about.items()))
    if about["load average at the start"] > 0.5:
        print("WARNING: others use this machine (see the load average): ratios hold, absolute figures are too low")
    measures: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "lifting": lambda: [row for model in models for row in lifting.measure(model, seconds, engines)],
        "chunks": lambda: lifting.measure_chunks("ampose-small", seconds),
        "training": lambda: training.measure(seconds),
        "batching": lambda: training.measure_batching(seconds),
        "memory": memory.measure,
        "startup": startup.measure,
    }
    result: dict[str, Any] = {"machine": about, "seconds": seconds}
    for part in parts:
        result[part] = measures[part]()
        print(f"\n{part}\n{page.as_text(result[part])}", flush=True)
    return result


def main(
    *,
    seconds: float = 8.0,
    models: tuple[str, ...] = ("ampose-small", "ampose-full"),
    engines: tuple[str, ...] = lifting.ENGINES,
    parts: tuple[str, ...] = PARTS,
    threads: int = 1,
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None,
    write_page: bool = False,
) -> None:
    """Measure lifting and training speed on this machine.

    Args:
        seconds: For each model and batch size.
        models: Names of the models to lift with.
        engines: Engine and precision, as in "openvino fp32"; those that are not installed are left out.
        parts: What to measure.
        threads: Of PyTorch and the other engines.
        output: Write all figures to this .json file too.
        write_page: Write the tables and the picture of docs/performance.md and performance-details.md, and
            benchmarks/performance.json.
    """
    torch.set_num_threads(threads)
    result = measure(models, engines, seconds, parts)
    if write_page and set(parts) != set(PARTS):  # the other parts stay what they were
        known = json.loads(page.FIGURES.read_text())
        result = {**known, **{name: rows for name, rows in result.items() if name not in ("machine", "seconds")}}
    result["goals"] = [goal.as_row() for goal in goals.judge(result)]
    if result["goals"]:
        print(f"\ngoals\n{page.as_text(result['goals'])}")
    for file in filter(None, [output, page.FIGURES if write_page else None]):
        with replacing(file) as unfinished:
            unfinished.write_text(json.dumps(result, indent=1) + "\n")
    if write_page:
        page.write(result)


if __name__ == "__main__":
    tyro.cli(main)

"""Peak memory of lifting and training, each in a process of its own. Prints one figure in MB when run as a script."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

CASES = {
    "imports alone": ("lift", "0", "96"),
    "lifting 10,000 poses, ampose-small": ("lift", "10000", "96"),
    "lifting 1,000,000 poses, 8 channels and 1 layer": ("lift", "1000000", "8"),
    "training ampose-small, batch 256, bf16": ("train", "256", "ampose-small"),
    "training ampose-full, batch 128, bf16": ("train", "128", "ampose-full"),
}


def peak_mb() -> float:
    """Return the most memory that this process had at once, in MB.

    ``ru_maxrss`` would do on other systems than Linux; there it starts with the memory of the process that started this
    one, so that a small process started by a large one seems large.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def measure() -> list[dict[str, Any]]:
    """Measure all cases."""
    return [{"what": name, "peak MB": _measure_alone(arguments)} for name, arguments in CASES.items()]


def _measure_alone(arguments: tuple[str, ...]) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", *arguments],
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def _lift(count: int, channels: int) -> None:
    import numpy as np

    from ampose.lifting.lifter import Lifter
    from ampose.models import create_model

    shape = {"channels": channels, "depth": 5 if channels == 96 else 1}
    lifter = Lifter(create_model("ampose-small", normalisation="person-rays", **shape), name="ampose-small")
    keypoints = np.random.default_rng(0).uniform(300, 700, size=(count, 17, 2)).astype(np.float32)
    if count:
        lifter.lift(keypoints, image_size=(1000, 1000), flip=False)


def _train(batch: int, model: str) -> None:
    import torch
    from benchmarks.training import make_step

    from ampose.models import create_model

    x, y = torch.randn(batch, 1, 17, 2), torch.randn(batch, 1, 17, 3)
    step = make_step(create_model(model), x, y, dtype=torch.bfloat16)
    for _ in range(3):
        step()


if __name__ == "__main__":
    kind, size, rest = sys.argv[1:]
    if kind == "lift":
        _lift(int(size), int(rest))
    else:
        _train(int(size), rest)
    print(peak_mb())

"""Fair times on a machine that is not ours alone: everything that is compared takes turns in one process."""

import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import ampose

GEMM_SIDE = 1024
BANDWIDTH_FLOATS = 64 * 2**20

BURST = 0.02
"""Seconds that a turn lasts at least. One call at a time would be measured with the cache full of the others' weights:
for single poses that is half the speed that a camera gets, which runs nothing else."""

Call = Callable[[], object]


@dataclass(frozen=True)
class Spread:
    """Seconds of one call: median and quartiles."""

    median: float
    low: float
    high: float
    repeats: int


def take_turns(calls: Mapping[str, Call], seconds: float, least: int = 5) -> dict[str, Spread]:
    """Run all calls in turns, every other round backwards, for about so many seconds, after one round to warm up.

    A turn is one call, or as many as fill ``BURST``; its time is that of one of them on average.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    counts = {name: math.ceil(BURST / _seconds(call, 1)) for name, call in calls.items()}
    end = time.perf_counter() + seconds
    rounds = 0
    while rounds < least or time.perf_counter() < end:
        for name in list(calls)[:: 1 if rounds % 2 else -1]:
            times[name].append(_seconds(calls[name], counts[name]))
        rounds += 1
    return {name: _spread(durations) for name, durations in times.items()}


def _seconds(call: Call, count: int) -> float:
    """Return how long one of so many calls takes on average."""
    start = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - start) / count


def _spread(durations: list[float]) -> Spread:
    low, middle, high = statistics.quantiles(durations, n=4)
    return Spread(middle, low, high, len(durations))


def gemm() -> tuple[Call, float]:
    """Return a large float32 matrix product and its GFLOP: the ceiling."""
    a, b, into = (torch.randn(GEMM_SIDE, GEMM_SIDE) for _ in range(3))
    return lambda: torch.mm(a, b, out=into), 2 * GEMM_SIDE**3 / 1e9


def bandwidth() -> tuple[Call, float]:
    """Return reading a large array once, and its GB."""
    values = torch.ones(BANDWIDTH_FLOATS)
    return values.sum, 4 * BANDWIDTH_FLOATS / 1e9


def machine() -> dict[str, Any]:
    """Say where and with what this was measured."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "bfloat16 products": "AMX" if _has("amx_bf16") else "AVX-512" if _has("avx512_bf16") else "none",
        "GPU": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "load average at the start": round(os.getloadavg()[0], 2),
        "torch": torch.__version__,
        "ampose": ampose.__version__,
    }


def _processor() -> str:
    names = [line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _has(flag: str) -> bool:
    return any(flag in line.split() for line in _cpuinfo() if line.startswith("flags"))


def _cpuinfo() -> list[str]:
    listing = Path("/proc/cpuinfo")
    return listing.read_text().splitlines() if listing.is_file() else []

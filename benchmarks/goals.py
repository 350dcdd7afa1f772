"""The goals as ratios within one run, each with what is required, what is aimed at, and what was measured."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.training import IN_PARTS

Row = Mapping[str, Any]
Result = Mapping[str, Sequence[Row]]
FP32 = ("torch fp32", "onnxruntime fp32", "openvino fp32")
BF16 = ("torch bf16", "openvino bf16")


@dataclass(frozen=True)
class Goal:
    """One row of the table."""

    name: str
    required: float
    target: float
    measured: float
    by: str
    smaller_is_better: bool = False

    @property
    def verdict(self) -> str:
        """Say what it meets."""
        sign = -1 if self.smaller_is_better else 1
        if sign * self.measured >= sign * self.target:
            return "meets target"
        return "meets requirement" if sign * self.measured >= sign * self.required else "misses"

    def as_row(self) -> dict[str, Any]:
        """Return it for a file."""
        return {**asdict(self), "verdict": self.verdict}


def judge(result: Result) -> list[Goal]:
    """Return all goals for which there are figures."""
    goals: list[Goal] = []
    for make in _GOALS:
        with contextlib.suppress(LookupError):  # not measured
            goals.append(make(result))
    return goals


def _find(rows: Sequence[Row], **wanted: object) -> Row:
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())][0]  # noqa: RUF015


def _best(rows: Sequence[Row], model: str, batch: int, names: Sequence[str]) -> Row:
    fitting = [row for row in rows if (row["model"], row["batch"]) == (model, batch) and row["what"] in names]
    return sorted(fitting, key=_speed)[-1]


def _speed(row: Row) -> float:
    return float(row["poses/s"])


def _share(rows: Sequence[Row], model: str, batch: int, required: float, target: float) -> Goal:
    best = _best(rows, model, batch, FP32)
    name = f"{model} fp32, batch {batch}, share of the fp32 matrix product"
    return Goal(name, required, target, best["share of ceiling"], best["what"])


def _chunks(rows: Sequence[Row], engine: str) -> Goal:
    large, small = (_speed(_find(rows, what=engine, batch=batch)) for batch in (1024, 64))
    return Goal("ampose-small, throughput at 1024 over that at 64", 0.85, 0.95, large / small, engine)


def _over(
    rows: Sequence[Row], model: str, batch: int, names: Sequence[str], other: str, wanted: tuple[float, float]
) -> Goal:
    best = _best(rows, model, batch, names)
    slow = best["what"].replace("bf16", "fp32") if other == "same engine in fp32" else other
    value = _speed(best) / _speed(_find(rows, model=model, batch=batch, what=slow))
    kind = "bf16" if names is BF16 else "fp32"
    return Goal(f"{model} {kind}, batch {batch}, over {other}", *wanted, value, best["what"])


def _weight_reads(rows: Sequence[Row]) -> Goal:
    best = _best(rows, "ampose-full", 1, FP32)
    value = best["ms"] / 1e3 / best["weights read s"]
    name = "ampose-full fp32, batch 1, time over that of reading its weights"
    return Goal(name, 2.0, 1.4, value, best["what"], smaller_is_better=True)


def _trained(rows: Sequence[Row], model: str, batch: int, what: str, wanted: tuple[float, float]) -> Goal:
    fast, slow = (_find(rows, model=model, batch=batch, what=name) for name in (what, "literal fp32"))
    value = fast["samples/s"] / slow["samples/s"]
    return Goal(f"{model}, training step in {what} over literal fp32, batch {batch}", *wanted, value, "torch")


def _batched(rows: Sequence[Row], batch: int) -> Goal:
    fast, slow = (_find(rows, batch=batch, what=name)["samples/s"] for name in ("indexed", "loader"))
    return Goal(f"batches of {batch} over a per-sample DataLoader", 10, 20, fast / slow, "index_select")


def _error(rows: Sequence[Row]) -> Goal:
    exact = [row for row in rows if row["what"] in FP32]
    worst: Callable[[Row], float] = lambda row: float(row["largest mm"])  # noqa: E731
    row = max(exact, key=worst)
    return Goal("fp32 engines against fp64, largest error in mm", 0.02, 0.01, worst(row), row["what"], True)


_GOALS: tuple[Callable[[Result], Goal], ...] = (
    lambda result: _share(result["lifting"], "ampose-full", 64, 0.65, 0.80),
    lambda result: _share(result["lifting"], "ampose-full", 256, 0.65, 0.80),
    lambda result: _share(result["lifting"], "ampose-small", 64, 0.38, 0.50),
    lambda result: _chunks(result["chunks"], "torch fp32"),
    lambda result: _chunks(result["chunks"], "openvino fp32"),
    lambda result: _over(result["lifting"], "ampose-small", 256, ("torch fp32",), "literal", (1.15, 1.3)),
    lambda result: _over(result["lifting"], "ampose-small", 256, ("torch fp32",), "readable", (1.15, 1.3)),
    lambda result: _over(result["lifting"], "ampose-small", 1, FP32, "literal", (3, 4)),
    lambda result: _over(result["lifting"], "ampose-small", 1, FP32, "readable", (3, 4)),
    lambda result: _weight_reads(result["lifting"]),
    lambda result: _over(result["lifting"], "ampose-full", 64, BF16, "same engine in fp32", (3, 4)),
    lambda result: _over(result["lifting"], "ampose-small", 256, FP32, "GraFormer", (2, 2)),
    lambda result: _trained(result["training"], "ampose-full", 128, "bf16", (2.0, 2.3)),
    lambda result: _trained(result["training"], "ampose-small", 128, "fp32", (1.15, 1.25)),
    lambda result: _trained(result["training"], "ampose-small", 1024, "fp32", (1.25, 1.4)),
    lambda result: _trained(result["training"], "ampose-small", 1024, IN_PARTS, (1.25, 1.4)),
    lambda result: _batched(result["batching"], 128),
    lambda result: _batched(result["batching"], 1024),
    lambda result: _error(result["lifting"]),
)

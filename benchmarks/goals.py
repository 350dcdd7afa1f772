"""The goals as ratios within one run, each with what is asked at least, what is aimed at, and what was measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Row = Mapping[str, Any]
Result = Mapping[str, Sequence[Row]]
FP32 = ("torch fp32", "torch-compile fp32", "onnxruntime fp32", "openvino fp32")
BF16 = ("torch bf16", "openvino bf16")


@dataclass(frozen=True)
class Goal:
    """One row of the table."""

    name: str
    at_least: float
    goal: float
    measured: float
    by: str
    smaller_is_better: bool = False

    @property
    def verdict(self) -> str:
        """Say whether it is reached."""
        sign = -1 if self.smaller_is_better else 1
        if sign * self.measured >= sign * self.goal:
            return "goal reached"
        return "reached" if sign * self.measured >= sign * self.at_least else "missed"

    def as_row(self) -> dict[str, Any]:
        """Return it for a file."""
        return {**asdict(self), "verdict": self.verdict}


def judge(result: Result) -> list[Goal]:
    """Return all goals that this machine can judge."""
    lifting, training, data = result["lifting"], result["training"], result["batching"]
    return [
        _share(lifting, "ampose-full", 64, 0.65, 0.80),
        _share(lifting, "ampose-full", 256, 0.65, 0.80),
        _share(lifting, "ampose-small", 64, 0.38, 0.50),
        *_chunks(result["chunks"]),
        _over(lifting, "ampose-small", 256, ("torch fp32",), "literal", (1.15, 1.3)),
        _over(lifting, "ampose-small", 256, ("torch fp32",), "readable", (1.15, 1.3)),
        _over(lifting, "ampose-small", 1, FP32, "literal", (3, 4)),
        _over(lifting, "ampose-small", 1, FP32, "readable", (3, 4)),
        _weight_reads(lifting),
        _over(lifting, "ampose-full", 64, BF16, "same engine in fp32", (3, 4)),
        _over(lifting, "ampose-small", 256, FP32, "GraFormer", (2, 2)),
        _trained(training, "ampose-full", 128, "bf16", (2.0, 2.3)),
        _trained(training, "ampose-small", 128, "fp32", (1.15, 1.25)),
        _trained(training, "ampose-small", 1024, "fp32", (1.25, 1.4)),
        *(_batched(data, batch) for batch in sorted({row["batch"] for row in data})),
        _error(lifting),
    ]


def _find(rows: Sequence[Row], **wanted: object) -> Row:
    return next(row for row in rows if all(row[key] == value for key, value in wanted.items()))


def _best(rows: Sequence[Row], model: str, batch: int, names: Sequence[str]) -> Row:
    fitting = (row for row in rows if (row["model"], row["batch"]) == (model, batch) and row["what"] in names)
    return max(fitting, key=_speed)


def _speed(row: Row) -> float:
    return float(row["poses/s"])


def _share(rows: Sequence[Row], model: str, batch: int, at_least: float, goal: float) -> Goal:
    best = _best(rows, model, batch, FP32)
    name = f"{model} fp32, batch {batch}, share of the fp32 matrix product"
    return Goal(name, at_least, goal, best["share of ceiling"], best["what"])


def _chunks(rows: Sequence[Row]) -> list[Goal]:
    goals = []
    for engine in dict.fromkeys(row["what"] for row in rows):
        large, small = (_speed(_find(rows, what=engine, batch=batch)) for batch in (1024, 64))
        goals.append(Goal("ampose-small, throughput at 1024 over that at 64", 0.85, 0.95, large / small, engine))
    return goals


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

"""The table of the open benchmark: each system's mean over seeds and its spread, the best first."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from statistics import mean, stdev

from ampose.evaluation.open.open_benchmark import Trial
from ampose.evaluation.tables import markdown_table

HEADER = (
    "system", "MPJPE, mm", "P-MPJPE, mm", "noisy 2D: MPJPE, mm", "P-MPJPE, mm", "seeds", "parameters", "MACs", "poses/s"
)  # fmt: skip
"""Of ``Summary.cells``."""


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over seeds."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise some values.

        Example:
            >>> str(Spread.of([40.0, 42.0])), str(Spread.of([40.0]))
            ('41.00 ± 1.41', '40.00')
        """
        return cls(mean(values), stdev(values) if len(values) > 1 else float("nan"))

    def __str__(self) -> str:
        spread = "" if isnan(self.deviation) else f" ± {self.deviation:.2f}"
        return f"{self.mean:.2f}{spread}"


@dataclass(frozen=True)
class Summary:
    """A system over all its seeds."""

    system: str
    trials: Sequence[Trial]

    @property
    def mpjpe_mm(self) -> Spread:
        """With ideal 2D."""
        return Spread.of([trial.mpjpe_mm for trial in self.trials])

    def cells(self) -> tuple[str, ...]:
        """Return the texts below ``HEADER``."""
        one = self.trials[0]
        measured = (
            self.mpjpe_mm,
            Spread.of([trial.p_mpjpe_mm for trial in self.trials]),
            Spread.of([trial.noisy_mpjpe_mm for trial in self.trials]),
            Spread.of([trial.noisy_p_mpjpe_mm for trial in self.trials]),
        )
        speed = max(trial.poses_per_second for trial in self.trials)
        costs = (f"{len(self.trials)}", f"{one.parameters:,}", f"{one.macs:,}", f"{speed:,.0f}")
        return (self.system, *map(str, measured), *costs)


def summarise(trials: Sequence[Trial]) -> list[Summary]:
    """Group trials by system, the lowest mean MPJPE with ideal 2D first."""
    systems = dict.fromkeys(trial.system for trial in trials)
    summaries = [Summary(name, [trial for trial in trials if trial.system == name]) for name in systems]
    return sorted(summaries, key=lambda summary: summary.mpjpe_mm.mean)


def winner(summaries: Sequence[Summary]) -> str:
    """Say who wins, and who is too near to tell apart: means that differ by less than the two spreads together."""
    first, *others = summaries
    best = first.mpjpe_mm
    near = [
        other.system
        for other in others
        if abs(best.mean - other.mpjpe_mm.mean) < best.deviation + other.mpjpe_mm.deviation
    ]
    said = f"Lowest mean MPJPE with ideal 2D: {first.system}, {first.mpjpe_mm} mm."
    return f"{said} Not told apart from it by these seeds: {', '.join(near)}." if near else said


def as_markdown(summaries: Sequence[Summary]) -> str:
    """Return the table in Markdown."""
    return markdown_table(HEADER, [summary.cells() for summary in summaries])

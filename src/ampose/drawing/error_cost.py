"""A picture of error against cost: each system a point, its spread a bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ampose.atomic import replacing
from ampose.errors import printable


@dataclass(frozen=True)
class Point:
    """A system: MACs of one pose, error in mm, and the error's spread in mm (NaN for none)."""

    name: str
    macs: int
    error_mm: float
    spread_mm: float


def write_error_cost(path: str | Path, points: Sequence[Point], *, error: str) -> None:
    """Write a PNG; it appears when it is complete.

    Args:
        path: Where.
        points: One or more.
        error: What the error is, for the axis.

    Raises:
        InputError: The folder cannot be written to.
    """
    figure = Figure(figsize=(9, 6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for point in points:
        bar = 0.0 if isnan(point.spread_mm) else point.spread_mm
        axes.errorbar(point.macs / 1e6, point.error_mm, yerr=bar, fmt="o", color="#1f6f8b", capsize=3)
        where = (point.macs / 1e6, point.error_mm)
        # A $ in a name begins no formula.
        note = axes.annotate(printable(point.name), where, xytext=(6, 5), textcoords="offset points", fontsize=9)
        note.set_parse_math(False)
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.set_xlabel("million multiply-adds for one pose")
    axes.set_ylabel(error)
    axes.grid(visible=True, alpha=0.3)
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        figure.savefig(file, format="png")

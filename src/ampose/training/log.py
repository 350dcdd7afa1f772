"""The log of a run: one JSON line an epoch, and a plot of the curves."""

import json
import os
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ampose.atomic import replacing
from ampose.errors import reading

Row = dict[str, Any]


class RunLog:
    """Writes ``log.jsonl`` and ``loss.png`` in a run's folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "log.jsonl"
        self.plot = folder / "loss.png"

    def rows(self) -> list[Row]:
        """Read all lines; a last line that a kill cut short is left out."""
        if not self.path.is_file():
            return []
        with reading(self.path, "a run's log", "remove it"):
            lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
            return [json.loads(line) for line in lines if line.endswith("\n")]

    def append(self, row: Row) -> None:
        """Add an epoch and draw the curves anew."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draw_curves(self.rows(), self.plot)

    def cut(self, epoch: int) -> None:
        """Forget the epochs from this one on: the checkpoint that we go on from is older than they are."""
        kept = [row for row in self.rows() if row["epoch"] < epoch]
        with replacing(self.path) as unfinished:
            unfinished.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")


def draw_curves(rows: list[Row], path: Path) -> None:
    """Draw training loss and validation error over the epochs."""
    epochs = [row["epoch"] + 1 for row in rows]
    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = (("loss", "training loss", "#4477aa"), ("validation_mpjpe_mm", "validation MPJPE (mm)", "#cc6677"))
    for axes, (key, label, colour) in zip(figure.subplots(1, 2), panels, strict=True):
        values = [row[key] for row in rows]
        axes.plot(epochs, values, color=colour, marker="." if len(rows) < 40 else "")
        title = f"{label}: {values[-1]:.4g} (lowest {min(values):.4g})"
        if key != "loss" and "caveat" in rows[-1]:
            title += f"\n{rows[-1]['caveat']}"
        axes.set(xlabel="epoch", title=title, yscale="log")
        axes.grid(visible=True, which="both", alpha=0.2)
        axes.spines[["top", "right"]].set_visible(False)
    with replacing(path) as unfinished:
        figure.savefig(unfinished, dpi=120, format="png")

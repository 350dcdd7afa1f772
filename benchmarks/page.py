"""The figures as text, and as the tables and the picture of docs/performance.md and docs/performance-details.md.

Run as a script it makes the pages anew from benchmarks/performance.json, without measuring.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

DOCS = Path(__file__).parents[1] / "docs"
PAGES = (DOCS / "performance.md", DOCS / "performance-details.md")
FIGURES, PICTURE = Path(__file__).with_name("performance.json"), DOCS / "images" / "performance.png"
BLOCK = re.compile(r"(<!-- benchmark: ([\w-]+) -->\n)(.*?)(<!-- end of benchmark -->)", re.DOTALL)
COLUMNS = {
    "lifting": ("model", "batch", "what", "poses/s", "low", "high", "share of ceiling", "mean mm", "largest mm"),
    "training": ("model", "batch", "what", "samples/s", "low", "high", "share of fp32 ceiling"),
    "goals": ("name", "required", "target", "measured", "by", "verdict"),
}
SHOWN = ("torch fp32", "onnxruntime fp32", "openvino fp32", "openvino bf16")
"""What the short table sets side by side; the long one has all."""


Row = Mapping[str, Any]


def as_text(rows: Sequence[Row]) -> str:
    """Align rows under their keys, to the right."""
    header = list(dict.fromkeys(key for row in rows for key in row))
    cells = [header, *([_cell(key, row.get(key)) for key in header] for row in rows)]
    return tabulate(cells, tablefmt="plain", colalign=["right"] * len(header), disable_numparse=True)


def as_markdown(rows: Sequence[Row], columns: Sequence[str] = ()) -> str:
    """Return a table in Markdown."""
    header = list(columns) or list(dict.fromkeys(key for row in rows for key in row))
    numbers = [any(isinstance(row.get(key), int | float) for row in rows) for key in header]
    cells = [[_cell(key, row.get(key)) for key in header] for row in rows]
    sides = ["right" if number else "left" for number in numbers]
    return tabulate(cells, header, tablefmt="pipe", colalign=sides, disable_numparse=True)


def _cell(key: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        if "share" in key:
            return f"{value:.0%}"
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def write(result: Mapping[str, Any]) -> None:
    """Write the tables between the pages' marks, and the picture."""
    fill(tables_of(result))
    draw(result["lifting"])


def tables_of(result: Mapping[str, Any]) -> dict[str, str]:
    """Return the table of each mark for which there are figures."""
    tables = {"machine": as_markdown([{"": key, "measured on": value} for key, value in result["machine"].items()])}
    for name in ("goals", "lifting", "chunks", "training", "batching", "memory", "startup"):
        if name in result:
            tables[name] = as_markdown(result[name], COLUMNS.get(name, ()))
    tables["engines"] = as_markdown(engines_side_by_side(result["lifting"]))
    return tables


def engines_side_by_side(rows: Sequence[Row]) -> list[Row]:
    """Return a row for each model and batch size: the poses per second of the engines."""
    table: dict[tuple[str, int], dict[str, Any]] = {}
    for row in rows:
        if row["what"] in SHOWN:
            key = row["model"], row["batch"]
            table.setdefault(key, {"model": key[0], "batch": key[1]})[row["what"]] = row["poses/s"]
    return list(table.values())


def fill(tables: Mapping[str, str]) -> None:
    """Put text between the pages' marks of these names; the others stay."""
    for page in PAGES:
        text = page.read_text()
        page.write_text(
            BLOCK.sub(lambda found: f"{found[1]}{tables.get(found[2], found[3].strip())}\n{found[4]}", text)
        )


def draw(rows: Sequence[Row]) -> None:
    """Draw poses per second, and the share of the ceiling, against the batch size; a line for each engine."""
    import matplotlib.pyplot as plt

    models = list(dict.fromkeys(row["model"] for row in rows))
    figure, axes = plt.subplots(2, len(models), figsize=(6 * len(models), 8), squeeze=False, layout="constrained")
    for column, model in zip(axes.T, models, strict=True):
        for axis, key in zip(column, ("poses/s", "share of ceiling"), strict=True):
            for name in dict.fromkeys(row["what"] for row in rows):
                line = [row for row in rows if (row["model"], row["what"]) == (model, name) and key in row]
                if line:
                    axis.plot([row["batch"] for row in line], [row[key] for row in line], marker="o", label=name)
            axis.set(xscale="log", xlabel="batch", ylabel=key, title=model)
            axis.set_ylim(bottom=0)
            axis.grid(visible=True, alpha=0.3)
    axes[0, 0].legend(fontsize="small")
    axes[1, 0].axhline(1.0, color="grey", linestyle="--")
    figure.savefig(PICTURE, dpi=90)
    plt.close(figure)


if __name__ == "__main__":
    write(json.loads(FIGURES.read_text()))

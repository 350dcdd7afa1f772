"""The tables of research/ablation.md, from the scores of the runs that are done."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.page import BLOCK, as_markdown
from research.held_out_sets import METRICS

PAGE, FIGURES = Path(__file__).with_name("ablation.md"), Path(__file__).with_name("ablation.json")
FIRST = "everything"
STARTS = ("scratch", "on")
"""Where runs start from: nothing, or finished weights."""

Run = Mapping[str, Any]


def write(result: Mapping[str, Any]) -> None:
    """Write the figures, and the tables between the page's marks."""
    FIGURES.write_text(json.dumps(result, indent=1) + "\n")
    tables = {}
    for start in STARTS:
        tables[f"ablation-{start}-budget"] = budget(result["samples"][start], result["batch"], result["runs"][start])
        tables |= {f"ablation-{start}-{metric}": table(result["runs"][start], metric) for metric in METRICS}
    text = PAGE.read_text()
    PAGE.write_text(BLOCK.sub(lambda found: f"{found[1]}{tables[found[2]]}\n{found[4]}", text))


def budget(samples: int, batch: int, runs: Sequence[Run]) -> str:
    """Say how much each run saw and how many runs are done."""
    seeds = [run["seed"] for run in runs]
    counts = ", ".join(f"seed {seed}: {seeds.count(seed)}" for seed in sorted(set(seeds)))
    return (
        f"Each run: {samples:,} samples, {samples // batch:,} steps of {batch}. "
        f"Runs that are in the tables: {counts or 'none'}."
    )


def table(runs: Sequence[Run], metric: str) -> str:
    """The recipe's own scores, and how each change moves them (paired by seed), with the spread over seeds."""
    whole = {run["seed"]: run["scores"] for run in runs if run["variant"] == FIRST}
    rows = []
    for variant in dict.fromkeys(run["variant"] for run in runs):
        mine = [run for run in runs if run["variant"] == variant and run["seed"] in whole]
        row: dict[str, Any] = {"": variant, "seeds": len(mine)}
        for name in next(iter(whole.values()), {}):
            own = [run["scores"][name][metric] for run in mine]
            base = [whole[run["seed"]][name][metric] for run in mine]
            row[name] = _cell(own) if variant == FIRST else _cell([a - b for a, b in zip(own, base, strict=True)], "+")
        if mine:
            rows.append(row)
    return as_markdown(rows) if rows else "No run is done."


def _cell(values: Sequence[float], sign: str = "") -> str:
    if not values:
        return ""
    spread = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
    return f"{mean(values):{sign}.1f}{spread}"

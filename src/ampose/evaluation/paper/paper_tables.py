"""The paper's tables with our rows: published figures, ours, the difference, the protocol, and the footnotes."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from ampose.atomic import replacing
from ampose.evaluation.paper.published import ACTIONS, FOOTNOTES, SCENES, TABLES, Column, PublishedTable
from ampose.evaluation.paper.rows import ROWS, TableRow, parts_of
from ampose.evaluation.report import Report
from ampose.evaluation.tables import markdown_table, text_table
from ampose.models.cost import Cost

PUBLISHED, MEASURED, SPREAD, DIFFERENCE = "published", "ours", "spread", "difference"

Figures = dict[str, float]

_OF_NETWORKS = {"parameters", "flops", "flops_one_unit"}
"""Figures that are the same for every run."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured for a row: a report for each of its variants, in their order, and the network's cost."""

    row: TableRow
    method: str
    reports: tuple[Report, ...]
    cost: Cost

    @property
    def by_variant(self) -> dict[str, Report]:
        """The report of each variant."""
        return dict(zip(self.row.variants, self.reports, strict=True))


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """A row as it is shown: what kind it is, whose it is, and the text of each column."""

    kind: str
    method: str
    cells: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """A table of the paper, or a part of one, with our rows."""

    name: str
    published: PublishedTable
    rows: tuple[ShownRow, ...]
    notes: tuple[str, ...]

    def header(self) -> list[str]:
        """Return what stands above the columns; what the paper does not print is marked."""
        return ["Method", *(f"{column.label}{' *' if column.derived else ''}" for column in self.published.columns)]

    def cells(self) -> list[list[str]]:
        """Return the text of all rows."""
        columns = self.published.columns
        return [[row.method, *(row.cells.get(column.key, "-") for column in columns)] for row in self.rows]

    def footnotes(self) -> list[str]:
        """Return the footnotes, each with its number; rows refer to theirs by it."""
        derived = ["* This column is not in the paper."] if any(c.derived for c in self.published.columns) else []
        return derived + [f"({number}) {FOOTNOTES[key]}" for number, key in enumerate(self.notes, start=1)]

    def as_text(self) -> str:
        """Return title, aligned table and footnotes."""
        return "\n".join([self.published.title, "", text_table(self.header(), self.cells()), "", *self.footnotes()])

    def as_markdown(self) -> str:
        """Return title, table and footnotes in Markdown."""
        notes = "\n".join(f"- {note.replace('*', chr(92) + '*')}" for note in self.footnotes())
        return f"## {self.published.title}\n\n{markdown_table(self.header(), self.cells())}\n\n{notes}\n"

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        rows = [{"kind": row.kind, "method": row.method, "figures": dict(row.cells)} for row in self.rows]
        columns = [{"key": c.key, "label": c.label, "in_paper": not c.derived} for c in self.published.columns]
        return {
            "name": self.name,
            "title": self.published.title,
            "columns": columns,
            "rows": rows,
            "footnotes": self.footnotes(),
        }


def assemble(table: str, measured: Sequence[Measured] = ()) -> list[PaperTable]:
    """Put a table of the paper together, in its parts.

    Args:
        table: "table1" to "table5".
        measured: What we measured for rows of that table; without, the published rows stand alone. Of several runs for
            one row, which differ by their seed, a row has the mean, and the next the standard deviation.

    Example:
        >>> [part.name for part in assemble("table1")]
        ['table1-cpn', 'table1-gt']
    """
    tables = []
    for part in parts_of(table):
        published = TABLES[part]
        notes = list(dict.fromkeys([*published.notes, *(note for row in published.rows for note in row.notes)]))
        rows = []
        for row in published.rows:
            numbers = "".join(f" ({notes.index(note) + 1})" for note in row.notes)
            rows.append(ShownRow(kind=PUBLISHED, method=row.method + numbers, cells=row.figures))
        ours = _our_rows(part, [one for one in measured if one.row.part == part])
        for (compared, variant, method), (figures, spread) in ours.items():
            label = f"{method}, {variant}, for {compared}"
            rows.append(ShownRow(kind=MEASURED, method=label, cells=_shown(published.columns, figures)))
            if spread:
                cells = _shown(published.columns, spread)
                rows.append(ShownRow(kind=SPREAD, method="  standard deviation of the runs", cells=cells))
            row = published.row(compared)
            cells = {
                column.key: f"{figures[column.key] - row.value(column.key):+.{column.decimals}f}"
                for column in published.columns
                if column.key in figures and not math.isnan(row.value(column.key))
            }
            rows.append(ShownRow(kind=DIFFERENCE, method=f"  difference to {compared}", cells=cells))
        tables.append(PaperTable(name=part, published=published, rows=tuple(rows), notes=tuple(notes)))
    return tables


def _our_rows(part: str, measured: Sequence[Measured]) -> dict[tuple[str, str, str], tuple[Figures, Figures]]:
    """Return mean and spread by (published row, variant, method) of each row of ours; rows of one row are joined."""
    joined: dict[tuple[str, str, str], tuple[Figures, Figures]] = {}
    for row in {one.row.recipe: one.row for one in measured}.values():
        runs = [one for one in measured if one.row.recipe == row.recipe]
        whose = runs[0].method if row.column else f"{runs[0].method} ({row.recipe})"
        whose += f", mean of {len(runs)} runs" if len(runs) > 1 else ""
        for variant in row.variants:
            figures, spread = joined.setdefault((row.compared, variant, whose), ({}, {}))
            found = [_figures(part, one, one.by_variant[variant]) for one in runs]
            figures |= {key: mean(run[key] for run in found) for key in found[0]}
            if len(runs) > 1:
                spread |= {key: stdev(run[key] for run in found) for key in set(found[0]) - _OF_NETWORKS}
    if part == "table5":  # the distance to our own row Ours of the same variant
        ours = {variant: figures["mpjpe"] for (row, variant, _), (figures, _) in joined.items() if row == "Ours"}
        for (name, variant, _), (figures, _) in joined.items():
            if name != "Ours" and variant in ours:
                figures["delta"] = figures["mpjpe"] - ours[variant]
    return joined


def _figures(part: str, one: Measured, report: Report) -> Figures:
    """Return what a report and the network's cost say for the columns of a part."""
    means, pooled = report.mean_over_actions.values, report.all_frames.values
    parameters, flops = one.cost.parameters / 1e6, one.cost.weight_macs / 1e6
    if part == "table2":
        return {"parameters": parameters, one.row.column: means["mpjpe"]}
    if part == "table3":
        scenes = {row.name: row.values["pck"] for row in report.actions if row.name in SCENES}
        return {**scenes, "pck": pooled["pck"], "auc": pooled["auc"], "scene_mean": means["pck"]}
    if part == "table4":
        figures = {key: pooled[key] for key in ("pck", "auc", "mpjpe")}
        return {"parameters": parameters, "flops": flops, "flops_one_unit": 2 * flops, **figures}
    if part == "table5":
        return {"parameters": parameters, "flops": flops, "mpjpe": means["mpjpe"]}
    actions = {row.name: row.values["mpjpe"] for row in report.actions if row.name in ACTIONS}
    return {**actions, "average": means["mpjpe"], "all_frames": pooled["mpjpe"]}


def _shown(columns: Sequence[Column], figures: Figures) -> dict[str, str]:
    return {c.key: f"{figures[c.key]:.{c.decimals}f}" for c in columns if c.key in figures}


def protocol_text(measured: Sequence[Measured], *, every_variant: bool = True) -> str:
    """Return the full statement and table of the reports behind our rows: all, or the first variant of each."""
    parts = [
        f"{_behind(one, variant)}\n\n{report.statement()}\n\n{report.as_text()}"
        for one in measured
        for variant, report in list(one.by_variant.items())[: None if every_variant else 1]
    ]
    return "\n\n".join(parts)


def _behind(one: Measured, variant: str) -> str:
    return f"{one.row.recipe}, {variant}, for {one.row.compared}"


def write_tables(folder: Path, table: str, parts: Sequence[PaperTable], measured: Sequence[Measured]) -> list[Path]:
    """Write a table as Markdown, CSV, JSON and text; returns the files.

    Raises:
        InputError: The folder cannot be written to.
    """
    plain = {
        "table": table,
        "parts": [part.as_dict() for part in parts],
        "measured": [
            {"recipe": one.row.recipe, "row": one.row.compared, "variant": variant, **report.as_dict()}
            for one in measured
            for variant, report in one.by_variant.items()
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    reports = [
        f"### {_behind(one, variant)}\n\n```text\n{report.statement()}\n```\n\n{report.as_markdown()}\n"
        for one in measured
        for variant, report in one.by_variant.items()
    ]
    contents = {
        "md": "\n".join([*(part.as_markdown() for part in parts), *reports]),
        "csv": _csv(parts),
        "json": json.dumps(plain, indent=2, allow_nan=False) + "\n",
        "txt": "\n\n".join([*(part.as_text() for part in parts), protocol_text(measured)]).rstrip() + "\n",
    }
    files = [folder / f"{table}.{ending}" for ending in contents]
    for path, content in zip(files, contents.values(), strict=True):
        with replacing(path) as unfinished:
            unfinished.write_text(content, encoding="utf-8", newline="")
    return files


def _csv(parts: Sequence[PaperTable]) -> str:
    """One line a row: table, kind, method, figures; each part has its own header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for part in parts:
        writer.writerow(["table", "kind", *part.header()])
        for row, cells in zip(part.rows, part.cells(), strict=True):
            writer.writerow([part.name, row.kind, *(cell.strip() for cell in cells)])
    return text.getvalue()


def missing_rows(table: str, measured: Sequence[Measured]) -> list[TableRow]:
    """Return the rows of a table that nothing was measured for."""
    there = {one.row.recipe for one in measured}
    return [row for row in ROWS[table] if row.recipe not in there]

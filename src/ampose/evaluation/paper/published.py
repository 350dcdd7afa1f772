"""The published figures: Tables 1 to 5 of the AMPose paper, read from ``published.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from ampose.data.human36m.human36m_files import ACTIONS

__all__ = ["ACTIONS", "FOOTNOTES", "SCENES", "TABLES", "Column", "PublishedRow", "PublishedTable"]

SCENES = ("GS", "noGS", "Outdoor")
"""MPI-INF-3DHP's scenes in the order of Table 3."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        key: The name of the figure in a row.
        label: The column's heading, with its unit.
        decimals: Decimals of figures that we measure.
        derived: Whether it is not in the paper, but computed from what is.
    """

    key: str
    label: str
    decimals: int = 1
    derived: bool = False


@dataclass(frozen=True)
class PublishedRow:
    """A row as it is printed.

    Args:
        method: The paper's words, with the number in its list of references.
        figures: Column key -> the printed text.
        notes: Keys of the footnotes about this row.
    """

    method: str
    figures: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def value(self, key: str) -> float:
        """Return a figure as a number; NaN where nothing is printed.

        Example:
            >>> TABLES["table5"].row("Ours").value("mpjpe"), TABLES["table5"].row("Ours").value("delta")
            (49.5, nan)
        """
        text = self.figures.get(key, "-")
        return float("nan") if text == "-" else float(text)


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """A table of the paper, or a part of one that has its own heading."""

    title: str
    """The paper's caption."""

    columns: tuple[Column, ...]
    """In order; the method stands before them."""

    rows: tuple[PublishedRow, ...]
    """In order."""

    notes: tuple[str, ...] = ()
    """Keys of the footnotes that are about the whole table."""

    def row(self, method: str) -> PublishedRow:
        """Return the row of a method.

        Raises:
            KeyError: There is none.
        """
        return {row.method: row for row in self.rows}[method]


def _read_table(content: Mapping[str, Any]) -> PublishedTable:
    columns = tuple(Column(**column) for column in content["columns"])
    notes = content.get("row_notes", {})
    rows = []
    for method, line in content["rows"].items():
        figures = line.split()
        # Some rows have figures for the derived columns too; the others stop at those that are printed.
        keys = [column.key for column in columns if len(figures) == len(columns) or not column.derived]
        rows.append(PublishedRow(method, dict(zip(keys, figures, strict=True)), tuple(notes.get(method, ()))))
    return PublishedTable(
        title=content["title"], columns=columns, rows=tuple(rows), notes=tuple(content.get("notes", ()))
    )


_CONTENT = tomllib.loads(files(__package__).joinpath("published.toml").read_text(encoding="utf-8"))

TABLES: Mapping[str, PublishedTable] = {name: _read_table(table) for name, table in _CONTENT["tables"].items()}
"""The tables and parts of tables by name."""

FOOTNOTES: Mapping[str, str] = _CONTENT["footnotes"]
"""Footnotes by key: what is inconsistent or silent in the paper, and how it is read here."""

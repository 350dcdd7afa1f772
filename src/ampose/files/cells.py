"""The cells of a table of text, as spreadsheets, statistics programs and people write them."""

import csv
import io
import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError

_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d*,\d+(e[-+]?\d+)?\s*", re.IGNORECASE)
_MISSING = frozenset(
    ("", "na", "n/a", "<na>", "#n/a", "#n/a n/a", "#na", "nan", "-nan", "none", "null", "1.#ind", "-1.#ind", "1.#qnan")
)
"""What pandas, R and spreadsheets write for a number that is not there."""


def first_line(text: str) -> str:
    """Return the first line that is not empty."""
    return text.lstrip().partition("\n")[0].partition("\r")[0]


def rows_of(text: str, separator: str | None = None) -> list[list[str]]:
    r"""Return the cells of each line that is not empty.

    Beside semicolons and tabs a comma within a number is a decimal one, as spreadsheets of half of Europe write it.

    Args:
        text: Of the whole file.
        separator: Between cells. None: a semicolon, tab or comma, whichever the first line has, or else blanks.

    Example:
        >>> rows_of("a;b\n1,5;x")
        [['a', 'b'], ['1.5', 'x']]
    """
    separator = separator or next((one for one in ";\t," if one in first_line(text)), None)
    if separator is None:
        return [line.split() for line in text.splitlines() if line.strip()]
    # Without a newline of its own the text is read with the ends of lines of any computer.
    rows = [row for row in csv.reader(io.StringIO(text, newline=None), delimiter=separator) if any(row)]
    if separator == ",":
        return rows
    return [[cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell for cell in row] for row in rows]


def check_widths(rows: Sequence[Sequence[str]], width: int) -> None:
    """Refuse rows with more or fewer cells than the line of names.

    Raises:
        InputError: There is one.
    """
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise InputError(f"rows must have {width} cells as the line of names, got {len(row)} in row {number}")


def is_missing(cell: str) -> bool:
    """Tell whether a cell says that there is nothing.

    Example:
        >>> is_missing(" NA "), is_missing("0")
        (True, False)
    """
    return cell.strip().casefold() in _MISSING


def numbers_in(rows: Sequence[Sequence[str]], at: int, name: str) -> Float[np.ndarray, " row"]:
    """Return the numbers of a column; NaN where there is none.

    Args:
        rows: Without the line of names.
        at: Number of the column.
        name: What it is called.

    Raises:
        InputError: A cell is no number.
    """
    values = np.full(len(rows), np.nan)
    for number, row in enumerate(rows):
        try:
            values[number] = float(row[at])
        except ValueError:
            if not is_missing(row[at]):
                raise InputError(f"{name} must hold numbers, got {row[at]!r:.40} in row {number + 1}") from None
    return values

"""``.csv``: a table for pandas, R and spreadsheets; ``table_columns`` says what the columns are.

UTF-8, commas, one line of column names; semicolons with decimal commas, tabs and UTF-16, as spreadsheets make of it,
are read too. Positions are rounded to 0.01 mm, confidences to 0.0001.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from ampose.errors import InputError
from ampose.files.cells import check_widths, first_line, numbers_in, rows_of
from ampose.files.letters import read_text
from ampose.files.poses.pose_format import all_but, formats
from ampose.files.poses.table_columns import cells, columns_of, is_column, people_of
from ampose.poses.people import Person

_FORMULA = ("=", "+", "-", "@")
"""A spreadsheet runs a cell that begins like this: the name of a joint, which comes from a file, must not."""

_DIGITS_M, _DIGITS_CONFIDENCE, _DIGITS_S = 5, 4, 12


@formats.register(".csv", carries=all_but("keypoints_2d", "skeleton", "frame_of_reference", "provenance"))
class CsvFile:
    """People as comma-separated values."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write a row for each frame of each person."""
        columns = columns_of(people)
        digits = {
            name: _DIGITS_S if name == "time_s" else _DIGITS_CONFIDENCE if name.endswith("_confidence") else _DIGITS_M
            for name in columns
        }
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(f"_{name}" if name.startswith(_FORMULA) else name for name in columns)
            writer.writerows(zip(*(cells(columns[name], digits[name]) for name in columns), strict=True))

    def read(self, path: Path) -> list[Person]:
        """Read the people back, to the digits that were written."""
        text = read_text(path)
        # A joint's name may hold any of them: what divides the line of names is what leaves the names that are known.
        separator = max(
            ",;\t", key=lambda one: sum(map(is_column, next(csv.reader([first_line(text)], delimiter=one), [])))
        )
        header, *rows = rows_of(text, separator) or [[]]
        if len(set(header)) < len(header):
            raise InputError("columns must have different names, got two of one name")
        check_widths(rows, len(header))
        return people_of({name: numbers_in(rows, at, name) for at, name in enumerate(header) if is_column(name)})

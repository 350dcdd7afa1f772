"""``.csv``: a table for pandas, R and spreadsheets; ``table_columns`` says what the columns are.

UTF-8, commas, one line of column names. Positions are rounded to 0.01 mm, confidences to 0.0001.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

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
        with path.open(encoding="utf-8-sig", newline="") as stream:
            try:
                header, *rows = [row for row in csv.reader(stream) if row] or [[]]
            except csv.Error as error:
                raise ValueError(f"a line that is no CSV ({error})") from error
        if len(set(header)) < len(header):
            raise ValueError("two columns of the same name")
        for number, row in enumerate(rows, start=1):
            if len(row) != len(header):
                raise ValueError(f"{len(row)} cells instead of {len(header)} in row {number}")
        columns: dict[str, np.ndarray] = {}
        for at, name in enumerate(header):
            if is_column(name):
                try:
                    numbers = [float(row[at]) if row[at] not in ("", "NA") else np.nan for row in rows]
                except ValueError as error:
                    raise ValueError(f"{error} in column {name}") from error
                columns[name] = np.array(numbers, dtype=np.float64)
        return people_of(columns)

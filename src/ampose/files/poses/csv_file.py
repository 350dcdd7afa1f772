"""``.csv``: a table for pandas, R and spreadsheets; ``table_columns`` says what the columns are.

UTF-8, commas, one line of column names. Positions are rounded to 0.01 mm, confidences to 0.0001.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ampose.files.poses.pose_format import formats
from ampose.files.poses.table_columns import columns_of, is_column, people_of
from ampose.poses.people import Person

_DIGITS_M, _DIGITS_CONFIDENCE, _DIGITS_S = 5, 4, 12
_CARRIES = (
    "positions",
    "confidence",
    "expected_error",
    "missing_joints",
    "missing_frames",
    "times",
    "no_fps",
    "people",
)


@formats.register(".csv", carries=_CARRIES)
class CsvFile:
    """People as comma-separated values."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write a row for each frame of each person."""
        columns = columns_of(people)
        cells = [_cells(values, _digits(name)) for name, values in columns.items()]
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*cells, strict=True))

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
        return people_of(
            {name: _numbers(name, [row[at] for row in rows]) for at, name in enumerate(header) if is_column(name)}
        )


def _digits(name: str) -> int:
    if name == "time_s":
        return _DIGITS_S
    return _DIGITS_CONFIDENCE if name.endswith("_confidence") else _DIGITS_M


def _cells(values: np.ndarray, digits: int) -> list[float | int | str]:
    if values.dtype.kind == "i":
        return values.tolist()
    return ["" if np.isnan(value) else round(value, digits) for value in values.astype(np.float64).tolist()]


def _numbers(name: str, cells: Sequence[str]) -> np.ndarray:
    try:
        return np.array([float(cell) if cell not in ("", "NA") else np.nan for cell in cells], dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"{error} in column {name}") from error

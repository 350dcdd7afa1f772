"""Datasets, one file each, by name, and the prepared file that they all become."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ampose.data.motion import Motion, concatenate, read_motion, write_motion
from ampose.registry import Registry

__all__ = [
    "Motion",
    "Report",
    "concatenate",
    "datasets",
    "ignore_report",
    "read_motion",
    "register",
    "write_motion",
]

Report = Callable[[int, int | None, str], None]
"""(done, total or None, note) -> None: how a reader says how far it is."""


class DatasetReader(Protocol):
    """What every registered dataset is: a function from the folder of its files to a motion."""

    def __call__(self, root: Path, report: Report) -> Motion:
        """Read all that is below ``root``; raises InputError naming the file that is missing or broken."""


def ignore_report(done: int, total: int | None, note: str) -> None:
    """Say nothing: the report of those who do not watch."""


datasets = Registry[DatasetReader]("dataset", package="ampose.data", group="ampose.datasets")
register = datasets.register

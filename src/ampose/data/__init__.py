"""Datasets, one file each, by name, and the prepared file or folder that each becomes.

Motion capture without cameras becomes a ``MotionCapture`` in an .npz file; a dataset with cameras of its own becomes
``Recordings`` in a folder.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from ampose.data.motion_capture import MotionCapture, concatenate, read_motion, write_motion
from ampose.data.preparation import Preparation, Report, Rows, ignore_report
from ampose.data.recordings import (
    Recording,
    Recordings,
    RecordingsWriter,
    is_recordings_folder,
    read_recordings,
    write_recordings,
)
from ampose.registry import Registry

__all__ = [
    "MotionCapture",
    "Preparation",
    "Recording",
    "Recordings",
    "RecordingsWriter",
    "Report",
    "Rows",
    "concatenate",
    "datasets",
    "ignore_report",
    "is_recordings_folder",
    "read_motion",
    "read_recordings",
    "register",
    "register_recordings",
    "write_motion",
    "write_recordings",
]


class DatasetReader(Protocol):
    """A dataset without cameras: a function from the folder of its files to a motion."""

    def __call__(self, root: Path, report: Report, *, skip_damaged: bool) -> MotionCapture:
        """Read all that is below ``root``, damaged files left out if so asked.

        Raises:
            InputError: Files are missing or damaged; all are named.
        """


class DatasetPreparer(Protocol):
    """A dataset with cameras: a function that writes a folder of recordings and returns lines for its summary."""

    def __call__(self, preparation: Preparation) -> Rows:
        """Write the recordings; raises InputError naming the file that is missing or broken."""


datasets = Registry[DatasetReader | DatasetPreparer]("dataset", package="ampose.data", group="ampose.datasets")
register: Callable[..., Callable[[DatasetReader], DatasetReader]] = datasets.register  # type: ignore[assignment]


def register_recordings(name: str, **facts: Any) -> Callable[[DatasetPreparer], DatasetPreparer]:
    """Return a decorator that registers a dataset which becomes recordings; the fact ``recordings`` says so."""
    return datasets.register(name, recordings=True, **facts)  # type: ignore[return-value]

"""Datasets, one file each, by name; each is prepared to a file or a folder.

Motion capture without cameras becomes a ``MotionCapture`` in an .npz file; a dataset with cameras of its own becomes
``Recordings`` in a folder.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ampose.data.motion_capture import MotionCapture, concatenate, read_motion, write_motion
from ampose.data.preparation import Preparation, Rows, ignore_report
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
    "Dataset",
    "DatasetFacts",
    "MotionCapture",
    "Preparation",
    "Recording",
    "Recordings",
    "RecordingsWriter",
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


DatasetReader = Callable[..., MotionCapture]
"""A dataset without cameras: ``(folder of its files, report: Progress, *, skip_damaged: bool)`` -> all that is below
the folder, damaged files left out if so asked. Raises InputError naming all files that are missing or damaged."""

DatasetPreparer = Callable[..., Rows]
"""A dataset with cameras: (Preparation) -> lines for the summary, when its folder of recordings is written. Raises
InputError naming the file that is missing or broken."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """How a dataset is prepared: one of the two."""

    read: DatasetReader | None = None
    """Returns the motion of one without cameras."""

    prepare: DatasetPreparer | None = None
    """Writes the recordings of one with cameras of its own."""


@dataclass(frozen=True, kw_only=True)
class DatasetFacts:
    """What is printed with a prepared dataset.

    Args:
        terms: What its licence allows.
        acknowledgement: Whom to cite.
        link: Where it is got from.
        extra: The extra of this package that reading it needs.
    """

    terms: str
    acknowledgement: str
    link: str
    extra: str = ""


datasets = Registry[Dataset, DatasetFacts]("dataset", DatasetFacts, package="ampose.data", group="ampose.datasets")


def register(name: str, **facts: str) -> Callable[[DatasetReader], DatasetReader]:
    """Return a decorator that registers the reader of a dataset without cameras; for the facts see ``DatasetFacts``."""

    def decorate(read: DatasetReader) -> DatasetReader:
        datasets.add(name, Dataset(read=read), **facts)
        return read

    return decorate


def register_recordings(name: str, **facts: str) -> Callable[[DatasetPreparer], DatasetPreparer]:
    """Return a decorator that registers what prepares a dataset with cameras; for the facts see ``DatasetFacts``."""

    def decorate(prepare: DatasetPreparer) -> DatasetPreparer:
        datasets.add(name, Dataset(prepare=prepare), **facts)
        return prepare

    return decorate

"""What a dataset is asked for when it is prepared, and how it says how far it is."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ampose import Progress
from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton

Rows = list[tuple[str, str]]
"""Lines of a summary: name, text."""

_FLOAT_BYTES = 4
_INDEX_BYTES = 1_000_000


def ignore_report(done: int, total: int | None, note: str) -> None:
    """Say nothing: the report of those who do not watch."""


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """One dataset to prepare as a folder of recordings.

    Args:
        root: Folder (or file) of the dataset as it was downloaded.
        output: Folder to write.
        keypoints_2d: Files with detected keypoints, on top of those in ``root``.
        target: Which annotation to take as the 3D truth, where a dataset has several; "" for its default.
        sequences: Sequences to prepare, where a dataset can be prepared in parts; empty for all.
        report: Called with (done, total, note).
        announce: Called with one line before the writing starts.
    """

    root: Path
    output: Path
    keypoints_2d: tuple[Path, ...] = ()
    target: str = ""
    sequences: tuple[str, ...] = ()
    report: Progress = ignore_report
    announce: Callable[[str], None] = logging.getLogger(__name__).info

    def claim_disk(self, samples: int, skeleton: Skeleton, num_sources: int) -> None:
        """Say how much disk the recordings will take.

        Raises:
            InputError: There is less room than that.
        """
        numbers = skeleton.num_joints * (3 + 2 * num_sources)
        needed = samples * (numbers * _FLOAT_BYTES + 1) + _INDEX_BYTES
        place = next(folder for folder in self.output.absolute().parents if folder.is_dir())
        free = shutil.disk_usage(place).free
        if free < needed:
            raise InputError(
                f"{self.output}: disk must have {_megabytes(needed)} free for {samples:,} samples, "
                f"has {_megabytes(free)}; make room or name another folder"
            )
        self.announce(f"{samples:,} samples will take {_megabytes(needed)} in {self.output} ({_megabytes(free)} free)")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"

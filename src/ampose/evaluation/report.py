"""A report: the numbers, and everything that says what they are numbers of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ampose.atomic import replacing
from ampose.errors import InputError
from ampose.evaluation.protocol import Protocol
from ampose.evaluation.tables import markdown_table, text_table
from ampose.poses.metrics import display

GROUPS = {
    "actions": ("action", "mean over actions", "all frames"),
    "scenes": ("scene", "mean of scenes", "pooled"),
}
"""By what the rows of a table are: the first column's name, and those of the plain mean and of the mean over frames."""


@dataclass(frozen=True)
class Row:
    """Means of some samples: their number, and each metric's mean in its displayed unit."""

    name: str
    frames: int
    values: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one method reached under one protocol."""

    method: str
    """What was measured, in a few words."""

    protocol: Protocol
    """Under which settings."""

    actions: tuple[Row, ...]
    """One row an action, or a scene, in alphabetical order."""

    subjects: tuple[Row, ...]
    """One row a subject; none if the subjects were not given."""

    mean_over_actions: Row
    """The unweighted mean of the actions' rows: what the field's tables print."""

    all_frames: Row
    """The mean over all samples, where long actions weigh more."""

    per_joint_mm: Mapping[str, float]
    """Mean error of each joint after root alignment."""

    facts: Mapping[str, str] = field(default_factory=dict)
    """Hashes, files, versions."""

    caveats: tuple[str, ...] = ()
    """What keeps the numbers from being compared with others as they stand."""

    @property
    def frames(self) -> int:
        """How many samples were counted."""
        return self.all_frames.frames

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; every number stands beside its unit."""
        units = {metric: display(metric).unit for metric in self.protocol.metrics}
        return {**asdict(self), "protocol": self.protocol.as_dict(), "frames": self.frames, "units": units}

    def statement(self) -> str:
        """Return all settings that bear on the numbers, one a line."""
        lines = [
            ("method", self.method),
            *self.facts.items(),
            *self.protocol.statement(),
            *(("caveat", caveat) for caveat in self.caveats),
            ("counted", f"{self.frames} samples of {len(self.actions)} {self.protocol.group}"),
        ]
        width = max(len(name) for name, _ in lines)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)

    def as_text(self) -> str:
        """Return the table by action and its two means, aligned."""
        return text_table(self._header(), self._cells())

    def as_markdown(self) -> str:
        """Return the table by action and its two means in Markdown."""
        return markdown_table(self._header(), self._cells())

    def _header(self) -> list[str]:
        return [GROUPS[self.protocol.group][0], "frames", *_columns(self.protocol)]

    def _cells(self) -> list[list[str]]:
        rows = [*self.actions, self.mean_over_actions, self.all_frames]
        return [[row.name, str(row.frames), *_numbers(row, self.protocol)] for row in rows]


def comparison(reports: Sequence[Report]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a table with one method a row: its means over actions.

    Raises:
        InputError: The reports are of different protocols or numbers of samples, so do not compare.
    """
    first = reports[0]
    for report in reports:
        if (report.protocol, report.frames) != (first.protocol, first.frames):
            found = " and ".join(f"{one.protocol.name} on {one.frames} samples" for one in (first, report))
            raise InputError(f"reports must be of one protocol and the same data, got {found}")
    header = [f"{first.mean_over_actions.name}, {first.frames} samples", *_columns(first.protocol)]
    return header, [[report.method, *_numbers(report.mean_over_actions, report.protocol)] for report in reports]


def _columns(protocol: Protocol) -> list[str]:
    return [f"{shown.label} {shown.unit}" for shown in map(display, protocol.metrics)]


def _numbers(row: Row, protocol: Protocol) -> list[str]:
    return [f"{row.values[metric]:.1f}" for metric in protocol.metrics]


def rows_by_group(values: Mapping[str, Float[Tensor, " sample"]], names: Sequence[str]) -> tuple[Row, ...]:
    """Return one row for each name, in alphabetical order, of the samples that bear that name exactly.

    Args:
        values: Metric -> value of each sample, in the displayed unit.
        names: Each sample's group.
    """
    groups, index = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    members = [torch.from_numpy(np.flatnonzero(index == group)) for group in range(len(groups))]
    return tuple(_mean_row(str(group), values, rows) for group, rows in zip(groups, members, strict=True))


def _mean_row(name: str, values: Mapping[str, Tensor], rows: Tensor) -> Row:
    # The first frame of a sequence has no value of a metric of steps.
    return Row(name, len(rows), {metric: value[rows].nanmean().item() for metric, value in values.items()})


def all_frames_row(values: Mapping[str, Float[Tensor, " sample"]], group: str) -> Row:
    """Return the mean over all samples, named for a table whose rows are actions or scenes."""
    return _mean_row(GROUPS[group][2], values, torch.arange(len(next(iter(values.values())))))


def mean_of_rows(rows: Sequence[Row], group: str) -> Row:
    """Return the unweighted mean of rows, named for what they are: actions or scenes."""
    means = {metric: float(np.mean([row.values[metric] for row in rows])) for metric in rows[0].values}
    return Row(GROUPS[group][1], sum(row.frames for row in rows), means)


def write_reports(reports: Sequence[Report], path: Path) -> None:
    """Write reports to a JSON file, which appears whole or not at all."""
    content = json.dumps([report.as_dict() for report in reports], indent=2, allow_nan=False) + "\n"
    with replacing(path) as unfinished:
        unfinished.write_text(content, encoding="utf-8")

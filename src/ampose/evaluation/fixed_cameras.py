"""Protocols on datasets with fixed, calibrated cameras, and how a lifter is measured under them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ampose.data import Recordings
from ampose.data.human36m.human36m_dataset import drift_takes
from ampose.errors import InputError
from ampose.evaluation.protocol import ALIGNMENT, Protocol
from ampose.evaluation.report import Report, Row, all_frames_row, mean_of_rows, rows_by_group
from ampose.evaluation.run import blind, evaluate
from ampose.lifting.refinement import PoseRefinement, refine
from ampose.models.output_space import USES_GT_ROOT_DEPTH
from ampose.poses.geometry import root_relative
from ampose.poses.metrics import display, metrics
from ampose.poses.metrics.roots import ROOT_CONVENTIONS, apply_root_convention
from ampose.poses.metrics.velocity import mpjve
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton

VELOCITY = "mpjve"
POOLED, MEAN_OVER_SCENES = "pooled", "mean of scenes"

Lift = Callable[[Samples, bool], Tensor]
"""(samples, flip) -> (sample, joint, 3) metres in camera axes, the root where the method puts it."""


@dataclass(frozen=True, kw_only=True)
class FixedCameraProtocol(Protocol):
    """What is measured on a prepared dataset, and how. Nothing in it is drawn at random.

    Raises:
        InputError: A setting is out of range or names something unknown.

    Example:
        >>> protocol = FixedCameraProtocol(name="mine", description="S9 only.", subjects=("S9",), keypoints="cpn")
        >>> dict(protocol.statement())["2D source"]
        'cpn, as prepared with the dataset'
    """

    keypoints: str = "gt"
    """Name of the 2D source."""

    annotation: str = ""
    """Which 3D annotation the prepared data must hold, where a dataset has several."""

    exclude_drift_takes: bool = False
    """Leave out Human3.6M's three takes of S9 whose motion capture drifts against the pictures. The field keeps
    them."""

    valid_only: bool = False
    """Whether only the samples count that the dataset calls valid."""

    group: Literal["actions", "scenes"] = "actions"
    """What the rows of a report are, over which the plain mean is taken."""

    refined: bool = False
    """Whether the pose is refined, which uses the true depth of the root."""

    def __post_init__(self) -> None:
        self.single  # noqa: B018 (checks the settings that it shares)
        if VELOCITY in self.metrics and self.valid_only:
            raise InputError(f"metrics must not have {VELOCITY} where only valid samples count: sequences have gaps")

    @property
    def single(self) -> Protocol:
        """The protocol of single samples: all metrics but those of whole sequences."""
        shared = {field.name: getattr(self, field.name) for field in fields(Protocol)}
        return Protocol(**{**shared, "metrics": tuple(name for name in self.metrics if name != VELOCITY)})

    @property
    def source_2d(self) -> str:
        """Where the 2D comes from, in words."""
        return f"{self.keypoints}, as prepared with the dataset"

    def selects_as(self, other: "FixedCameraProtocol") -> bool:
        """Whether another protocol measures the same samples in the same joints, and tells as much about them."""
        names = ("subjects", "skeleton", "frame_stride", "keypoints", "annotation", "exclude_drift_takes", "valid_only")
        return all(getattr(self, name) == getattr(other, name) for name in (*names, "root_depth"))

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; the settings of virtual cameras have no effect here."""
        return {**super().as_dict(), "statement": dict(self.statement())}

    def statement(self) -> list[tuple[str, str]]:
        """Return (setting, value) of all that bears on a number, in words, for printing line by line."""
        joints = get_skeleton(self.skeleton).num_joints
        every = "all" if self.frame_stride == 1 else f"one in {self.frame_stride}"
        lines = [
            ("protocol", f"{self.name}: {self.description}"),
            *self.told,
            ("subjects", ", ".join(self.subjects) or "all in the data"),
            ("frames", f"{every}{' that the dataset calls valid' if self.valid_only else ''}, of every camera"),
            (
                "takes left out",
                "three of S9 that drift (see ampose.data.human36m.human36m_dataset.drift_takes)"
                if self.exclude_drift_takes
                else "none",
            ),
            ("2D source", self.source_2d),
            ("cameras", "the dataset's own; nothing is drawn at random, seed 0 has no effect"),
            ("joints", f"all {joints} of {self.skeleton}, the root counts as one"),
            ("root", f"{self.root}: {ROOT_CONVENTIONS[self.root]}"),
            ("alignment", ALIGNMENT),
            ("flip", "a lifter's prediction is averaged with its mirrored one" if self.flip else "off"),
            ("refinement", f"on: {USES_GT_ROOT_DEPTH}" if self.refined else "off"),
        ]
        if self.annotation:
            lines.append(("3D annotation", self.annotation))
        if any(metrics.get(name).facts.chosen_joints for name in self.metrics):
            counted = ", ".join(self.threshold_joints) or f"all {joints}, the root included"
            lines.append(("PCK, AUC joints", counted))
        return lines


class SceneReport(Report):
    """A report whose rows are scenes."""

    def _header(self) -> list[str]:
        return ["scene", *super()._header()[1:]]


def measure_recordings(
    lift: Lift,
    recordings: Recordings,
    protocols: Sequence[FixedCameraProtocol],
    *,
    method: str = "unnamed",
    facts: Mapping[str, str] | None = None,
    refinement: PoseRefinement | None = None,
) -> list[Report]:
    """Measure a method under protocols that differ only in how they measure, not in what.

    Args:
        lift: The method. It gets the samples with their 3D positions set to NaN: nobody can peek.
        recordings: Prepared data with the subjects of the protocols.
        protocols: One or more that select the same samples.
        method: What to call it in the reports.
        facts: Hashes, files, versions.
        refinement: For protocols that refine; it is told the true depth of the root, as it needs to be.

    Returns:
        A report for each protocol.

    Raises:
        InputError: The data lacks a subject, the 2D source or the annotation, or is in other joints; or the
            protocols select different samples.
    """
    first = protocols[0]
    if not all(protocol.selects_as(first) for protocol in protocols):
        raise InputError(f"protocols must select the same samples, got {', '.join(one.name for one in protocols)}")
    chosen = select_recordings(recordings, first)
    # Frames that are not valid are not measured, but networks over time see them.
    samples = chosen.samples(first.keypoints, valid_only=first.valid_only, whole_takes=True)[:: first.frame_stride]
    predicted = {flip: lift(blind(samples, first), flip) for flip in {protocol.flip for protocol in protocols}}
    return [
        _report(predicted[protocol.flip], chosen, samples, protocol, (method, dict(facts or {}), refinement))
        for protocol in protocols
    ]


def select_recordings(recordings: Recordings, protocol: FixedCameraProtocol) -> Recordings:
    """Return the recordings that a protocol measures, in its joints, with the frames that it leaves out.

    Raises:
        InputError: The data is of another annotation, or lacks a subject.
    """
    if protocol.annotation and recordings.target != protocol.annotation:
        raise InputError(
            f"{protocol.name} must be measured against {protocol.annotation}, got data prepared with "
            f"{recordings.target or 'no named annotation'}; prepare it again with that target"
        )
    drifting = drift_takes(recordings) if protocol.exclude_drift_takes else frozenset()
    if protocol.exclude_drift_takes and not drifting:
        raise InputError(f"{protocol.name} must keep all takes: none of this data is one of S9 that drift")
    chosen = recordings.select(subjects=protocol.subjects or None, exclude_takes=drifting)
    return chosen.with_skeleton(protocol.skeleton)


def _report(
    predicted: Float[Tensor, "sample joint 3"],
    recordings: Recordings,
    samples: Samples,
    protocol: FixedCameraProtocol,
    about: tuple[str, dict[str, str], PoseRefinement | None],
) -> Report:
    method, facts, refinement = about
    if protocol.refined:
        predicted = _refined(predicted, samples, protocol, refinement)
        method = f"{method} + refinement ({USES_GT_ROOT_DEPTH})"
    measured = np.flatnonzero(recordings.valid | (not protocol.valid_only))[:: protocol.frame_stride]
    groups = recordings.sample_labels(protocol.group)[measured].tolist()
    subjects = recordings.sample_labels("subjects")[measured].tolist()
    report = evaluate(lambda _: predicted, samples, groups, protocol.single, subjects=subjects, method=method)
    report = replace(report, protocol=protocol, facts=facts)
    if VELOCITY in protocol.metrics:
        report = _with_velocity(report, predicted, recordings, samples, protocol)
    return _of_scenes(report) if protocol.group == "scenes" else report


def _refined(
    predicted: Tensor, samples: Samples, protocol: FixedCameraProtocol, refinement: PoseRefinement | None
) -> Tensor:
    if refinement is None:
        raise InputError(f"{protocol.name} must be given a refinement, got none; train one, or measure without")
    if refinement.config.skeleton != protocol.skeleton:
        raise InputError(f"refinement must be of {protocol.skeleton}, got {refinement.config.skeleton}")
    root = get_skeleton(protocol.skeleton).root_index
    depth = samples.positions[:, 0, root, 2]
    return refine(refinement, root_relative(predicted, root), samples.keypoints_px[:, 0], samples.intrinsics, depth)


def _of_scenes(report: Report) -> SceneReport:
    """Name the means for what they are over."""
    named = replace(
        report,
        mean_over_actions=replace(report.mean_over_actions, name=MEAN_OVER_SCENES),
        all_frames=replace(report.all_frames, name=POOLED),
    )
    return SceneReport(**vars(named))


def _with_velocity(
    report: Report, predicted: Tensor, recordings: Recordings, samples: Samples, protocol: FixedCameraProtocol
) -> Report:
    """Add MPJVE: the mean over all steps from a frame to the next one of the same recording."""
    root = get_skeleton(protocol.skeleton).root_index
    predicted = apply_root_convention(predicted, root, protocol.root)
    target = root_relative(samples.positions[:, 0], root)
    longer = [recording for recording in range(recordings.num_recordings) if recordings.lengths[recording] > 1]
    if protocol.frame_stride > 1 or not longer:
        raise InputError(f"{VELOCITY} must be measured on all frames of whole sequences, got a stride or single frames")
    rows = [slice(recordings.starts[recording], recordings.starts[recording + 1]) for recording in longer]
    factor = display(VELOCITY).factor
    steps = {VELOCITY: torch.cat([mpjve(predicted[row], target[row]) for row in rows]).double() * factor}
    lengths = recordings.lengths[longer] - 1

    def merged(own: Sequence[Row], labels: Sequence[str]) -> tuple[Row, ...]:
        names = np.repeat([labels[recording] for recording in longer], lengths).tolist()
        speed = {row.name: row.values for row in rows_by_group(steps, names)}
        return tuple(replace(row, values={**row.values, **speed[row.name]}) for row in own)

    actions = merged(report.actions, getattr(recordings, protocol.group))
    total = all_frames_row(steps).values
    return replace(
        report,
        actions=actions,
        subjects=merged(report.subjects, recordings.subjects),
        mean_over_actions=mean_of_rows(actions),
        all_frames=replace(report.all_frames, values={**report.all_frames.values, **total}),
    )

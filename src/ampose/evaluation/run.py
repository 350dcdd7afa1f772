"""The one door through which lifters and baselines are measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.evaluation.protocol import Protocol
from ampose.evaluation.report import Report, all_frames_row, mean_of_rows, rows_by_group
from ampose.models.output_space import USES_GT_ROOT_DEPTH
from ampose.poses.geometry import root_relative
from ampose.poses.metrics import display, metrics
from ampose.poses.metrics.position import joint_errors
from ampose.poses.metrics.roots import apply_root_convention
from ampose.poses.metrics.threshold import select_joints
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton

Predict = Callable[[Samples], Tensor]
"""Samples -> (sample, joint, 3): root-relative metres in camera axes. It must not look at ``positions``."""


def evaluate(
    predict: Predict,
    samples: Samples,
    actions: Sequence[str],
    protocol: Protocol,
    *,
    subjects: Sequence[str] = (),
    method: str = "unnamed",
) -> Report:
    """Measure a method.

    Args:
        predict: The method. It gets the samples with their 3D positions set to NaN: nobody can peek. Where the
            protocol says that it is told the root's distance, it finds that, and is called by it.
        samples: What the protocol's cameras saw.
        actions: The name of each sample's action; names are compared whole.
        protocol: The settings.
        subjects: The name of each sample's subject, for the rows by subject.
        method: What to call it in the report.

    Raises:
        InputError: There are no samples, names are missing, or the prediction has another shape or is not
            finite.
    """
    _check_names(samples, actions, subjects)
    positions = samples.middle.positions[:, 0]
    predicted = predict(blind(samples, protocol))
    _check_prediction(predicted, positions, method)
    root = get_skeleton(protocol.skeleton).root_index
    predicted = apply_root_convention(predicted, root, protocol.root)
    target = root_relative(positions, root)
    values = {metric: sample_values(metric, predicted, target, protocol) for metric in protocol.metrics}
    rows = rows_by_group(values, actions)
    return Report(
        method=f"{method} ({USES_GT_ROOT_DEPTH})" if protocol.root_depth else method,
        protocol=protocol,
        actions=rows,
        subjects=rows_by_group(values, subjects),
        mean_over_actions=mean_of_rows(rows),
        all_frames=all_frames_row(values),
        per_joint_mm=_per_joint_mm(predicted, target, protocol),
    )


def blind(samples: Samples, protocol: Protocol) -> Samples:
    """Return the samples without the truth: positions are NaN, but for the root's distance if the method is told it."""
    positions = torch.full_like(samples.positions, torch.nan)
    if protocol.root_depth:
        root = get_skeleton(protocol.skeleton).root_index
        positions[..., root, 2] = samples.positions[..., root, 2]
    return replace(samples, positions=positions)


def sample_values(
    metric: str,
    predicted: Float[Tensor, "sample joint 3"],
    target: Float[Tensor, "sample joint 3"],
    protocol: Protocol,
) -> Float[Tensor, " sample"]:
    """Return a metric's value for each sample in its displayed unit, over the joints that count."""
    entry = metrics.get(metric)
    if entry.facts.chosen_joints and protocol.threshold_joints:
        skeleton = get_skeleton(protocol.skeleton)
        predicted, target = (
            select_joints(points, skeleton, protocol.threshold_joints) for points in (predicted, target)
        )
    return entry.target(predicted, target).double() * display(metric).factor


def _per_joint_mm(predicted: Tensor, target: Tensor, protocol: Protocol) -> Mapping[str, float]:
    means = joint_errors(predicted, target).double().mean(dim=0) * 1000
    return dict(zip(get_skeleton(protocol.skeleton).joints, means.tolist(), strict=True))


def _check_names(samples: Samples, actions: Sequence[str], subjects: Sequence[str]) -> None:
    if len(samples) == 0:
        raise InputError("samples must be at least one, got none")
    if len(actions) != len(samples) or len(subjects) not in (0, len(samples)):
        raise InputError(
            f"actions and subjects must be one a sample ({len(samples)}), got {len(actions)} and {len(subjects)}"
        )


def _check_prediction(predicted: Tensor, positions: Tensor, method: str) -> None:
    if predicted.shape != positions.shape:
        raise InputError(f"{method}: prediction must have shape {tuple(positions.shape)}, got {tuple(predicted.shape)}")
    lost = int((~torch.isfinite(predicted)).any(dim=(1, 2)).sum()) if len(predicted) else 0
    if lost:
        raise InputError(f"{method}: prediction must be finite, got {lost} samples of {len(predicted)} that are not")

"""The one door through which lifters and baselines are measured: by the command, the paper's tables and the studies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from ampose import Progress
from ampose.data import MotionCapture
from ampose.errors import InputError
from ampose.evaluation.baselines import LinearRegression, NearestNeighbour
from ampose.evaluation.held_out import HeldOut, film_others
from ampose.evaluation.protocol import FixedCameras, Protocol
from ampose.evaluation.report import Report, all_frames_row, mean_of_rows, rows_by_group
from ampose.lifting.lifter import Lifter
from ampose.lifting.prediction import predict_samples
from ampose.lifting.refinement import PoseRefinement, refine
from ampose.models.output_space import USES_GT_ROOT_DEPTH, needs_root_depth
from ampose.poses.geometry import root_relative
from ampose.poses.metrics import display, metrics
from ampose.poses.metrics.position import joint_errors
from ampose.poses.metrics.roots import apply_root_convention
from ampose.poses.metrics.threshold import select_joints
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton

CHUNK = 4096
BASELINE_CHUNK = 1024
BASELINE_FRAMES = 50_000


@dataclass(frozen=True, kw_only=True)
class Method:
    """What is measured.

    Args:
        name: What to call it in the report.
        predict: (samples, flip) -> (sample, joint, 3), metres in camera axes, the root where the method puts it. All
            of the truth in the samples is NaN, except the distance of the root where the method needs that.
        needs_root_depth: Whether it is told the true distance of the root; then every report has that caveat.
    """

    name: str
    predict: Callable[[Samples, bool], Tensor]
    needs_root_depth: bool = False


def measure(
    method: Method, held_out: HeldOut, protocols: Sequence[Protocol], *, facts: Mapping[str, str] | None = None
) -> list[Report]:
    """Measure a method under protocols that differ only in how they measure, not in what.

    Args:
        method: A lifter, a baseline, or anything else that predicts.
        held_out: What ``hold_out`` selected by the protocols.
        protocols: One or more that measure the same samples.
        facts: About the data and the method: hashes, files, versions.

    Returns:
        A report for each protocol.

    Raises:
        InputError: The protocols measure different samples, or the prediction has another shape or is not finite.
    """
    if not all(protocol.measures_as(protocols[0]) for protocol in protocols):
        raise InputError(f"protocols must select the same samples, got {', '.join(one.name for one in protocols)}")
    root = get_skeleton(protocols[0].skeleton).root_index
    true = held_out.samples.middle.positions[:, 0]  # (sample, joint, xyz)
    # Methods are given NaN for the truth, so that none can peek; but for the distance of the root, if that is needed.
    hidden = torch.full_like(held_out.samples.positions, torch.nan)
    if method.needs_root_depth:
        hidden[..., root, 2] = held_out.samples.positions[..., root, 2]
    samples = replace(held_out.samples, positions=hidden)
    predictions = {flip: method.predict(samples, flip) for flip in {protocol.flip for protocol in protocols}}
    for predicted in predictions.values():
        shape, want = tuple(predicted.shape), tuple(true.shape)
        if shape != want:
            raise InputError(f"{method.name}: prediction must have shape {want}, got {shape}")
        lost = int((~torch.isfinite(predicted)).any(dim=(1, 2)).sum())
        if lost:
            raise InputError(
                f"{method.name}: prediction must be finite, got {lost} samples of {len(true)} that are not"
            )
    known, target = facts or {}, root_relative(true, root)
    return [_report(method, predictions[protocol.flip], target, held_out, protocol, known) for protocol in protocols]


def _report(
    method: Method,
    predicted: Tensor,
    target: Tensor,
    held_out: HeldOut,
    protocol: Protocol,
    facts: Mapping[str, str],
) -> Report:
    skeleton = get_skeleton(protocol.skeleton)
    predicted = apply_root_convention(predicted, skeleton.root_index, protocol.root)
    values = {name: sample_values(name, predicted, target, protocol, held_out.starts) for name in protocol.metrics}
    groups = rows_by_group(values, held_out.groups)
    per_joint = joint_errors(predicted, target).double().mean(dim=0) * 1000
    counted, left_out = "", tuple[str, ...]()
    if isinstance(protocol.source, FixedCameras):
        left_out, published = protocol.source.exclude_takes, protocol.source.published_samples
        same = "as published" if len(target) == published else f"not the published {published:,}"
        counted = f"{len(target):,}, {same}" if published else ""
    # Whatever keeps the numbers from being compared with others as they stand.
    caveats = {
        f"the method {USES_GT_ROOT_DEPTH}": method.needs_root_depth,
        f"takes left out, which published figures keep: {', '.join(left_out)}": bool(left_out),
        f"samples: {counted}: no figure of the published test set": "not the published" in counted,
        "the epoch was chosen on subjects that are measured": "TEST-SELECTED" in facts.get("selection", ""),
    }
    return Report(
        method=method.name + (f" ({USES_GT_ROOT_DEPTH})" if method.needs_root_depth else ""),
        protocol=protocol,
        actions=groups,
        subjects=rows_by_group(values, held_out.subjects),
        mean_over_actions=mean_of_rows(groups, protocol.group),
        all_frames=all_frames_row(values, protocol.group),
        per_joint_mm=dict(zip(skeleton.joints, per_joint.tolist(), strict=True)),
        facts={**facts, **({"samples": counted} if counted else {})},
        caveats=tuple(text for text, holds in caveats.items() if holds),
    )


def sample_values(
    metric: str,
    predicted: Float[Tensor, "sample joint 3"],
    target: Float[Tensor, "sample joint 3"],
    protocol: Protocol,
    starts: Sequence[int] | None = None,
) -> Float[Tensor, " sample"]:
    """Return a metric's value for each sample in its displayed unit, over the joints that count.

    A metric of whole sequences has one for each step inside a sequence, which belongs to the step's second frame; the
    first frame of a sequence has NaN.

    Raises:
        InputError: The metric is one of whole sequences, and there are none.
    """
    entry, factor = metrics.get(metric), display(metric).factor
    if entry.facts.whole_sequence:
        values = torch.full((len(predicted),), torch.nan, dtype=torch.float64)
        for start, end in pairwise(starts or ()):
            if end - start > 1:
                values[start + 1 : end] = entry.target(predicted[start:end], target[start:end]).double() * factor
        if values.isnan().all():
            raise InputError(
                f"{metric} must be measured on all frames of whole sequences, got a stride or single frames"
            )
        return values
    if entry.facts.chosen_joints and protocol.threshold_joints:
        skeleton = get_skeleton(protocol.skeleton)
        predicted, target = (
            select_joints(points, skeleton, protocol.threshold_joints) for points in (predicted, target)
        )
    return entry.target(predicted, target).double() * factor


def method_of(lifter: Lifter, *, progress: Progress | None = None) -> Method:
    """Return a lifter as a method: on the GPU if there is one, the root where the network puts it.

    Args:
        lifter: With the joints of the protocol.
        progress: Is told how many samples are done.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = lifter.network.to(device)

    def predict(samples: Samples, flip: bool) -> Tensor:
        def chunk(part: Samples) -> Tensor:
            return predict_samples(network, part.to(device), flip=flip, keep_root=True).positions.cpu()

        return _in_chunks(chunk, samples, CHUNK, progress, "with flip" if flip else "without flip")

    needs = needs_root_depth(network.config.target)
    return Method(name=lifter.name, predict=predict, needs_root_depth=needs)


def refined(method: Method, refinement: PoseRefinement) -> Method:
    """Return a method followed by Cai et al.'s refinement, which needs the true distance of the root."""
    root = get_skeleton(refinement.config.skeleton).root_index

    def predict(samples: Samples, flip: bool) -> Tensor:
        lifted = root_relative(method.predict(samples, flip), root)
        middle = samples.middle
        depth = middle.positions[:, 0, root, 2]
        return refine(refinement, lifted, middle.keypoints_px[:, 0], samples.intrinsics, depth)

    return replace(method, name=f"{method.name} + refinement", predict=predict, needs_root_depth=True)


def fit_baselines(others: MotionCapture, protocol: Protocol, *, progress: Progress | None = None) -> list[Method]:
    """Return what a lifter must beat: linear regression and the nearest neighbour.

    Args:
        others: What they learn from: the subjects in it that the protocol does not measure.
        protocol: The settings.
        progress: Is told how many samples are done; the note names the baseline.

    Raises:
        InputError: There is nobody to learn from.
    """
    training, skeleton = film_others(others, protocol, BASELINE_FRAMES), get_skeleton(protocol.skeleton)
    methods = []
    for baseline in (LinearRegression, NearestNeighbour):
        fitted = baseline.fit(training, skeleton)

        def predict(samples: Samples, flip: bool, fitted: Callable[[Samples], Tensor] = fitted) -> Tensor:
            name = getattr(fitted, "name", "")
            return _in_chunks(fitted, samples, BASELINE_CHUNK, progress, name)  # mirror-symmetric: flip changes nothing

        methods.append(Method(name=fitted.name, predict=predict))
    return methods


def _in_chunks(
    predict: Callable[[Samples], Tensor], samples: Samples, chunk: int, progress: Progress | None, note: str
) -> Tensor:
    parts = []
    for start in range(0, len(samples), chunk):
        parts.append(predict(samples[start : start + chunk]))
        if progress:
            progress(min(start + chunk, len(samples)), len(samples), note)
    return torch.cat(parts)

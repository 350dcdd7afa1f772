"""The two pictures of a model card: robustness curves, and the worst failures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from ampose.atomic import replacing
from ampose.data import MotionCapture
from ampose.drawing.projection import SIDE_COLOURS
from ampose.evaluation import hold_out
from ampose.evaluation.protocols.cmu import CMU_HELD_OUT_WIDE
from ampose.lifting.prediction import predict_samples
from ampose.models import LifterNetwork
from ampose.poses.geometry import root_relative
from ampose.poses.metrics.position import joint_errors
from ampose.poses.skeletons import Skeleton

PLAIN, ALIGNED, PALE, TRUTH = "#1971c2", "#2f9e44", "#868e96", "#212529"
CASES = 6

Measured = Mapping[str, Any]


def draw_robustness(measured: Measured, file: Path) -> None:
    """Draw a panel for each curve, and the reliability of the expected error."""
    plt.switch_backend("agg")
    curves = measured["robustness"]
    figure, axes = plt.subplots(2, 4, figsize=(15, 7), layout="constrained")
    for axis, curve in zip(axes.flat, curves, strict=False):
        _draw_curve(axis, curve)
    spare = list(axes.flat)[len(curves) :]
    if measured.get("calibration"):
        _draw_reliability(spare.pop(0), measured["calibration"])
    for axis in spare:
        axis.axis("off")
    axes[0, 0].legend(fontsize="small", frameon=False)
    _save(figure, file)


def _draw_curve(axis: Axes, curve: Measured) -> None:
    points = curve["points"]
    named = isinstance(points[0]["at"], str)
    places = np.arange(len(points)) if named else [point["at"] for point in points]
    for key, label, colour in (("mpjpe", "MPJPE", PLAIN), ("p_mpjpe", "P-MPJPE", ALIGNED)):
        values = [point[key] for point in points]
        if named:
            axis.barh(places + (0.2 if key == "p_mpjpe" else -0.2), values, 0.4, color=colour, label=label)
        else:
            axis.plot(places, values, "o-", color=colour, label=label)
    if "mpjpe_own_ray" in points[0]["other"]:
        own = [point["other"]["mpjpe_own_ray"] for point in points]
        axis.plot(places, own, "o--", color=PLAIN, label="without the ray's turn")
        axis.legend(fontsize="small", frameon=False)
    axis.set_title(curve["name"], fontsize=10)
    axis.grid(visible=True, alpha=0.3)
    if named:
        axis.set_yticks(places, [point["at"] for point in points])
        axis.invert_yaxis()
        axis.set_xlabel("mm")
        return
    axis.set(xlabel=curve["axis"], ylabel="mm")
    axis.set_ylim(bottom=0)


def _draw_reliability(axis: Axes, calibration: Measured) -> None:
    for (name, found), colour in zip(calibration["checked"].items(), (PLAIN, ALIGNED), strict=True):
        bins = found["after"]["bins"]
        label = "noisy 2D" if name.endswith("noisy") else "exact 2D"
        axis.plot(
            [row["expected_mm"] for row in bins], [row["true_mm"] for row in bins], "o-", color=colour, label=label
        )
    axis.axline((0, 0), slope=1, color=TRUTH, lw=0.8, ls="--")
    axis.set(xlabel="expected error, mm", ylabel="true error, mm (mean of a tenth of the joints)")
    axis.set_title("expected error, people it was not fitted on", fontsize=10)
    axis.legend(fontsize="small", frameon=False)
    axis.grid(visible=True, alpha=0.3)


def draw_failures(network: LifterNetwork, motion: MotionCapture, file: Path) -> list[dict[str, Any]]:
    """Draw the worst frame of each of the six worst actions: 2D, and both bodies from the side and from above."""
    plt.switch_backend("agg")
    skeleton = network.skeleton
    seen = hold_out(motion, CMU_HELD_OUT_WIDE)
    samples = seen.samples
    predicted = predict_samples(network, samples, flip=True).positions
    truth = root_relative(samples.positions[:, 0], skeleton.root_index)
    errors = joint_errors(predicted, truth).mean(dim=1).numpy() * 1000
    figure, axes = plt.subplots(3, 6, figsize=(14, 8), layout="constrained")
    cases = _worst(errors, np.asarray(seen.groups))
    for row, (number, action) in zip(axes.reshape(CASES, 3), cases, strict=False):
        pixels, mine, true = samples.keypoints_px[number, 0].numpy(), predicted[number].numpy(), truth[number].numpy()
        _draw_body(row[0], pixels, skeleton)
        row[0].set_title(f"{action}\n(subject {seen.subjects[number]}): {errors[number]:.0f} mm", fontsize=8)
        for axis, title, plane in ((row[1], "from the side", [2, 1]), (row[2], "from above", [0, 2])):
            _draw_body(axis, true[:, plane], skeleton, PALE)
            _draw_body(axis, mine[:, plane], skeleton)
            axis.set_title(title, fontsize=8)
        row[2].invert_yaxis()
    figure.suptitle(
        "The worst held-out frames, one an action: what the camera sees, truth (grey), lifted (left orange, right blue)"
    )
    _save(figure, file)
    return [
        {"action": action, "subject": seen.subjects[number], "mpjpe_mm": float(errors[number])}
        for number, action in cases
    ]


def _worst(errors: np.ndarray, actions: np.ndarray) -> Sequence[tuple[int, str]]:
    rows = {str(name): np.flatnonzero(actions == name) for name in np.unique(actions)}
    best = [(int(found[errors[found].argmax()]), name) for name, found in rows.items()]
    return sorted(best, key=lambda case: -errors[case[0]])[:CASES]


def _draw_body(axis: Axes, flat: np.ndarray, skeleton: Skeleton, colour: str | None = None) -> None:
    """Draw the bones in one colour, or each in its side's."""
    for (_, joint), (a, b) in zip(skeleton.bones, skeleton.bone_indices, strict=True):
        of_side = tuple(np.divide(SIDE_COLOURS[skeleton.side_of(joint)], 255))
        axis.plot(*flat[[a, b]].T, color=colour or of_side, lw=2.2, solid_capstyle="round")
    axis.set(aspect="equal", xticks=[], yticks=[])
    if not axis.yaxis_inverted():
        axis.invert_yaxis()


def _save(figure: plt.Figure, file: Path) -> None:
    with replacing(file) as temporary:
        figure.savefig(temporary, dpi=90, format="png")
    plt.close(figure)

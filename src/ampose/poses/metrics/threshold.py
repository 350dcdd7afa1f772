"""Shares of joints that are near enough: PCK and AUC, as MPI-INF-3DHP's evaluation counts them.

The share is over joints, not over poses: a joint is right if its own error is *below* the threshold. All
joints that are given count; ``select_joints`` takes some by name first, for example the official 14.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.poses import metrics
from ampose.poses.metrics.position import joint_errors
from ampose.poses.skeletons import Skeleton

PCK_THRESHOLD = 0.150
"""Metres. A joint at exactly this distance is a miss."""

AUC_STEP_MM = 5
AUC_THRESHOLDS = tuple(millimetres / 1000 for millimetres in range(0, 151, AUC_STEP_MM))
"""Metres: 0, 5, ..., 150 mm. Nothing is below 0, so a perfect pose has 30/31."""

OFFICIAL_14 = (
    "head",
    "thorax",
    *(f"{side}_{joint}" for joint in ("shoulder", "elbow", "wrist") for side in ("right", "left")),
    *(f"{side}_{joint}" for joint in ("hip", "knee", "ankle") for side in ("right", "left")),
)
"""The joints that MPI-INF-3DHP's own evaluation counts in PCK and AUC, by Human3.6M's names (its head top is
``head``, its neck ``thorax``). Pelvis, spine and the point inside the head do not count."""


def select_joints(
    points: Float[Tensor, "sample joint xyz"], skeleton: Skeleton, joints: Sequence[str]
) -> Float[Tensor, "sample chosen xyz"]:
    """Return the named joints, in the order of the names; raises InputError for a joint that is not there."""
    return points[:, [skeleton.index(joint) for joint in joints]]


@metrics.register("pck", label="PCK@150", unit="%", factor=1.0, chosen_joints=True)
def pck(
    predicted: Float[Tensor, "sample joint 3"], target: Float[Tensor, "sample joint 3"]
) -> Float[Tensor, " sample"]:
    """Percent of each sample's joints whose error is below 150 mm.

    Example:
        >>> target = torch.zeros(1, 4, 3)
        >>> offset = torch.tensor([[0.149, 0, 0], [0.150, 0, 0], [0, 0, 0], [1, 0, 0]])
        >>> pck(target + offset, target).tolist()
        [50.0]
    """
    return share_below(joint_errors(predicted, target), [PCK_THRESHOLD]).mean(dim=1)


@metrics.register("auc", label="AUC", unit="%", factor=1.0, chosen_joints=True)
def auc(
    predicted: Float[Tensor, "sample joint 3"], target: Float[Tensor, "sample joint 3"]
) -> Float[Tensor, " sample"]:
    """Mean of each sample's percentages at the thresholds 0, 5, ..., 150 mm.

    Example:
        >>> pose = torch.zeros(1, 4, 3)
        >>> round(auc(pose, pose).item(), 4) == round(100 * 30 / 31, 4)
        True
    """
    return share_below(joint_errors(predicted, target), AUC_THRESHOLDS).mean(dim=1)


def share_below(
    errors: Float[Tensor, "sample joint"], thresholds: Sequence[float]
) -> Float[Tensor, "sample threshold"]:
    """Percent of each sample's joints whose error is strictly below each threshold.

    Args:
        errors: Metres.
        thresholds: Metres. Rounded to the precision of the errors, so that 0.15 is not below 0.15.
    """
    limits = torch.tensor(thresholds, dtype=errors.dtype, device=errors.device)
    below = errors[:, :, None] < limits
    return 100 * below.double().mean(dim=1)

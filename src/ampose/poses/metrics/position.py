"""Distances between predicted and true joints: MPJPE and its aligned forms.

Definitions as the field uses them since Martinez et al. 2017 and Pavllo et al. 2019 (protocols 1, 2 and 3).
"""

from jaxtyping import Float
from torch import Tensor

from ampose.poses import metrics
from ampose.poses.metrics.alignment import scale_align, similarity_align


def joint_errors(
    predicted: Float[Tensor, "sample joint 3"], target: Float[Tensor, "sample joint 3"]
) -> Float[Tensor, "sample joint"]:
    """Distance between each predicted joint and its target, metres."""
    distances: Tensor = (predicted - target).norm(dim=-1)
    return distances


@metrics.register("mpjpe", label="MPJPE", unit="mm", factor=1000.0)
def mpjpe(
    predicted: Float[Tensor, "sample joint 3"], target: Float[Tensor, "sample joint 3"]
) -> Float[Tensor, " sample"]:
    """Mean distance over the joints of each sample, metres (protocol 1).

    What is done with the root comes before: see ``ampose.poses.metrics.roots``.

    Example:
        >>> import torch
        >>> target = torch.zeros(1, 2, 3)
        >>> mpjpe(target + torch.tensor([[0.0, 0, 0], [0.3, 0, 0.4]]), target).tolist()
        [0.25]
    """
    return joint_errors(predicted, target).mean(dim=1)


@metrics.register("p_mpjpe", label="P-MPJPE", unit="mm", factor=1000.0)
def p_mpjpe(
    predicted: Float[Tensor, "sample joint 3"], target: Float[Tensor, "sample joint 3"]
) -> Float[Tensor, " sample"]:
    """MPJPE after the best rotation, scale and shift of each sample, float64 metres (protocol 2).

    Example:
        >>> import torch
        >>> target = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]]])
        >>> bool(p_mpjpe(3 * target + 1, target) < 1e-6)
        True
    """
    return joint_errors(similarity_align(predicted, target), target.double()).mean(dim=1)


@metrics.register("n_mpjpe", label="N-MPJPE", unit="mm", factor=1000.0)
def n_mpjpe(
    predicted: Float[Tensor, "sample joint 3"], target: Float[Tensor, "sample joint 3"]
) -> Float[Tensor, " sample"]:
    """MPJPE after the best scale of each sample, float64 metres (protocol 3).

    Example:
        >>> import torch
        >>> target = torch.tensor([[[0.0, 0, 0], [1, 0, 0]]])
        >>> n_mpjpe(4 * target, target).tolist()
        [0.0]
    """
    return joint_errors(scale_align(predicted, target), target.double()).mean(dim=1)

"""Errors of motion: how well a prediction moves as the person did."""

from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.poses import metrics
from ampose.poses.metrics.position import mpjpe


@metrics.register("mpjve", label="MPJVE", unit="mm/frame", factor=1000.0, whole_sequence=True)
def mpjve(predicted: Float[Tensor, "frame joint 3"], target: Float[Tensor, "frame joint 3"]) -> Float[Tensor, " step"]:
    """MPJPE of the first differences over time, metres a frame (Pavllo et al. 2019).

    Args:
        predicted: Metres; *one whole sequence* of one camera, every frame, in order. A seam between two
            sequences would count as a jump.
        target: Metres; the same frames.

    Returns:
        One value for each step from a frame to the next: one fewer than frames.

    Raises:
        InputError: There are fewer than 2 frames.

    Example:
        >>> import torch
        >>> still = torch.zeros(3, 1, 3)
        >>> mpjve(torch.tensor([[[0.0, 0, 0]], [[1, 0, 0]], [[1, 0, 2]]]), still).tolist()
        [1.0, 2.0]
    """
    if len(target) < 2:
        raise InputError(f"a sequence must have at least 2 frames to have a velocity, got {len(target)}")
    return mpjpe(predicted.diff(dim=0), target.diff(dim=0))

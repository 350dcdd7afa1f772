"""Best fits of a predicted pose to the true one, sample by sample: similarity, and scale only."""

import torch
from jaxtyping import Float
from torch import Tensor


def similarity_align(
    predicted: Float[Tensor, "sample joint 3"], target: Float[Tensor, "sample joint 3"]
) -> Float[Tensor, "sample joint 3"]:
    """Rotate, scale and shift each predicted pose to its target, with the least sum of squares.

    A mirror image is no rotation: the determinant is +1. Umeyama 1991 by way of roma, in float64.

    Args:
        predicted: Metres.
        target: Metres.

    Returns:
        The aligned prediction in float64 metres. A prediction whose joints all coincide has no scale and
        becomes the target's mean.

    Example:
        >>> target = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]]])
        >>> bool(torch.allclose(similarity_align(2 * target + 5, target), target.double()))
        True
    """
    import roma  # it brings in torch's compiler, which takes as long as torch itself

    predicted, target = predicted.double(), target.double()
    rotation, shift, scale = roma.rigid_points_registration(predicted, target, compute_scaling=True)
    aligned = scale[:, None, None] * (predicted @ rotation.mT) + shift[:, None]
    collapsed = (predicted == predicted[:, :1]).all(dim=2).all(dim=1)
    return torch.where(collapsed[:, None, None], target.mean(dim=1, keepdim=True), aligned)


def scale_align(
    predicted: Float[Tensor, "sample joint 3"], target: Float[Tensor, "sample joint 3"]
) -> Float[Tensor, "sample joint 3"]:
    """Scale each predicted pose about the origin to its target, with the least sum of squares.

    The scale is <target, predicted> / <predicted, predicted> over a pose's joints (N-MPJPE, Rhodin et al.
    2018). A prediction of zeros stays zero.

    Args:
        predicted: Metres, root-relative.
        target: Metres, root-relative.

    Returns:
        The scaled prediction in float64 metres.
    """
    predicted, target = predicted.double(), target.double()
    squares = (predicted * predicted).sum(dim=(1, 2), keepdim=True)
    scale = (predicted * target).sum(dim=(1, 2), keepdim=True) / squares
    return torch.where(squares > 0, scale, 0.0) * predicted

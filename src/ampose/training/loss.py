"""What training minimises."""

from collections.abc import Callable
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from ampose.errors import InputError

LossName = Literal["mse", "mpjpe", "mse-l1", "mpjpe-l1", "jointformer"]
"""The names of ``LOSSES``."""

Distance = Callable[[Tensor, Tensor], Tensor]
"""(predicted, target), both (batch, frame, joint, 3) in metres -> a number."""

Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""(network, its input, its target) -> what a training step minimises."""


def squared_distance(
    predicted: Float[Tensor, "batch frame joint 3"], target: Float[Tensor, "batch frame joint 3"]
) -> Float[Tensor, ""]:
    """Mean over joints of the squared distance, square metres (AMPose, eq. 10)."""
    return (predicted - target).square().sum(dim=-1).mean()


def distance(
    predicted: Float[Tensor, "batch frame joint 3"], target: Float[Tensor, "batch frame joint 3"]
) -> Float[Tensor, ""]:
    """Mean over joints of the distance, metres: MPJPE as a loss."""
    return (predicted - target).norm(dim=-1).mean()


def _with_absolute(compare: Distance, share: float) -> Distance:
    """Mix in the mean absolute difference of coordinates, metres: (1 - share) compare + share L1 (Modulated GCN)."""

    def mixed(predicted: Tensor, target: Tensor) -> Tensor:
        return (1 - share) * compare(predicted, target) + share * (predicted - target).abs().mean()

    return mixed


def _coordinate_square(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean over coordinates of the squared difference, square metres: a third of ``squared_distance``."""
    return (predicted - target).square().mean()


DISTANCES: dict[str, Distance] = {
    "mse": squared_distance,
    "mpjpe": distance,
    "mse-l1": _with_absolute(_coordinate_square, 0.1),
    "mpjpe-l1": _with_absolute(distance, 0.01),
}


def of_the_pose(compare: Distance) -> Loss:
    """Return the loss that compares what the network answers with the target."""

    def loss(network: nn.Module, keypoints: Tensor, target: Tensor) -> Tensor:
        return compare(network(keypoints).float(), target)

    return loss


def every_layer(network: nn.Module, keypoints: Tensor, target: Tensor) -> Tensor:
    """Every stage's pose, and every stage's guess of how far that pose is off (JointFormer).

    Of each stage (MSE of the pose + MSE of the predicted error) / 2, and the mean over stages. Where there is a
    refinement, the MSE of the refined pose is added.

    Raises:
        InputError: The network does not predict at every layer.
    """
    if not getattr(network, "predicts_every_layer", False):
        raise InputError("loss must be one of mse, mpjpe for a model that predicts once, got jointformer")
    predicted = network(keypoints, every_layer=True)
    poses, errors = predicted.poses.float(), predicted.errors.float()
    true_errors = (poses.detach() - target).abs()
    loss = (_coordinate_square(poses, target[None]) + _coordinate_square(errors, true_errors)) / 2
    return loss if predicted.refined is None else loss + _coordinate_square(predicted.refined.float(), target)


LOSSES: dict[str, Loss] = {
    **{name: of_the_pose(compare) for name, compare in DISTANCES.items()},
    "jointformer": every_layer,
}
"""By the name in a recipe. A system with a loss of its own adds it here."""

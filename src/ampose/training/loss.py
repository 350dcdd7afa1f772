"""What training minimises."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]


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


LOSSES: dict[str, Loss] = {"mse": squared_distance, "mpjpe": distance}

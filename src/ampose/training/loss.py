"""What training minimises."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

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


DISTANCES: dict[str, Distance] = {"mse": squared_distance, "mpjpe": distance}


def of_the_pose(compare: Distance) -> Loss:
    """Return the loss that compares what the network answers with the target."""

    def loss(network: nn.Module, keypoints: Tensor, target: Tensor) -> Tensor:
        return compare(network(keypoints).float(), target)

    return loss


LOSSES: dict[str, Loss] = {name: of_the_pose(compare) for name, compare in DISTANCES.items()}
"""By the name in a recipe. A system with a loss of its own adds it here."""

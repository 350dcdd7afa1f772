"""What training minimises."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

from ampose.models import LifterNetwork

Distance = Callable[[Tensor, Tensor], Tensor]
"""(predicted, target), both (batch, frame, joint, 3) in metres -> a number."""

Loss = Callable[[LifterNetwork, Tensor, Tensor], Tensor]
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

    def loss(network: LifterNetwork, keypoints: Tensor, target: Tensor) -> Tensor:
        return compare(network(keypoints).float(), target)

    return loss


LOSSES: dict[str, Loss] = {name: of_the_pose(compare) for name, compare in DISTANCES.items()}
"""By the name in a recipe. A system with a loss of its own adds it here."""


def distance_and_expected_error(network: LifterNetwork, keypoints: Tensor, target: Tensor) -> Tensor:
    """MPJPE, and what makes the expected error e of each joint the mean of its distance d: d / e + log e.

    That is the negative log-likelihood of an exponential distribution, whose minimum is at e = E[d]. Distances are
    detached, so that the pose is trained by MPJPE alone.
    """
    lifted, expected = network.with_expected_error(keypoints)
    off = (lifted.float() - target).norm(dim=-1)
    surprise = off.detach() / expected + expected.log()
    return off.mean() + 0.01 * surprise.mean()


LOSSES["mpjpe-and-expected-error"] = distance_and_expected_error

"""What training minimises, as far as it fits every network. A loss of one system alone lives in that system's file."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from ampose.errors import InputError
from ampose.poses.clips import Output

Distance = Callable[[Tensor, Tensor], Tensor]
"""(predicted, target), both (batch, frame, joint, 3) in metres -> a number."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A loss, and what it asks of the network and of the batches."""

    compute: Callable[[Any, Tensor, Tensor], Tensor]
    """(network, its input, its target) -> what a training step minimises. The network is the whole one, so that a
    system's own loss may ask it for more than its answer."""

    targets: Output | None = None
    """For which frames of a window the truth is needed; None for those that the network answers for."""

    trains: str = ""
    """If only a part of the network is trained, its name; the rest is frozen as an earlier stage left it."""

    needs: tuple[str, str, object] | None = None
    """What a network must have to be trained so: in words, the field of its config that says so, and its value."""

    def check(self, name: str, config: Any) -> None:
        """Refuse a network that cannot be trained so.

        Raises:
            InputError: The network's config lacks what the loss of this name needs.
        """
        if self.needs is None:
            return
        what, field, value = self.needs
        if getattr(config, field, None) != value:
            raise InputError(f"the loss {name} needs {what}; set {field} = {json.dumps(value)} in [model]")


def squared_distance(
    predicted: Float[Tensor, "batch frame joint 3"], target: Float[Tensor, "batch frame joint 3"]
) -> Float[Tensor, ""]:
    """Mean over joints of the squared distance, square metres (AMPose, eq. 10)."""
    return (predicted - target).square().sum(dim=-1).mean()


def distance(
    predicted: Float[Tensor, "batch frame joint axis"], target: Float[Tensor, "batch frame joint axis"]
) -> Float[Tensor, ""]:
    """Mean over joints of the distance, metres: MPJPE as a loss."""
    return (predicted - target).norm(dim=-1).mean()


def coordinate_square(predicted: Tensor, target: Tensor) -> Float[Tensor, ""]:
    """Mean over coordinates of the squared difference, square metres: a third of ``squared_distance``."""
    return (predicted - target).square().mean()


def with_absolute(compare: Distance, share: float) -> Distance:
    """Mix in the mean absolute difference of coordinates, metres: (1 - share) compare + share L1."""

    def mixed(predicted: Tensor, target: Tensor) -> Tensor:
        return (1 - share) * compare(predicted, target) + share * (predicted - target).abs().mean()

    return mixed


DISTANCES: dict[str, Distance] = {
    "mse": squared_distance,
    "mpjpe": distance,
    "mse-l1": with_absolute(coordinate_square, 0.1),
    "mpjpe-l1": with_absolute(distance, 0.01),
}
"""Losses that only compare the network's answer with the target."""


def distance_and_expected_error(network: Any, keypoints: Tensor, target: Tensor) -> Float[Tensor, ""]:
    """MPJPE, and what makes the expected error e of each joint the mean of its distance d: d / e + log e.

    That is the negative log-likelihood of an exponential distribution, whose minimum is at e = E[d]. Distances are
    detached, so that the pose is trained by MPJPE alone.
    """
    lifted, expected = network.with_expected_error(keypoints)  # (batch, frame, joint, 3) and (batch, frame, joint)
    off = (lifted.float() - target).norm(dim=-1)
    surprise = off.detach() / expected + expected.log()
    return off.mean() + 0.01 * surprise.mean()


def loss_of_answer(compare: Distance) -> Loss:
    """Return the loss that compares the network's answer with the target."""

    def compute(network: nn.Module, keypoints: Tensor, target: Tensor) -> Tensor:
        return compare(network(keypoints).float(), target)

    return Loss(compute=compute)


LOSSES: Mapping[str, Loss] = {
    **{name: loss_of_answer(compare) for name, compare in DISTANCES.items()},
    "mpjpe-and-expected-error": Loss(
        compute=distance_and_expected_error, needs=("a model that predicts its error", "error_head", True)
    ),
}
"""The losses that any network may have, by their names in recipes."""

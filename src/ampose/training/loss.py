"""What training minimises."""

from collections.abc import Callable
from typing import Any, Literal

from jaxtyping import Float
from torch import Tensor, nn

from ampose.errors import InputError
from ampose.models import LifterNetwork
from ampose.poses.skeletons import get_skeleton
from ampose.poses.skeletons.joint_sides import stem_of

LossName = Literal[
    "mse",
    "mpjpe",
    "mpjpe-and-expected-error",
    "mse-l1",
    "mpjpe-l1",
    "jointformer",
    "jointformer-refinement",
    "mpjpe-of-window",
    "mixste",
    "p-stmo",
    "p-stmo-pretraining",
]
"""The names of ``LOSSES``."""

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


def of_the_refined(network: nn.Module, keypoints: Tensor, target: Tensor) -> Tensor:
    """Mean over coordinates of the squared difference of the refined pose (JointFormer, second stage)."""
    return _coordinate_square(network(keypoints).float(), target)


def of_the_window(network: nn.Module, keypoints: Tensor, target: Tensor) -> Tensor:
    """Mean distance over all frames of the window, by a network that answers for the middle one (MHFormer)."""
    return distance(network(keypoints, whole=True).float(), target)


JOINT_WEIGHTS = {"knee": 2.5, "ankle": 2.5, "head": 1.5, "head_top": 1.5, "shoulder": 1.5, "elbow": 4.0, "wrist": 4.0}
"""MixSTE's, by the joint's name without its side; 1 for all others."""


def joint_weights(skeleton: str) -> list[float]:
    """Return the weight of each joint of a skeleton.

    Example:
        >>> joint_weights("human36m_17")[:5]
        [1.0, 1.0, 2.5, 2.5, 1.0]
    """
    names = [stem_of(joint) for joint in get_skeleton(skeleton).joints]
    return [JOINT_WEIGHTS.get(name, 1.0) for name in names]


def weighted_and_smooth(network: nn.Module, keypoints: Tensor, target: Tensor) -> Tensor:
    """MixSTE's: weighted distance + 0.5 temporal consistency + 2 velocity error (its section 3.4).

    Limbs weigh more than the body. Temporal consistency is the weighted square of how far each coordinate goes from
    one frame to the next; the velocity error the distance between predicted and true step. Windows of one frame
    have neither.
    """
    predicted = network(keypoints).float()
    config: Any = network.config
    weights = predicted.new_tensor(joint_weights(config.skeleton))
    loss: Tensor = (weights * (predicted - target).norm(dim=-1)).mean()
    if target.shape[1] == 1:
        return loss
    steps = predicted.diff(dim=1)
    consistency = (weights[:, None] * steps.square()).mean()
    velocity = (steps - target.diff(dim=1)).norm(dim=-1).mean()
    return loss + 0.5 * consistency + 2.0 * velocity


def of_window_and_answer(network: nn.Module, keypoints: Tensor, target: Tensor) -> Tensor:
    """Mean distance of the head of all frames, and of the answer for the middle one (P-STMO, stage II)."""
    of_all, answer = network(keypoints, part="both")
    middle = target.shape[1] // 2
    return distance(of_all.float(), target) + distance(answer.float(), target[:, middle, None])


def of_the_restored(network: nn.Module, keypoints: Tensor, target: Tensor) -> Tensor:
    """Mean distance of all 2D joints, restored from those that were not hidden (P-STMO, stage I); no 3D is used."""
    return (network(keypoints, part="restored").float() - keypoints).norm(dim=-1).mean()


def distance_and_expected_error(network: nn.Module, keypoints: Tensor, target: Tensor) -> Tensor:
    """MPJPE, and what makes the expected error e of each joint the mean of its distance d: d / e + log e.

    That is the negative log-likelihood of an exponential distribution, whose minimum is at e = E[d]. Distances are
    detached, so that the pose is trained by MPJPE alone.
    """
    ask: Any = network.with_expected_error  # in training the network is inside Fabric's module
    lifted, expected = ask(keypoints)
    off = (lifted.float() - target).norm(dim=-1)
    surprise = off.detach() / expected + expected.log()
    return off.mean() + 0.01 * surprise.mean()


LOSSES: dict[str, Loss] = {
    **{name: of_the_pose(compare) for name, compare in DISTANCES.items()},
    "mpjpe-and-expected-error": distance_and_expected_error,
    "jointformer": every_layer,
    "jointformer-refinement": of_the_refined,
    "mpjpe-of-window": of_the_window,
    "mixste": weighted_and_smooth,
    "p-stmo": of_window_and_answer,
    "p-stmo-pretraining": of_the_restored,
}
"""By the name in a recipe. A system with a loss of its own adds it here."""

OF_WINDOWS = frozenset({"mpjpe-of-window", "p-stmo"})
"""The losses that compare all frames of a window, though the network answers for the middle one only."""

TRAINED_PART = {"jointformer-refinement": "refinement"}
"""The losses that train one part of a network, by its name; the rest holds still, as an earlier stage left it."""

OWNED = OF_WINDOWS | {"p-stmo-pretraining", *TRAINED_PART}
"""The losses that ask a network for more than its answer: only one that names them in ``own_losses`` has it."""

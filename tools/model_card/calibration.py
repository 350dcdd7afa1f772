"""Is the expected error true? Measured on people that no training has seen, and put right by two numbers.

A network with an error head says for each joint how far off it expects to be. On people that it has never seen it is
further off than it learned to expect; its pose is averaged with the mirrored one, which it does not know; and it tells
its good joints from its bad ones more boldly than it can. A factor and a power put that right. The head predicts a
logarithm, so both are a change of its last layer: the poses stay as they are.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.lifting.prediction import predict_samples
from ampose.models import LifterNetwork
from ampose.poses.geometry import root_relative
from ampose.poses.metrics.position import joint_errors
from ampose.poses.samples import Samples

BINS = 10
_STEPS = 50
_LEAST_SPREAD = 1e-6
"""Of the logarithms of expected errors: below it no power can be told."""


@dataclass(frozen=True)
class Errors:
    """Of each joint but the root, whose error is 0 by definition; metres."""

    expected: Float[Tensor, "sample joint"]
    true: Float[Tensor, "sample joint"]

    @property
    def ratio(self) -> float:
        """How many times larger the true error is in the mean."""
        return (self.true.mean() / self.expected.mean()).item()

    @property
    def correlation(self) -> float:
        """Pearson's, over all joints of all samples: how far one tells good joints from bad ones."""
        return torch.corrcoef(torch.stack([self.expected.flatten(), self.true.flatten()]))[0, 1].item()

    @property
    def off(self) -> float:
        """Expected calibration error, metres: |mean expected - mean true| of a bin, weighted by what is in it."""
        rows = reliability(self)
        return sum(row.share * abs(row.expected - row.true) for row in rows)


@dataclass(frozen=True)
class Bin:
    """Joints with nearly the same expected error; metres."""

    share: float
    """Of all joints."""
    expected: float
    true: float


def compare_errors(network: LifterNetwork, samples: Samples) -> Errors:
    """Ask for the expected errors, and measure the true ones of the pose that users get (flip-averaged).

    Raises:
        InputError: The network tells no expected error.
    """
    if not network.config.predicts_error:
        raise InputError("weights must tell an expected error to be calibrated, got some that do not; train error_head")
    skeleton = network.skeleton
    answer = predict_samples(network, samples, flip=True)
    assert answer.expected_error is not None
    true = joint_errors(answer.positions, root_relative(samples.middle.positions[:, 0], skeleton.root_index))
    others = [joint for joint in range(skeleton.num_joints) if joint != skeleton.root_index]
    return Errors(answer.expected_error[:, others].double(), true[:, others].double())


def errors_of_the_head(network: LifterNetwork, samples: Samples) -> Errors:
    """Return what the error head says, and what is left for it to explain: what ``fit_correction`` is fitted on.

    With flip the expected error is what the head says of the person and of the mirror image, in the mean, plus how far
    the two answers for them lie apart. A correction of the head changes the first part alone, so the second is taken
    from both sides. Each of the two answers is half of it from the mean of both.
    """
    errors = compare_errors(network, samples)
    one, mean = (predict_samples(network, samples, flip=flip).positions for flip in (False, True))
    root = network.skeleton.root_index
    others = [joint for joint in range(network.skeleton.num_joints) if joint != root]
    apart = 2 * joint_errors(one, mean)[:, others].double()
    return Errors(errors.expected - apart, errors.true - apart)


def reliability(errors: Errors, bins: int = BINS) -> Sequence[Bin]:
    """Sort the joints by expected error into bins of the same number of joints.

    Example:
        >>> errors = Errors(torch.tensor([[0.01, 0.03]]), torch.tensor([[0.02, 0.03]]))
        >>> [(round(row.expected, 3), round(row.true, 3)) for row in reliability(errors, bins=2)]
        [(0.01, 0.02), (0.03, 0.03)]
    """
    expected, true = errors.expected.flatten(), errors.true.flatten()
    parts = expected.argsort().tensor_split(bins)
    return [
        Bin(len(part) / len(expected), expected[part].mean().item(), true[part].mean().item())
        for part in parts
        if len(part)
    ]


@dataclass(frozen=True)
class Correction:
    """An expected error of e metres becomes ``factor * e ** power``.

    Raises:
        InputError: Factor or power is not positive and finite.
    """

    factor: float
    power: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} must be positive, got {value}")


def fit_correction(errors: Errors) -> Correction:
    """Fit log E[true] = log factor + power * log expected.

    The Poisson quasi-likelihood's maximum, by Newton's method (McCullagh and Nelder, Generalized linear models, 1989,
    chapter 9): there the means of expected and true errors are equal, and true errors may spread in any way.

    Raises:
        InputError: True errors are not larger where larger ones are expected, or the same is expected of all.

    Example:
        >>> expected = torch.tensor([[0.01, 0.02, 0.04]])
        >>> fit_correction(Errors(expected, 3 * expected**0.5))
        Correction(factor=3.0, power=0.5)
    """
    rows = torch.stack([torch.ones_like(errors.expected), errors.expected.log()]).flatten(1).double()
    true = errors.true.flatten().double()
    if rows[1].std() < _LEAST_SPREAD:
        raise InputError("expected errors must differ for a correction to be fitted, got all the same")
    solution = torch.tensor([math.log(errors.ratio), 1.0], dtype=torch.float64)
    for _ in range(_STEPS):
        expected = (solution @ rows).exp()
        solution = solution + torch.linalg.solve((rows * expected) @ rows.T, rows @ (true - expected))
    return Correction(round(solution[0].exp().item(), 6), round(solution[1].item(), 6))


def correct_expected_error(network: LifterNetwork, correction: Correction) -> LifterNetwork:
    """Return a copy of the network with corrected expected errors; its poses are the same.

    Raises:
        InputError: The network has no linear error head.
    """
    corrected = copy.deepcopy(network)
    head = getattr(corrected, "error_head", None)
    if not isinstance(head, torch.nn.Linear):
        raise InputError("network must have a linear error head, got none")
    with torch.no_grad():
        head.weight.mul_(correction.power)
        head.bias.mul_(correction.power).add_(math.log(correction.factor))
    return corrected

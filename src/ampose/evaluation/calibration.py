"""Is the expected error true? Measured on people that no training has seen, and put right by one number.

A network with an error head says for each joint how far off it expects to be. On people that it has never seen it is
further off than it learned to expect; and its pose is averaged with the mirrored one, which it does not know. Both
change the expected error by a factor, so a factor is what the calibration fits: the head predicts a logarithm, so the
factor is a shift of its bias (a calibration by the mean, as in Kuleshov et al. 2018 in its simplest form).
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.geometry import root_relative
from ampose.metrics.position import joint_errors
from ampose.models import LifterNetwork
from ampose.models.expected_error import expect_error
from ampose.models.prediction import predict
from ampose.samples import Samples
from ampose.skeletons import get_skeleton

BINS = 10


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
    if not network.tells_error:
        raise InputError("weights must tell an expected error to be calibrated, got some that do not; train error_head")
    skeleton = get_skeleton(network.config.skeleton)
    predicted = predict(network, samples.keypoints_px, samples.intrinsics, flip=True)
    true = joint_errors(predicted, root_relative(samples.positions, skeleton.root_index))
    expected = expect_error(network, samples.keypoints_px, samples.intrinsics)
    others = [joint for joint in range(skeleton.num_joints) if joint != skeleton.root_index]
    return Errors(expected[:, others].double(), true[:, others].double())


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


def scale_expected_error(network: LifterNetwork, factor: float) -> LifterNetwork:
    """Return a copy of the network whose expected error is this many times larger; its poses are the same.

    Raises:
        InputError: The factor is not positive and finite, or the network has no linear error head.
    """
    if not (math.isfinite(factor) and factor > 0):
        raise InputError(f"factor must be positive, got {factor}")
    scaled = copy.deepcopy(network)
    head = getattr(scaled, "error_head", None)
    if not isinstance(head, torch.nn.Linear):
        raise InputError("network must have a linear error head, got none")
    with torch.no_grad():
        head.bias.add_(math.log(factor))
    return scaled

"""Two baselines that a lifter must beat: linear regression and the nearest neighbour.

Both are given what the network is given: the same normalisation (person-rays unless told otherwise), the same
cameras, and each training sample mirrored as well, which makes them mirror-symmetric: a test-time flip
would change nothing. Both learn root-relative 3D in the axes of the normalisation and turn it back.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.models.normalisation import normalise, to_camera_axes, to_network_axes
from ampose.poses.geometry import mirror, root_relative
from ampose.poses.samples import Samples
from ampose.poses.skeletons import Skeleton

DISTANCE_BYTES = 64 * 2**20
"""The nearest neighbour's distances that are held at one time."""


@dataclass(frozen=True, kw_only=True)
class LinearRegression:
    """Ridge regression in closed form.

    Features: the normalised keypoints as they are, the same root-centred and scaled to unit size, the
    logarithm of the size, and 1.
    """

    weights: Float[Tensor, "feature output"]
    skeleton: Skeleton
    normalisation: str
    trained_on: int

    @classmethod
    def fit(
        cls, training: Samples, skeleton: Skeleton, *, normalisation: str = "person-rays", ridge: float = 1e-6
    ) -> "LinearRegression":
        """Solve the normal equations in float64.

        Args:
            training: Samples of people that are not measured.
            skeleton: Whose joints they have.
            normalisation: A name in ``ampose.models.normalisation``.
            ridge: Penalty as a share of the features' mean square.

        Raises:
            InputError: There are no samples.
        """
        keypoints, target = _training_pairs(training, skeleton, normalisation)
        features = _linear_features(keypoints, skeleton).double()
        squares = features.mT @ features
        squares.diagonal().add_(ridge * squares.diagonal().mean())
        weights = torch.linalg.solve(squares, features.mT @ target.flatten(1).double())
        return cls(weights=weights, skeleton=skeleton, normalisation=normalisation, trained_on=len(training))

    @property
    def name(self) -> str:
        """What it is, for reports."""
        return f"linear regression ({self.normalisation}, {self.trained_on} samples and their mirror images)"

    def __call__(self, samples: Samples) -> Float[Tensor, "sample joint 3"]:
        """Predict root-relative metres in camera axes."""
        seen = normalise(self.normalisation, samples.middle.keypoints_px, samples.intrinsics, self.skeleton.root_index)
        predicted = _linear_features(seen.keypoints[:, 0], self.skeleton).double() @ self.weights
        positions = predicted.to(seen.keypoints.dtype).reshape(-1, 1, self.skeleton.num_joints, 3)
        return to_camera_axes(root_relative(positions, self.skeleton.root_index), seen.rotation)[:, 0]


@dataclass(frozen=True, kw_only=True)
class NearestNeighbour:
    """The 3D of the training sample whose 2D is nearest.

    2D is compared after normalisation, root-centring and scaling to unit size, by the sum of squares over
    joints.
    """

    shapes: Float[Tensor, "neighbour feature"]
    positions: Float[Tensor, "neighbour joint 3"]
    skeleton: Skeleton
    normalisation: str

    @classmethod
    def fit(cls, training: Samples, skeleton: Skeleton, *, normalisation: str = "person-rays") -> "NearestNeighbour":
        """Keep all training samples and their mirror images; raises InputError if there are none."""
        keypoints, target = _training_pairs(training, skeleton, normalisation)
        shapes = _shape_and_size(keypoints, skeleton)[0]
        return cls(shapes=shapes, positions=target, skeleton=skeleton, normalisation=normalisation)

    @property
    def name(self) -> str:
        """What it is, for reports."""
        count = len(self.shapes) // 2
        return f"nearest neighbour ({self.normalisation}, {count} samples and their mirror images)"

    def __call__(self, samples: Samples) -> Float[Tensor, "sample joint 3"]:
        """Predict root-relative metres in camera axes."""
        seen = normalise(self.normalisation, samples.middle.keypoints_px, samples.intrinsics, self.skeleton.root_index)
        shapes = _shape_and_size(seen.keypoints[:, 0], self.skeleton)[0]
        rows = max(1, DISTANCE_BYTES // (len(self.shapes) * self.shapes.element_size()))
        # The least |a - b|^2 = |a|^2 + |b|^2 - 2 ab over the neighbours b; |a|^2 is the same for all b and is left out.
        squares = self.shapes.square().sum(dim=1)
        parts = torch.split(shapes, rows)
        nearest = torch.cat([torch.addmm(squares, part, self.shapes.mT, alpha=-2).argmin(dim=1) for part in parts])
        return to_camera_axes(self.positions[nearest, None], seen.rotation)[:, 0]


def _training_pairs(training: Samples, skeleton: Skeleton, normalisation: str) -> tuple[Tensor, Tensor]:
    """Normalised keypoints and root-relative 3D in the same axes, each followed by its mirror images."""
    if len(training) == 0:
        raise InputError("a baseline must have training samples, got none")
    seen = normalise(normalisation, training.keypoints_px, training.intrinsics, skeleton.root_index)
    target = to_network_axes(root_relative(training.positions, skeleton.root_index), seen.rotation)[:, 0]
    keypoints, order = seen.keypoints[:, 0], skeleton.flip_order
    return torch.cat([keypoints, mirror(keypoints, order)]), torch.cat([target, mirror(target, order)])


def _shape_and_size(
    keypoints: Float[Tensor, "sample joint 2"], skeleton: Skeleton
) -> tuple[Float[Tensor, "sample feature"], Float[Tensor, "sample 1"]]:
    """Root-centred keypoints of unit norm, flattened, and the norm that they had."""
    centred = root_relative(keypoints, skeleton.root_index).flatten(1)
    size = centred.norm(dim=1, keepdim=True).clamp_min(1e-6)
    return centred / size, size


def _linear_features(keypoints: Float[Tensor, "sample joint 2"], skeleton: Skeleton) -> Float[Tensor, "sample feature"]:
    shape, size = _shape_and_size(keypoints, skeleton)
    return torch.cat([keypoints.flatten(1), shape, size.log(), torch.ones_like(size)], dim=1)

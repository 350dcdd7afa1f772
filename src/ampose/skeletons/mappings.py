"""Named mappings from a detector's or another dataset's joints to a lifter's joints.

A target joint is a weighted sum of source joints. Weights may be negative: the top of the head lies
beyond the ears as seen from the shoulders. What no detector point stands for is *made up*, and the mapping says so.

The offsets of made-up joints follow the CMU-trained weights' joint definitions (README of the
database, measured on 15 subjects): the skull base lies at ear height, and the head's top half a
thorax-to-skull-base length above it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.skeletons.skeleton import Skeleton

Recipe = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class SkeletonMapping:
    """How to compute the joints of ``target`` from the joints of ``source``.

    Args:
        source: Skeleton of the points that are there.
        target: Skeleton of the points that are wanted.
        recipe: Target joint -> {source joint: weight}. The weights of a joint sum to 1.
            A target joint that is not named is the source joint of the same name.
        made_up: Target joints for which no source point stands.

    Raises:
        InputError: A joint cannot be found in the source, or weights do not sum to 1.
    """

    source: Skeleton
    target: Skeleton
    recipe: Recipe
    made_up: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not np.allclose(self.weights.sum(axis=1), 1.0):
            raise InputError(f"mapping {self.source.name} -> {self.target.name}: weights of a joint must sum to 1")

    @cached_property
    def weights(self) -> Float[np.ndarray, "target source"]:
        """The mapping as a matrix: ``target_points = weights @ source_points``."""
        matrix = np.zeros((self.target.num_joints, self.source.num_joints))
        for row, joint in enumerate(self.target.joints):
            for name, weight in self.recipe.get(joint, {joint: 1.0}).items():
                matrix[row, self.source.index(name)] += weight
        return matrix

    def map_points(self, points: Float[np.ndarray, "frame source xy"]) -> Float[np.ndarray, "frame target xy"]:
        """Map points; a NaN source joint makes only the target joints that use it NaN."""
        used = np.where(np.isnan(points), 0.0, points)
        mapped = np.einsum("ts,fsx->ftx", self.weights, used)
        lost = np.isnan(points).any(axis=2) @ (self.weights != 0).T.astype(float) > 0
        mapped[lost] = np.nan
        return mapped.astype(points.dtype)

    def map_confidence(self, confidence: Float[np.ndarray, "frame source"]) -> Float[np.ndarray, "frame target"]:
        """A target joint is as sure as the least sure source joint that it needs."""
        needed = self.weights != 0
        rows = [confidence[:, needed[t]].min(axis=1) for t in range(self.target.num_joints)]
        return np.stack(rows, axis=1).astype(confidence.dtype)


def _middle(stem: str) -> dict[str, float]:
    return {f"left_{stem}": 0.5, f"right_{stem}": 0.5}


def _combine(*terms: tuple[float, Mapping[str, float]]) -> dict[str, float]:
    """Weighted sum of weighted sums."""
    total: dict[str, float] = {}
    for factor, weights in terms:
        for joint, weight in weights.items():
            total[joint] = total.get(joint, 0.0) + factor * weight
    return total


_SHOULDERS, _EARS = _middle("shoulder"), _middle("ear")


def _from_face_and_limbs(hips: Mapping[str, float]) -> Recipe:
    """Make the joints along the trunk from ears, shoulders and a given mid-hip."""
    return {
        "hip": hips,
        "spine": _combine((0.5, hips), (0.5, _SHOULDERS)),
        "thorax": _SHOULDERS,
        "neck_nose": _EARS,
        "head": _combine((1.5, _EARS), (-0.5, _SHOULDERS)),
    }


FROM_COCO: Recipe = _from_face_and_limbs(_middle("hip"))
"""COCO-17 to Human3.6M's joints."""


def _raised_hip(side: str, share: float = 0.08) -> dict[str, float]:
    """A hip, moved towards the shoulder of its side by a share of the trunk."""
    return {f"{side}_hip": 1 - share, f"{side}_shoulder": share}


FROM_BLAZEPOSE: Recipe = {
    **_from_face_and_limbs(_combine((0.5, _raised_hip("left")), (0.5, _raised_hip("right")))),
    "left_hip": _raised_hip("left"),
    "right_hip": _raised_hip("right"),
}
"""BlazePose-33 to Human3.6M's joints. BlazePose's hips sit about 8 % of the trunk too low, which makes a lifted body
lean. Raising them was checked on one clip only: the poses lifted from its four views come nearer together (median 123
to 116 mm, and 77 to 73 mm after Procrustes alignment)."""

FROM_HALPE: Recipe = {
    "spine": {"hip": 0.5, "neck": 0.5},
    "thorax": {"neck": 1.0},
    "neck_nose": _EARS,
}
"""Halpe-26 has a real mid-hip, neck and head top; only the spine is made up."""

FROM_MPI_INF_3DHP: Recipe = {
    "thorax": {"neck": 1.0},
    "neck_nose": {"head": 1.0},
    "head": {"head_top": 1.0},
}
"""MPI-INF-3DHP's 28 or 17 joints to Human3.6M's, as EvoSkeleton, SPIN and PoseAug place them; limbs, spine and root
keep their names. Nothing is made up, but two joints lie elsewhere: 3DHP's neck is higher than Human3.6M's thorax, and
its head is not Human3.6M's nose, which is why PoseAug compares the 16 joints without it."""

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
from ampose.poses.skeletons.joint_sides import sides_of
from ampose.poses.skeletons.skeleton import Skeleton

Recipe = Mapping[str, Mapping[str, float]]

_GUESSED = frozenset({"spine"})


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

    @property
    def guessed(self) -> frozenset[str]:
        """Made-up joints that lie elsewhere than the recipe puts them: a spine is half-way only when it is straight.

        A lifter that takes missing joints does better without them.
        Middles of hips and shoulders, and a head made of the ears, are made up too, and yet were seen in a way: on
        held-out motion it costs 59.5 instead of 50.9 mm at the limbs, and 92 instead of 52 at the head, to hide them.
        """
        return self.made_up & _GUESSED

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
    return dict.fromkeys(sides_of(stem), 0.5)


def _combine(*terms: tuple[float, Mapping[str, float]]) -> dict[str, float]:
    """Weighted sum of weighted sums."""
    total: dict[str, float] = {}
    for factor, weights in terms:
        for joint, weight in weights.items():
            total[joint] = total.get(joint, 0.0) + factor * weight
    return total


_SHOULDERS, _EARS = _middle("shoulder"), _middle("ear")


def _from_face_and_limbs(hips: Mapping[str, float], neck: Mapping[str, float] = _SHOULDERS) -> Recipe:
    """Make the joints along the trunk from ears, a given mid-hip and what lies between the shoulders."""
    return {
        "hip": hips,
        "spine": _combine((0.5, hips), (0.5, neck)),
        "thorax": neck,
        "neck_nose": _EARS,
        "head": _above(neck),
    }


def _above(neck: Mapping[str, float]) -> dict[str, float]:
    """Return the top of the head: beyond the ears, as seen from the neck."""
    return _combine((1.5, _EARS), (-0.5, neck))


FROM_COCO: Recipe = _from_face_and_limbs(_middle("hip"))
"""COCO-17 to Human3.6M's joints."""


def _raised_hip(side: str) -> dict[str, float]:
    """A hip, moved towards the shoulder of its side by 8 % of the trunk."""
    return {f"{side}_hip": 0.92, f"{side}_shoulder": 0.08}


FROM_BLAZEPOSE: Recipe = {
    **_from_face_and_limbs(_combine((0.5, _raised_hip("left")), (0.5, _raised_hip("right")))),
    "left_hip": _raised_hip("left"),
    "right_hip": _raised_hip("right"),
}
"""BlazePose-33 to Human3.6M's joints. BlazePose's hips sit about 8 % of the trunk too low, which makes a lifted body
lean. Raising them was checked on one clip only: the poses lifted from its four views come nearer together (median 123
to 116 mm, and 77 to 73 mm after Procrustes alignment)."""

_MPI_INF_3DHP_NAMES = {"thorax": "neck", "neck_nose": "head", "head": "head_top"}

FROM_MPI_INF_3DHP: Recipe = {joint: {name: 1.0} for joint, name in _MPI_INF_3DHP_NAMES.items()}
"""MPI-INF-3DHP's 28 or 17 joints to Human3.6M's, as EvoSkeleton, SPIN and PoseAug place them; limbs, spine and root
keep their names. Nothing is made up, but two joints lie elsewhere: 3DHP's neck is higher than Human3.6M's thorax, and
its head is not Human3.6M's nose, which is why PoseAug compares the 16 joints without it."""


def to_mpi_inf_3dhp(recipe: Recipe) -> Recipe:
    """Return the recipe for MPI-INF-3DHP's 17 joints, given that for Human3.6M's: the way of FROM_MPI_INF_3DHP back."""
    kept = {joint: weights for joint, weights in recipe.items() if joint not in _MPI_INF_3DHP_NAMES}
    return kept | {name: recipe.get(joint, {joint: 1.0}) for joint, name in _MPI_INF_3DHP_NAMES.items()}


def named_as_mpi_inf_3dhp(joints: frozenset[str]) -> frozenset[str]:
    """Return what MPI-INF-3DHP calls these joints of Human3.6M."""
    return frozenset(_MPI_INF_3DHP_NAMES.get(joint, joint) for joint in joints)


_TRUNK = frozenset({"hip", "spine", "thorax", "neck_nose", "head"})

DETECTORS: Mapping[str, tuple[Recipe, frozenset[str]]] = {
    "coco_17": (FROM_COCO, _TRUNK),
    "blazepose_33": (FROM_BLAZEPOSE, _TRUNK),
    # COCO's joints and a neck, which lies between the shoulders; BODY_25 has a hip between the hips too.
    "openpose_18": (_from_face_and_limbs(_middle("hip"), {"neck": 1.0}), _TRUNK - {"thorax"}),
    "body_25": (_from_face_and_limbs({"hip": 1.0}, {"neck": 1.0}), _TRUNK - {"thorax", "hip"}),
    # COCO's joints and the top of the head. The neck is no thorax: it lies above the shoulders.
    "body_25b": ({**FROM_COCO, "head": {"head": 1.0}}, _TRUNK - {"head"}),
    # There is a hip, a neck and a top of the head.
    "halpe_26": (
        {"spine": {"hip": 0.5, "neck": 0.5}, "thorax": {"neck": 1.0}, "neck_nose": _EARS},
        frozenset({"spine", "neck_nose"}),
    ),
}
"""What detectors find -> how Human3.6M's joints are made of it, and which of them are made up."""

BETWEEN_DETECTORS: Mapping[tuple[str, str], Recipe] = {
    ("coco_17", "openpose_18"): {"neck": _SHOULDERS},
    ("blazepose_33", "openpose_18"): {"neck": _SHOULDERS},
    ("body_25b", "openpose_18"): {"neck": _SHOULDERS},
    ("body_25b", "body_25"): {"neck": _SHOULDERS, "hip": _middle("hip")},
    ("body_25b", "halpe_26"): {"neck": _SHOULDERS, "hip": _middle("hip")},
    ("body_25", "halpe_26"): {"head": _above({"neck": 1.0})},
}
"""From one detector's joints to another's; what these name is made up. The other pairs that there are need no recipe:
their joints have the same names."""

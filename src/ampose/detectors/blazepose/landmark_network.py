"""BlazePose's landmark network: 33 joints of the person in a region, and two points for the region of the next frame.

The network answers where each joint is (regression), and with a heat map for each, which is less far off than the
regression but knows only 64 x 64 places; so the regression is moved to the middle of the heat around it.
"""

from dataclasses import astuple, dataclass

import numpy as np
from jaxtyping import Float, Int

from ampose.detectors.blazepose.person_network import logistic
from ampose.detectors.blazepose.regions import Regions, regions_from_points
from ampose.poses.skeletons import get_skeleton

SIDE = 256
NUM_JOINTS = 33
NUM_POINTS = 39
"""The joints, the two points of the next region, and four that are not used."""

HIPS, TOP = 33, 34
MIRRORED = np.array([*get_skeleton("blazepose_33").flip_order, 33, 34, 36, 35, 38, 37])
"""Which point each is in the mirror image."""

REACH = 3
"""How many places around a joint its heat map is looked at."""

LEAST_HEAT = 0.5

WEIGHT_VISIBLE, WEIGHT_PRESENT, OFFSET = 0.64, 0.54, -2.06
SUREST = 0.964
"""Even of the joints that the network is surest of, some are elsewhere: left is taken for right, say."""


@dataclass(frozen=True)
class Landmarks:
    """What the network answers for each region.

    Args:
        points: In the region, 0 to 1 on both axes; may lie outside.
        confidence: How likely each is within a tenth of the person's height of where it is.
        person: Whether there is a person in the region, 0 to 1.
    """

    points: Float[np.ndarray, "person 39 2"]
    confidence: Float[np.ndarray, "person 39"]
    person: Float[np.ndarray, " person"]

    def __getitem__(self, chosen: Int[np.ndarray, " chosen"]) -> "Landmarks":
        return Landmarks(self.points[chosen], self.confidence[chosen], self.person[chosen])

    def mirrored(self) -> "Landmarks":
        """Return what is true of an image when this was answered for its mirror image."""
        last = (SIDE - 1) / SIDE  # where the mirror image has column 0
        points = np.stack([last - self.points[..., 0], self.points[..., 1]], axis=-1)
        return Landmarks(points[:, MIRRORED], self.confidence[:, MIRRORED], self.person)

    def mean(self, other: "Landmarks") -> "Landmarks":
        """Return the mean of two answers for the same regions."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Landmarks(*((one + another) / 2 for one, another in pairs))


def read_landmarks(
    landmarks: Float[np.ndarray, "person 195"],
    presence: Float[np.ndarray, "person 1"],
    heat_maps: Float[np.ndarray, "person 39 row column"],
) -> Landmarks:
    """Read the network's outputs."""
    values = landmarks.reshape(-1, NUM_POINTS, 5).astype(float)  # x, y, z, and logits of visible and present
    points = refine(values[..., :2] / SIDE, heat_maps)
    return Landmarks(points, confidence(values[..., 3], values[..., 4]), presence[:, 0].astype(float))


def confidence(visible: Float[np.ndarray, "..."], present: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return how likely joints are within a tenth of the person's height of where they are.

    A logistic regression on what the network says of each joint, below a highest value; fitted where the truth is
    known by triangulation (``research/blazepose_study.py``).

    Args:
        visible: Whether the joint is in the image and not hidden, as logit.
        present: Whether the joint is in the image, as logit.
    """
    return SUREST * logistic(WEIGHT_VISIBLE * visible + WEIGHT_PRESENT * present + OFFSET)


def refine(
    points: Float[np.ndarray, "person point 2"], heat_maps: Float[np.ndarray, "person point row column"]
) -> Float[np.ndarray, "person point 2"]:
    """Move points to the middle of the heat around them; where no place is hot, they stay."""
    rows, columns = heat_maps.shape[2:]
    around = np.arange(-REACH, REACH + 1)
    # (person, point, window)
    column = (points[..., :1] * columns).astype(int) + around
    row = (points[..., 1:] * rows).astype(int) + around
    person, point = np.arange(points.shape[0])[:, None], np.arange(points.shape[1])
    heat = logistic(
        heat_maps[
            person[..., None, None],
            point[..., None, None],
            row.clip(0, rows - 1)[..., :, None],
            column.clip(0, columns - 1)[..., None, :],
        ].astype(float)
    )
    heat *= _inside(row, rows)[..., :, None] & _inside(column, columns)[..., None, :]
    total = heat.sum(axis=(2, 3)).clip(1e-12)
    middle = np.stack([(heat.sum(axis=2) * column).sum(axis=2) / columns, (heat.sum(axis=3) * row).sum(axis=2) / rows])
    moved = np.moveaxis(middle / total, 0, -1)
    return np.where((heat.max(axis=(2, 3)) >= LEAST_HEAT)[..., None], moved, points)


def _inside(place: Int[np.ndarray, "..."], length: int) -> np.ndarray:
    return (place >= 0) & (place < length)


def next_regions(points: Float[np.ndarray, "person 39 2"]) -> Regions:
    """Return where to look for the people in the next frame, by their points in pixels."""
    return regions_from_points(points[:, HIPS], points[:, TOP])

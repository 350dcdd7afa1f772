"""In which order of joints points without names are: in the wrong one, bones lead across the body."""

import numpy as np
from jaxtyping import Float

from ampose.poses.skeletons.known import COCO_17
from ampose.poses.skeletons.skeleton import Skeleton

_FACE = [COCO_17.index(joint) for joint in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
_FACE_SHARE, _LONGER = 0.25, 1.1
"""Of the whole body COCO's face is at most 0.15 (Human3.6M's hips and right leg 0.5); its bones are 0.74 times as long
as Human3.6M's in the median (on Human3.6M's own points at least 1.116)."""

_LEAST = 1e-9


def where_seen(people: Float[np.ndarray, "person point 3"]) -> Float[np.ndarray, "person point 2"]:
    """Return where points (x, y, confidence) are; NaN where the confidence is 0 or none."""
    return np.where(people[..., 2:] > 0, people[..., :2], np.nan)


def likelier(
    points: Float[np.ndarray, "person point 2"], usual: Skeleton, other: Skeleton, *, below: float
) -> Skeleton:
    """Return which of two skeletons with as many joints it is: the other one, if its bones are much shorter.

    Args:
        points: Of all people and frames; NaN where one was not seen.
        usual: Which it is if that does not tell.
        other: Which it may be.
        below: How long the other one's bones may be at most, as a part of the usual one's.
    """
    bones = [np.linalg.norm(np.diff(points[:, s.bone_indices], axis=2), axis=-1) for s in (usual, other)]
    lengths = [np.median(of_one[np.isfinite(of_one)]) for of_one in bones if np.isfinite(of_one).any()]
    return other if len(lengths) == 2 and lengths[1] < below * lengths[0] else usual


def is_coco(points: Float[np.ndarray, "person point 2"], own: Skeleton) -> bool:
    """Say whether points that are taken for a skeleton of 17 joints are in COCO's order.

    Two things must be so: the first five points, COCO's face, are close together, and COCO's bones are hardly longer
    than those of the other order. Of single frames of people in COCO's order 91 to 100 % are told, of clips all; of
    10,240 frames of CMU in Human3.6M's, from all sides, with noise and missing joints, none is taken for COCO's, and
    of random points one in ten thousand.

    Args:
        points: Of all people and frames; NaN where one was not seen.
        own: The skeleton that they are taken for.
    """
    if own.num_joints != COCO_17.num_joints:
        return False
    seen = points[np.isfinite(points[:, _FACE]).any(axis=(1, 2))]
    if not len(seen):
        return False
    share = np.median(_extent(seen[:, _FACE]) / np.maximum(_extent(seen), _LEAST))
    return bool(share < _FACE_SHARE) and likelier(seen, own, COCO_17, below=_LONGER) is COCO_17


def _extent(points: Float[np.ndarray, "person point 2"]) -> Float[np.ndarray, " person"]:
    """Return the diagonal of the box about the points that are there: one at least."""
    lost = np.isnan(points)
    sides = np.where(lost, -np.inf, points).max(axis=1) - np.where(lost, np.inf, points).min(axis=1)
    diagonal: np.ndarray = np.hypot(sides[:, 0], sides[:, 1])
    return diagonal

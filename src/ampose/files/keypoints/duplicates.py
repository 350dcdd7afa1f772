"""One person who was detected twice in a frame: the better detection stays.

Detectors list every detection with its score, down to 0.01, and leave it to the user which to believe. Likeness is the
object keypoint similarity of the COCO keypoint task over the joints that both found, with one width for all joints,
or the overlap of the boxes (intersection over union). https://cocodataset.org/#keypoints-eval
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ampose.poses.boxes import bounding_boxes, intersection_over_union

_JOINT_WIDTH = 0.1
"""How far apart the same joint of two detections of one person may be (one standard deviation), by the size."""

_ALIKE, _ALIKE_OF_WORSE = 0.5, 0.2
"""From which similarity on two detections are one person; the second where one has less than half the other's score.
Two people whose joints lie a fifth of their size apart have 0.14."""

_SAME_BOX = 0.85
"""From which overlap on two boxes are of one person, whatever the joints: left and right may be swapped in one."""


def without_duplicates(
    points: Sequence[Float[np.ndarray, "joint 3"]], scores: Sequence[float], known: Sequence[int] = ()
) -> list[int]:
    """Return the numbers of the detections of a frame that are no worse copies of another, in their order.

    Args:
        points: x, y and confidence of each detection; a joint with confidence 0 was not found.
        scores: Of the detections.
        known: The numbers of those that are different people for certain, who all stay.

    Example:
        >>> body = np.random.default_rng(0).uniform(0, 100, (17, 3))
        >>> without_duplicates([body, body + [2, 0, 0], body + [90, 0, 0]], [0.1, 0.9, 0.8])
        [1, 2]
    """
    if len(points) - len(known) < 1 or len(points) < 2:
        return list(range(len(points)))
    places = np.stack([np.where(rows[:, 2:] > 0, rows[:, :2], np.nan) for rows in points])  # (detection, joint, xy)
    boxes = bounding_boxes(places)
    overlap = np.nan_to_num(intersection_over_union(boxes, boxes))
    kept = list(known)
    for one in np.argsort(-np.asarray(scores), kind="stable").tolist():
        if one in known:
            continue
        rivals = [other for other in kept if overlap[one, other] > 0]
        alike = (
            overlap[one, other] > _SAME_BOX
            or _similarity(places[one], places[other])
            > (_ALIKE if scores[one] > scores[other] / 2 else _ALIKE_OF_WORSE)
            for other in rivals
        )
        if not any(alike):
            kept.append(one)
    return sorted(kept)


def _similarity(one: Float[np.ndarray, "joint 2"], other: Float[np.ndarray, "joint 2"]) -> float:
    """Return the mean over the joints that both have, 0 to 1; the size is that of the better detection, ``other``."""
    distance = np.linalg.norm(one - other, axis=1)
    both = ~np.isnan(distance)
    if not both.any():
        return 0.0
    size = max(1.0, float(np.nanmax(np.nanmax(other, axis=0) - np.nanmin(other, axis=0))))
    return float(np.exp(-((distance[both] / (_JOINT_WIDTH * size)) ** 2) / 2).mean())

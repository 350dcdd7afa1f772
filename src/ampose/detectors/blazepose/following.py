"""Who is followed from frame to frame: which regions are new, and which poses show one person."""

import numpy as np
from jaxtyping import Float, Int

from ampose.detectors.blazepose.regions import Regions
from ampose.poses.boxes import bounding_boxes, share_within

SAME_PLACE = 0.12
"""Regions whose centres are nearer to each other than this, in sides of the larger one, hold the same person..."""

SAME_POSE = 0.12
"""... and somebody whose joints are this near to those of others on average, in sides of the region, is one of them."""

WITHIN, NOT_SMALLER = 0.7, 0.7
"""Of a newcomer's box the share within somebody else's, and of that one's region the size, above which the newcomer is
made of that body: a child before a grown-up has a smaller region."""


def newcomers(found: Regions, known: Regions) -> Regions:
    """Return the regions in which nobody is followed yet."""
    away = np.linalg.norm(found.centre[:, None] - known.centre, axis=-1)  # (found, known)
    near = away < SAME_PLACE * np.maximum(found.size[:, None], known.size)
    return found[~near.any(axis=1)]


def distinct(
    points: Float[np.ndarray, "person joint 2"],
    size: Float[np.ndarray, " person"],
    sure: Float[np.ndarray, " person"],
    rank: Int[np.ndarray, " person"],
) -> Int[np.ndarray, " chosen"]:
    """Return the numbers of those who differ: of several poses of one person the surest, in the order that they had.

    Where people touch, the landmark network may also see one made of the limbs of two. So each joint counts by the
    nearest of that name, of whomever it is. It may also see a second person within the body of one.

    Args:
        points: Pixels.
        size: Sides of the regions, in pixels.
        sure: How sure each is.
        rank: Who comes first: 0 whoever was there in the frame before, then newcomers, the more doubtful the later.
    """
    boxes, chosen = bounding_boxes(points), list[int]()
    for person in np.lexsort((-sure, rank)):
        away = np.linalg.norm(points[person] - points[chosen], axis=-1)  # (chosen, joint)
        if chosen and away.min(axis=0).mean() <= SAME_POSE * size[person]:
            continue
        within = share_within(boxes[person], boxes[chosen]) > WITHIN
        if rank[person] and (within & (size[person] > NOT_SMALLER * size[chosen])).any():
            continue
        chosen.append(int(person))
    return np.array(sorted(chosen), dtype=int)

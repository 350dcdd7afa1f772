"""BlazePose's person detector: where somebody is, how large, and how they lean.

A single-shot detector on an image of 224 x 224: for each of 2,254 anchors (Liu et al., SSD: Single Shot MultiBox
Detector, 2016, arXiv:1512.02325) a box around the face and four points, of which the middle of the hips and the top of
the circle around the body are used here. Boxes of one person are blended, by their scores (Bazarevsky et al.,
BlazeFace, 2019, arXiv:1907.05047), instead of keeping the best alone.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from ampose.poses.boxes import Corners, intersection_over_union

SIDE = 224
STRIDES = (8, 16, 32, 32, 32)
"""Of the feature maps; each has two anchors a cell."""

ANCHORS_PER_CELL = 2
NUM_POINTS = 4
HIPS, TOP = 0, 1
LEAST_SCORE = 0.5
SAME_PERSON = 0.3
"""Boxes that overlap by more than this (intersection over union) show the same person."""


@dataclass(frozen=True)
class People:
    """Who the person detector finds, the surest first.

    Args:
        box: Left, top, right and bottom of the face, in units of the image's side.
        points: Middle of the hips, top of the circle around the body, and two that are not used.
        score: 0 to 1.
    """

    box: Corners
    points: Float[np.ndarray, "person 4 2"]
    score: Float[np.ndarray, " person"]


def logistic(logits: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    """Return what logits are as shares, 0 to 1; by tanh, which does not overflow. SciPy's takes long to import.

    Example:
        >>> logistic(np.array([0.0, -800.0, 800.0])).tolist()
        [0.5, 0.0, 1.0]
    """
    return 0.5 + 0.5 * np.tanh(logits / 2)


@cache
def anchors() -> Float[np.ndarray, "anchor 2"]:
    """Return the anchors' centres, in units of the image's side: row by row, maps of one stride together.

    Example:
        >>> anchors().shape, anchors()[[0, 2]].tolist()
        ((2254, 2), [[0.017857142857142856, 0.017857142857142856], [0.05357142857142857, 0.017857142857142856]])
    """
    centres = []
    for stride in sorted(set(STRIDES)):
        cells = SIDE // stride
        row, column = np.divmod(np.arange(cells * cells), cells)
        cell = (np.stack([column, row], axis=-1) + 0.5) / cells
        centres.append(np.repeat(cell, ANCHORS_PER_CELL * STRIDES.count(stride), axis=0))
    return np.concatenate(centres)


def decode(
    boxes: Float[np.ndarray, "anchor 12"], scores: Float[np.ndarray, "anchor 1"], least: float = LEAST_SCORE
) -> People:
    """Return everybody that the network answers with at least this score, each of them several times.

    Args:
        boxes: Offset of the centre from the anchor, width and height, and offsets of the four points, in pixels.
        scores: Logits.
        least: Score.
    """
    score = logistic(scores[:, 0].astype(float))
    chosen = np.flatnonzero(score >= least)
    chosen = chosen[np.argsort(-score[chosen], kind="stable")]
    values = boxes[chosen].astype(float).reshape(-1, 2 + NUM_POINTS, 2) / SIDE
    centre, size = values[:, 0] + anchors()[chosen], values[:, 1]
    points = values[:, 2:] + anchors()[chosen, None]
    return People(np.concatenate([centre - size / 2, centre + size / 2], axis=-1), points, score[chosen])


def blend(people: People) -> People:
    """Return everybody once: who overlaps with a surer one is averaged with that, weighted by the scores."""
    rest = np.arange(len(people.score))
    boxes, points, scores = [], [], []
    while len(rest):
        overlap = intersection_over_union(people.box[rest[:1]], people.box[rest])[0]
        group = rest[overlap > SAME_PERSON]
        group = group if len(group) else rest[:1]  # an empty box overlaps with nothing, not even itself
        weight = people.score[group] / people.score[group].sum()
        boxes.append(weight @ people.box[group])
        points.append(np.einsum("p,pkx->kx", weight, people.points[group]))
        scores.append(people.score[rest[0]])
        rest = np.setdiff1d(rest, group)  # stays sorted, the surest first
    shape = (len(scores), NUM_POINTS, 2)
    return People(np.reshape(boxes, (-1, 4)), np.reshape(points, shape), np.array(scores, dtype=float))

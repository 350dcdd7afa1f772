"""Boxes around people, in pixels: the box of some joints, and how much two boxes have in common."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from ampose.errors import InputError


class Box(NamedTuple):
    """A rectangle in an image, in pixels.

    Example:
        >>> Box.parse("10,20,300,400").width
        300.0
    """

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def parse(cls, text: str) -> "Box":
        """Read ``X,Y,WIDTH,HEIGHT``; raises InputError if it is something else, or the box is empty."""
        try:
            box = cls(*(float(part) for part in text.split(",")))
        except (TypeError, ValueError):
            raise InputError(
                f"box must be x,y,width,height in pixels, as in 10,20,300,400, got {text!r}", field="box"
            ) from None
        if not np.isfinite(box).all() or min(box.width, box.height) <= 0:
            raise InputError(f"box must have a positive width and height in pixels, got {text!r}", field="box")
        return box

    @property
    def corners(self) -> Float[np.ndarray, "4"]:
        """Left, top, right, bottom."""
        return np.array([self.left, self.top, self.left + self.width, self.top + self.height], dtype=float)


Corners = Float[np.ndarray, "person 4"]
"""Left, top, right, bottom in pixels."""


def bounding_boxes(points: Float[np.ndarray, "person joint 2"]) -> Corners:
    """Return the box around the joints that were found; NaN where none was.

    Example:
        >>> bounding_boxes(np.array([[[10.0, 20.0], [40.0, 80.0], [np.nan, np.nan]]])).tolist()
        [[10.0, 20.0, 40.0, 80.0]]
    """
    found = ~np.isnan(points)
    # Infinities instead of nanmin: a person without any joint is no reason for a warning.
    low = np.where(found, points, np.inf).min(axis=1)
    high = np.where(found, points, -np.inf).max(axis=1)
    corners = np.concatenate([low, high], axis=1)
    return np.where(np.isfinite(corners), corners, np.nan)


def intersection_over_union(
    first: Float[np.ndarray, "first 4"], second: Float[np.ndarray, "second 4"]
) -> Float[np.ndarray, "first second"]:
    """Return the area that each pair of boxes shares, over the area that they cover together.

    Example:
        >>> left, right = np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[1.0, 0.0, 3.0, 2.0]])
        >>> intersection_over_union(left, right).round(3).tolist()
        [[0.333]]
    """
    # (first, 1, 2) against (second, 2): every pair.
    low = np.maximum(first[:, None, :2], second[:, :2])
    high = np.minimum(first[:, None, 2:], second[:, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    areas = ((corners[:, 2:] - corners[:, :2]).prod(axis=1) for corners in (first, second))
    return shared / (np.add.outer(*areas) - shared).clip(1e-9)


def share_within(box: Float[np.ndarray, "4"], others: Corners) -> Float[np.ndarray, " person"]:
    """Return how much of a box's area lies in each of the others.

    Example:
        >>> share_within(np.array([0.0, 0.0, 2.0, 2.0]), np.array([[1.0, 0.0, 3.0, 2.0]])).tolist()
        [0.5]
    """
    shared = (np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])).clip(0).prod(axis=1)
    return shared / max((box[2:] - box[:2]).prod(), 1e-9)


def share_middle(box: Float[np.ndarray, "4"], others: Corners) -> Bool[np.ndarray, " person"]:
    """Tell in which of the others the middle of a box lies, or the middle of which lies in it.

    So a box that somebody has drawn means a person, however generous it is, or if it is around the head alone.

    Example:
        >>> head, beside = [4.0, 0.0, 6.0, 2.0], [9.0, 0.0, 19.0, 20.0]
        >>> share_middle(np.array([0.0, 0.0, 10.0, 20.0]), np.array([head, beside])).tolist()
        [True, False]
    """
    middle, middles = (box[:2] + box[2:]) / 2, (others[:, :2] + others[:, 2:]) / 2
    within = ((middle >= others[:, :2]) & (middle <= others[:, 2:])).all(axis=1)
    return within | ((middles >= box[:2]) & (middles <= box[2:])).all(axis=1)

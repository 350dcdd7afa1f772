"""Regions: the square that a network looks at for one person, turned so that the person stands upright in it.

As BlazePose's paper describes them (arXiv:2006.10204): the middle of the hips is the centre, and a second point says
how large the person is and how they lean (the radius of a circle around the whole body).
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Shaped

from ampose.media import Frame
from ampose.poses.boxes import Box

ROOM = 1.25
"""How much larger a region is than the circle around the person."""


@dataclass(frozen=True)
class Regions:
    """Turned squares in an image.

    Args:
        centre: Pixels.
        size: Length of a side in pixels.
        angle: By how much the square's up is turned clockwise from the image's, in radians.
    """

    centre: Float[np.ndarray, "person xy"]
    size: Float[np.ndarray, " person"]
    angle: Float[np.ndarray, " person"]

    def __len__(self) -> int:
        return len(self.size)

    def __getitem__(self, chosen: Shaped[np.ndarray, " chosen"] | list[int] | slice) -> "Regions":
        return Regions(self.centre[chosen], self.size[chosen], self.angle[chosen])

    def join(self, others: "Regions") -> "Regions":
        """Return these and the others."""
        return Regions(
            np.concatenate([self.centre, others.centre]),
            np.concatenate([self.size, others.size]),
            np.concatenate([self.angle, others.angle]),
        )

    @property
    def axes(self) -> Float[np.ndarray, "person xy uv"]:
        """What one side to the right (u) and one side down (v) are in pixels, as the columns of a matrix."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        turn = np.stack([np.stack([cos, -sin], axis=-1), np.stack([sin, cos], axis=-1)], axis=-2)
        return self.size[:, None, None] * turn

    def to_image(self, points: Float[np.ndarray, "person point 2"]) -> Float[np.ndarray, "person point 2"]:
        """Return points in pixels of the image; in the region both coordinates go from 0 to 1."""
        # (person, point, uv) @ (person, uv, xy)
        return (points - 0.5) @ self.axes.swapaxes(1, 2) + self.centre[:, None]


def regions_from_points(
    centre: Float[np.ndarray, "person 2"], edge: Float[np.ndarray, "person 2"], room: float = ROOM
) -> Regions:
    """Return the regions of circles by their centres and the points right above the person's head, on the circle.

    Example:
        >>> regions = regions_from_points(np.array([[50.0, 60.0]]), np.array([[50.0, 20.0]]))
        >>> regions.size.tolist(), regions.angle.tolist()
        ([100.0], [0.0])
    """
    up = edge - centre
    return Regions(centre, 2 * room * np.linalg.norm(up, axis=-1), np.arctan2(up[:, 0], -up[:, 1]))


def region_of_box(box: Box) -> Regions:
    """Return the upright region of a person of whom only the box is known."""
    centre = np.array([[box.left + box.width / 2, box.top + box.height / 2]])
    return Regions(centre, np.array([ROOM * max(box.width, box.height)]), np.zeros(1))


def no_regions() -> Regions:
    """Return none."""
    return Regions(np.zeros((0, 2)), np.zeros(0), np.zeros(0))


def whole_image(width: int, height: int) -> Regions:
    """Return the upright square around a whole image."""
    return Regions(np.array([[width / 2, height / 2]]), np.array([float(max(width, height))]), np.zeros(1))


def squares(width: int, height: int) -> Regions:
    """Return upright squares, side by side, that cover an image together.

    They are as wide as its shorter side; of an image that is more than eight times as long, an eighth of its longer
    side, so that a strip of pixels costs no more than an image.

    Example:
        >>> squares(1600, 900).centre.tolist()
        [[450.0, 450.0], [1150.0, 450.0]]
        >>> squares(1, 400).size.tolist()[:2], len(squares(1, 400))
        ([50.0, 50.0], 8)
    """
    side = max(min(width, height), max(width, height) / 8)
    count = math.ceil(max(width, height) / side)
    x, y = (
        np.linspace(side / 2, length - side / 2, count) if length > side else np.full(count, length / 2)
        for length in (width, height)
    )
    return Regions(np.stack([x, y], axis=-1), np.full(count, float(side)), np.zeros(count))


def cut_out(frame: Frame, regions: Regions, side: int, *, beyond: float | None = None) -> Float32[np.ndarray, "..."]:
    """Return what is in the regions, by bilinear interpolation.

    Args:
        frame: RGB.
        regions: One for each person.
        side: Width and height of what is returned.
        beyond: Value of what lies outside the frame; by default, that of its nearest pixel.

    Returns:
        Values as in the frame, (person, channel, side, side).
    """
    height, width, channels = frame.shape
    steps = np.arange(side, dtype=np.float32) / side - 0.5
    axes = regions.axes.astype(np.float32)
    start = regions.centre.astype(np.float32)
    # (person, row, column): where each pixel of the region lies in the frame
    x, y = (
        start[:, k, None, None] + axes[:, k, 0, None, None] * steps + axes[:, k, 1, None, None] * steps[:, None]
        for k in (0, 1)
    )
    outside = None if beyond is None else (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
    left, right, to_right = _neighbours(x, width)
    top, bottom, to_bottom = _neighbours(y, height)
    top *= width
    bottom *= width
    corners = [
        (top + left) * channels,
        (top + right) * channels,
        (bottom + left) * channels,
        (bottom + right) * channels,
    ]
    both = to_right * to_bottom
    weights = [1 - to_right - to_bottom + both, to_right - both, to_bottom - both, both]
    values = np.ascontiguousarray(frame).ravel()
    found = np.empty((len(regions), channels, side, side), dtype=np.float32)
    for channel in range(channels):
        plane = found[:, channel]
        np.multiply(weights[0], values.take(corners[0] + channel), out=plane)
        for weight, corner in zip(weights[1:], corners[1:], strict=True):
            plane += weight * values.take(corner + channel)
        if outside is not None:
            plane[outside] = beyond
    return found


def _neighbours(at: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pixels before and after, and how far it is from the first to the second (0 to 1)."""
    at = at.clip(0, length - 1)
    before = at.astype(np.int32)
    return before, np.minimum(before + 1, length - 1), at - before

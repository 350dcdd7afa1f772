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


BLOCK = 64
"""Rows of a region that are cut out at a time: half the time of all at once."""


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


def regions_from_points(centre: Float[np.ndarray, "person 2"], edge: Float[np.ndarray, "person 2"]) -> Regions:
    """Return the regions of circles by their centres and the points right above the person's head, on the circle.

    Example:
        >>> regions = regions_from_points(np.array([[50.0, 60.0]]), np.array([[50.0, 20.0]]))
        >>> regions.size.tolist(), regions.angle.tolist()
        ([100.0], [0.0])
    """
    up = edge - centre
    return Regions(centre, 2 * ROOM * np.linalg.norm(up, axis=-1), np.arctan2(up[:, 0], -up[:, 1]))


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
    values, channels = np.ascontiguousarray(frame).ravel(), frame.shape[2]
    steps = np.arange(side, dtype=np.float32) / side - 0.5
    cut = np.empty((len(regions), channels, side, side), dtype=np.float32)
    for image, centre, axes in zip(cut, regions.centre, regions.axes, strict=True):
        (x0, y0), (right, down) = centre.astype(np.float32), axes.T.astype(np.float32)
        for first in range(0, side, BLOCK):  # what a block needs stays in the processor's cache
            block = slice(first, first + BLOCK)
            # (row, column): where each pixel lies in the frame
            x = x0 + right[0] * steps + down[0] * steps[block, None]
            y = y0 + right[1] * steps + down[1] * steps[block, None]
            corners, weights = _neighbours(x, y, frame)
            for channel in range(channels):
                plane = image[channel, block]
                np.multiply(weights[0], values[channel:].take(corners[0], mode="clip"), out=plane)
                for weight, corner in zip(weights[1:], corners[1:], strict=True):
                    plane += weight * values[channel:].take(corner, mode="clip")
                if beyond is not None:
                    plane[(x < 0) | (x > frame.shape[1] - 1) | (y < 0) | (y > frame.shape[0] - 1)] = beyond
    return cut


def _neighbours(
    x: Float32[np.ndarray, "row column"], y: Float32[np.ndarray, "row column"], frame: Frame
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return where in the frame's values the four pixels around each point start, and their weights."""
    height, width, channels = frame.shape
    x, y = x.clip(0, width - 1), y.clip(0, height - 1)
    left, top = x.astype(np.intp), y.astype(np.intp)
    to_right, to_bottom = x - left, y - top
    corner = (top * width + left) * channels
    right, down = np.where(left < width - 1, channels, 0), np.where(top < height - 1, width * channels, 0)
    both = to_right * to_bottom
    corners = [corner, corner + right, corner + down, corner + right + down]
    return corners, [1 - to_right - to_bottom + both, to_right - both, to_bottom - both, both]

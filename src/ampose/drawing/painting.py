"""Strokes to pixels with Pillow: smooth because everything is drawn at twice the size first."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ampose.drawing.projection import BACKDROP, FLOOR, INK, WHITE, Colour, Scene, Side, Stroke
from ampose.packages import pillow

if TYPE_CHECKING:
    from PIL.Image import Image

SUPERSAMPLING = 2
_ROUND_FROM_PX = 4
_BONE_M = 0.038

Pixel = tuple[float | int, float | int]
"""x, y from the upper left corner."""

Place = Callable[[tuple[float, float]], tuple[float, float]]
"""From the strokes' unit to pixels of the large picture."""


def paint(image: "Image", strokes: Iterable[Stroke], place: Place, bone_px: float) -> None:
    """Draw strokes into a picture in order; ``bone_px`` is the width of a stroke of width 1.

    A stroke's halo keeps it apart from what it passes in front of.
    """
    draw = pillow("ImageDraw").Draw(image)
    for stroke in strokes:
        start, end = place(stroke.start), place(stroke.end)
        if stroke.halo:
            draw.line([_between(start, end, 0.2), _between(start, end, 0.8)], BACKDROP, round(1.6 * bone_px))
        _rounded_line(draw, start, end, stroke.colour, max(1.0, stroke.width * bone_px))


def paint_outlined(image: "Image", strokes: Iterable[Stroke], place: Place, bone_px: float) -> None:
    """Draw strokes over a photograph, all in one white outline, so that they show on any ground."""
    draw, strokes = pillow("ImageDraw").Draw(image), list(strokes)
    for widening, outline in ((1.7, True), (1.0, False)):
        for stroke in strokes:
            colour = WHITE if outline else stroke.colour
            width = max(1.0, stroke.width * bone_px * widening)
            _rounded_line(draw, place(stroke.start), place(stroke.end), colour, width)


def _rounded_line(
    draw: Any, start: tuple[float, float], end: tuple[float, float], colour: Colour, width: float
) -> None:
    if width < _ROUND_FROM_PX:
        draw.line([start, end], colour, round(width))
        return
    (x, y), (to_x, to_y) = start, end
    half = width / 2 / (math.hypot(to_x - x, to_y - y) or 1.0)
    across_x, across_y = half * (y - to_y), half * (to_x - x)
    corners = [(x, y), (to_x, to_y)]
    draw.polygon(
        [
            *((a + across_x, b + across_y) for a, b in corners),
            *((a - across_x, b - across_y) for a, b in corners[::-1]),
        ],
        fill=colour,
    )
    for middle in corners:
        draw.circle(middle, width / 2, colour)


def _between(start: tuple[float, float], end: tuple[float, float], part: float) -> tuple[float, float]:
    return start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])


class Panel:
    """Draws frames of a 3D pose on its stage, seen from one side; the empty stage is painted once.

    Args:
        stage: The stage, shared by all panels.
        side: From where it is looked at.
        size: Width and height in pixels.
    """

    def __init__(self, stage: Scene, side: Side, size: tuple[int, int]) -> None:
        left, right, bottom, top = stage.window
        width, height = (SUPERSAMPLING * length for length in size)
        self.scale = min(width / (right - left), height / (top - bottom))
        self._origin = (
            width / 2 - self.scale * (left + right) / 2,
            height / 2 + self.scale * (bottom + top) / 2,
        )
        self._large = blank((width, height), BACKDROP)
        self._bone_px = max(3.0 * SUPERSAMPLING, _BONE_M * self.scale)
        corners = [self._place((float(x), float(y))) for x, y in stage.floor(side)]
        pillow("ImageDraw").Draw(self._large).polygon(corners, fill=FLOOR)
        paint(self._large, stage.grid(side), self._place, self._bone_px)
        self._empty = self._large.reduce(SUPERSAMPLING)

    def _place(self, point: tuple[float, float]) -> tuple[float, float]:
        return self._origin[0] + self.scale * point[0], self._origin[1] - self.scale * point[1]

    def draw(self, strokes: Iterable[Stroke]) -> "Image":
        """Return the stage with the strokes on it."""
        image, strokes = self._empty.copy(), list(strokes)
        # Only what the strokes cover is drawn large and reduced: a panel is mostly empty.
        ends = [self._place(end) for stroke in strokes for end in (stroke.start, stroke.end)]
        box = box_around(ends, 4 * self._bone_px, self._large.size)
        if box is not None:
            left, top, *_ = box
            part = self._large.crop(box)
            paint(part, strokes, lambda point: _less(self._place(point), (left, top)), self._bone_px)
            image.paste(part.reduce(SUPERSAMPLING), (left // SUPERSAMPLING, top // SUPERSAMPLING))
        return image


def box_around(points: Sequence[Pixel], margin: float, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom around points of a large picture, in it and on pixels of the reduced one."""
    if not points:
        return None
    sides = []
    for axis in (0, 1):
        least, most = (extreme(point[axis] for point in points) for extreme in (min, max))
        first = max(0, math.floor((least - margin) / SUPERSAMPLING) * SUPERSAMPLING)
        last = min(size[axis], math.ceil((most + margin) / SUPERSAMPLING) * SUPERSAMPLING)
        if first >= last:
            return None
        sides.append((first, last))
    (left, right), (top, bottom) = sides
    return left, top, right, bottom


def _less(point: Pixel, corner: Pixel) -> Pixel:
    return point[0] - corner[0], point[1] - corner[1]


def blank(size: tuple[int, int], colour: Colour = WHITE) -> "Image":
    """Return an empty picture."""
    return pillow().new("RGB", size, colour)


def write_text(image: "Image", place: Pixel, text: str, *, size: int, colour: Colour = INK) -> float:
    """Write a line of text with its upper left corner at ``place``; returns where it ends."""
    draw, font = pillow("ImageDraw").Draw(image), _font(size)
    draw.text(place, text, colour, font=font)
    return place[0] + float(draw.textlength(text, font=font))


@cache
def _font(size: int) -> Any:
    return pillow("ImageFont").load_default(size)

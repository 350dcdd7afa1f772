"""Strokes to pixels with Pillow: smooth because everything is drawn at twice the size first."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ampose.drawing.projection import BACKDROP, FLOOR, INK, WHITE, Colour, Scene, Side, Stroke
from ampose.packages import pillow

if TYPE_CHECKING:
    from PIL.Image import Image

SUPERSAMPLING = 2
_BONE_M = 0.038
_CAP = np.linspace(-np.pi / 2, np.pi / 2, 9)
"""Directions of the corners of a stroke's end, from one side to the other."""

Pixel = tuple[float | int, float | int]
"""x, y from the upper left corner."""

Points = Float[np.ndarray, "*points xy"]

Draw = Callable[["Image", tuple[int, int]], None]
"""Draws into a part of the large picture, whose upper left corner there it is given."""

Place = Callable[[Points], Points]
"""From the strokes' unit to pixels of the large picture."""


def paint(image: "Image", strokes: Iterable[Stroke], place: Place, bone_px: float) -> None:
    """Draw strokes into a picture in order; ``bone_px`` is the width of a stroke of width 1.

    A stroke's halo keeps it apart from what it passes in front of.
    """
    draw, strokes = pillow("ImageDraw").Draw(image), list(strokes)
    ends = _ends(strokes, place)
    # Between a fifth and four fifths of its length: joints are not cut off.
    halos = (ends + 0.2 * (ends[:, ::-1] - ends)).reshape(-1, 4).tolist()
    for stroke, outline, halo in zip(strokes, _outlines(strokes, ends, bone_px), halos, strict=True):
        if stroke.halo:
            draw.line(halo, BACKDROP, round(1.6 * bone_px))
        draw.polygon(outline, stroke.colour)


def paint_outlined(image: "Image", strokes: Iterable[Stroke], place: Place, bone_px: float) -> None:
    """Draw strokes over a photograph, all in one white outline, so that they show on any ground."""
    draw, strokes = pillow("ImageDraw").Draw(image), list(strokes)
    ends = _ends(strokes, place)
    for outline in _outlines(strokes, ends, 1.7 * bone_px):
        draw.polygon(outline, WHITE)
    for stroke, outline in zip(strokes, _outlines(strokes, ends, bone_px), strict=True):
        draw.polygon(outline, stroke.colour)


def _ends(strokes: Sequence[Stroke], place: Place) -> Points:
    points = np.array([(stroke.start, stroke.end) for stroke in strokes], dtype=float)
    return place(points.reshape(-1, 2)).reshape(-1, 2, 2)  # (stroke, end, xy)


def _outlines(strokes: Sequence[Stroke], ends: Points, bone_px: float) -> list[list[float]]:
    """Return each stroke with its round ends as a polygon: x, y, x, y..."""
    radius = np.maximum(0.5, np.array([stroke.width for stroke in strokes]) * bone_px / 2)[:, None, None]
    along = ends[:, 1] - ends[:, 0]
    length = np.hypot(*along.T)[:, None]
    along = np.where(length > 0, along / np.where(length > 0, length, 1), (1.0, 0.0))
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    cap = radius * (np.cos(_CAP)[:, None] * along[:, None] + np.sin(_CAP)[:, None] * across[:, None])
    outline = np.concatenate([ends[:, 1:] + cap, ends[:, :1] - cap], axis=1)  # (stroke, corner, xy)
    return outline.reshape(len(strokes), 2 * outline.shape[1]).tolist()  # also of none, for which -1 says nothing


@runtime_checkable
class Ground(Protocol):
    """A picture to draw over, of whatever pixels."""

    size: tuple[int, int]
    """Width and height in pixels."""

    def draw(self, points: Points, margin: float, draw: Draw) -> None:
        """Draw a figure at twice the size, so that its edges are smooth.

        Args:
            points: Where it is, in pixels of the large picture.
            margin: How far around the points something may be drawn.
            draw: What draws it; it is given a picture, and that one's upper left corner in the large one.
        """

    def write(self, place: Pixel, text: str, *, size: int, colour: Colour = INK, outlined: bool = False) -> float:
        """Write a line of text with its upper left corner at ``place``, in white if outlined; returns where it ends."""


class RgbGround:
    """Pillow's picture."""

    def __init__(self, image: "Image") -> None:
        self.size = image.size
        self._image = image

    def draw(self, points: Points, margin: float, draw: Draw) -> None:
        """See ``Ground``. Only what is drawn on is enlarged and reduced again; the rest stays as it is."""
        width, height = self.size
        box = box_around(points, margin, (SUPERSAMPLING * width, SUPERSAMPLING * height))
        if box is None:
            return
        left, top, right, bottom = box
        corner = left // SUPERSAMPLING, top // SUPERSAMPLING
        part = self._image.crop((*corner, right // SUPERSAMPLING, bottom // SUPERSAMPLING))
        part = part.resize((right - left, bottom - top), pillow().Resampling.NEAREST)
        draw(part, (left, top))
        self._image.paste(part.reduce(SUPERSAMPLING), corner)

    def write(self, place: Pixel, text: str, *, size: int, colour: Colour = INK, outlined: bool = False) -> float:
        """See ``Ground``."""
        return write_text(self._image, place, text, size=size, colour=colour, outline=int(outlined))


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
        middle = np.array([left + right, -bottom - top]) / 2
        self._origin = np.array([width, height]) / 2 - self.scale * middle
        large = blank((width, height), BACKDROP)
        self._bone_px = max(3.0 * SUPERSAMPLING, _BONE_M * self.scale)
        pillow("ImageDraw").Draw(large).polygon(self._place(stage.floor(side)).ravel().tolist(), fill=FLOOR)
        paint(large, stage.grid(side), self._place, self._bone_px)
        self.empty = large.reduce(SUPERSAMPLING)

    def _place(self, points: Points) -> Points:
        return self._origin + points * (self.scale, -self.scale)

    def draw(self, strokes: Iterable[Stroke]) -> "Image":
        """Return the stage with the strokes on it."""
        image = self.empty.copy()
        self.draw_over(RgbGround(image), strokes)
        return image

    def draw_over(self, ground: Ground, strokes: Iterable[Stroke]) -> None:
        """Draw the strokes on the stage, which is there already."""
        strokes = list(strokes)
        ground.draw(
            _ends(strokes, self._place).reshape(-1, 2),
            4 * self._bone_px,
            lambda part, corner: paint(part, strokes, lambda points: self._place(points) - corner, self._bone_px),
        )


def box_around(points: Points, margin: float, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom around points of a large picture, in it and on pixels of the reduced one."""
    if not len(points):
        return None
    first = np.floor((points.min(axis=0) - margin) / SUPERSAMPLING).clip(0) * SUPERSAMPLING
    last = np.minimum(np.ceil((points.max(axis=0) + margin) / SUPERSAMPLING) * SUPERSAMPLING, size)
    left, top, right, bottom = np.concatenate([first, last]).astype(int).tolist()
    return (left, top, right, bottom) if left < right and top < bottom else None


def blank(size: tuple[int, int], colour: Colour = WHITE) -> "Image":
    """Return an empty picture."""
    return pillow().new("RGB", size, colour)


def write_text(image: "Image", place: Pixel, text: str, *, size: int, colour: Colour = INK, outline: int = 0) -> float:
    """Write a line of text with its upper left corner at ``place``; returns where it ends.

    Args:
        image: Drawn on.
        place: Pixels.
        text: What to write.
        size: Of the letters, in pixels.
        colour: Theirs.
        outline: How many pixels of white are around them.
    """
    letters = font(size)
    pillow("ImageDraw").Draw(image).text(place, text, colour, font=letters, stroke_width=outline, stroke_fill=WHITE)
    return place[0] + float(letters.getlength(text))


@cache
def font(size: int) -> Any:
    """Return Pillow's own letters."""
    return pillow("ImageFont").load_default(size)

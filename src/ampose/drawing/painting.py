"""Strokes to pixels: polygons with smooth edges, by AGG."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from ampose.drawing.projection import BACKDROP, FLOOR, INK, WHITE, Colour, Scene, Side, Stroke
from ampose.packages import load_package, pillow

if TYPE_CHECKING:
    from PIL.Image import Image

_BONE_M = 0.038
_CAP = np.linspace(-np.pi / 2, np.pi / 2, 9)
"""Directions of the corners of a stroke's end, from one side to the other."""

_SWOLLEN_PX = 0.25
"""By how much the rasteriser widens what it fills."""

Pixel = tuple[float | int, float | int]
"""x, y from the upper left corner."""

Points = Float[np.ndarray, "*points xy"]

Place = Callable[[Points], Points]
"""From the strokes' unit to pixels."""


@dataclass(frozen=True)
class Shapes:
    """Polygons to be filled, one over the other."""

    corners: Float[np.ndarray, "shape corner xy"]
    """In pixels; a pixel's centre is half a pixel from its edges."""
    colours: Sequence[Colour]


def shapes_of(strokes: Iterable[Stroke], place: Place, bone_px: float) -> Shapes:
    """Return strokes in order; ``bone_px`` is the width of a stroke of width 1.

    A stroke's halo keeps it apart from what it passes in front of.
    """
    strokes = list(strokes)
    ends = _ends(strokes, place)
    # Between a fifth and four fifths of its length: joints are not cut off.
    halos = _outlines(ends + 0.2 * (ends[:, ::-1] - ends), np.full(len(strokes), 1.6 * bone_px), flat=True)
    bones = _outlines(ends, _widths(strokes) * bone_px)
    pairs = np.stack([halos, bones], axis=1)
    drawn = [part for stroke in strokes for part in (stroke.halo, True)]
    colours = [colour for stroke in strokes for colour in (BACKDROP, stroke.colour)]
    shown = [number for number, there in enumerate(drawn) if there]
    return Shapes(pairs.reshape(-1, *bones.shape[1:])[shown], [colours[number] for number in shown])


def outlined_shapes(strokes: Sequence[Stroke], place: Place, bone_px: float) -> Shapes:
    """Return strokes to draw over a photograph, all in one white outline, so that they show on any ground."""
    ends, widths = _ends(strokes, place), _widths(strokes) * bone_px
    corners = np.concatenate([_outlines(ends, 1.7 * widths), _outlines(ends, widths)])
    return Shapes(corners, [*[WHITE] * len(strokes), *(stroke.colour for stroke in strokes)])


def _ends(strokes: Sequence[Stroke], place: Place) -> Points:
    points = np.array([(stroke.start, stroke.end) for stroke in strokes], dtype=float)
    return place(points.reshape(-1, 2)).reshape(-1, 2, 2)  # (stroke, end, xy)


def _widths(strokes: Sequence[Stroke]) -> Float[np.ndarray, " stroke"]:
    return np.array([stroke.width for stroke in strokes], dtype=float)


def _outlines(
    ends: Points, widths: Float[np.ndarray, " stroke"], *, flat: bool = False
) -> Float[np.ndarray, "stroke corner xy"]:
    """Return each stroke as a polygon, with ends that are round or cut off."""
    radius = np.maximum(0.5, widths / 2)[:, None, None] - _SWOLLEN_PX
    along = ends[:, 1] - ends[:, 0]
    length = np.hypot(*along.T)[:, None]
    along = np.where(length > 0, along / np.where(length > 0, length, 1), (1.0, 0.0))
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    out = 0.0 if flat else np.cos(_CAP)[:, None]
    cap = radius * (out * along[:, None] + np.sin(_CAP)[:, None] * across[:, None])
    return np.concatenate([ends[:, 1:] + cap, ends[:, :1] - cap], axis=1)


def filled(
    pixels: UInt8[np.ndarray, "row column *channels"],
    corners: Float[np.ndarray, "shape corner xy"],
    colours: Iterable[Any],
) -> UInt8[np.ndarray, "row column *channels"]:
    """Return a picture, RGB or of one channel, with polygons filled in it; of one channel a colour is a number."""
    agg = load_package("aggdraw", extra="video", purpose="drawing pictures")
    draw = agg.Draw("L" if pixels.ndim == 2 else "RGB", pixels.shape[1::-1])
    draw.frombytes(pixels.tobytes())
    brushes = [agg.Brush(colour) for colour in colours]
    for outline, brush in zip(corners.reshape(len(corners), 2 * corners.shape[1]).tolist(), brushes, strict=True):
        draw.polygon(outline, brush)
    return np.frombuffer(draw.tobytes(), dtype=np.uint8).reshape(pixels.shape)


@runtime_checkable
class Ground(Protocol):
    """A picture to draw over, of whatever pixels."""

    size: tuple[int, int]
    """Width and height in pixels."""

    def draw(self, shapes: Shapes) -> None:
        """Fill the shapes, as far as they are in the picture."""

    def write(self, place: Pixel, text: str, *, size: int, colour: Colour = INK, outlined: bool = False) -> float:
        """Write a line of text with its upper left corner at ``place``, in white if outlined; returns where it ends."""


class RgbGround:
    """Pillow's picture."""

    def __init__(self, image: "Image") -> None:
        self.size = image.size
        self._image = image

    def draw(self, shapes: Shapes) -> None:
        """See ``Ground``."""
        self._image.frombytes(filled(np.asarray(self._image), shapes.corners, shapes.colours).tobytes())

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
        width, height = size
        self.scale = min(width / (right - left), height / (top - bottom))
        middle = np.array([left + right, -bottom - top]) / 2
        self._origin = np.array(size) / 2 - self.scale * middle
        self._bone_px = max(3.0, _BONE_M * self.scale)
        self.empty = blank(size, BACKDROP)
        ground = RgbGround(self.empty)
        ground.draw(Shapes(self._place(stage.floor(side))[None], [FLOOR]))
        ground.draw(shapes_of(stage.grid(side), self._place, self._bone_px))

    def _place(self, points: Points) -> Points:
        return self._origin + points * (self.scale, -self.scale)

    def draw(self, strokes: Iterable[Stroke]) -> "Image":
        """Return the stage with the strokes on it."""
        image = self.empty.copy()
        self.draw_over(RgbGround(image), strokes)
        return image

    def draw_over(self, ground: Ground, strokes: Iterable[Stroke]) -> None:
        """Draw the strokes on the stage, which is there already."""
        ground.draw(shapes_of(strokes, self._place, self._bone_px))


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

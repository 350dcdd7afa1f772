"""Strokes to pixels: polygons with smooth edges, by AGG."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from ampose.drawing.projection import BACKDROP, FLOOR, INK, WHITE, Colour, Scene, Side, Strokes
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
    """Polygons to be filled, one over the other, in one picture or in many frames; one with NaN is not drawn."""

    corners: Float[np.ndarray, "*frame shape corner xy"]
    """In pixels; a pixel's centre is half a pixel from its edges."""
    colours: UInt8[np.ndarray, "*frame shape 3"]

    def frame(self, number: int) -> "Shapes":
        """Return those of one of many frames."""
        return Shapes(self.corners[number], self.colours[number])

    def there(self) -> "Shapes":
        """Return those of one picture that can be drawn."""
        if np.isfinite(self.corners.sum()):  # nearly always, and ten times as fast to find out
            return self
        shown = np.isfinite(self.corners).all(axis=(1, 2))
        return Shapes(self.corners[shown], self.colours[shown])


def shapes_of(strokes: Strokes, place: Place, bone_px: float) -> Shapes:
    """Return strokes in order; ``bone_px`` is the width of a stroke of width 1.

    A stroke's halo keeps it apart from what it passes in front of.
    """
    ends = place(strokes.ends)
    # Between a fifth and four fifths of its length: joints are not cut off.
    halos = _outlines(ends + 0.2 * (ends[..., ::-1, :] - ends), np.full(ends.shape[:-2], 1.6 * bone_px), flat=True)
    bones = _outlines(ends, strokes.widths * bone_px)
    pairs = np.stack([halos, bones], axis=-3)  # (*frame, stroke, halo or bone, corner, xy)
    backdrop = np.broadcast_to(np.array(BACKDROP, dtype=np.uint8), strokes.colours.shape)
    colours = np.stack([backdrop, strokes.colours], axis=-2)
    drawn = np.stack([strokes.halo, np.ones_like(strokes.halo)], axis=-1)  # (stroke, halo or bone)
    return Shapes(pairs[..., drawn, :, :], colours[..., drawn, :])


def outlined_shapes(strokes: Strokes, place: Place, bone_px: float | Float[np.ndarray, "*frame 1"]) -> Shapes:
    """Return strokes to draw over a photograph, all in one white outline, so that they show on any ground."""
    ends, widths = place(strokes.ends), strokes.widths * bone_px
    corners = np.concatenate([_outlines(ends, 1.7 * widths), _outlines(ends, widths)], axis=-3)
    white = np.broadcast_to(np.array(WHITE, dtype=np.uint8), strokes.colours.shape)
    return Shapes(corners, np.concatenate([white, strokes.colours], axis=-2))


def _outlines(
    ends: Float[np.ndarray, "*frame stroke 2 xy"], widths: Float[np.ndarray, "*frame stroke"], *, flat: bool = False
) -> Float[np.ndarray, "*frame stroke corner xy"]:
    """Return each stroke as a polygon, with ends that are round or cut off."""
    radius = np.maximum(0.5, widths / 2)[..., None, None] - _SWOLLEN_PX
    start, end = ends[..., :1, :], ends[..., 1:, :]
    along = end - start  # (*frame, stroke, 1, xy)
    length = np.hypot(along[..., 0], along[..., 1])[..., None]
    along = np.where(length > 0, along / np.where(length > 0, length, 1), (1.0, 0.0))
    across = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    out = 0.0 if flat else np.cos(_CAP)[:, None]
    cap = radius * (out * along + np.sin(_CAP)[:, None] * across)
    return np.concatenate([end + cap, start - cap], axis=-2)


def filled(
    pixels: UInt8[np.ndarray, "row column *channels"],
    corners: Float[np.ndarray, "shape corner xy"],
    colours: Iterable[Any],
) -> UInt8[np.ndarray, "row column *channels"]:
    """Return a picture, RGB or of one channel, with polygons filled in it; of one channel a colour is a number."""
    agg = load_package("aggdraw", extra="video", purpose="drawing pictures")
    draw = agg.Draw("L" if pixels.ndim == 2 else "RGB", pixels.shape[1::-1])
    draw.frombytes(pixels.tobytes())
    for outline, colour in zip(corners.reshape(len(corners), 2 * corners.shape[1]).tolist(), colours, strict=True):
        draw.polygon(outline, _brush(agg, colour))
    return np.frombuffer(draw.tobytes(), dtype=np.uint8).reshape(pixels.shape)


@cache
def _brush(agg: Any, colour: Any) -> Any:
    return agg.Brush(colour)


@runtime_checkable
class Ground(Protocol):
    """A picture to draw over, of whatever pixels."""

    size: tuple[int, int]
    """Width and height in pixels."""

    def draw(self, shapes: Shapes) -> None:
        """Fill the shapes of one picture, as far as they are in it."""

    def write(self, place: Pixel, text: str, *, size: int, colour: Colour = INK, outlined: bool = False) -> float:
        """Write a line of text with its upper left corner at ``place``, in white if outlined; returns where it ends."""


class RgbGround:
    """Pillow's picture."""

    def __init__(self, image: "Image") -> None:
        self.size = image.size
        self._image = image

    def draw(self, shapes: Shapes) -> None:
        """See ``Ground``."""
        shapes = shapes.there()
        colours = map(tuple, shapes.colours.tolist())
        self._image.frombytes(filled(np.asarray(self._image), shapes.corners, colours).tobytes())

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
        ground.draw(Shapes(self._place(stage.floor(side))[None], np.array([FLOOR], dtype=np.uint8)))
        ground.draw(self.shapes(stage.grid(side)))

    def _place(self, points: Points) -> Points:
        return self._origin + points * (self.scale, -self.scale)

    def shapes(self, strokes: Strokes) -> Shapes:
        """Return the strokes in the panel's pixels."""
        return shapes_of(strokes, self._place, self._bone_px)

    def draw(self, strokes: Strokes) -> "Image":
        """Return the stage with the strokes of one frame on it."""
        image = self.empty.copy()
        RgbGround(image).draw(self.shapes(strokes))
        return image


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

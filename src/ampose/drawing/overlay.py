"""Drawing on a video's own planes (YUV 4:2:0): what stays the same is copied, what is drawn is blended in.

To make a whole picture RGB, draw on it and turn it back costs more than all else together.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8, UInt16

from ampose.drawing.painting import SUPERSAMPLING, Draw, Pixel, Points, box_around, font
from ampose.drawing.projection import INK, WHITE, Colour
from ampose.media.small_frames import Planes, as_yuv
from ampose.packages import pillow

if TYPE_CHECKING:
    from PIL.Image import Image

_TILE = 16
"""Side of the squares that are blended if something is drawn in them, in pixels of the large picture."""

_EDGE = 4
"""Pixels around a text, for its outline and letters that reach out."""

_COVERED, _VALUE = 12, 0xFFF
"""The bit that says that a pixel is drawn on, above its value: four of both add up in 16 bits."""


class YuvGround:
    """A video's picture, or a window of it."""

    def __init__(self, planes: Planes) -> None:
        height, width = planes.y.shape
        self.size = (width, height)
        self._planes = planes

    def draw(self, points: Points, margin: float, draw: Draw) -> None:
        """See ``Ground``. The figure is drawn alone, with a palette, and blended where it is."""
        width, height = self.size
        box = box_around(points, margin, (SUPERSAMPLING * width, SUPERSAMPLING * height))
        if box is None:
            return
        # From a multiple of four pixels of the large picture on, which share one colour, and whole tiles.
        left, top = (side // 4 * 4 for side in box[:2])
        columns, rows = (-(-(last - first) // _TILE) * _TILE for first, last in zip((left, top), box[2:], strict=True))
        image = pillow().new("P", (columns, rows))
        image.palette.getcolor((0, 0, 0), image)  # the first colour is that of what is not drawn on
        draw(image, (left, top))
        _blend(self._planes, (left // SUPERSAMPLING, top // SUPERSAMPLING), image)

    def write(self, place: Pixel, text: str, *, size: int, colour: Colour = INK, outlined: bool = False) -> float:
        """See ``Ground``."""
        if outlined:
            self._write(place, _written(text, size, outline=1), WHITE)
        self._write(place, _written(text, size), colour)
        return place[0] + float(font(size).getlength(text))

    def _write(self, place: Pixel, fine: np.ndarray, colour: Colour) -> None:
        """Blend in a colour by how far each pixel is covered, 0 to 255."""
        width, height = self.size
        # What four pixels share their colour for begins at an even place.
        left, top = (round(side / 2) * 2 - _EDGE for side in place)
        fine = fine[max(0, -top) : max(0, height - top), max(0, -left) : max(0, width - left)]
        left, top = max(0, left), max(0, top)
        coarse = (fine[::2, ::2] + fine[1::2, ::2] + fine[::2, 1::2] + fine[1::2, 1::2] + 2) // 4
        planes = self._planes.part((left, top), (fine.shape[1], fine.shape[0]))
        for plane, covered, value in zip(
            (planes.y, planes.u, planes.v), (fine, coarse, coarse), as_yuv(colour), strict=True
        ):
            plane[:] = (value * covered + plane * (255 - covered) + 127) // 255


def _blend(planes: Planes, corner: tuple[int, int], image: "Image") -> None:
    """Blend the tiles in which something is drawn into the planes, each pixel by how much of it is covered."""
    numbers = np.asarray(image)
    rows, columns = (side // _TILE for side in numbers.shape)
    words = numbers.view(np.uint64).reshape(rows, _TILE, columns, _TILE // 8)
    tiles = np.nonzero(np.bitwise_or.reduce(np.bitwise_or.reduce(words, axis=1), axis=-1))
    drawn = numbers.reshape(rows, _TILE, columns, _TILE)[tiles[0], :, tiles[1]]  # (tile, row, column)
    # For each colour of the palette its brightness, and how it is towards blue and red.
    tables = np.zeros((3, 256), dtype=np.uint16)
    colours = image.palette.colors if image.palette else {}
    for colour, number in colours.items():
        if number:
            tables[:, number] = [part | 1 << _COVERED for part in as_yuv(colour)]
    _mix(planes.y, corner, (rows, columns), tiles, tables[0].take(drawn))
    # Of the four pixels of the large picture that make one, a quarter each of one colour's, one is enough.
    half, drawn = (corner[0] // 2, corner[1] // 2), drawn[:, ::2, ::2]
    _mix(planes.u, half, (rows, columns), tiles, tables[1].take(drawn))
    _mix(planes.v, half, (rows, columns), tiles, tables[2].take(drawn))


def _mix(
    plane: UInt8[np.ndarray, "row column"],
    corner: tuple[int, int],
    grid: tuple[int, int],
    tiles: tuple[np.ndarray, ...],
    drawn: UInt16[np.ndarray, "tile large_row large_column"],
) -> None:
    """Mix what is drawn with a plane, of which each pixel is four of the drawing.

    Args:
        plane: Changed in place.
        corner: Where the grid of tiles begins in it.
        grid: How many tiles there are in rows and columns.
        tiles: Row and column of those that are drawn on.
        drawn: Values, with ``_COVERED``; 0 where nothing is drawn.
    """
    pairs = drawn[:, ::2] + drawn[:, 1::2]
    sums = pairs[:, :, ::2] + pairs[:, :, 1::2]
    side = sums.shape[1]
    beneath = plane[corner[1] : corner[1] + grid[0] * side, corner[0] : corner[0] + grid[1] * side]
    part = np.zeros((grid[0], side, grid[1], side), dtype=np.uint8)  # whole tiles, also where the plane ends
    inside = part.reshape(grid[0] * side, grid[1] * side)[: beneath.shape[0], : beneath.shape[1]]
    inside[:] = beneath
    mixed = part[tiles[0], :, tiles[1]] * (4 - (sums >> _COVERED)) + (sums & _VALUE)
    part[tiles[0], :, tiles[1]] = (mixed + 2) >> 2
    beneath[:] = inside


@lru_cache(maxsize=64)
def _written(text: str, size: int, outline: int = 0) -> UInt16[np.ndarray, "row column"]:
    """Return how far each pixel is covered by a text, 0 to 255; with an edge around it, and even sides."""
    letters = font(size)
    image = pillow().new("L", (round(letters.getlength(text) / 2) * 2 + 2 * _EDGE, 2 * size + 2 * _EDGE))
    pillow("ImageDraw").Draw(image).text((_EDGE, _EDGE), text, 255, font=letters, stroke_width=outline)
    return np.asarray(image).astype(np.uint16)

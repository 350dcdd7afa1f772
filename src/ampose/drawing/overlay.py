"""Drawing on a video's own planes (YUV 4:2:0): what stays the same is copied, what is drawn is blended in.

To make a whole picture RGB, draw on it and turn it back costs more than all else together.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt16

from ampose.drawing.painting import Pixel, Shapes, filled, font
from ampose.drawing.projection import INK, WHITE, Colour
from ampose.media.small_frames import Planes, as_yuv
from ampose.packages import pillow

_EDGE = 4
"""Pixels around a text, for its outline and letters that reach out."""


class YuvGround:
    """A video's picture, or a window of it."""

    def __init__(self, planes: Planes) -> None:
        height, width = planes.y.shape
        self.size = (width, height)
        self._planes = planes

    def draw(self, shapes: Shapes) -> None:
        """See ``Ground``. Each plane is drawn on alone, where the shapes are."""
        shapes = shapes.there()
        if not len(shapes.corners):
            return
        axes = [shapes.corners[..., axis] for axis in (0, 1)]  # one by one: many times as fast as over two axes
        # What four pixels share their colour for begins at an even place.
        first = np.floor(np.array([of.min() for of in axes]) / 2 - 1).clip(0) * 2
        last = np.minimum(np.ceil(np.array([of.max() for of in axes]) / 2 + 1) * 2, self.size)
        (left, top), (width, height) = first.astype(int).tolist(), (last - first).astype(int).tolist()
        if width <= 0 or height <= 0:
            return
        part, corners = self._planes.part((left, top), (width, height)), shapes.corners - first
        colours = [as_yuv((red, green, blue)) for red, green, blue in shapes.colours.tolist()]
        part.y[:] = filled(part.y, corners, [light for light, _, _ in colours])
        # Both colours at once, as two of three channels; at half the size half the corners are round enough.
        both = np.stack([part.u, part.v, part.v], axis=-1)
        both = filled(both, corners[:, ::2] / 2, [(u, v, v) for _, u, v in colours])
        part.u[:], part.v[:] = both[..., 0], both[..., 1]

    def write(self, place: Pixel, text: str, *, size: int, colour: Colour = INK, outlined: bool = False) -> float:
        """See ``Ground``."""
        if outlined:
            self._write(place, _written(text, size, outline=1), WHITE)
        written = _written(text, size)
        self._write(place, written, colour)
        return place[0] + written.length

    def _write(self, place: Pixel, written: "_Written", colour: Colour) -> None:
        """Blend in a colour by how far each pixel is covered, 0 to 255."""
        width, height = self.size
        # What four pixels share their colour for begins at an even place.
        left, top = (round(side / 2) * 2 - _EDGE for side in place)
        rows, columns = slice(max(0, -top), max(0, height - top)), slice(max(0, -left), max(0, width - left))
        fine, coarse = written.fine[rows, columns], written.coarse[_halved(rows), _halved(columns)]
        left, top = max(0, left), max(0, top)
        planes = self._planes.part((left, top), (fine.shape[1], fine.shape[0]))
        for plane, covered, value in zip(
            (planes.y, planes.u, planes.v), (fine, coarse, coarse), as_yuv(colour), strict=True
        ):
            plane[:] = (value * covered + plane * (255 - covered) + 127) // 255


class _Written(NamedTuple):
    """A text: how far it covers each pixel and each four pixels, 0 to 255, with an edge around; and its length."""

    fine: UInt16[np.ndarray, "row column"]
    coarse: UInt16[np.ndarray, "half_row half_column"]
    length: float


@lru_cache(maxsize=64)
def _written(text: str, size: int, outline: int = 0) -> _Written:
    """Put a text together of letters: the time is another text in each frame, of the same few letters."""
    letters = [_letter(letter, size, outline) for letter in text]
    length = sum(advance for _, advance in letters)
    fine = np.zeros((2 * size + 2 * _EDGE, round(length / 2) * 2 + 2 * size + 2 * _EDGE), dtype=np.uint16)
    x = 0.0
    for covered, advance in letters:
        part = fine[:, round(x) : round(x) + covered.shape[1]]
        np.maximum(part, covered, out=part)
        x += advance
    coarse = (fine[::2, ::2] + fine[1::2, ::2] + fine[::2, 1::2] + fine[1::2, 1::2] + 2) // 4
    return _Written(fine, coarse, length)


@lru_cache(maxsize=512)
def _letter(letter: str, size: int, outline: int) -> tuple[UInt16[np.ndarray, "row column"], float]:
    """Return how far a letter covers each pixel, 0 to 255, with an edge around; and how far on the next one begins."""
    letters = font(size)
    image = pillow().new("L", (2 * size + 2 * _EDGE, 2 * size + 2 * _EDGE))
    pillow("ImageDraw").Draw(image).text((_EDGE, _EDGE), letter, 255, font=letters, stroke_width=outline)
    return np.asarray(image).astype(np.uint16), float(letters.getlength(letter))


def _halved(part: slice) -> slice:
    return slice(part.start // 2, part.stop // 2)

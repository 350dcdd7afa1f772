"""Frames small and as videos hold them (YUV 4:2:0): to draw a video, nobody decodes it again in full size.

Four pixels share their colour; brightness and colours are those of ITU-R BT.601 in its limited range, which is what
players expect of a video that does not say.
"""

import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import UInt8

from ampose.media.orientation import AS_STORED, Orientation
from ampose.packages import pyav

I420 = UInt8[np.ndarray, "_row _column"]
"""Brightness, then both colours, in one piece; 3 / 2 as high as the picture, whose sides are even."""

MOST_BYTES = 2 * 2**30
"""Of a temporary file. A longer video is decoded again: cheaper than to press and unpress each frame."""

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114


@dataclass(frozen=True)
class Planes:
    """A picture's brightness and its two colours (towards blue and red) at half the size; views, to be drawn on."""

    y: UInt8[np.ndarray, "row column"]
    u: UInt8[np.ndarray, "half_row half_column"]
    v: UInt8[np.ndarray, "half_row half_column"]

    @classmethod
    def of(cls, pixels: I420) -> "Planes":
        """Return the parts of a picture that is in one piece.

        Example:
            >>> Planes.of(np.zeros((12, 4), np.uint8)).u.shape
            (4, 2)
        """
        height, width = pixels.shape[0] * 2 // 3, pixels.shape[1]
        flat, count = pixels.reshape(-1), width * height
        colours = flat[count:].reshape(2, height // 2, width // 2)
        return cls(flat[:count].reshape(height, width), *colours)

    def part(self, corner: tuple[int, int], size: tuple[int, int]) -> "Planes":
        """Return a window of it; left, top, width and height are even."""
        (left, top), (width, height) = corner, size
        whole = np.s_[top : top + height, left : left + width]
        half = np.s_[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2]
        return Planes(self.y[whole], self.u[half], self.v[half])

    def fill(self, other: "Planes") -> None:
        """Copy another picture of this size into it."""
        for plane, source in ((self.y, other.y), (self.u, other.u), (self.v, other.v)):
            plane[:] = source


@cache
def as_yuv(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return an RGB colour as brightness, 16 to 235, and two colours, 16 to 240.

    Example:
        >>> as_yuv((255, 255, 255)), as_yuv((0, 0, 0))
        ((235, 128, 128), (16, 128, 128))
    """
    red, green, blue = (part / 255 for part in colour)
    light = _RED * red + _GREEN * green + _BLUE * blue
    to_blue, to_red = (blue - light) / (2 - 2 * _BLUE), (red - light) / (2 - 2 * _RED)
    return round(16 + 219 * light), round(128 + 224 * to_blue), round(128 + 224 * to_red)


def shrink(image: Any, size: tuple[int, int], orientation: Orientation = AS_STORED) -> I420:
    """Return PyAV's frame at another size (width, height), which is that after it has been turned."""
    width, height = size[::-1] if orientation.transposed else size
    small = image.reformat(
        width,
        height,
        "yuv420p",
        dst_colorspace="ITU601",
        dst_color_range="MPEG",
        interpolation="AREA",
        threads=1,
    ).to_ndarray()
    if orientation == AS_STORED:
        return small
    planes = Planes.of(small)
    turned = [orientation.apply(plane).reshape(-1) for plane in (planes.y, planes.u, planes.v)]
    return np.concatenate(turned).reshape(-1, size[0])


def shrink_rgb(frame: UInt8[np.ndarray, "height width 3"], size: tuple[int, int]) -> I420:
    """Return an RGB image at another size (width, height)."""
    return shrink(pyav().VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame), format="rgb24"), size)


class SmallFrames:
    """Small frames in a temporary file: as they are, for to write and read one costs less than to decode one.

    Args:
        size: Width and height, even.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.complete = False
        self._count, self._file = 0, tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed when nobody needs it any more
        self._close = weakref.finalize(self, self._file.close)
        self._bytes = size[0] * size[1] * 3 // 2

    def add(self, pixels: I420) -> None:
        """Keep one more; where there is no room for it, nothing is kept."""
        if not self._close.alive:
            return
        self._count += 1
        if self._count * self._bytes > MOST_BYTES:
            self._close()
            return
        try:
            if self._file.write(pixels.data) < self._bytes:
                self._close()
        except OSError:  # the disk is full
            self._close()

    def finish(self) -> None:
        """Say that all frames have been added."""
        self.complete = self._close.alive

    def __iter__(self) -> Iterator[I420]:
        self._file.seek(0)
        for _ in range(self._count):
            pixels = np.empty((self.size[1] * 3 // 2, self.size[0]), dtype=np.uint8)
            self._file.readinto(pixels.data)
            yield pixels

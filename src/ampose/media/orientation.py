"""Which way up a video's frames are to be shown, as their display matrix says: one of eight ways."""

import math
from typing import Any, NamedTuple, TypeVar

import numpy as np

Pixels = TypeVar("Pixels", bound=np.ndarray)

_LIKENESS = 0.75
"""With the nearest of the eight, as a cosine. What is farther from all, zeros or a projection, says nothing."""


class Orientation(NamedTuple):
    """Rows and columns exchanged, then the order of the rows, then that of the columns reversed.

    Example:
        >>> Orientation(transposed=True).apply(np.array([[1, 2], [3, 4]])).tolist()
        [[1, 3], [2, 4]]
    """

    transposed: bool = False
    rows_reversed: bool = False
    columns_reversed: bool = False

    @classmethod
    def of(cls, frame: Any) -> "Orientation":
        """Return the orientation of PyAV's frame; as it is stored, where no display matrix says anything else."""
        matrix = frame.side_data.get("DISPLAYMATRIX")
        return AS_STORED if matrix is None else cls.nearest(np.frombuffer(matrix, dtype=np.int32))

    @classmethod
    def nearest(cls, matrix: np.ndarray) -> "Orientation":
        """Return the orientation that is nearest to a display matrix.

        Args:
            matrix: (9,) ``a b u  c d v  x y w``: what is stored at (p, q) is shown at (a p + c q, b p + d q). Source:
                FFmpeg, libavutil/display.h.

        Example:
            >>> Orientation.nearest(np.array([-65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30]))
            Orientation(transposed=False, rows_reversed=False, columns_reversed=True)
        """
        a, b, _, c, d = matrix[:5].tolist()
        straight, crossed = abs(a) + abs(d), abs(b) + abs(c)
        if max(straight, crossed) <= _LIKENESS * math.sqrt(2) * math.hypot(a, b, c, d):
            return AS_STORED
        return cls(True, b < 0, c < 0) if crossed > straight else cls(False, d < 0, a < 0)

    def apply(self, pixels: Pixels) -> Pixels:
        """Return an image as it is to be shown, in one piece: (row, column, ...)."""
        shown = pixels.swapaxes(0, 1) if self.transposed else pixels
        return np.ascontiguousarray(  # type: ignore[return-value]
            shown[:: -1 if self.rows_reversed else 1, :: -1 if self.columns_reversed else 1]
        )


AS_STORED = Orientation()


class Orientations:
    """The orientations of the frames of a video; a matrix is read where one begins to hold.

    PyAV's side data hold their frame and it holds them: the memory of a frame that was asked for them is free only when
    Python looks for such cycles. The rotation that a frame states costs nothing; where it changes, the matrix is read
    anew.
    """

    def __init__(self) -> None:
        self._rotation: float | None = None
        self._orientation = AS_STORED

    def of(self, frame: Any) -> Orientation:
        """Return the orientation of the next frame."""
        if frame.rotation != self._rotation:
            self._rotation, self._orientation = frame.rotation, Orientation.of(frame)
        return self._orientation

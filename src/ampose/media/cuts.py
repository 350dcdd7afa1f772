"""Where one shot of a video ends and the next begins."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from ampose.media.frames import Frame

GRID = 32
"""How many areas of a frame are compared, in each direction..."""

SAMPLES = 4
"""... and from how many pixels of each, in each direction, its colour is taken: single ones differ as soon as a camera
pans over grass or bricks."""

CUT = 0.1
"""Two frames that differ by more than this share of their contrast may belong to two shots. In films of people
neighbours differ by up to 0.03. Over a cut it is 0.45 to 0.9, or 0.2 where there are black bars on both sides..."""

PEAK, AROUND = 3.0, 3
"""... and they do if none of so many frames before and after changes a third as much: a pan, a flash and a film that
shows each frame twice are no cuts."""

NOISE = 8.0
"""What is added to the contrast, of 255: dark frames differ by noise."""

Thumbnail = UInt8[np.ndarray, "row column 3"]


def thumbnail(frame: Frame) -> Thumbnail:
    """Return the mean colours of a frame's areas, from some pixels of each."""
    size = GRID * SAMPLES
    rows, columns = (np.arange(size) * length // size for length in frame.shape[:2])
    pixels = frame.take(rows, axis=0).take(columns, axis=1)  # a third of the time of both at once
    sums = pixels.reshape(GRID, SAMPLES, -1).sum(axis=1, dtype=np.uint16)
    sums = sums.reshape(GRID, GRID, SAMPLES, 3).sum(axis=2, dtype=np.uint16)
    return (sums // SAMPLES**2).astype(np.uint8)


def change(before: Thumbnail, now: Thumbnail) -> float:
    """Return by how much two frames differ, as a share of their contrast."""
    contrast = NOISE + (before.std() + now.std()) / 2
    return float(np.abs(before.astype(np.int16) - now).mean() / contrast)


class Changes:
    """Tells, frame by frame, by how much a video changes."""

    def __init__(self) -> None:
        self._before: Thumbnail | None = None

    def step(self, frame: Frame) -> float:
        """Return by how much the next frame differs from the one before; the first by nothing."""
        before, self._before = self._before, thumbnail(frame)
        return 0.0 if before is None else change(before, self._before)


def begins_shot(now: float, others: Sequence[float]) -> bool:
    """Tell whether a frame begins a shot, by how much it changes and how much the frames around it do.

    Args:
        now: By how much it differs from the frame before.
        others: By how much those around it do; in a stream, those before it.

    Example:
        >>> begins_shot(0.8, [0.02, 0.03]), begins_shot(0.8, [0.7, 0.02])
        (True, False)
    """
    return now > max(CUT, PEAK * max(others, default=0.0))


def find_cuts(changes: Sequence[float]) -> list[int]:
    """Return the frames with which a new shot begins.

    Args:
        changes: By how much each frame differs from the one before; the first by nothing.

    Example:
        >>> find_cuts([0.0, 0.02, 0.02, 0.8, 0.02, 0.02, 0.02, 0.7, 0.9, 0.02])
        [3]
    """
    return [
        frame
        for frame, now in enumerate(changes)
        if begins_shot(now, [*changes[max(0, frame - AROUND) : frame], *changes[frame + 1 : frame + 1 + AROUND]])
    ]

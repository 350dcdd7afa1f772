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

CUT = 0.4
"""Two frames that differ by more than this share of their contrast belong to two shots. Between neighbouring frames of
films of people it is 0.03, while a camera pans by a fortieth of the image 0.15, and over a cut 0.45 to 0.9."""

NOISE = 8.0
"""What is added to the contrast, of 255: dark frames differ by noise."""

PEAK = 2.0
"""A cut changes this many times as much as the frames before and after it. So a flash is none, nor is a wild pan."""

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


def begins_shot(now: float, before: float) -> bool:
    """Tell whether a frame begins a shot, while the next ones are not known, by this change and the one before.

    Example:
        >>> begins_shot(0.8, 0.02), begins_shot(0.8, 0.7)
        (True, False)
    """
    return now > max(CUT, PEAK * before)


def find_cuts(changes: Sequence[float]) -> list[int]:
    """Return the frames with which a new shot begins.

    Args:
        changes: By how much each frame differs from the one before; the first by nothing.

    Example:
        >>> find_cuts([0.0, 0.02, 0.8, 0.02, 0.7, 0.9, 0.02])
        [2]
    """
    padded = np.array([0.0, *changes, 0.0])
    around = np.maximum(padded[:-2], padded[2:]).tolist()  # of each frame, what its neighbours change
    return [frame for frame, pair in enumerate(zip(changes, around, strict=True)) if begins_shot(*pair)]

"""From the frame numbers and times in a file to one frame rate, and rows to the frames that they are of."""

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError

_TOLERANCE_S = 1.1e-3  # times are often rounded to a millisecond: half of one at either end
_MOST_FRAMES = 2_000_000  # 18 hours at 30 a second; a larger number is a damaged one


def frame_numbers(frames: np.ndarray) -> np.ndarray:
    """Return whole frame numbers as integers.

    Raises:
        InputError: One is no whole number from 0 to 2 million.

    Example:
        >>> frame_numbers(np.array([0.0, 1.0, 3.0])).tolist()
        [0, 1, 3]
    """
    wrong = frames[~((frames == np.round(frames)) & (frames >= 0) & (frames < _MOST_FRAMES))]
    if len(wrong):
        raise InputError(f"frame must be a whole number from 0 to {_MOST_FRAMES}, got {wrong[0]:g}")
    return frames.astype(np.int64)


def frame_rate(frames: np.ndarray, times: np.ndarray) -> float | None:
    """Return frames per second; None without two frames that have a time (NaN is none).

    Raises:
        InputError: The times do not rise with the frames, or are uneven by more than a millisecond.

    Example:
        >>> frame_rate(np.array([0, 1, 3]), np.array([0.0, 0.04, 0.12]))
        25.0
    """
    timed = np.isfinite(times)
    frames, times = frames[timed], times[timed]
    if len(set(frames.tolist())) < 2:
        return None
    first, last = int(frames.argmin()), int(frames.argmax())
    seconds = times[last] - times[first]
    rate = (frames[last] - frames[first]) / seconds if seconds > 0 else 0.0
    even = times[first] + (frames - frames[first]) / rate if rate else times
    off = float(np.abs(times - even).max())
    if not rate or off > _TOLERANCE_S:
        detail = f"one that is {1e3 * off:.1f} ms off" if rate else "times that do not rise"
        raise InputError(f"times must be evenly spaced and rise with the frames, got {detail}; resample the file first")
    return round(float(rate), 6)


def spread(rows: np.ndarray, frames: np.ndarray, num_frames: int) -> Float[np.ndarray, "frame ..."]:
    """Put each row at its frame; the others are NaN.

    Raises:
        InputError: Two rows have the same frame.
    """
    if len(set(frames.tolist())) < len(frames):
        raise InputError(f"frames must be there once each, got {len(frames) - len(set(frames.tolist()))} of them again")
    spread_out = np.full((num_frames, *rows.shape[1:]), np.nan)
    spread_out[frames] = rows
    return spread_out

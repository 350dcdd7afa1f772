"""From the frame numbers and times in a file to a frame rate, or to uneven times, and rows to their frames."""

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError

_TOLERANCE_S = 1.1e-3  # times are often rounded to a millisecond: half of one at either end
_START_S = 1e-9
MOST_FRAMES = 2_000_000
"""18 hours at 30 a second; a larger number is a damaged one."""


_USUAL_RATES = (
    *(24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 72.0, 75.0, 90.0, 100.0, 120.0, 125.0, 144.0, 150.0, 180.0, 200.0, 240.0),
    *(250.0, 300.0, 360.0, 400.0, 480.0, 500.0, 600.0, 1000.0, 1.0, 2.0, 5.0, 10.0, 12.0, 12.5, 15.0, 16.0, 20.0),
    *(24000 / 1001, 30000 / 1001, 60000 / 1001, 120000 / 1001, 23.976, 29.97, 59.94, 119.88),
)
"""Frames per second of cameras and of motion capture."""

_LEAST_ROUNDING = 2e-5  # 30.0003 and, of single precision, 29.9999985 are meant to be 30
_MOST_ROUNDING = 0.011  # a frame time of 0.033 s is meant to be 30 a second


def usual_rate(rate: float, rounding: float) -> float:
    """Return the usual frame rate that was meant by one that was computed from rounded times, or else the rate itself.

    Args:
        rate: Frames per second.
        rounding: By what part of it the rate may be off.

    Example:
        >>> usual_rate(1 / 0.033333, 1e-6 / 0.033333), usual_rate(1 / 0.033, 1e-3 / 0.033), usual_rate(29.5, 1e-4)
        (30.0, 30.0, 29.5)
    """
    within = min(max(rounding, _LEAST_ROUNDING), _MOST_ROUNDING)
    meant = [usual for usual in _USUAL_RATES if abs(usual / rate - 1) <= within]
    # Where few digits leave both 60 and 59.94, the whole number.
    return min(meant, key=lambda usual: (not usual.is_integer(), abs(usual - rate)), default=rate)


_SPARSE, _FREE_FRAMES = 10, 50_000


def frame_numbers(frames: np.ndarray) -> np.ndarray:
    """Return whole frame numbers as integers.

    Raises:
        InputError: One is no whole number from 0 to 2 million.

    Example:
        >>> frame_numbers(np.array([0.0, 1.0, 3.0])).tolist()
        [0, 1, 3]
    """
    wrong = frames[~((frames == np.round(frames)) & (frames >= 0) & (frames < MOST_FRAMES))]
    if len(wrong):
        raise InputError(f"frame must be a whole number from 0 to {MOST_FRAMES}, got {wrong[0]:g}")
    return frames.astype(np.int64)


def clock(frames: np.ndarray, times: np.ndarray) -> tuple[float | None, Float[np.ndarray, " frame"] | None]:
    """Return frames per second, and each frame's time where that rate from 0 on does not tell it to a millisecond.

    Both are None without two frames that have a time (NaN is none). Times that are rounded, to milliseconds or finer,
    give the usual rate that was meant.

    Raises:
        InputError: See ``frame_times``.

    Example:
        >>> clock(np.array([0, 1, 3]), np.array([0.0, 0.04, 0.12]))
        (25.0, None)
        >>> clock(np.array([0, 1, 2]), np.array([0.0, 0.04, 0.1]))
        (20.0, array([0.  , 0.04, 0.1 ]))
        >>> clock(np.array([0, 1, 2]), np.array([1.0, 1.033, 1.067]))
        (30.0, array([1.        , 1.03333333, 1.06666667]))
    """
    timed = np.isfinite(times)
    if len(np.unique(frames[timed])) < 2:
        return None, None
    seconds, first, last = frame_times(frames, times), int(frames[timed].min()), int(frames[timed].max())
    span = seconds[last] - seconds[first]
    known = times[timed]
    # The last digit to which they are rounded, in seconds; 0 where they have more than six decimals.
    digits = (10.0**-places for places in range(7) if np.abs(known - np.round(known, places)).max() < _START_S)
    rate = usual_rate(float((last - first) / span), next(digits, 0.0) / span)
    even = seconds[first] + (np.arange(len(seconds)) - first) / rate
    if np.abs(seconds - even).max() > _TOLERANCE_S:
        return round(rate, 6), seconds
    return round(rate, 6), times_from(float(even[0]), len(even), rate)


def is_uneven(times: Float[np.ndarray, " frame"]) -> bool:
    """Tell whether the steps between frames differ by more than times are rounded.

    Example:
        >>> is_uneven(np.array([1.0, 1.04, 1.08])), is_uneven(np.array([0, 0.04, 0.1]))
        (False, True)
    """
    return bool(np.abs(times - np.linspace(times[0], times[-1], len(times))).max(initial=0) > _TOLERANCE_S)


def times_from(start: float, num_frames: int, fps: float) -> Float[np.ndarray, " frame"] | None:
    """Return the times of evenly spaced frames from a start on; None where it is 0 and the rate tells all.

    Example:
        >>> times_from(1.0, 3, 50.0)
        array([1.  , 1.02, 1.04])
    """
    return None if abs(start) < _START_S else start + np.arange(num_frames) / fps


def frame_times(frames: np.ndarray, times: np.ndarray) -> Float[np.ndarray, " frame"]:
    """Return the time of every frame up to the last, also of those that have no row: these are spaced evenly.

    Raises:
        InputError: The times do not rise with the frames, or one frame has two times.

    Example:
        >>> frame_times(np.array([1, 3]), np.array([0.25, 0.75])).tolist()
        [0.0, 0.25, 0.5, 0.75]
    """
    timed = np.isfinite(times)
    known, at = np.unique(frames[timed], return_index=True)
    seconds = times[timed][at]
    if not np.array_equal(seconds[np.searchsorted(known, frames[timed])], times[timed]):
        raise InputError("times must be the same for all rows of a frame, got a frame with two")
    if (np.diff(seconds) <= 0).any():
        raise InputError("times must rise with the frames, got times that do not rise")
    wanted = np.arange(int(frames.max()) + 1)
    step = (seconds[-1] - seconds[0]) / (known[-1] - known[0]) if len(known) > 1 else 1.0
    found = np.interp(wanted, known, seconds)
    found += step * (np.minimum(wanted - known[0], 0) + np.maximum(wanted - known[-1], 0))
    return found


def check_span(num_frames: int, num_rows: int) -> None:
    """Refuse frames that are so far apart that room for those between them is out of proportion to the file.

    Raises:
        InputError: There are more than ten times as many as rows, and more than 50,000.

    Example:
        >>> check_span(50_000, 2)
    """
    if num_frames > _SPARSE * num_rows + _FREE_FRAMES:
        raise InputError(
            f"frames must be near each other, got {num_rows} of {num_frames}; cut the clip, or number its frames anew"
        )


def spread(rows: np.ndarray, frames: np.ndarray, num_frames: int) -> Float[np.ndarray, "frame ..."]:
    """Put each row at its frame; the others are NaN.

    Raises:
        InputError: Two rows have the same frame, or the frames are far apart (``check_span``).
    """
    if len(set(frames.tolist())) < len(frames):
        raise InputError(f"duplicate frame numbers ({len(frames) - len(set(frames.tolist()))} rows)")
    check_span(num_frames, len(rows))
    spread_out = np.full((num_frames, *rows.shape[1:]), np.nan)
    spread_out[frames] = rows
    return spread_out

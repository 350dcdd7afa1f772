"""Filters over time for 2D and 3D poses: one-euro, Butterworth, Savitzky-Golay.

Gaps are never bridged: each joint's unbroken runs of frames are filtered on their own, and what is missing stays
missing. Poses without times (single images) are returned as they are: there is nothing to filter over.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
import scipy  # its parts load when they are first used: scipy.signal takes a second, and only Butterworth needs it
from jaxtyping import Bool, Float

from ampose.errors import InputError
from ampose.poses.pose import Pose2D, Pose3D

Pose = TypeVar("Pose", Pose2D, Pose3D)

_HOLE = 4.0
"""A step in time that is this many times the usual one ends a run."""

_EVEN = 0.05
"""By what share of a frame the times of a run may differ from an even grid and count as even."""

_METRES_ACROSS = 3.0
"""What the longer side of an image is taken to show, so that one speed setting serves pixels and metres."""


@runtime_checkable
class Filter(Protocol):
    """Smooths an unbroken run of one or more coordinates."""

    @property
    def description(self) -> str:
        """Name and settings, for the provenance."""

    def check(self, fps: float) -> None:
        """Raise InputError if the filter makes no sense at this rate."""

    def run(self, values: Float[np.ndarray, "frame xyz"], times: Float[np.ndarray, " frame"]) -> np.ndarray:
        """Return the smoothed values; times in seconds."""


@dataclass(frozen=True, kw_only=True)
class OneEuro:
    """A low pass whose cut-off rises with the speed: calm at rest, little lag in motion. It looks only back.

    Paper: Casiez, Roussel and Vogel, 1 Euro Filter, CHI 2012, equations 1 to 5 and Algorithm 1.

    Args:
        min_cutoff: Hz at rest; smaller is calmer.
        beta: Hz for each m/s; larger is quicker. Of an image, the longer side counts as 3 m.
        derivative_cutoff: Hz, for the speed.

    Raises:
        InputError: A setting is not positive (beta may be 0).
    """

    min_cutoff: float = 1.5
    beta: float = 3.0
    derivative_cutoff: float = 1.0

    def __post_init__(self) -> None:
        _check_positive("one-euro min_cutoff", self.min_cutoff)
        _check_positive("one-euro derivative_cutoff", self.derivative_cutoff)
        if not (math.isfinite(self.beta) and self.beta >= 0):
            raise InputError(f"one-euro beta must be 0 or more, got {self.beta}")

    @property
    def description(self) -> str:
        """Name and settings."""
        return f"one-euro, {self.min_cutoff:g} Hz + {self.beta:g} Hz s/m"

    def check(self, fps: float) -> None:
        """It works at any rate."""

    def run(self, values: Float[np.ndarray, "frame xyz"], times: Float[np.ndarray, " frame"]) -> np.ndarray:
        """Return the values as the live filter gives them."""
        live = LiveOneEuro(self)
        return np.stack([live.update(value, second) for value, second in zip(values, times, strict=True)])


class LiveOneEuro:
    """The one-euro filter for values that come one frame at a time, of any shape.

    A value that is NaN comes back as NaN, and its coordinate starts afresh behind it.

    Args:
        settings: Cut-offs; the usual ones if None.

    Example:
        >>> live = LiveOneEuro()
        >>> live.update(np.array([1.0]), 0.0).tolist()
        [1.0]
        >>> bool(1.0 < live.update(np.array([2.0]), 0.1)[0] < 2.0)
        True
    """

    def __init__(self, settings: OneEuro | None = None) -> None:
        self.settings = settings or OneEuro()
        self._seconds = 0.0
        self._value: np.ndarray | None = None
        self._speed = np.zeros(())

    def update(self, value: Float[np.ndarray, "..."], seconds: float) -> Float[np.ndarray, "..."]:
        """Return the smoothed value.

        Args:
            value: Metres, or any unit in which ``beta`` is meant.
            seconds: When it was measured; later than the one before.

        Raises:
            InputError: The time does not rise, or the shape has changed.
        """
        value = np.asarray(value, dtype=np.float64)
        if self._value is None:
            self._value, self._speed, self._seconds = value.copy(), np.zeros_like(value), seconds
            return value.copy()
        step = seconds - self._seconds
        if not step > 0:
            raise InputError(f"seconds must rise from frame to frame, got {seconds} after {self._seconds}")
        if value.shape != self._value.shape:
            raise InputError(f"value must keep its shape {self._value.shape}, got {value.shape}")
        # Equations 1 to 5: the speed is smoothed by a fixed cut-off, and its size sets the cut-off of the value.
        speed = (value - self._value) / step
        speed = self._speed + _alpha(self.settings.derivative_cutoff, step) * (speed - self._speed)
        share = _alpha(self.settings.min_cutoff + self.settings.beta * np.abs(speed), step)
        smoothed = self._value + share * (value - self._value)
        afresh = np.isnan(self._value) | np.isnan(value)  # behind a gap there is nothing to average with
        self._value, self._speed = np.where(afresh, value, smoothed), np.where(afresh, 0.0, speed)
        self._seconds = seconds
        return self._value.copy()


def _alpha(cutoff: Any, step: float) -> Any:
    """Return the share of the new value: Casiez et al. 2012, equations 3 and 4."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff * step))


@dataclass(frozen=True, kw_only=True)
class Butterworth:
    """A low pass run forwards and backwards: no lag, for files. The field's standard in gait analysis.

    Args:
        cutoff: Hz at which a motion has lost 3 dB, both passes taken together (Winter, Biomechanics and Motor
            Control of Human Movement, 2009, section 2.2.4.4, corrects for the second pass in the same way).
        order: Of both passes together; even.

    Raises:
        InputError: The cut-off is not positive, or the order is not even.
    """

    cutoff: float = 6.0
    order: int = 4

    def __post_init__(self) -> None:
        _check_positive("butterworth cutoff", self.cutoff)
        if self.order < 2 or self.order % 2:
            raise InputError(f"butterworth order must be even and at least 2, got {self.order}")

    @property
    def description(self) -> str:
        """Name and settings."""
        return f"butterworth, {self.cutoff:g} Hz, order {self.order}, zero phase"

    def check(self, fps: float) -> None:
        """Refuse a cut-off that no frame rate this low can show."""
        if self.cutoff >= fps / 2:
            raise InputError(
                f"butterworth cutoff must be below half the {fps:g} frames per second, got {self.cutoff:g} Hz; "
                "lower it, or choose one-euro"
            )

    def run(self, values: Float[np.ndarray, "frame xyz"], times: Float[np.ndarray, " frame"]) -> np.ndarray:
        """Return the smoothed values; a single frame as it is."""
        return values if len(values) < 2 else _evenly(values, times, self._even)

    def _even(self, values: np.ndarray, fps: float) -> np.ndarray:
        if self.cutoff >= fps / 2:
            return values  # a few frames that are farther apart than the clip's: they show nothing above the cut-off
        # Both passes together lose 3 dB at the cut-off, so each is designed with a higher one: a pass has the
        # power 1 / (1 + x^order), and its square is a half at this x.
        passes = (math.sqrt(2) - 1) ** (1 / self.order)
        # The digital filter bends the frequency axis (bilinear transform): the ratio holds between the tangents.
        warped = math.tan(math.pi * self.cutoff / fps) / passes
        design = math.atan(warped) * fps / math.pi
        sections = scipy.signal.butter(self.order // 2, design, fs=fps, output="sos")
        padding = min(3 * (self.order // 2 + 1), len(values) - 1)  # SciPy's usual one, or what the run has
        return np.asarray(scipy.signal.sosfiltfilt(sections, values, axis=0, padlen=padding))


@dataclass(frozen=True, kw_only=True)
class SavitzkyGolay:
    """A polynomial fitted around each frame: keeps peaks, no lag, for files.

    Paper: Savitzky and Golay, Smoothing and Differentiation of Data by Simplified Least Squares Procedures, 1964.

    Args:
        window: Seconds; at least so many frames as the polynomial needs are taken. Half a second was best for what
            detectors' keypoints give (research/over-time.md).
        degree: Of the polynomial.

    Raises:
        InputError: The window is not positive, or the degree is negative.
    """

    window: float = 0.5
    degree: int = 2

    def __post_init__(self) -> None:
        _check_positive("savitzky-golay window", self.window)
        if self.degree < 0:
            raise InputError(f"savitzky-golay degree must be 0 or more, got {self.degree}")

    @property
    def description(self) -> str:
        """Name and settings."""
        return f"savitzky-golay, {self.window:g} s, degree {self.degree}"

    def check(self, fps: float) -> None:
        """It works at any rate; with few frames in the window it changes little."""

    def run(self, values: Float[np.ndarray, "frame xyz"], times: Float[np.ndarray, " frame"]) -> np.ndarray:
        """Return the smoothed values; a run too short for the polynomial as it is."""
        return values if len(values) <= self.degree + 1 else _evenly(values, times, self._even)

    def _even(self, values: np.ndarray, fps: float) -> np.ndarray:
        # An odd number of frames, so that there is a middle one; more than the degree, so that a fit smooths.
        wanted = max(2 * math.floor(self.window * fps / 2 + 1e-6) + 1, self.degree + 1 + self.degree % 2)
        frames = min(wanted, len(values) - 1 + len(values) % 2)
        if frames <= self.degree:
            return values
        # What SciPy's savgol_filter gives too; this is the default filter, and importing SciPy's takes a second.
        half, count = frames // 2, len(values) - frames + 1
        powers = np.vander(np.arange(-half, half + 1) / max(half, 1), self.degree + 1)  # (place in the window, power)
        fit = powers @ np.linalg.pinv(powers)  # row: what the fitted polynomial is at a place, by the window's values
        smoothed = np.empty(values.shape)
        smoothed[half : half + count] = sum(
            weight * values[place : place + count] for place, weight in enumerate(fit[half])
        )
        # No window has the first and the last frames in its middle: they are read off the outermost fits.
        smoothed[:half] = np.tensordot(fit[:half], values[:frames], axes=1)
        smoothed[half + count :] = np.tensordot(fit[half + 1 :], values[-frames:], axes=1)
        return smoothed


FilterName = Literal["butterworth", "savitzky-golay", "one-euro"]

FILTERS: dict[str, type[OneEuro] | type[Butterworth] | type[SavitzkyGolay]] = {
    "one-euro": OneEuro,
    "butterworth": Butterworth,
    "savitzky-golay": SavitzkyGolay,
}
"""The filters by name."""


def smooth(pose: Pose, how: str | Filter = "butterworth", *, cuts: Sequence[int] = ()) -> Pose:
    """Smooth a pose over time.

    Args:
        pose: In 2D or 3D; with ``fps`` or ``times``, or else it is returned as it is.
        how: One of ``FILTERS`` by name, or a filter with settings of its own.
        cuts: Frames with which another shot begins.

    Returns:
        The pose with smoothed joints; NaN stays NaN, and nothing is carried over a gap or a cut.

    Raises:
        InputError: There is no such filter, or the frame rate is too low for it.

    Example:
        >>> from ampose.poses.skeletons import Skeleton
        >>> noisy = np.random.default_rng(0).normal(size=(60, 1, 3))
        >>> point = Skeleton("point", {"head": None})
        >>> pose = Pose3D(positions=noisy, confidence=np.ones((60, 1)), skeleton=point, fps=30.0)
        >>> bool(smooth(pose, "butterworth").positions.std() < 0.8 * noisy.std())
        True
    """
    if isinstance(how, str) and how not in FILTERS:
        raise InputError(f"filter must be one of {', '.join(FILTERS)}, got {how!r}", field="smooth")
    method = FILTERS[how]() if isinstance(how, str) else how
    times = pose.seconds
    if times is None or len(pose) < 2:
        return pose
    method.check(1 / float(np.median(np.diff(times))))
    done = {**pose.provenance, "smoothing": method.description}
    if isinstance(pose, Pose2D):
        unit = max(pose.image_size) / _METRES_ACROSS  # pixels a metre
        return replace(pose, keypoints=_filtered(pose.keypoints / unit, times, method, cuts) * unit, provenance=done)
    return replace(pose, positions=_filtered(pose.positions, times, method, cuts), provenance=done)


def _filtered(
    points: Float[np.ndarray, "frame joint axis"],
    times: Float[np.ndarray, " frame"],
    method: Filter,
    cuts: Sequence[int],
) -> Float[np.ndarray, "frame joint axis"]:
    smoothed = points.copy()
    for joint in range(points.shape[1]):
        for frames in unbroken_runs(np.isfinite(points[:, joint]).all(axis=1), times, cuts):
            run = points[frames, joint].astype(np.float64)
            smoothed[frames, joint] = method.run(run, times[frames])
    return smoothed


def unbroken_runs(
    found: Bool[np.ndarray, " frame"], times: Float[np.ndarray, " frame"], cuts: Sequence[int] = ()
) -> Iterator[slice]:
    """Return the unbroken runs of frames: without a missing one, a hole in time, or a cut.

    Example:
        >>> found = np.array([True, True, False, True, True])
        >>> [(run.start, run.stop) for run in unbroken_runs(found, np.array([0.0, 0.1, 0.2, 0.3, 2.0]))]
        [(0, 2), (3, 4), (4, 5)]
    """
    steps = np.diff(times)
    hole = steps > _HOLE * np.median(steps) if len(steps) else np.zeros(0, dtype=bool)
    breaks = np.union1d(np.flatnonzero(np.diff(found) | hole) + 1, np.array(cuts, dtype=int))
    edges = [0, *breaks.tolist(), len(found)]
    return (slice(a, b) for a, b in itertools.pairwise(edges) if a < b and found[a])


def _evenly(values: np.ndarray, times: np.ndarray, run: Any) -> np.ndarray:
    """Filter on an even grid of the run's mean rate: uneven frames are brought to it and back, along straight lines."""
    even = np.linspace(times[0], times[-1], len(times))
    fps = (len(times) - 1) / (times[-1] - times[0])
    if np.abs(even - times).max() * fps <= _EVEN:
        return np.asarray(run(values, fps))
    resampled = np.stack([np.interp(even, times, axis) for axis in values.T], axis=1)
    smoothed = run(resampled, fps)
    return np.stack([np.interp(times, even, axis) for axis in smoothed.T], axis=1)


def _check_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{name} must be positive, got {value}")

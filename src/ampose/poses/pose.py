"""Poses over time: 2D in pixels, 3D in metres, each with its skeleton, confidence and origin.

A joint that was not found is NaN, and a frame in which nobody was found is a frame of NaN: it is kept, so
that frame numbers stay those of the video, and nothing is invented for it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from types import EllipsisType
from typing import TYPE_CHECKING, Any, TypeVar, final

import numpy as np
from jaxtyping import Bool, Float

from ampose.errors import InputError
from ampose.packages import load_package
from ampose.poses.reference_frame import CAMERA_ROOT_RELATIVE, ReferenceFrame
from ampose.poses.skeletons import Skeleton

if TYPE_CHECKING:
    import matplotlib.figure
    import pandas
    import xarray

UNIT = "m"
"""Of every 3D position."""

SMALLEST_PX = 3.0
"""No body in an image is smaller."""

_FASTEST = 1e6
_FARTHEST = 1e6
"""Metres or pixels. Nobody is farther away, and float32 would not hold it to a tenth of either."""

Pose = TypeVar("Pose", "Pose2D", "Pose3D")
_Own = TypeVar("_Own", bound="PoseOverTime")


@dataclass(frozen=True, kw_only=True)
class PoseOverTime:
    """What the 2D and the 3D pose of a person have in common; ``Pose2D`` and ``Pose3D`` say what each field means."""

    confidence: Float[np.ndarray, "frame joint"]
    skeleton: Skeleton
    fps: float | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    times: Float[np.ndarray, " frame"] | None = None
    focal_px: float | None = None
    camera_tilt: float | None = None

    def _check(self, points: np.ndarray, name: str, num_axes: int) -> None:
        """Refuse other shapes than the skeleton's, and numbers that no point, confidence, rate or time can be."""
        if points.ndim != 3 or points.shape[2] != num_axes:
            raise InputError(f"{name} must have shape (frame, joint, {num_axes}), got {points.shape}")
        if points.shape[1] != self.skeleton.num_joints:
            raise InputError(
                f"{name} must have the {self.skeleton.num_joints} joints of {self.skeleton.name}, got "
                f"{points.shape[1]} joints; name the skeleton that your points have"
            )
        if self.confidence.shape != points.shape[:2]:
            raise InputError(f"confidence must have shape {points.shape[:2]}, got {self.confidence.shape}")
        lost = np.isnan(points)
        far = (np.abs(points) > _FARTHEST).any(axis=2)  # also infinite
        wrong = np.argwhere(far | (lost.any(axis=2) != lost.all(axis=2)))
        if len(wrong):
            frame, joint = wrong[0]
            raise InputError(
                f"{name} must be finite and within {_FARTHEST:,.0f}, or NaN in all coordinates of a joint that was not "
                f"found, got "
                f"{points[frame, joint]} in frame {frame} for {self.skeleton.joints[joint]} ({len(wrong)} such joints)"
            )
        wrong = np.argwhere(~((self.confidence >= 0) & (self.confidence <= 1)))
        if len(wrong):
            frame, joint = wrong[0]
            raise InputError(
                f"confidence must be from 0 to 1, got {self.confidence[frame, joint]} in frame {frame} for "
                f"{self.skeleton.joints[joint]}; write 0 for a joint that is a guess"
            )
        check_fps(self.fps)
        self._check_what_is_known()
        if self.times is None:
            return
        if self.times.shape != (len(self),):
            raise InputError(f"times must be one for each of the {len(self)} frames, got shape {self.times.shape}")
        if not np.isfinite(self.times).all() or (np.diff(self.times) <= 0).any():
            raise InputError("times must be finite and rise from frame to frame, got some that do not")

    def _check_what_is_known(self) -> None:
        strange = [value for item in self.provenance.items() for value in item if not isinstance(value, str)]
        if strange:
            raise InputError(f"provenance must be texts by name, got {strange[0]!r}")
        for known, value in (("focal_px", self.focal_px), ("camera_tilt", self.camera_tilt)):
            if value is not None and not math.isfinite(value):
                raise InputError(f"{known} must be a finite number, got {value}")

    @property
    def seconds(self) -> Float[np.ndarray, " frame"] | None:
        """The time of each frame; None for single images."""
        if self.times is not None or self.fps is None:
            return self.times
        return np.arange(len(self)) / self.fps

    @property
    def mean_rate(self) -> float | None:
        """Frames per second over the whole clip, also where times are uneven; None where no time is known."""
        if self.times is not None and len(self) > 1:
            return float((len(self) - 1) / (self.times[-1] - self.times[0]))
        return self.fps

    def __len__(self) -> int:
        return len(self.confidence)

    def __getitem__(self: _Own, frames: "slice | Bool[np.ndarray, ' frame'] | EllipsisType") -> _Own:
        """Return the pose of some frames."""
        arrays: dict[str, Any] = {name: array for name, array in vars(self).items() if isinstance(array, np.ndarray)}
        return replace(self, **{name: array[frames] for name, array in arrays.items()})


@final
@dataclass(frozen=True, kw_only=True, repr=False)
class Pose2D(PoseOverTime):
    """One person's keypoints over time.

    Args:
        keypoints: Pixels, origin at the upper left corner; NaN for a joint that was not found.
        confidence: 0 (a guess) to 1 (sure), for each joint.
        skeleton: Names and order of the joints.
        image_size: Width and height in pixels.
        fps: Frames per second; None for single images.
        provenance: Where this came from: file, detector...
        times: Seconds of each frame, rising, where frames are unevenly spaced or begin at another time than 0; None
            where ``fps`` says it all.
        focal_px: Focal length of the camera in pixels, where the source states it.
        camera_tilt: How far the camera looks down, in degrees, where the source states it.

    Raises:
        InputError: A shape does not fit the skeleton, the image size or the frame rate is not positive, a joint is
            neither finite nor NaN, all are parts of the image and no pixels, a confidence is not from 0 to 1, or times
            do not rise.
    """

    keypoints: Float[np.ndarray, "frame joint 2"]
    image_size: tuple[int, int]

    def __post_init__(self) -> None:
        self._check(self.keypoints, "keypoints", 2)
        size: Any = self.image_size
        numbers = isinstance(size, tuple | list | np.ndarray) and all(isinstance(side, Real) for side in size)
        if not (numbers and len(size) == 2 and min(size) > 0):
            raise InputError(f"image_size must be positive (width, height), got {size}")
        # A body that is nowhere three pixels large is in parts of the image, as some detectors write them. Their joints
        # out of the image lie outside 0 to 1, so that the numbers themselves do not tell.
        seen = self.keypoints[np.isfinite(self.keypoints[..., 0]).sum(axis=1) > 1]
        extent = float((np.nanmax(seen, axis=1) - np.nanmin(seen, axis=1)).max()) if len(seen) else 0.0
        if 0 < extent < SMALLEST_PX:
            raise InputError(
                f"keypoints must be pixels, got a body of {extent:.2g} pixels at most; if these are parts of the "
                "image, multiply them by its width and height"
            )

    @classmethod
    def from_array(
        cls,
        keypoints: np.ndarray,
        *,
        skeleton: Skeleton,
        image_size: tuple[int, int],
        fps: float | None = None,
        provenance: Mapping[str, str] | None = None,
    ) -> "Pose2D":
        """Make a pose from (frame, joint, 2) pixels or (frame, joint, 3) pixels and confidence.

        The numbers are copied. Without a confidence, each joint that is there has confidence 1. A joint that is masked,
        or has confidence 0, was not seen, wherever it is said to be: detectors write (0, 0, 0) for it.

        Raises:
            InputError: The array has another shape, or does not hold numbers.
        """
        if isinstance(keypoints, np.ma.MaskedArray):
            keypoints = np.where(keypoints.mask, np.nan, keypoints.data)
        try:
            array = np.array(keypoints, dtype=np.float32)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"keypoints must be numbers, got {' '.join(str(error).split())}") from error
        if array.ndim != 3 or array.shape[2] not in (2, 3):
            raise InputError(f"keypoints must have shape (frame, joint, 2 or 3), got {array.shape}")
        if array.shape[2] == 3:
            array[array[..., 2] == 0] = np.nan
        there = ~np.isnan(array[..., :2]).any(axis=2)
        confidence = array[..., 2] if array.shape[2] == 3 else there.astype(np.float32)
        return cls(
            keypoints=array[..., :2],
            confidence=np.where(there, confidence, 0).astype(np.float32),
            skeleton=skeleton,
            image_size=image_size,
            fps=fps,
            provenance=provenance or {},
        )

    @property
    def missing(self) -> Bool[np.ndarray, " frame"]:
        """True for frames in which nobody was found."""
        return np.isnan(self.keypoints).all(axis=(1, 2))

    def __repr__(self) -> str:
        width, height = self.image_size
        return f"<Pose2D: {_extent(self)}, pixels of {width} x {height}>"


@final
@dataclass(frozen=True, kw_only=True, repr=False)
class Pose3D(PoseOverTime):
    """One person's 3D pose over time.

    Args:
        positions: Metres; NaN in frames where nobody was found, and for joints that were not lifted.
        confidence: 0 to 1 for each joint, as the 2D detector gave it; 0 in missing frames.
        skeleton: Names and order of the joints.
        fps: Frames per second; None for single images.
        frame_of_reference: What the axes and the origin are.
        provenance: File, detector, model, hash of its weights, settings; to be shown and written, never to decide by.
        expected_error: How far each joint is expected to be off, in metres, as the lifter estimates it; None
            where it does not. NaN where the position is.
        times: Seconds of each frame, rising, where frames are unevenly spaced or begin at another time than 0; None
            where ``fps`` says it all.
        focal_px: Focal length of the camera in pixels with which the pose was lifted; None where it is not known.
        camera_tilt: How far the camera looks down, in degrees; None where it is not known.
        computed_joints: Joints that the 2D detector does not find, whose keypoints were computed from others.

    Raises:
        InputError: A shape does not fit the skeleton, a joint is neither finite nor NaN, a confidence is not from 0 to
            1, an expected error is negative, the frame rate is not positive, or times do not rise.
    """

    positions: Float[np.ndarray, "frame joint 3"]
    frame_of_reference: ReferenceFrame = CAMERA_ROOT_RELATIVE
    expected_error: Float[np.ndarray, "frame joint"] | None = None
    computed_joints: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._check(self.positions, "positions", 3)
        if self.expected_error is not None:
            if self.expected_error.shape != self.confidence.shape:
                raise InputError(
                    f"expected_error must have shape {self.confidence.shape}, got {self.expected_error.shape}"
                )
            if (np.isinf(self.expected_error) | (self.expected_error < 0)).any():
                raise InputError("expected_error must be metres, 0 or more, or NaN, got others")

    @property
    def missing(self) -> Bool[np.ndarray, " frame"]:
        """True for frames in which nobody was found."""
        return np.isnan(self.positions).all(axis=(1, 2))

    @property
    def inferred(self) -> Bool[np.ndarray, "frame joint"]:
        """True for joints that were not seen and are there all the same: the lifter inferred them from the others."""
        return np.isfinite(self.positions).all(axis=2) & (self.confidence == 0)

    def without_inferred(self) -> "Pose3D":
        """Return the pose with only what was seen: joints that the lifter inferred are NaN."""
        guessed = self.inferred
        error = None if self.expected_error is None else np.where(guessed, np.nan, self.expected_error)
        return replace(self, positions=np.where(guessed[..., None], np.nan, self.positions), expected_error=error)

    @property
    def unit(self) -> str:
        """The unit of ``positions``: always metres."""
        return UNIT

    def __repr__(self) -> str:
        return f"<Pose3D: {_extent(self)}, metres, {self.frame_of_reference}>"

    def joint(self, name: str) -> Float[np.ndarray, "frame 3"]:
        """Return where a joint is in each frame.

        Raises:
            InputError: The skeleton has no such joint.
        """
        return self.positions[:, self.skeleton.index(name)]

    def between(self, start: float, end: float) -> "Pose3D":
        """Return the frames from one time up to another, both in seconds and included.

        Raises:
            InputError: The pose has no times, or there is no frame between these.
        """
        if self.seconds is None:
            raise InputError("a pose must have a frame rate or times to be cut by time, got single images")
        inside = (self.seconds >= start) & (self.seconds <= end)
        if not inside.any():
            raise InputError(f"there must be a frame between {start:g} and {end:g} s, got none")
        return replace(self, times=self.seconds)[inside]

    def resample(self, fps: float) -> "Pose3D":
        """Return the pose at another frame rate: positions lie on lines between neighbouring frames.

        A new frame between two of which one lacks a joint lacks it too. Confidence and expected error are the worse of
        both neighbours'. Smooth first where the rate falls by much, or fast motion is folded into slow.

        Args:
            fps: Frames per second; the first frame stays where it is.

        Raises:
            InputError: The rate is not positive, or the pose has no times.
        """
        check_fps(fps)
        if self.seconds is None or fps is None:
            raise InputError("a pose must have a frame rate or times to be resampled, got single images")
        old = self.seconds
        new = old[0] + np.arange(int((old[-1] - old[0]) * fps + 1 + 1e-6)) / fps
        place = np.interp(new, old, np.arange(len(old)))  # between which frames each new one lies
        place = np.where(np.abs(place - place.round()) < 1e-6, place.round(), place)
        before, after = np.floor(place).astype(int), np.ceil(place).astype(int)
        share = place - before
        weight = share[:, None, None].astype(self.positions.dtype)
        error = self.expected_error
        return replace(
            self,
            positions=self.positions[before] * (1 - weight) + self.positions[after] * weight,
            confidence=np.minimum(self.confidence[before], self.confidence[after]),
            expected_error=None if error is None else np.maximum(error[before], error[after]),
            fps=float(fps),
            times=None if old[0] == 0 else new,
        )

    def plot(self, frames: int | Sequence[int] = 4) -> "matplotlib.figure.Figure":
        """Return a figure of some frames, seen by the camera and from its right; upright by the camera's tilt.

        Args:
            frames: Which ones, or how many, evenly spread.

        Raises:
            InputError: Nobody is in any frame, or there is no such frame.
            MissingExtraError: Matplotlib is not installed.
        """
        from ampose.drawing.sheet import draw_figure

        return draw_figure(self, frames)

    def plot_angles(self, names: Sequence[str] | None = None) -> "matplotlib.figure.Figure":
        """Return a figure of joint angles over time, left and right in one plot.

        Args:
            names: Angles without their side, such as ``knee_flexion``; None for all that the joints tell.

        Raises:
            InputError: The joints tell no such angle.
            MissingExtraError: Matplotlib is not installed.
        """
        from ampose.drawing.angle_plots import draw_angles

        return draw_angles(self, names)

    def _repr_html_(self) -> str:
        """Show the pose in motion in a notebook."""
        from ampose.drawing.notebook import show_inline
        from ampose.poses.people import Person

        return show_inline([Person(0, None, self)])

    def angles(self) -> "pandas.DataFrame":
        """Return the joint angles in degrees, a column each, over the time in seconds (of single images: the frame).

        ``ampose.poses.joint_angles`` says what each angle is. NaN where a joint that it needs is missing.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        from ampose.poses.joint_angles import joint_angles

        pandas = load_package("pandas", extra="tables", purpose="tables of angles")
        index = pandas.RangeIndex(len(self), name="frame")
        if self.seconds is not None:
            index = pandas.Index(self.seconds, name="time")
        return pandas.DataFrame(joint_angles(self), index=index)

    def to_dataframe(self, person: int = 0) -> "pandas.DataFrame":
        """Return a tidy table, a row for each joint of each frame: see ``ampose.poses.dataframes``."""
        from ampose.poses import dataframes

        return dataframes.to_dataframe({person: self})

    @classmethod
    def from_dataframe(cls, table: "pandas.DataFrame", *, skeleton: Skeleton | None = None) -> "Pose3D":
        """Return the one person of a tidy table: see ``ampose.poses.dataframes.from_dataframe``, which takes several.

        Raises:
            InputError: The table is none of one person's pose.
        """
        from ampose.poses import dataframes

        return _only(dataframes.from_dataframe(table, skeleton=skeleton))

    def to_xarray(self, person: int = 0) -> "xarray.Dataset":
        """Return a dataset as the package ``movement`` has them: see ``ampose.poses.dataframes``."""
        from ampose.poses import dataframes

        return dataframes.to_xarray({person: self})

    @classmethod
    def from_xarray(cls, dataset: "xarray.Dataset", *, skeleton: Skeleton | None = None) -> "Pose3D":
        """Return the one person of a dataset: see ``ampose.poses.dataframes.from_xarray``, which takes several.

        Raises:
            InputError: The dataset is none of one person's pose.
        """
        from ampose.poses import dataframes

        return _only(dataframes.from_xarray(dataset, skeleton=skeleton))


def _extent(pose: "Pose2D | Pose3D") -> str:
    """Say how many frames and joints there are, without their numbers, which would fill pages."""
    frames = "1 frame" if len(pose) == 1 else f"{len(pose)} frames"
    rate = "" if pose.fps is None else f" at {pose.fps:g} a second"
    absent = int(pose.missing.sum())
    return f"{frames}{rate}{f', {absent} without the person' * (absent > 0)}, {pose.skeleton.name}"


def _only(people: "Mapping[int, Pose3D]") -> "Pose3D":
    if len(people) != 1:
        raise InputError(f"there must be one person, got {len(people)}; ampose.poses.dataframes takes several")
    return next(iter(people.values()))


def check_fps(fps: float | None) -> None:
    """Refuse a frame rate that is none; None says that there is no rate.

    Raises:
        InputError: It is not positive, or none that frames were taken at: one in eleven days, or a million a second.
    """
    if fps is not None and not 1 / _FASTEST <= fps <= _FASTEST:
        raise InputError(f"fps must be a positive number, got {fps:g}; from {1 / _FASTEST:g} to {_FASTEST:g}")

"""What every reader of a keypoint file promises, what it gives back, and the readers by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.files.keypoints.content import Content
from ampose.poses.skeletons import Skeleton
from ampose.registry import Registry

_FARTHEST_PX = 1e6
"""Farther from the corner than this is no pixel of any picture; float32 would not hold it to a tenth either."""


@dataclass(frozen=True)
class Found:
    """One person in one frame.

    Args:
        keypoints: Pixels, origin at the upper left corner; NaN for a joint that was not found.
        confidence: 0 to 1; 0 for a joint that was not found.
        id: What the file calls this person over time; None where it says nothing.
    """

    keypoints: Float[np.ndarray, "joint 2"]
    confidence: Float[np.ndarray, " joint"]
    id: int | str | None = None

    @classmethod
    def from_rows(cls, rows: Float[np.ndarray, "joint 3"], id: int | str | None = None) -> "Found":  # noqa: A002
        """Make one from rows of x, y and confidence; a confidence of 0, or no number, is a joint that was not found.

        Confidences above 1, as AlphaPose and Detectron give, are taken as 1.

        Raises:
            InputError: A number is none that a picture has.

        Example:
            >>> person = Found.from_rows(np.array([[5.0, 6.0, 0.9], [0.0, 0.0, 0.0]]))
            >>> person.keypoints.tolist()
            [[5.0, 6.0], [nan, nan]]
        """
        there = np.isfinite(rows).all(axis=1) & (rows[:, 2] > 0)
        if there.any() and np.abs(rows[there, :2]).max() > _FARTHEST_PX:
            raise InputError(f"keypoints must be pixels, got {np.abs(rows[there, :2]).max():.3g}")
        keypoints = np.where(there[:, None], rows[:, :2], np.nan).astype(np.float32)
        return cls(keypoints, np.where(there, rows[:, 2].clip(0, 1), 0).astype(np.float32), id)

    @property
    def missing(self) -> bool:
        """True if no joint was found."""
        return bool(np.isnan(self.keypoints).all())


@dataclass(frozen=True, kw_only=True)
class PeopleFile:
    """What a keypoint file holds.

    Args:
        frames: For each frame the people in it.
        skeleton: Of all the keypoints.
        frame_names: What the file calls each frame: a number, a picture's name; None for a number that is missing.
        image_size: Width and height in pixels, if the file says so.
        fps: Frames per second, if the file says so.
        times: Seconds of each frame, if they are not evenly spaced and the file says so.
        focal_px: Focal length of the camera in pixels, if the file says so.
        camera_tilt: How far the camera looks down, in degrees, if the file says so.
    """

    frames: Sequence[Sequence[Found]]
    skeleton: Skeleton
    frame_names: Sequence[str | None]
    image_size: tuple[int, int] | None = None
    fps: float | None = None
    times: Float[np.ndarray, " frame"] | None = None
    focal_px: float | None = None
    camera_tilt: float | None = None


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the user said about the file.

    Args:
        skeleton: Of the points in the file; None: by their number or names.
        image_size: Width and height in pixels; None: by the file.
        video: Which one, in a file of several videos.
    """

    skeleton: Skeleton | None = None
    image_size: tuple[int, int] | None = None
    video: str | None = None


@runtime_checkable
class KeypointReader(Protocol):
    """One layout of keypoint files.

    Registered with the facts ``title`` (what users call it), ``looks_for`` (how it is recognised, in words), ``size``
    (whether the file says how large the picture is), ``example`` (what its files are called) and, where it is so,
    ``videos`` (a file may hold several) and the ``package`` and ``extra`` that all of its files need.
    """

    def fits(self, content: Content) -> bool:
        """Tell, cheaply, whether the content has this layout. No other reader says so of the same content."""

    def read(self, content: Content, given: Given) -> PeopleFile:
        """Read it; raises ValueError, KeyError, TypeError, IndexError or OSError if it is damaged."""


readers = Registry[type[KeypointReader]](
    "keypoint format", package="ampose.files.keypoints", group="ampose.keypoint_readers"
)

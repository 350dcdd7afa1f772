"""What every reader of a keypoint file promises, what it gives back, and the readers by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ampose.files.keypoints.content import Content
from ampose.poses.people import Detection
from ampose.poses.skeletons import Skeleton
from ampose.registry import Registry


@dataclass(frozen=True, kw_only=True)
class PeopleFile:
    """What a keypoint file holds.

    Args:
        frames: For each frame the people in it.
        skeleton: Of all the keypoints.
        frame_names: What the file calls each frame: a number, an image's name; None for a number that is missing.
        image_size: Width and height in pixels, if the file says so and its images are of one size.
        frame_sizes: Those of each frame, if the images are of several sizes; None where the file does not say.
        fps: Frames per second, if the file says so.
        times: Seconds of each frame, if they are not evenly spaced and the file says so.
        focal_px: Focal length of the camera in pixels, if the file says so.
        camera_tilt: How far the camera looks down, in degrees, if the file says so.
        notes: What was left out or decided, for the user to know.
    """

    frames: Sequence[Sequence[Detection]]
    skeleton: Skeleton
    frame_names: Sequence[str | None]
    image_size: tuple[int, int] | None = None
    frame_sizes: Sequence[tuple[int, int] | None] | None = None
    fps: float | None = None
    times: Float[np.ndarray, " frame"] | None = None
    focal_px: float | None = None
    camera_tilt: float | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class ReaderOptions:
    """What the user states about the file, and what it is read for.

    Args:
        skeleton: Of the points in the file; None: by their number or names.
        image_size: Width and height in pixels; None: by the file.
        video: Which one, in a file of several videos.
        fps: Frames per second; None: single images, unless the file says otherwise.
        min_score: Detections with a lower score are left out.
        images: Whether frames with names of several videos are taken as single images, and not refused.
    """

    skeleton: Skeleton | None = None
    image_size: tuple[int, int] | None = None
    video: str | None = None
    fps: float | None = None
    min_score: float | None = None
    images: bool = False


@runtime_checkable
class KeypointReader(Protocol):
    """One layout of keypoint files."""

    def fits(self, content: Content) -> bool:
        """Tell, cheaply, whether the content has this layout. No other reader says so of the same content."""

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read it; whatever it raises becomes an InputError with the file's name."""


@dataclass(frozen=True, kw_only=True)
class ReaderFacts:
    """What a registration states about a layout.

    Args:
        title: What users call it.
        looks_for: How it is recognised, in words.
        size: Whether the file says how large the image is.
        example: What its files are called.
        words: Keys, columns or arrays that its files have: by them the nearest format to an unknown file is named.
        videos: Whether a file may hold several.
    """

    title: str
    looks_for: str
    size: bool
    example: str
    videos: bool = False
    words: tuple[str, ...] = ()


readers = Registry[type[KeypointReader], ReaderFacts](
    "keypoint format", ReaderFacts, package="ampose.files.keypoints", group="ampose.keypoint_readers"
)

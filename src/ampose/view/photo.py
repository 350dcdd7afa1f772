"""Frames with the 2D pose over them, whole or cut around the person."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.media import Frame
from ampose.media.packages import pillow
from ampose.pose import Pose2D
from ampose.skeletons import Skeleton, find_mapping
from ampose.view.painting import SUPERSAMPLING, blank, paint_outlined
from ampose.view.projection import bone_strokes

if TYPE_CHECKING:
    from PIL.Image import Image

_ROOM = 1.3
"""How much larger a cut is than the person in it."""

_BONE_OF_PERSON = 0.017
"""Width of a bone by the height of the person."""

_BONE_OF_PICTURE = 0.014
"""And at most this by the height of the picture."""


def in_joints_of(pose: Pose2D, skeleton: Skeleton) -> Pose2D:
    """Return the pose in another skeleton's joints (the lifter saw those); as it is if no way is known."""
    try:
        mapping = find_mapping(pose.skeleton.name, skeleton.name)
    except InputError:
        return pose
    return Pose2D(
        keypoints=mapping.map_points(pose.keypoints),
        confidence=mapping.map_confidence(pose.confidence),
        skeleton=skeleton,
        image_size=pose.image_size,
        fps=pose.fps,
    )


@dataclass(frozen=True)
class Cut:
    """A window of the frame: left, top, width, height in pixels of the frame; it may reach out of it."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def whole(cls, image_size: tuple[int, int]) -> "Cut":
        """Return the window that is the frame."""
        return cls(0.0, 0.0, float(image_size[0]), float(image_size[1]))


def cuts_around(pose: Pose2D, frames: "list[int]", aspect: float) -> list[Cut]:
    """Return a window around the person for each frame, all of one size and aspect (height by width)."""
    limits = np.array(pose.image_size, dtype=np.float32)
    points = np.clip(pose.keypoints[frames], 0, limits)
    low, high = points.min(axis=1), points.max(axis=1)
    extent = (high - low).max(axis=0) * _ROOM
    width = max(float(extent[0]), float(extent[1]) / aspect, 16.0)
    size = np.array([width, width * aspect])
    corners = (low + high) / 2 - size / 2
    inside = np.where(size <= limits, np.clip(corners, 0, np.maximum(limits - size, 0)), (limits - size) / 2)
    return [Cut(float(left), float(top), *size.tolist()) for left, top in inside]


def draw_photo(
    frame: Frame,
    cut: Cut,
    size: tuple[int, int],
    pose: Pose2D | None = None,
    number: int = 0,
) -> "Image":
    """Return the window of the frame at this size in pixels, with frame ``number`` of the pose over it."""
    large = (SUPERSAMPLING * size[0], SUPERSAMPLING * size[1])
    image = _enlarged(frame, cut, large)
    if pose is not None and not pose.missing[number]:
        points = pose.keypoints[number]
        scale = large[0] / cut.width
        strokes = bone_strokes(pose.skeleton, points, pose.confidence[number])
        paint_outlined(
            image,
            strokes,
            lambda point: ((point[0] - cut.left) * scale, (point[1] - cut.top) * scale),
            _bone_px(np.clip(points, 0, pose.image_size), scale, large[1]),
        )
    return image.reduce(SUPERSAMPLING)


def _enlarged(frame: Frame, cut: Cut, size: tuple[int, int]) -> "Image":
    """Cut and scale; what lies outside of the frame is white."""
    height, width, _ = frame.shape
    scale = size[0] / cut.width
    left, top = max(cut.left, 0.0), max(cut.top, 0.0)
    right, bottom = min(cut.left + cut.width, width), min(cut.top + cut.height, height)
    target = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    image = pillow()
    part = image.fromarray(frame).resize(
        target, image.Resampling.BILINEAR, box=(left, top, right, bottom), reducing_gap=2.0
    )
    if target == size:
        return part
    whole = blank(size)
    whole.paste(part, (round((left - cut.left) * scale), round((top - cut.top) * scale)))
    return whole


def _bone_px(points: Float[np.ndarray, "joint 2"], scale: float, height: int) -> float:
    """Return the width of a bone that fits the size of the person, within reason for the picture."""
    person = scale * float((points.max(axis=0) - points.min(axis=0)).max())
    return max(2.5 * SUPERSAMPLING, min(_BONE_OF_PERSON * person, _BONE_OF_PICTURE * height))

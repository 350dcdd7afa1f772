"""Frames with the 2D poses over them, whole or cut around the people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ampose.drawing.painting import Ground, RgbGround, Shapes, blank, outlined_shapes
from ampose.drawing.panels import LiftedPeople, label_people
from ampose.drawing.projection import bone_strokes
from ampose.media import Frame
from ampose.packages import pillow
from ampose.poses.pose import Pose2D

if TYPE_CHECKING:
    from PIL.Image import Image

_ROOM = 1.3
"""How much larger a cut is than the person in it."""

_BONE_OF_PERSON = 0.017
"""Width of a bone by the height of the person."""

_BONE_OF_PICTURE = 0.014
"""And at most this by the height of the picture."""

_LETTER_OF_PICTURE, _LEAST_LETTER_PX = 0.03, 11


@dataclass(frozen=True)
class Cut:
    """A window of the frame: left, top, width, height in pixels of the frame; it may reach out of it."""

    left: float
    top: float
    width: float
    height: float


def cuts_around(poses: Sequence[Pose2D], frames: list[int], aspect: float) -> list[Cut]:
    """Return a window around the people for each frame, all of one size and aspect (height by width).

    Args:
        poses: At least one of them has a joint in each of the frames.
        frames: Their numbers.
        aspect: Of the windows.
    """
    limits = np.array(poses[0].image_size, dtype=np.float32)
    low, high = _bounds(poses, frames)
    extent = (high - low).max(axis=0) * _ROOM
    width = max(float(extent[0]), float(extent[1]) / aspect, 16.0)
    size = np.array([width, width * aspect])
    corners = (low + high) / 2 - size / 2
    inside = np.where(size <= limits, np.clip(corners, 0, np.maximum(limits - size, 0)), (limits - size) / 2)
    return [Cut(float(left), float(top), *size.tolist()) for left, top in inside]


def aspect_around(poses: Sequence[Pose2D], frames: list[int]) -> float:
    """Return the aspect (height by width) at which windows around the people are smallest, and so the people largest.

    Args:
        poses: As for ``cuts_around``.
        frames: Likewise.
    """
    low, high = _bounds(poses, frames)
    width, height = np.maximum((high - low).max(axis=0), 1.0)
    return float(height / width)


def _bounds(poses: Sequence[Pose2D], frames: list[int]) -> tuple[Float[np.ndarray, "f 2"], Float[np.ndarray, "f 2"]]:
    """Return the least and largest x and y of all people's joints in each frame, within the picture."""
    limits = np.array(poses[0].image_size, dtype=np.float32)
    points = np.clip(np.concatenate([pose.keypoints[frames] for pose in poses], axis=1), 0, limits)
    return np.nanmin(points, axis=1), np.nanmax(points, axis=1)


def draw_photo(
    frame: Frame,
    cut: Cut,
    size: tuple[int, int],
    people: LiftedPeople = (),
    number: int = 0,
) -> "Image":
    """Return the window of the frame at this size in pixels, with frame ``number`` of everybody's pose over it."""
    image = _cut_out(frame, cut, size)
    ground = RgbGround(image)
    for shapes in people_shapes(people, number, cut, size):
        ground.draw(shapes)
    write_names(ground, cut, people, number)
    return image


def people_shapes(people: LiftedPeople, frames: int | slice, cut: Cut, size: tuple[int, int]) -> list[Shapes]:
    """Return everybody's 2D pose in one frame or several, to be drawn over a window of them at this size in pixels."""
    return [_person_shapes(person.pose2d, frames, cut, size) for person in people]


def _person_shapes(pose: Pose2D, frames: int | slice, cut: Cut, size: tuple[int, int]) -> Shapes:
    width, height = size
    points, scale = pose.keypoints[frames], width / cut.width
    # Bones are as wide as fits the size of the person, within reason for the picture.
    inside = np.clip(points, 0, pose.image_size)
    extent = np.fmax.reduce(inside, axis=-2) - np.fmin.reduce(inside, axis=-2)  # (*frame, xy); joints may be missing
    person_px = scale * extent.max(axis=-1, keepdims=True)  # (*frame, 1)
    bone_px = np.maximum(2.5, np.minimum(_BONE_OF_PERSON * person_px, _BONE_OF_PICTURE * height))
    strokes = bone_strokes(pose.skeleton, points, pose.confidence[frames])
    return outlined_shapes(strokes, lambda ends: (ends - (cut.left, cut.top)) * scale, bone_px)


def write_names(ground: Ground, cut: Cut, people: LiftedPeople, number: int) -> None:
    """Write the names of several people above them, within the picture, in their colours on white."""
    width, height = ground.size
    for person, label in zip(people, label_people(people), strict=True):
        if not label.text or person.pose2d.missing[number]:
            continue
        points = person.pose2d.keypoints[number]
        places = (points[np.isfinite(points).all(axis=1)] - (cut.left, cut.top)) * (width / cut.width)
        size = max(_LEAST_LETTER_PX, round(_LETTER_OF_PICTURE * height))
        x, y = places[places[:, 1].argmin()] - (size, 2 * size)
        x, y = float(np.clip(x, 0, width - 4 * size)), float(np.clip(y, 0, height))
        ground.write((x, y), label.text, size=size, colour=label.colour, outlined=True)


def _cut_out(frame: Frame, cut: Cut, size: tuple[int, int]) -> "Image":
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

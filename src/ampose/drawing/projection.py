"""A pose as coloured strokes: 2D on a picture, or 3D on a stage with a floor, seen from a side.

The 3D pose stands on the floor with its lowest joint. "Up" is the camera's up: when the camera looks
down on a person, the person leans towards it, unless the pose is turned ``upright`` first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton
from ampose.processing.ground import standing

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
INK: Colour = (52, 58, 64)
FAINT_INK: Colour = (134, 142, 150)
SIDE_COLOURS: dict[str, Colour] = {"left": (232, 108, 26), "right": (25, 118, 188), "middle": (73, 80, 87)}
"""Orange and blue, which colour-blind people can tell apart as well."""

SURE = 0.5
"""A joint with a smaller confidence is a guess, and is drawn pale."""

BACKDROP: Colour = (247, 248, 250)
FLOOR: Colour = (233, 236, 240)
_SHADOW: Colour = (206, 211, 218)
_GRID_M = 0.25
_MARGIN_M = 0.1
_VIEWER_M = 7.0
"""How far away the viewer stands: near things look a little larger, which makes the floor a floor."""

_HEAD_WIDTH = 3.4


@dataclass(frozen=True)
class Strokes:
    """Lines, of one picture or of many frames, each drawn over those before it; one with an end of NaN is not drawn.

    Args:
        ends: Start and end, in the unit of whoever draws them.
        colours: RGB.
        widths: 1 is that of a sure bone.
        halo: Whether a gap keeps it apart from what it passes in front of.
    """

    ends: Float[np.ndarray, "*frame stroke 2 xy"]
    colours: UInt8[np.ndarray, "*frame stroke 3"]
    widths: Float[np.ndarray, "*frame stroke"]
    halo: Bool[np.ndarray, " stroke"]

    @classmethod
    def alike(cls, ends: Float[np.ndarray, "*frame stroke 2 xy"], colour: Colour, width: float = 1.0) -> "Strokes":
        """Return strokes of one colour and width, without a halo."""
        *frames, count, _, _ = ends.shape
        colours = np.broadcast_to(np.array(colour, dtype=np.uint8), (*frames, count, 3))
        return cls(ends, colours, np.full((*frames, count), width), np.zeros(count, dtype=bool))


@dataclass(frozen=True)
class Side:
    """From where the stage is looked at.

    Args:
        title: What to call it.
        azimuth: Degrees; 0 looks along the camera's axis, 90 from the camera's right across it.
        elevation: Degrees from above.
    """

    title: str
    azimuth: float
    elevation: float = 14.0

    def project(self, points: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """Camera axes to (right, up, away) as seen from this side.

        Metres stay metres at the distance of the root; there is a little perspective before and behind.

        Example:
            >>> Side("", azimuth=90.0, elevation=0.0).project(np.array([0.0, -1.0, 2.0])).round(3).tolist()
            [2.0, 1.0, 0.0]
        """
        turn, tilt = math.radians(self.azimuth), math.radians(self.elevation)
        x, up, z = points[..., 0], -points[..., 1], points[..., 2]
        right, away = x * math.cos(turn) + z * math.sin(turn), z * math.cos(turn) - x * math.sin(turn)
        height, depth = up * math.cos(tilt) + away * math.sin(tilt), away * math.cos(tilt) - up * math.sin(tilt)
        nearness = _VIEWER_M / np.maximum(_VIEWER_M + depth, _VIEWER_M / 3)
        return np.stack([right * nearness, height * nearness, depth], axis=-1)


SIDES = (Side("3D, as the camera sees it", 0.0), Side("3D, from the camera's right", 90.0))


@dataclass(frozen=True)
class Scene:
    """A square floor with room for every frame of a pose: all panels share it, and so their scale.

    Args:
        radius: Half the floor's side, in metres.
        window: left, right, bottom, top of what every side shows, in metres.
    """

    radius: float
    window: tuple[float, float, float, float]

    @classmethod
    def around(cls, pose: Pose3D) -> "Scene":
        """Return the stage that holds every frame of the pose in which somebody is."""
        points = standing(pose.positions[~pose.missing])
        points = points[np.isfinite(points).all(axis=-1)]
        across = float(np.abs(points[..., [0, 2]]).max()) + _MARGIN_M
        radius = _GRID_M * math.ceil(across / _GRID_M)
        corners = np.array([[x, 0.0, z] for x in (-radius, radius) for z in (-radius, radius)])
        projected = np.concatenate([side.project(part.reshape(-1, 3)) for side in SIDES for part in (points, corners)])
        across, heights = float(np.abs(projected[:, 0]).max()), projected[:, 1]
        bottom, top = float(heights.min()), float(heights.max())
        return cls(radius, (-across - _MARGIN_M, across + _MARGIN_M, bottom - _MARGIN_M, top + _MARGIN_M))

    @classmethod
    def around_all(cls, poses: Sequence[Pose3D]) -> "Scene":
        """Return one stage that holds each of the poses in which somebody is."""
        stages = [cls.around(pose) for pose in poses if not pose.missing.all()]
        lefts, rights, bottoms, tops = zip(*(stage.window for stage in stages), strict=True)
        return cls(max(stage.radius for stage in stages), (min(lefts), max(rights), min(bottoms), max(tops)))

    @property
    def aspect(self) -> float:
        """Height of the window by its width."""
        left, right, bottom, top = self.window
        return (top - bottom) / (right - left)

    def floor(self, side: Side) -> Float[np.ndarray, "4 2"]:
        """Return the corners of the floor."""
        r = self.radius
        return side.project(np.array([[-r, 0, -r], [r, 0, -r], [r, 0, r], [-r, 0, r]]))[:, :2]

    def grid(self, side: Side) -> Strokes:
        """Return the lines of the floor's grid."""
        ticks = np.arange(-self.radius, self.radius + _GRID_M / 2, _GRID_M)
        r = self.radius
        ends = [line for t in ticks for line in (([t, 0.0, -r], [t, 0.0, r]), ([-r, 0.0, t], [r, 0.0, t]))]
        return Strokes.alike(side.project(np.array(ends))[..., :2], WHITE, width=0.25)


def frame_strokes(pose: Pose3D, frames: int | slice, side: Side) -> Strokes:
    """Return a 3D pose on the floor, in one frame or several: its shadow, then its bones, the far ones first."""
    bones = pose.skeleton.bone_indices
    points = standing(pose.positions[frames])
    flat, projected = side.project(np.stack([points * np.array([1.0, 0.0, 1.0]), points]))
    shadow = Strokes.alike(flat[..., bones, :2], _SHADOW, width=0.7)
    figure = bone_strokes(pose.skeleton, projected[..., :2], pose.confidence[frames], head_width=_HEAD_WIDTH)
    order = np.argsort(-projected[..., bones, 2].mean(axis=-1), axis=-1)  # (*frame, bone)
    return Strokes(
        np.concatenate([shadow.ends, np.take_along_axis(figure.ends, order[..., None, None], axis=-3)], axis=-3),
        np.concatenate([shadow.colours, np.take_along_axis(figure.colours, order[..., None], axis=-2)], axis=-2),
        np.concatenate([shadow.widths, np.take_along_axis(figure.widths, order, axis=-1)], axis=-1),
        np.concatenate([shadow.halo, figure.halo]),
    )


def bone_strokes(
    skeleton: Skeleton,
    points: Float[np.ndarray, "*frame joint 2"],
    confidence: Float[np.ndarray, "*frame joint"],
    head_width: float = 1.0,
) -> Strokes:
    """Return the bones in their sides' colours; bones that end in a guessed joint are pale and thin."""
    bones = skeleton.bone_indices
    certain = confidence[..., bones].min(axis=-1) >= SURE  # (*frame, bone)
    colours = [SIDE_COLOURS[skeleton.side_of(joint)] for _, joint in skeleton.bones]
    heads = [joint == "head" for _, joint in skeleton.bones]
    return Strokes(
        points[..., bones, :],
        np.where(certain[..., None], colours, [pale(colour) for colour in colours]).astype(np.uint8),
        np.where(certain, 1.0, 0.7) * np.where(heads, head_width, 1.0),
        np.ones(len(bones), dtype=bool),
    )


def pale(colour: Colour) -> Colour:
    """Mix a colour with white."""
    red, green, blue = (round(0.45 * part + 0.55 * 255) for part in colour)
    return red, green, blue


def hex_of(colour: Colour) -> str:
    """Return a colour as CSS and Matplotlib write it.

    Example:
        >>> hex_of(SIDE_COLOURS["left"])
        '#e86c1a'
    """
    return "#{:02x}{:02x}{:02x}".format(*colour)

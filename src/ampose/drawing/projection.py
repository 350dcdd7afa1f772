"""A pose as coloured strokes: 2D on a picture, or 3D on a stage with a floor, seen from a side.

The 3D pose stands on the floor with its lowest joint. "Up" is the camera's up: when the camera looks
down on a person, the person leans towards it, unless the pose is turned ``upright`` first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

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


class Stroke(NamedTuple):
    """A line from here to there, in the unit of whoever draws it; width 1 is that of a sure bone."""

    start: tuple[float, float]
    end: tuple[float, float]
    colour: Colour
    width: float = 1.0
    halo: bool = False


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

    def grid(self, side: Side) -> list[Stroke]:
        """Return the lines of the floor's grid."""
        ticks = np.arange(-self.radius, self.radius + _GRID_M / 2, _GRID_M)
        r = self.radius
        ends = [line for t in ticks for line in (([t, 0.0, -r], [t, 0.0, r]), ([-r, 0.0, t], [r, 0.0, t]))]
        projected = side.project(np.array(ends))
        return [Stroke((a, b), (c, d), WHITE, width=0.25) for a, b, c, d in projected[..., :2].reshape(-1, 4).tolist()]


def frame_strokes(pose: Pose3D, number: int, side: Side) -> list[Stroke]:
    """Return a frame of a 3D pose on the floor: its shadow, then its bones, the far ones first; no missing joints."""
    bones = pose.skeleton.bone_indices
    points = standing(pose.positions[number])
    flat, projected = side.project(np.stack([points * np.array([1.0, 0.0, 1.0]), points]))
    there = np.isfinite(projected).all(axis=-1)[bones].all(axis=-1)
    ends = flat[bones, :2][there].reshape(-1, 4).tolist()  # (bone, two ends)
    shadow = [Stroke((a, b), (c, d), _SHADOW, width=0.7) for a, b, c, d in ends]
    figure = bone_strokes(pose.skeleton, projected[:, :2], pose.confidence[number], head_width=_HEAD_WIDTH)
    order = np.argsort(-projected[:, 2][bones].mean(axis=1))
    return shadow + [figure[bone] for bone in order if there[bone]]


def bone_strokes(
    skeleton: Skeleton,
    points: Float[np.ndarray, "joint 2"],
    confidence: Float[np.ndarray, " joint"],
    head_width: float = 1.0,
) -> list[Stroke]:
    """Return the bones in their sides' colours; bones that end in a guessed joint are pale and thin."""
    bones = skeleton.bone_indices
    certain = (confidence[bones] >= SURE).all(axis=-1).tolist()
    strokes = []
    ends = points[bones].reshape(-1, 4).tolist()
    for (colour, head), (a, b, c, d), sure in zip(_bone_looks(skeleton), ends, certain, strict=True):
        width = (1.0 if sure else 0.7) * (head_width if head else 1.0)
        strokes.append(Stroke((a, b), (c, d), colour if sure else pale(colour), width, halo=True))
    return strokes


@cache
def _bone_looks(skeleton: Skeleton) -> list[tuple[Colour, bool]]:
    """Return the colour of each bone, and whether it is the head's."""
    return [(SIDE_COLOURS[skeleton.side_of(joint)], joint == "head") for _, joint in skeleton.bones]


@cache
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

"""Who is in the pictures, and in which panels: one person from two sides, or several people, a panel each."""

from collections.abc import Sequence
from dataclasses import dataclass

from ampose.drawing.projection import INK, SIDES, Colour, Side
from ampose.errors import InputError
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import Skeleton, find_mapping

_COLOURS: tuple[Colour, ...] = (
    (156, 39, 176),
    (46, 125, 50),
    (173, 20, 87),
    (0, 121, 107),
    (121, 85, 72),
    (84, 58, 183),
)
"""Of people's names; none is like the orange and the blue of the sides."""


@dataclass(frozen=True)
class Shown:
    """One person in the pictures.

    Args:
        pose2d: Pixels, in the joints of ``pose3d`` if there is a way to them.
        pose3d: Metres, about the root, of the same frames.
        name: What is written beside them; nothing for somebody who is alone.
        colour: Of the name, wherever it is written.
    """

    pose2d: Pose2D
    pose3d: Pose3D
    name: str = ""
    colour: Colour = INK

    @classmethod
    def of(cls, pose2d: Pose2D, pose3d: Pose3D, name: str = "", number: int | None = None) -> "Shown":
        """Return them with the keypoints as the lifter saw them; the number, from 0 on, chooses the colour."""
        colour = INK if number is None else _COLOURS[number % len(_COLOURS)]
        return cls(in_joints_of(pose2d, pose3d.skeleton), pose3d, name, colour)


@dataclass(frozen=True)
class View:
    """What a panel shows: somebody from a side."""

    person: Shown
    side: Side

    @property
    def title(self) -> str:
        """What to write above."""
        return self.person.name or self.side.title


def choose_views(people: Sequence[Shown], most: int) -> list[View]:
    """Return both sides of one person, or the camera's view of each of up to ``most`` people."""
    if len(people) == 1:
        return [View(people[0], side) for side in SIDES]
    return [View(person, SIDES[0]) for person in people[:most]]


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

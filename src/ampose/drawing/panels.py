"""Who is drawn in which panel: one person from two sides, or several people, a panel each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ampose.drawing.projection import INK, SIDES, Colour, Side
from ampose.errors import InputError
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import Skeleton, find_mapping
from ampose.processing.ground import upright

_COLOURS: tuple[Colour, ...] = (
    (156, 39, 176),
    (46, 125, 50),
    (173, 20, 87),
    (0, 121, 107),
    (121, 85, 72),
    (84, 58, 183),
)
"""Of people's names; none is like the orange and the blue of the sides."""


LiftedPeople = Sequence[Person[Pose2D, Pose3D]]
"""Everybody in a drawing, with the same frames."""


@dataclass(frozen=True)
class Label:
    """What is written beside somebody, and in which colour; nothing for somebody who is alone."""

    text: str = ""
    colour: Colour = INK


def label_people(people: LiftedPeople) -> list[Label]:
    """Return a label for each; each of several people has a colour, which their name has wherever it is written."""
    if len(people) == 1:
        return [Label()]
    return [Label(f"person {person.id}", _COLOURS[at % len(_COLOURS)]) for at, person in enumerate(people)]


@dataclass(frozen=True)
class Subject:
    """What a panel shows: somebody from a side."""

    person: Person[Pose2D, Pose3D]
    side: Side
    label: Label

    @property
    def title(self) -> str:
        """What to write above."""
        return self.label.text or self.side.title


def choose_subjects(people: LiftedPeople, most: int) -> list[Subject]:
    """Return both sides of one person, or the camera's view of each of up to ``most`` people."""
    labels = label_people(people)
    if len(people) == 1:
        return [Subject(people[0], side, labels[0]) for side in SIDES]
    return [Subject(person, SIDES[0], label) for person, label in zip(people[:most], labels, strict=False)]


def time_label(pose: Pose3D, number: int) -> str:
    """Return the words for the time of a frame.

    Example:
        >>> import numpy as np
        >>> from ampose.poses.skeletons import Skeleton
        >>> dots, dot = np.zeros((3, 1, 3)), Skeleton("dot", {"hip": None})
        >>> time_label(Pose3D(positions=dots, confidence=dots[..., 0], skeleton=dot, fps=10.0), 2)
        '0.20 s'
    """
    return f"image {number}" if pose.seconds is None else f"{pose.seconds[number]:.2f} s"


def as_drawn(people: LiftedPeople) -> list[Person[Pose2D, Pose3D]]:
    """Return people upright and about the root: each as large in a drawing wherever they go."""
    drawn = []
    for person in people:
        pose = upright(person.pose3d)
        if pose.frame_of_reference.origin != "root joint":
            pose = replace(pose, positions=pose.positions - pose.positions[:, pose.skeleton.root_index, None])
        drawn.append(replace(person, pose3d=pose))
    return drawn


def in_lifted_joints(people: LiftedPeople) -> list[Person[Pose2D, Pose3D]]:
    """Return the people with their keypoints in the joints of the 3D pose, as the lifter took them."""
    return [replace(person, pose2d=in_joints_of(person.pose2d, person.pose3d.skeleton)) for person in people]


def in_joints_of(pose: Pose2D, skeleton: Skeleton) -> Pose2D:
    """Return the pose in another skeleton's joints (the lifter saw those); as it is if no way is known."""
    try:
        mapping = find_mapping(pose.skeleton, skeleton)
    except InputError:
        return pose
    return Pose2D(
        keypoints=mapping.map_points(pose.keypoints),
        confidence=mapping.map_confidence(pose.confidence),
        skeleton=skeleton,
        image_size=pose.image_size,
        fps=pose.fps,
    )

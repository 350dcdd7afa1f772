"""Write people to files of several formats, and tell what each format leaves out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ampose.errors import InputError

if TYPE_CHECKING:
    from ampose.poses.people import Person


def check_names(paths: Sequence[Path], *, timed: bool) -> None:
    """Refuse files that cannot be written, before the work begins.

    Args:
        paths: The files to write.
        timed: Whether the poses have a frame rate.

    Raises:
        InputError: A suffix is unknown, a name is given twice, or a format needs a frame rate.
        MissingExtraError: A package is not installed.
    """
    from ampose.files.poses import check_writable

    for number, path in enumerate(paths):
        check_writable(path, timed=timed)
        if path in paths[:number]:
            raise InputError(f"{path} is named twice")


def write_files(
    paths: Sequence[Path], people: "Sequence[Person]", camera_tilt: float | None = None
) -> list[tuple[Path, str]]:
    """Write the people to each of the files; returns the files with what they left out.

    Args:
        paths: The files to write; a format that holds one person gets a file for each.
        people: In camera axes.
        camera_tilt: How far the camera looks down, in degrees: formats with an axis that points up are levelled by it.
            None: as the poses themselves say.
    """
    from ampose.files.poses import PARTS, losses, up_axis, write_each
    from ampose.processing.ground import upright

    written = []
    for path in paths:
        # That there are several people is never left out: each then has a file.
        lost = [words for words in losses(path, people) if words != PARTS["people"]]
        note = f"without {', '.join(lost)}" if lost else "everything"
        turned = people
        if up_axis(path):
            turned = [replace(person, pose3d=upright(person.pose3d, camera_tilt)) for person in people]
        written += [(file, note) for file in write_each(path, turned)]
    return written


def write_angle_files(
    paths: Sequence[Path], people: "Sequence[Person]", camera_tilt: float | None
) -> list[tuple[Path, str]]:
    """Write the joint angles of the people to each of the files; the tilt is taken out of the trunk's lean."""
    from ampose.files.poses import write_angles
    from ampose.poses.joint_angles import angle_names
    from ampose.processing.ground import upright

    levelled = [replace(person, pose3d=upright(person.pose3d, camera_tilt)) for person in people]
    for path in paths:
        write_angles(path, levelled)
    return [(path, f"{len(angle_names(people[0].pose3d.skeleton))} joint angles, in degrees") for path in paths]

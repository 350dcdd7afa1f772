"""Write people to several files, and say of each what it holds and what its format left out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ampose.errors import InputError

if TYPE_CHECKING:
    from ampose.poses.people import Person


def check_names(paths: Sequence[Path], *, timed: bool) -> None:
    """Refuse what cannot be written before the work begins.

    Args:
        paths: The files to write.
        timed: Whether the poses have a frame rate.

    Raises:
        InputError: A suffix is unknown, a folder is not there, a name is there twice, or a format needs a frame rate.
        MissingExtraError: A package is not installed.
    """
    from ampose.files.poses import carries, check_writable

    for number, path in enumerate(paths):
        check_writable(path)
        if path in paths[:number]:
            raise InputError(f"{path}: outputs must each have their own name, got this one twice")
        if not timed and "no_fps" not in carries(path):
            raise InputError(
                f"{path}: poses must have a frame rate for a {path.suffix} file, got pictures without one; "
                "give one (--fps), or afterwards: ampose convert FOLDER/poses.json ... --fps 30"
            )


def write_files(paths: Sequence[Path], people: "Sequence[Person]", camera_tilt: float | None) -> list[tuple[Path, str]]:
    """Write the people to each of the files; returns the files with what they left out.

    Args:
        paths: The files to write; a format that holds one person gets a file for each.
        people: In camera axes.
        camera_tilt: How far the camera looks down, in degrees: formats with an axis that points up are levelled by it.
            None: what the poses say themselves.
    """
    from ampose.files.poses import up_axis, write_each

    written = []
    for path in paths:
        turned = _levelled(people, camera_tilt) if up_axis(path) else people
        note = _left_out(path, people)
        written += [(file, note) for file in write_each(path, turned)]
    return written


def write_angle_files(
    paths: Sequence[Path], people: "Sequence[Person]", camera_tilt: float | None
) -> list[tuple[Path, str]]:
    """Write the joint angles of the people to each of the files; the tilt is taken out of the trunk's lean."""
    from ampose.files.poses import write_angles
    from ampose.processing.joint_angles import angle_names

    levelled = _levelled(people, camera_tilt)
    for path in paths:
        write_angles(path, levelled)
    return [(path, f"{len(angle_names(people[0].pose3d.skeleton))} joint angles, in degrees") for path in paths]


def _levelled(people: "Sequence[Person]", camera_tilt: float | None) -> "list[Person]":
    from ampose.processing.ground import upright

    return [replace(person, pose3d=upright(person.pose3d, camera_tilt)) for person in people]


def _left_out(path: Path, people: "Sequence[Person]") -> str:
    """Say it; that there are several people is not left out, for each then has a file."""
    from ampose.files.poses import PARTS, losses

    lost = [words for words in losses(path, people) if words != PARTS["people"]]
    return f"without {', '.join(lost)}" if lost else "everything"

"""Write people to files of several formats, and what a command then prints about the people and the files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from ampose.atomic import check_no_folders
from ampose.errors import InputError, printable

if TYPE_CHECKING:
    from ampose.poses.people import Person

Rows = list[tuple[str, str]]
"""A title, or nothing where the row belongs to the one above, and a text."""


@dataclass(frozen=True, kw_only=True)
class ForeignOptions:
    """Files of other programs."""

    unit: str | None = None
    """Unit of a BVH, C3D or TRC file that does not state it, or wrongly: mm, cm, m, in, ft or a number of metres. By
    default as the file says, or as the size of the body tells."""
    up: str | None = None
    """The axis that points up in such a file: y, z or x, or as in --up=-y. By default as the file says, or as people
    stand."""


AS_THE_FILE_SAYS = ForeignOptions()
Foreign = Annotated[tyro.conf.OmitArgPrefixes[ForeignOptions], tyro.conf.arg(name="Files of other programs", help="")]


def check_names(paths: Sequence[Path], *, timed: bool) -> None:
    """Refuse files that cannot be written, before the work begins.

    Args:
        paths: The files to write.
        timed: Whether the poses have a frame rate.

    Raises:
        InputError: A suffix is unknown, a name is given twice or is that of a folder, or a format needs a frame rate.
        MissingExtraError: A package is not installed.
    """
    from ampose.files.poses import check_writable

    check_no_folders(paths)
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
        files = write_each(path, turned)
        for number, file in enumerate(files):
            subject = people[number].pose3d.provenance.get("person") if len(files) > 1 else None
            written.append((file, f"{subject}: {note}" if subject else note))
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


def counted(number: int, noun: str, several: str = "") -> str:
    """Return so many of something in words; ``several`` is the plural where it is not made by an s."""
    return f"{number} {noun if number == 1 else several or noun + 's'}"


def file_rows(written: Sequence[tuple[Path, str]]) -> Rows:
    """Return a row for each file with what it is."""
    width = max(len(str(path)) for path, _ in written)
    return [("" if row else "files", f"{path!s:<{width}}  {what}") for row, (path, what) in enumerate(written)]


def as_text(rows: Rows) -> str:
    """Return rows as lines, their titles in a column of their own."""
    # Names of files and joints are in it: what a terminal would obey is escaped. Blanks that make columns are kept.
    safe = ((title, text if text.isprintable() else printable(text)) for title, text in rows)
    return "\n".join(f"{title:<8}{text}" for title, text in safe)

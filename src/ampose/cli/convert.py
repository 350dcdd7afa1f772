"""Convert a file of 3D poses to other formats, for other programs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from ampose.cli.arguments import call_with_arguments
from ampose.cli.pose_files import check_names, write_angle_files, write_files
from ampose.errors import InputError

if TYPE_CHECKING:
    from ampose.poses.people import Person


def run(args: Sequence[str]) -> None:
    """Run the command."""
    call_with_arguments(convert, "convert", args)


def convert(
    source: Annotated[Path, tyro.conf.arg(metavar="INPUT")],
    outputs: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="OUTPUT [OUTPUT ...]")],
    /,
    *,
    fps: float | None = None,
    camera_tilt: float | None = None,
    angles: bool = False,
) -> None:
    """Convert a file of 3D poses to other formats, which the names' endings tell.

    Prints what a format cannot carry. Several people get a file each (clip_0.trc, clip_1.trc) if a format holds one.
    Images: clip.mp4 and clip.gif move, sheet.png is a contact sheet, figure.pdf and figure.svg are for a paper.

    Args:
        source: A file with poses, such as poses.json.
        outputs: Files to write, such as clip.trc and clip.csv.
        fps: Frames per second, in place of the input's own; single images have none.
        camera_tilt: How far the camera looks down, in degrees; by default as given to lift. Formats with a vertical
            axis, drawings and angles are levelled by it.
        angles: Write joint angles in degrees (knee, hip, elbow, shoulder, trunk lean) to the .csv files, not positions.
    """
    from ampose.files import poses as formats
    from ampose.poses.pose import check_fps

    check_fps(fps)
    if not outputs:
        raise InputError("there is no file to write; name one, such as clip.trc")
    check_names(outputs, timed=True)
    _check_angles(outputs, angles)
    for output in outputs:
        _check_place(output, source)
    people = formats.read(source)
    if not people:
        raise InputError(f"{source} holds nobody")
    people = people if fps is None else [_at(person, fps) for person in people]
    check_names(outputs, timed=people[0].pose3d.seconds is not None)
    write = write_angle_files if angles else write_files
    written = write(outputs, people, camera_tilt)
    print(_summary(source, people, written))


def _check_angles(outputs: Sequence[Path], angles: bool) -> None:
    others = [output for output in outputs if output.suffix.lower() != ".csv"]
    if angles and others:
        raise InputError(f"{others[0]}: angles are written to .csv files only; rename it", field="angles")


def _check_place(output: Path, source: Path) -> None:
    if output.resolve() == source.resolve():
        raise InputError(f"{output} is the input itself; name another file")
    if not output.parent.is_dir():
        raise InputError(f"{output}: there is no folder {output.parent}; make it first")


def _at(person: "Person", fps: float) -> "Person":
    pose2d = None if person.pose2d is None else replace(person.pose2d, fps=fps, times=None)
    return replace(person, pose3d=replace(person.pose3d, fps=fps, times=None), pose2d=pose2d)


def _summary(source: Path, people: "Sequence[Person]", written: Sequence[tuple[Path, str]]) -> str:
    pose = people[0].pose3d
    count = f"{len(people)} {'person' if len(people) == 1 else 'people'}"
    rate = f", {pose.fps:.4g} frames a second" if pose.fps else ""
    rows = [("input", f"{source}: {count}, {len(pose)} frame{'' if len(pose) == 1 else 's'}{rate}")]
    width = max(len(str(path)) for path, _ in written)
    rows += [("" if row else "files", f"{path!s:<{width}}  {what}") for row, (path, what) in enumerate(written)]
    return "\n".join(f"{title:<8}{text}" for title, text in rows)

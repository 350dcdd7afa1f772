"""Convert a file of 3D poses to other formats, for other programs."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import tyro

from ampose.cli.pose_files import (
    AS_THE_FILE_SAYS,
    Foreign,
    as_text,
    check_names,
    counted,
    file_rows,
    write_angle_files,
    write_files,
)
from ampose.errors import InputError


def run(
    source: Annotated[Path, tyro.conf.arg(metavar="INPUT")],
    outputs: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="OUTPUT [OUTPUT ...]")],
    /,
    *,
    fps: float | None = None,
    camera_tilt: float | None = None,
    angles: bool = False,
    foreign: Foreign = AS_THE_FILE_SAYS,
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
        foreign: What an input of another program does not say.
    """
    from ampose.files import poses as formats
    from ampose.poses.pose import check_fps

    check_fps(fps)
    if not outputs:
        raise InputError("there is no file to write; name one, such as clip.trc")
    check_names(outputs, timed=True)
    for output in outputs:
        if angles and output.suffix.lower() != ".csv":
            raise InputError(f"{output}: angles are written to .csv files only; rename it", field="angles")
        if output.resolve() == source.resolve():
            raise InputError(f"{output} is the input itself; name another file")
        if not output.parent.is_dir():
            raise InputError(f"{output}: there is no folder {output.parent}; make it first")
    people = formats.read(source, unit=foreign.unit, up=foreign.up)
    if not people:
        raise InputError(f"{source} holds nobody")
    if fps is not None:
        people = [
            replace(
                person,
                pose2d=None if person.pose2d is None else replace(person.pose2d, fps=fps, times=None),
                pose3d=replace(person.pose3d, fps=fps, times=None),
            )
            for person in people
        ]
    check_names(outputs, timed=people[0].pose3d.seconds is not None)
    write = write_angle_files if angles else write_files
    written = write(outputs, people, camera_tilt)
    pose = people[0].pose3d
    count = f"{counted(len(people), 'person', 'people')}, {counted(len(pose), 'frame')}"
    rate = f", {pose.fps:.4g} frames a second" if pose.fps else ""
    print(as_text([("input", f"{source}: {count}{rate}"), *file_rows(written)]))

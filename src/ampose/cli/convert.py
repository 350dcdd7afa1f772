"""Convert a file of 3D poses to other formats, or one of 2D keypoints to a table for lifting in bulk."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from ampose.cli.pipes import PIPE, file_of, to_stdout
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
from ampose.errors import InputError, no_such_path
from ampose.pipeline.lift_options import ImageSize

if TYPE_CHECKING:
    from ampose.poses.people import Person

_TABLE = ".keypoints.parquet"
_OF_KEYPOINTS = ("format", "skeleton", "image_size")
"""Options of keypoint files alone."""


@dataclass(frozen=True, kw_only=True)
class ConvertOptions:
    """Conversion."""

    fps: float | None = None
    """Frames per second, in place of the input's own; single images have none."""
    camera_tilt: float | None = None
    """How far the camera looks down, in degrees; by default as given to lift. Formats with a vertical axis, drawings
    and angles are levelled by it."""
    angles: bool = False
    """Write joint angles in degrees (knee, hip, elbow, shoulder, trunk lean) to the .csv files, not positions."""
    to: Literal["json", "csv"] = "json"
    """Format of standard output, where an output is a dash (-)."""
    format: str | None = None
    """Format of a keypoint file; detected from its content by default."""
    skeleton: str | None = None
    """Skeleton of a keypoint file, by name or as a TOML file; inferred from its keypoints by default."""
    image_size: ImageSize | None = None
    """Size of the images of a keypoint file in pixels, as in 1920x1080, if it does not store it."""
    video: str | None = None
    """Which video, if a keypoint file covers several; or which clip of a table that ampose bulk lifted."""


DEFAULT_OPTIONS = ConvertOptions()


def run(
    source: Annotated[Path, tyro.conf.arg(metavar="INPUT")],
    outputs: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="OUTPUT [OUTPUT ...]")],
    /,
    *,
    options: ConvertOptions = DEFAULT_OPTIONS,
    foreign: Foreign = AS_THE_FILE_SAYS,
) -> None:
    """Convert a file of 3D poses to other formats, which the names' endings tell.

    A name that ends in .keypoints.parquet is that of a table of 2D keypoints, for ampose bulk: the input is then a
    keypoint file of any known format.

    Prints what a format cannot carry. Several people get a file each (clip_0.trc, clip_1.trc) if a format holds one.
    Images: clip.mp4 and clip.gif move, sheet.png is a contact sheet, figure.pdf and figure.svg are for a paper.

    Args:
        source: A file with poses, such as poses.json, or the output of ampose bulk; or - for JSON or CSV from standard
            input.
        outputs: Files to write, such as clip.trc and clip.csv; or - for standard output.
        options: How to convert.
        foreign: What an input of another program does not say.
    """
    from ampose.poses.pose import check_fps

    check_fps(options.fps)
    if not outputs:
        raise InputError("there is no file to write; name one, such as clip.trc")
    if any(output.name.lower().endswith(_TABLE) for output in outputs):
        _write_table(source, outputs, options)
        return
    for name in _OF_KEYPOINTS:
        if getattr(options, name) is not None:
            raise InputError(f"{name.replace('_', ' ')} is for files of 2D keypoints; leave it out", field=name)
    with ExitStack() as stack:
        # A file for what goes to standard output, which is whole before any of it is written.
        files = [stack.enter_context(to_stdout(f".{options.to}")) if output == PIPE else output for output in outputs]
        check_names(files, timed=True)
        _check_outputs(files, source, angles=options.angles)
        with file_of(source) as path:
            people = _read(path, options.video, foreign)
        if not people:
            raise InputError(f"{source} holds nobody")
        if options.fps is not None:
            people = [_at_rate(person, options.fps) for person in people]
        check_names(files, timed=people[0].pose3d.seconds is not None)
        write = write_angle_files if options.angles else write_files
        written = [
            (PIPE if file.stem == "stdout" and PIPE in outputs else file, what)
            for file, what in write(files, people, options.camera_tilt)
        ]
        pose = people[0].pose3d
        count = f"{counted(len(people), 'person', 'people')}, {counted(len(pose), 'frame')}"
        rate = f", {pose.fps:.4g} frames a second" if pose.fps else ""
        text = as_text([("input", f"{source}: {count}{rate}"), *file_rows(written)])
        print(text, file=sys.stderr if PIPE in outputs else sys.stdout)


def _read(source: Path, clip: str | None, foreign: Foreign) -> "list[Person]":
    """Read a file of poses; or a clip of a table of poses, which may be a folder."""
    if clip is None and not source.is_dir():
        from ampose.files import poses as formats

        return formats.read(source, unit=foreign.unit, up=foreign.up)
    from ampose.files.tables.pose_table import read_pose_table

    if not source.exists():
        raise no_such_path(source, "a table of poses")
    if source.is_file() and source.suffix.lower() != ".parquet":
        raise InputError("video is for files of 2D keypoints and tables of ampose bulk; leave it out", field="video")
    return read_pose_table(source, clip)


def _check_outputs(outputs: Sequence[Path], source: Path, *, angles: bool) -> None:
    for output in outputs:
        if angles and output.suffix.lower() != ".csv":
            raise InputError(f"{output}: angles are written to .csv files only; rename it", field="angles")
        if output.resolve() == source.resolve():
            raise InputError(f"{output} is the input itself; name another file")
        if not output.parent.is_dir():
            raise InputError(f"{output}: there is no folder {output.parent}; make it first")


def _at_rate(person: "Person", fps: float) -> "Person":
    """Return the person at another frame rate; the clip begins when it did."""
    from ampose.poses.timing import times_from

    pose2d, pose3d = person.pose2d, person.pose3d
    start = 0.0 if pose3d.seconds is None else float(pose3d.seconds[0])
    times = times_from(start, len(pose3d), fps)
    return replace(
        person,
        pose2d=None if pose2d is None else replace(pose2d, fps=fps, times=times),
        pose3d=replace(pose3d, fps=fps, times=times),
    )


def _write_table(source: Path, outputs: Sequence[Path], options: ConvertOptions) -> None:
    """Write a keypoint file to a table of keypoints."""
    from ampose.files.keypoints import read_detections
    from ampose.files.tables.detection_table import write_detection_table
    from ampose.packages import require

    if len(outputs) > 1:
        raise InputError(f"{outputs[0]}: a table of keypoints must be the only output, got {len(outputs)}")
    require("pyarrow", extra="tables", purpose="a table of keypoints")
    _check_outputs(outputs, source, angles=options.angles)
    stated = {name: getattr(options, name) for name in ("fps", "video", *_OF_KEYPOINTS)}
    file = read_detections(source, **stated)
    rows = write_detection_table(outputs[0], file, source.name.removesuffix(source.suffix))
    about = f"{counted(rows, 'row')} of {counted(len(file.frames), 'frame')}, joints of {file.skeleton.name}"
    print(as_text([("input", str(source)), ("table", f"{outputs[0]}: {about}")]))

"""Lift one input: a video, a picture, a folder of pictures or a keypoint file. Used by ``ampose lift``."""

import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ampose.cli._lift_how import describe_camera, pictured_field_of_view, read_how
from ampose.cli._lift_options import Settings
from ampose.cli._writing import check_names, write_files
from ampose.cli.progress import progress
from ampose.errors import InputError
from ampose.packages import require

if TYPE_CHECKING:
    from ampose.lifting.lifter import Lifter
    from ampose.media import Frame, Media
    from ampose.media.sampled import Sampled
    from ampose.pipeline.video import DetectedPeople, Lifted, Lifting
    from ampose.poses.boxes import Box
    from ampose.poses.people import Person
    from ampose.poses.pose import Pose2D, Pose3D


_ALWAYS = {"json": "everything, for any program", "npz": "the same as NumPy arrays"}
"""The formats that are always written, and what they are."""


@dataclass(frozen=True)
class Done:
    """What came of it.

    Args:
        media: What was lifted.
        lifted: The people.
        shown: Who is seen for longest.
        camera: Which was taken, and who said so.
        files: Each file with what it is.
        writing: Seconds for writing and drawing.
    """

    media: "Media"
    lifted: "Lifted"
    shown: "Person[Pose2D, Pose3D]"
    camera: str
    files: list[tuple[Path, str]]
    writing: float


def lift_one(source: Path, folder: Path, settings: Settings) -> Done:
    """Lift the people in one input and write the files.

    Raises:
        InputError: Something is wrong with the input, a setting or the folder; nothing was written.
        MissingExtraError: A package is not installed.
    """
    from ampose.lifting.lifter import load_model

    check_folder(folder, source)
    more = more_files(folder, settings.writing.to)
    person = _read_person(settings)
    read_how(settings, (1, 1))  # refuse a wrong setting before a file is read
    media, seen = _open(source, settings)
    pictured = pictured_field_of_view(source, settings.filming, seen)
    how = read_how(settings, media.image_size, pictured)
    preview = settings.writing.preview and media.num_frames != 1
    _check_packages(preview=preview)
    check_names(more, timed=media.fps is not None)
    lifter = load_model(settings.finding.model, engine=settings.finding.engine, precision=settings.finding.precision)
    lifted = _lift(media, seen, lifter, settings, how, person)
    start = time.perf_counter()
    shown = max(lifted.people, key=lambda one: (~one.pose3d.missing).sum())
    files = _write(folder, lifted, more, settings)
    files += _draw(folder, media, lifted, shown, settings, preview=preview)
    camera = describe_camera(settings.filming, pictured, of_file=seen is not None)
    return Done(media, lifted, shown, camera, files, time.perf_counter() - start)


def check_folder(folder: Path, source: Path) -> None:
    """Refuse a place that cannot be written to before the work begins; leaves nothing behind."""
    if folder.resolve() == source.resolve():
        raise InputError(f"{folder}: output must be another folder than the input; name one with -o")
    if source.resolve() in ((folder / f"poses.{suffix}").resolve() for suffix in _ALWAYS):
        raise InputError(f"{source}: must not be overwritten by what is lifted from it; name another folder with -o")
    there = folder
    while not there.exists() and not there.is_symlink():
        there = there.parent
    try:
        if not there.is_dir():
            raise NotADirectoryError(None, f"{there} is not a folder")
        with tempfile.TemporaryDirectory(dir=there, prefix=".ampose-"):
            pass
    except OSError as error:
        raise InputError(
            f"{folder}: output must be a folder to write to, got: {error.strerror}; name another with -o"
        ) from error


def more_files(folder: Path, to: str) -> list[Path]:
    """Return a file for each of the formats in ``to`` that is not written anyway."""
    from ampose.files.poses import suffixes

    names = [name.strip().lower().removeprefix(".") for name in to.split(",") if name.strip()]
    known = [suffix.removeprefix(".") for suffix in suffixes("writes")]
    for name in names:
        if name not in known:
            raise InputError(f"--to must name formats with commas between, of {', '.join(known)}; got {name!r}")
    return [folder / f"poses.{name}" for name in dict.fromkeys(names) if name not in _ALWAYS]


def read_options(pairs: tuple[str, ...]) -> dict[str, str]:
    """Read ``name=value`` options of a detector."""
    for pair in pairs:
        if "=" not in pair.strip("="):
            raise InputError(f"--detector-option must be name=value, got {pair!r}")
    return dict(pair.split("=", maxsplit=1) for pair in pairs)


def _read_person(settings: Settings) -> "str | Box":
    from ampose.processing.person_selection import read_box

    if settings.finding.box is None:
        return settings.finding.person
    if settings.finding.person != "all":
        raise InputError("--person and --box must not be given together, got both; take one")
    return read_box(settings.finding.box)


def _open(source: Path, settings: Settings) -> "tuple[Sampled, DetectedPeople | None]":
    """Open the input; of a keypoint file the people come along."""
    from ampose.files.keypoints import is_keypoint_file, read_keypoints
    from ampose.media import open_media
    from ampose.media.blank import Blank
    from ampose.media.sampled import Sampled
    from ampose.pipeline.video import DetectedPeople

    said = settings.keypoints
    if said.format is None and not is_keypoint_file(source):
        for name, value in (("skeleton", said.skeleton), ("image-size", said.image_size), ("video", said.video)):
            if value is not None:
                raise InputError(f"--{name} must be given with a keypoint file only, got {source}; leave it out")
        media = open_media(source)
        _set_rate(media, said.fps)
        return Sampled(media), None
    people = read_keypoints(
        source,
        format=said.format,
        skeleton=said.skeleton,
        image_size=_read_size(said.image_size),
        fps=said.fps,
        video=said.video,
    )
    pose = people[0].pose2d
    return Sampled(Blank(source, pose.image_size, pose.fps, len(pose))), DetectedPeople(tuple(people))


def _set_rate(media: "Media", fps: float | None) -> None:
    """Make a video of a folder of pictures."""
    from ampose.media.images import Pictures
    from ampose.poses.pose import check_fps

    if fps is None:
        return
    if not isinstance(media, Pictures):
        raise InputError(f"--fps must be given with keypoints or pictures only, got {media.path}, which has its own")
    check_fps(fps, "--fps")
    media.fps = fps


def _read_size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise InputError(f"--image-size must be width x height in pixels, as in 1920x1080; got {text!r}")
    return int(width), int(height)


def _check_packages(*, preview: bool) -> None:
    require("matplotlib", extra="view", purpose="drawing the result")
    require("PIL", *(["av"] if preview else []), extra="video", purpose="drawing the result")


def _lift(
    media: "Media",
    seen: "DetectedPeople | None",
    lifter: "Lifter",
    settings: Settings,
    how: "Lifting",
    person: "str | Box",
) -> "Lifted":
    from ampose.pipeline.video import lift_media, lift_people, open_detector

    if seen is not None:
        return lift_people(seen, lifter, person=person, how=how)
    options = read_options(settings.finding.detector_option)
    with (
        open_detector(settings.finding.detector, media, person, options) as detector,
        progress("finding people") as report,
    ):
        return lift_media(media, lifter, detector, person=person, how=how, report=report)


def _write(folder: Path, lifted: "Lifted", more: list[Path], settings: Settings) -> list[tuple[Path, str]]:
    """Write the poses; returns each file with what it is."""
    from ampose.files.poses import write

    folder.mkdir(parents=True, exist_ok=True)
    always = [(folder / f"poses.{suffix}", what) for suffix, what in _ALWAYS.items()]
    for file, _ in always:
        write(file, lifted.people)
    return [
        *always,
        *write_files(more, lifted.people, settings.filming.camera_tilt),
    ]


def _draw(
    folder: Path,
    media: "Sampled",
    lifted: "Lifted",
    shown: "Person[Pose2D, Pose3D]",
    settings: Settings,
    *,
    preview: bool,
) -> list[tuple[Path, str]]:
    """Draw the pictures; returns each file with what it is."""
    from ampose.drawing import choose_frames, write_overview, write_preview

    people = [_shown(person, settings) for person in lifted.people]
    files = [(folder / "overview.png", "frames beside their 3D pose")]
    if preview:
        with progress("drawing the preview") as report:
            write_preview(folder / "preview.mp4", media, people, report=report)
        files.append((folder / "preview.mp4", "the video beside its 3D pose"))
    kept = {number: media.kept[number] for number in choose_frames(_only(shown.pose3d, media.kept))}
    kept = kept or _look_again(media, choose_frames(shown.pose3d))
    title = f"{media.path.name} in 3D, by {shown.pose3d.provenance['model']}"
    write_overview(folder / "overview.png", kept, people, title=title)
    return files


def _shown(person: "Person[Pose2D, Pose3D]", settings: Settings) -> "Person[Pose2D, Pose3D]":
    """Return somebody as they are drawn: about the root, and upright."""
    from ampose.processing.ground import upright

    return replace(person, pose3d=_about_the_root(upright(person.pose3d, settings.filming.camera_tilt)))


def _about_the_root(pose: "Pose3D") -> "Pose3D":
    """Return the pose with its origin at the root, large in the picture wherever the person goes."""
    if pose.frame_of_reference.origin == "root joint":
        return pose
    root = pose.positions[:, pose.skeleton.root_index, None]
    return replace(pose, positions=pose.positions - root)


def _only(pose: "Pose3D", frames: Collection[int]) -> "Pose3D":
    """Return the pose with these frames alone; the others are missing."""
    there = np.isin(np.arange(len(pose)), list(frames))
    return replace(pose, positions=np.where(there[:, None, None], pose.positions, np.nan))


def _look_again(media: "Media", numbers: list[int]) -> "dict[int, Frame]":
    """Read the frames once more: somebody was seen so briefly that no frame of theirs was kept."""
    return {number: frame for number, frame in enumerate(media) if number in numbers}

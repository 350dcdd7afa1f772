"""From a keypoint file of any known layout to people over time."""

import logging
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

from ampose.errors import InputError, MissingExtraError, printable, reading
from ampose.files.keypoints.content import NO_KEYPOINTS, SUFFIXES, Content, some
from ampose.files.keypoints.identities import with_ids
from ampose.files.keypoints.nearest import no_known_format
from ampose.files.keypoints.reader import KeypointReader, PeopleFile, ReaderFacts, ReaderOptions, readers
from ampose.poses.people import Detection, Person, people_over_time
from ampose.poses.pose import Pose2D, check_fps
from ampose.poses.skeletons import Skeleton, get_skeleton
from ampose.poses.timing import times_from
from ampose.registry import Entry

_LOG = logging.getLogger(__name__)

ReaderEntry = Entry[type[KeypointReader], ReaderFacts]


class StatedOptions(TypedDict, total=False):
    """What a user may state of a keypoint file; None is as good as nothing."""

    skeleton: str | Skeleton | None
    """Of the points in the file, by name or of your own; by default by their number or names."""
    image_size: tuple[int, int] | None
    """(width, height) in pixels; needed where the file does not say it."""
    fps: float | None
    """Frames per second; by default what the file says, or else single images."""
    video: str | None
    """Which one, in a file of several videos."""
    min_score: float | None
    """Detections with a lower score are left out, by the scores in the file."""


def is_keypoint_file(path: str | Path) -> bool:
    """Tell whether this should be read as keypoints, and not as images or video: by names, where they tell.

    Args:
        path: A file, or a folder: one with files of keypoints and no others, or beside images those in a known format.

    Example:
        >>> is_keypoint_file("clip.json"), is_keypoint_file("clip.mp4")
        (True, False)
    """
    path = Path(path)
    if not path.is_dir():
        return path.suffix.lower() in SUFFIXES
    keypoints, others = _suffixes(path)
    if not keypoints or not others:
        return bool(keypoints)
    # Images or videos as well: those that the keypoints are drawn into, or a text beside what is to be lifted?
    try:
        return bool(_recognise(_content(path)))
    except (InputError, MissingExtraError):
        return False


def _suffixes(folder: Path) -> tuple[Counter[str], Counter[str]]:
    """Count the files of a folder by their suffixes: those that hold keypoints, and the others."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_file()]
    counts = Counter(Path(name).suffix.lower() for name in names if name.lower() not in NO_KEYPOINTS)
    keypoints = Counter({suffix: count for suffix, count in counts.items() if suffix in SUFFIXES})
    return keypoints, counts - keypoints


def _content(path: Path) -> Content:
    """Return what is at a path; the only keypoint file of a folder is that file."""
    if path.is_dir():
        files = [file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")]
        files = [file for file in files if file.name.lower() not in NO_KEYPOINTS]
        first = [file for file in files if file.suffix.lower() == ".json"] or files
        if len(first) == 1 and first[0].is_file():
            return Content(first[0])
    return Content(path)


def read_keypoints(
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002 - the word that users know
    **stated: Unpack[StatedOptions],
) -> list[Person[Pose2D, None]]:
    """Read the people in a keypoint file, or in a folder with a file for each frame.

    Args:
        path: The file or the folder.
        format: One of ``readers.names()``; None: by what is in the file.
        stated: What the file does not say, as in ``image_size=(1920, 1080), fps=30``: see ``StatedOptions``.

    Returns:
        The people, each with all frames. Frames in which somebody is not there are NaN, and so are joints that were
        not found. Ids are the file's own where it has any, and otherwise people are followed from frame to frame.

    Raises:
        InputError: There is no such file, it has no known layout, it is damaged, there is nobody in it, or something
            that it does not say was left out.
        MissingExtraError: A package that the format needs is not installed.

    Example:
        >>> import json, tempfile
        >>> file = Path(tempfile.mkdtemp()) / "results.json"
        >>> person = {"image_id": 1, "category_id": 1, "keypoints": [100.0, 50.0, 0.9] * 17, "score": 0.9}
        >>> _ = file.write_text(json.dumps([person]))
        >>> [person.pose2d.keypoints.shape for person in read_keypoints(file, image_size=(640, 480))]
        [(1, 17, 2)]
    """
    content, entry, options = _open(path, format, stated)
    with reading(content.path, "a keypoint file"):
        return _people(_read(entry, content, options), entry, content)


def read_detections(
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002 - the word that users know
    **stated: Unpack[StatedOptions],
) -> PeopleFile:
    """Read who is in each frame of a keypoint file or folder, without following anybody over time.

    The arguments and errors are those of ``read_keypoints``.

    Returns:
        The frames, with the size of the images or of each, and the frame rate if it is known.
    """
    content, entry, options = _open(path, format, stated, table=True)
    with reading(content.path, "a keypoint file"):
        return _read(entry, content, options)


def _open(
    path: str | Path, name: str | None, stated: StatedOptions, *, table: bool = False
) -> tuple[Content, ReaderEntry, ReaderOptions]:
    """Return what reads a file, and what is stated of it; a table needs no order of the frames."""
    check_fps(stated.get("fps"))
    content = _content(Path(path))
    given: dict[str, Any] = dict(stated)
    if given.get("skeleton") is not None:
        given["skeleton"] = get_skeleton(given["skeleton"])
    # In a folder names of several videos are a mistake; in a file, and for a table, images may be of any.
    single = stated.get("fps") is None and (table or content.kind != "folder")
    options = ReaderOptions(**given, images=single)
    entry = readers.get(name) if name else _recognise(content)
    if options.video is not None and not entry.facts.videos:
        raise InputError(f"{content.path}: video must be named for files of several videos only, got {options.video!r}")
    if Path(path).is_dir():
        _say_what_is_read(Path(path))
    return content, entry, options


def _say_what_is_read(folder: Path) -> None:
    keypoints, others = _suffixes(folder)
    if others:
        there, beside = (
            " and ".join(f"{count} {suffix or 'other'}" for suffix, count in files.items())
            for files in (keypoints, others)
        )
        _LOG.warning("%s: the keypoint files are read (%s), not the files beside them (%s)", folder, there, beside)


def recognise(path: str | Path) -> str:
    """Return the name of the format of a keypoint file or folder, by what is in it.

    Raises:
        InputError: There is no such file, or it has no known layout.
    """
    return _recognise(_content(Path(path))).name


def _recognise(content: Content) -> ReaderEntry:
    with reading(content.path, "a keypoint file"):
        empty = content.kind in ("json", "text") and not (content.json or content.rows)
    if empty:
        raise InputError(f"{content.path}: must hold a person, but it is empty")
    with reading(content.path, "a keypoint file"):
        fitting = [entry for entry in readers.entries() if entry.target().fits(content)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = " and ".join(entry.name for entry in fitting)
        raise InputError(f"{content.path}: must be of one known format, but fits {names}; name the one (format)")
    with reading(content.path, "a keypoint file"):
        if (
            content.kind == "folder"
            and content.first
            and any(one.target().fits(content.first) for one in readers.entries())
        ):
            names = some([file.path.name for file in content.frames.values()])
            raise InputError(f"must hold a file for each frame, got {names} with all frames each; name one of them")
        raise InputError(no_known_format(content))


def _read(entry: ReaderEntry, content: Content, options: ReaderOptions) -> PeopleFile:
    """Read the file, and see that there is somebody in it."""
    with reading(content.path, f"a whole file of the format {entry.name} ({entry.facts.looks_for})"):
        file = entry.target().read(content, options)
    if all(person.missing for frame in file.frames for person in frame):
        raise InputError(
            f"must hold a person, but there is nobody in {len(file.frames)} frame{'s' * (len(file.frames) != 1)}; use "
            "one in which somebody was found"
        )
    for note in file.notes:
        _LOG.warning("%s: %s", content.path, note)
    if options.fps is not None and file.times is not None:
        file = replace(file, times=times_from(float(file.times[0]), len(file.times), options.fps))
    file, size = replace(file, fps=options.fps or file.fps), options.image_size or file.image_size
    if file.frame_sizes is not None and options.image_size is None:
        return file
    if size is None:
        raise InputError(
            f"the format {entry.name} does not hold the image size; give it, width and height in pixels",
            field="image_size",
        )
    if file.frame_sizes is not None or file.image_size not in (None, tuple(size)):
        own = file.image_size or "of each image"
        raise InputError(f"image size must be the file's own, {own}, got {size}; leave it out", field="image_size")
    return replace(file, image_size=(int(size[0]), int(size[1])))


def _people(file: PeopleFile, entry: ReaderEntry, content: Content) -> list[Person[Pose2D, None]]:
    if file.image_size is None:  # ``_read`` refuses a file without any
        sizes = sorted({size for size in file.frame_sizes or () if size})
        shown = ", ".join(f"{width}x{height}" for width, height in sizes[:3])
        raise InputError(
            f"images must have one size for people over time, got {len(sizes)} ({shown}); split the file by size, or "
            "convert it to a table (.keypoints.parquet) and lift that in bulk"
        )
    frames: Sequence[Sequence[Detection]] = [[one for one in people if not one.missing] for people in file.frames]
    frames, note = with_ids(frames, fps=file.fps, times=file.times)
    if note:
        _LOG.warning("%s: %s", content.path, note)
    provenance = {
        "source": printable(content.path.name),
        "format": entry.name,
        "first_frame": file.frame_names[0],
        "focal_px": None if file.focal_px is None else f"{file.focal_px:.1f}",
        "camera_tilt": None if file.camera_tilt is None else f"{file.camera_tilt:g}",
    }
    people = people_over_time(
        frames,
        skeleton=file.skeleton,
        image_size=file.image_size,
        fps=file.fps,
        times=file.times,
        provenance={name: value for name, value in provenance.items() if value is not None},
    )
    return [
        replace(person, pose2d=replace(person.pose2d, focal_px=file.focal_px, camera_tilt=file.camera_tilt))
        for person in people
    ]

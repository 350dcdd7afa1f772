"""The journey in the wild, top to bottom: a source, people in 2D, people in 3D.

Frames are streamed: what stays in memory is the keypoints. The command line and Python call the same ``lift_video``.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ampose import Progress
from ampose.detectors import Detector, create_detector, detector_options, detectors
from ampose.errors import InputError, no_such_path, printable
from ampose.files.keypoints import is_keypoint_file, read_keypoints
from ampose.files.not_read import check_is_read
from ampose.files.poses import suffixes
from ampose.lifting import LEAST_JOINTS
from ampose.lifting.lifter import Lifter
from ampose.media import Media, exif, open_media
from ampose.media.ahead import ahead
from ampose.media.cuts import Changes, find_cuts
from ampose.media.images import Blank, Images, is_image
from ampose.pipeline.lift_options import DEFAULT_OPTIONS, LiftOptions
from ampose.pipeline.progress import progress as progress_bar
from ampose.poses import dataframes
from ampose.poses.camera import Intrinsics, field_of_view
from ampose.poses.people import Detection, Person, people_over_time
from ampose.poses.pose import Pose2D, Pose3D, check_fps
from ampose.poses.skeletons import find_mapping
from ampose.processing.bone_lengths import constant_bone_lengths
from ampose.processing.ground import find_floor, floor_from_tilt, on_floor
from ampose.processing.left_right import fix_left_right_swaps
from ampose.processing.person_selection import select_people
from ampose.processing.placement import place
from ampose.processing.smoothing import smooth
from ampose.processing.tracking import how_long_to_keep, track

if TYPE_CHECKING:
    import pandas
    import xarray
    from PIL.Image import Image

_LOG = logging.getLogger(__name__)

_MOSTLY = 0.8
"""Of the times of a video so many must rise from frame to frame; else they say nothing."""

_UNEVEN = 0.5
"""By how many frames a frame's time may differ from an even rate before the times are kept one by one."""


@dataclass(frozen=True)
class LiftSource:
    """An opened input.

    Args:
        media: The frames; white ones of a keypoint file.
        camera: The camera, as it is known or assumed.
        camera_origin: Who says so: ``options``, ``EXIF data``, ``keypoint file`` or ``assumed``.
        people: The people in a keypoint file; None where they have to be detected.
    """

    media: Media
    camera: Intrinsics
    camera_origin: str
    people: tuple[Person[Pose2D, None], ...] | None = None


@dataclass(frozen=True)
class LiftResult:
    """What became of a video, an image, a folder of images or a keypoint file.

    Args:
        source: The input, with the camera that was used.
        people: Those who were selected, by id; all with all frames. Frames in which somebody was not found are NaN.
        others: Ids of the people who were found but not selected.
        seconds: How long was waited for frames, and how long detecting and lifting took.
        cuts: Frames of a video with which another shot begins: nothing is smoothed over them.
    """

    source: LiftSource
    people: tuple[Person[Pose2D, Pose3D], ...]
    others: tuple[int, ...]
    seconds: dict[str, float]
    cuts: tuple[int, ...] = ()

    @property
    def num_frames(self) -> int:
        """Frames in all."""
        return len(self.people[0].pose2d)

    def to_dataframe(self) -> "pandas.DataFrame":
        """Return a tidy table of everybody, a row for each joint of each frame: see ``ampose.poses.dataframes``."""
        return dataframes.to_dataframe({person.id: person.pose3d for person in self.people})

    def to_xarray(self) -> "xarray.Dataset":
        """Return a dataset of everybody, as the package ``movement`` has them: see ``ampose.poses.dataframes``."""
        return dataframes.to_xarray({person.id: person.pose3d for person in self.people})

    def overview(self, frames: int = 4) -> "Image":
        """Return some frames, evenly spread, above their 3D poses: one image for a notebook or a file.

        Args:
            frames: How many.

        Raises:
            MissingExtraError: Matplotlib or Pillow is not installed.
        """
        from ampose.drawing import as_drawn, choose_frames, draw_overview  # noqa: PLC0415  # loads when it is asked for

        media = self.source.media
        numbers = choose_frames([person.pose3d for person in self.people], frames, at_hand=media.kept)
        chosen = {number: media.kept[number] for number in numbers if number in media.kept}
        if len(chosen) < len(numbers):  # somebody was visible so briefly that no frame of theirs was kept
            chosen = {number: frame for number, frame in enumerate(media) if number in numbers}
        title = f"{media.path.name} in 3D, by {self.people[0].pose3d.provenance['model']}"
        return draw_overview(chosen, as_drawn(self.people), title=title)

    def _repr_html_(self) -> str:
        """Show the people in motion in a notebook."""
        from ampose.drawing.notebook import show_inline  # noqa: PLC0415  # drawing loads when it is asked for

        return show_inline(self.people, self.source.media.path.name)


def lift_video(
    source: str | Path | Media | LiftSource,
    options: LiftOptions = DEFAULT_OPTIONS,
    *,
    lifter: Lifter | None = None,
    detector: Detector | None = None,
    progress: Progress | bool | None = None,
) -> LiftResult:
    """Find the people in a video, an image, a folder of images or a keypoint file, and lift them to 3D.

    Args:
        source: Its path, or what ``open_source`` returned.
        options: How.
        lifter: One that is loaded already, in place of the one that the options name.
        detector: One that is open already, in place of the one that the options name.
        progress: True for a bar, in a terminal or a notebook, or what to call after each frame.

    Raises:
        InputError: The source cannot be read, or nobody is found, or nobody who is selected.
        MissingExtraError: The package for the video or the detector is not installed.

    Example:
        >>> from ampose import LiftOptions, lift_video
        >>> result = lift_video("examples/balance_beam.mp4", LiftOptions(smooth="butterworth"))  # doctest: +SKIP
        >>> result.people[0].pose3d.positions.shape  # doctest: +SKIP
        (100, 17, 3)
    """
    if not isinstance(source, LiftSource):
        source = open_source(source, options)
    if lifter is None:
        lifter = options.load_lifter()
    if source.people is not None:
        everybody, cuts, seconds = source.people, tuple[int, ...](), {"reading": 0.0, "detecting": 0.0}
    else:
        with nullcontext(detector) if detector else open_detector(source.media, options) as opened:
            # A skeleton without a way to the lifter's is refused before the long work.
            find_mapping(opened.skeleton, lifter.skeleton)
            bar = progress_bar("detecting") if progress is True else nullcontext(progress or None)
            with bar as report:
                everybody, cuts, seconds = find_people(source.media, opened, report)
    selected = select_people(everybody, options.which)
    start = time.perf_counter()
    people = lift_people(selected, lifter, source.camera, options, cuts=cuts)
    seconds["lifting"] = time.perf_counter() - start
    ids = {person.id for person in selected}
    others = tuple(person.id for person in everybody if person.id not in ids)
    return LiftResult(source, tuple(people), others, seconds, cuts)


def open_source(source: str | Path | Media, options: LiftOptions) -> LiftSource:
    """Open a video, an image, a folder of images or a keypoint file.

    Args:
        source: A path, or media that are open already.
        options: The file's format, the camera... The user knows better than what a file says of the camera.

    Raises:
        InputError: There is no such file, it is none of these, it is damaged, or an option does not fit it.
        MissingExtraError: The package that reads it is not installed.
    """
    path = Path(source) if isinstance(source, str | Path) else source.path
    degrees, origin, people = None, "", None
    if not isinstance(source, str | Path):
        media = source
    elif options.format is not None or is_keypoint_file(path):
        _check_needs_no_detector(path, options)
        people = tuple(
            read_keypoints(
                path,
                format=options.format,
                skeleton=options.skeleton,
                image_size=options.image_size,
                fps=options.fps,
                video=options.video,
                min_score=options.min_score,
            )
        )
        pose = people[0].pose2d
        media = Blank(path, pose.image_size, pose.fps, len(pose))
        if pose.focal_px is not None:
            degrees, origin = field_of_view(pose.image_size, pose.focal_px), "keypoint file"
    else:
        media = _open_frames(path, options)
        if path.is_file() and is_image(path):
            degrees, origin = exif.field_of_view(path), "EXIF data"
    if options.focal is not None or options.field_of_view is not None:
        origin = "options"
    elif degrees is None:
        origin = "assumed"
    return LiftSource(media, options.camera(media.image_size, degrees), origin, people)


def _check_needs_no_detector(path: Path, options: LiftOptions) -> None:
    """Refuse options of detectors for a file in which people are found already."""
    for field in ("people", "detector", "detector_option"):
        if getattr(options, field) != getattr(DEFAULT_OPTIONS, field):
            words = "number of people" if field == "people" else field.replace("_", " ")
            raise InputError(f"{path}: holds keypoints, and so takes no {words}; leave it out", field=field)


def _open_frames(path: Path, options: LiftOptions) -> Media:
    """Open a video or images; refuse options that have no effect on them."""
    check_is_read(path)
    if not path.exists():
        raise no_such_path(path, "a video, an image, a folder of images or a keypoint file")
    if path.suffix.lower() in (".parquet", ".pq") and path.is_file():
        raise InputError(
            f"{path}: ampose bulk lifts tables of 2D keypoints; ampose convert and ampose view take those of 3D poses"
        )
    if path.suffix.lower() in suffixes("reads") and path.is_file():
        raise InputError(f"{path}: holds 3D poses already; ampose convert and ampose view take it")
    media = open_media(path)
    for field in ("skeleton", "image_size", "video", "min_score"):
        if getattr(options, field) is not None:
            kind = "a folder of images" if path.is_dir() else "an image" if is_image(path) else "a video"
            words = field.replace("_", " ")
            raise InputError(
                f"{path}: is {kind}, no keypoint file, and so takes no {words}; leave it out, or name the keypoints",
                field=field,
            )
    if options.fps is not None:
        check_fps(options.fps)
        if not isinstance(media, Images):
            raise InputError(f"{path} has a frame rate of its own; leave fps out", field="fps")
        media.fps = options.fps
    return media


def open_detector(media: Media, options: LiftOptions) -> Detector:
    """Create the detector for these media.

    Raises:
        InputError: There is no such detector, or it has no such option.
        MissingExtraError: Its package is not installed.
    """
    more = dict(options.detector_option)
    if options.people is not None:
        if "people" not in detector_options(options.detector):
            able = [name for name in detectors.names() if "people" in detector_options(name)]
            raise InputError(
                f"{options.detector} finds as many people as there are; leave people out, or use {' or '.join(able)}",
                field="people",
            )
        more["people"] = str(options.people)
    # Some detectors find a person better who is known to be there; any other is left to find everybody.
    if options.box is not None and "box" in detector_options(options.detector):
        more["box"] = ",".join(f"{side:g}" for side in options.box)
    return create_detector(options.detector, tracking=media.fps is not None, options=more)


def find_people(
    media: Media, detector: Detector, progress: Progress | None = None
) -> tuple[tuple[Person[Pose2D, None], ...], tuple[int, ...], dict[str, float]]:
    """Run the detector over all frames and track the people.

    The next frames are read while the detector looks at one.

    Args:
        media: The frames; each is read once, and memory holds a few at a time.
        detector: An open one; one that can be reset forgets whom it followed elsewhere.
        progress: Called after each frame.

    Returns:
        Everybody, by id; the frames with which another shot begins; and how many seconds went into waiting for frames,
        and into detecting.

    Raises:
        InputError: Nobody was found in any frame.
    """
    detections: list[Sequence[Detection]] = []
    changes, compared = list[float](), Changes()
    reading = detecting = 0.0
    getattr(detector, "reset", lambda: None)()
    start = time.perf_counter()
    for frame in ahead(iter(media)):
        read = time.perf_counter()
        # A black frame stands for a damaged one: nothing can be found there, and a tracking detector would lose people.
        lost = len(detections) in media.lost
        detections.append([] if lost else detector.detect(frame))
        changes.append(0.0 if lost else compared.step(frame))
        done = time.perf_counter()
        reading, detecting = reading + read - start, detecting + done - read
        if progress:
            count = len(detections)
            progress(count, media.num_frames if count <= (media.num_frames or 0) else None, "")
        start = time.perf_counter()
    count = len(detections)
    if progress and count != media.num_frames:
        progress(count, count, "")
    if not any(detections):
        raise InputError(
            f"{media.path}: {detector.name} found nobody in {count} frame{'s' * (count != 1)}; use one in which the "
            "person is larger and well lit, or give the box that the person is in",
            field="box",
        )
    times = _uneven_times(media)
    cuts = [] if media.fps is None else find_cuts(changes)
    keep_seconds = None if media.fps is None else how_long_to_keep(detections)
    people = people_over_time(
        track(detections, fps=media.fps, times=times, keep_seconds=keep_seconds, cuts=cuts),
        skeleton=detector.skeleton,
        image_size=media.image_size,
        fps=media.fps,
        times=times,
        provenance={"source": printable(media.path.name), "detector": detector.name},
    )
    return tuple(people), tuple(cuts), {"reading": reading, "detecting": detecting}


def _uneven_times(media: Media) -> Float[np.ndarray, " frame"] | None:
    """Return the time of each frame since the first, where an even rate would not do."""
    times = np.array(media.times)
    if media.fps is None or len(times) < 2:
        return None
    rising = np.flatnonzero(np.diff(np.maximum.accumulate(times), prepend=-np.inf) > 0)
    if len(rising) < _MOSTLY * len(times):
        return None
    # A time that does not rise lies between its neighbours, or as far behind the last as frames are apart.
    step, number = float(np.median(np.diff(times[rising]))), np.arange(len(times))
    times = np.interp(number, rising, times[rising]) + step * (number - rising[-1]).clip(0) - times[0]
    even = np.arange(len(times)) / media.fps
    return times if np.abs(times - even).max() > _UNEVEN / media.fps else None


def lift_people(
    people: Sequence[Person[Pose2D, None]],
    lifter: Lifter,
    camera: Intrinsics,
    options: LiftOptions,
    *,
    cuts: Sequence[int] = (),
) -> list[Person[Pose2D, Pose3D]]:
    """Lift people, and do to their poses what is asked for.

    Args:
        people: All of one video, as detected.
        lifter: What ``ampose.load_model`` returns.
        camera: Of the images.
        options: How.
        cuts: Frames with which another shot begins.

    Returns:
        The people with the keypoints that were lifted, and the poses. Frames with too few joints are NaN.

    Raises:
        InputError: Too little is seen of everybody, a skeleton does not lead to the lifter's, or a step refuses a pose.
    """
    lifted = []
    for person in people:
        pose2d = without_unsure_joints(person.pose2d, options.min_confidence)
        if options.fix_left_right_swaps:
            pose2d, _ = fix_left_right_swaps(pose2d, cuts)
        pose3d = lifter.lift_pose(pose2d, camera, flip=options.flip)
        if options != DEFAULT_OPTIONS:
            pose3d = replace(pose3d, provenance={**pose3d.provenance, "options": str(options)})
        lifted.append(Person(person.id, pose2d, pose3d))
    if all(person.pose3d.missing.all() for person in lifted):
        name = people[0].pose2d.provenance.get("source", "keypoints")
        raise InputError(
            f"{name}: every frame shows fewer than {LEAST_JOINTS} of the model's joints; use one in which more of the "
            "body is visible"
        )
    return postprocess(lifted, camera, options, cuts=cuts)


def without_unsure_joints(pose: Pose2D, min_confidence: float) -> Pose2D:
    """Return the pose without the joints that the detector is less confident of."""
    unsure = pose.confidence < min_confidence
    if not unsure.any():
        return pose
    return replace(
        pose,
        keypoints=np.where(unsure[..., None], np.nan, pose.keypoints).astype(np.float32),
        confidence=np.where(unsure, 0, pose.confidence).astype(np.float32),
        provenance={**pose.provenance, "min_confidence": f"{min_confidence:g}"},
    )


def postprocess(
    people: Sequence[Person[Pose2D, Pose3D]],
    camera: Intrinsics,
    options: LiftOptions,
    *,
    cuts: Sequence[int] = (),
) -> list[Person[Pose2D, Pose3D]]:
    """Return the people with constant bones, placed, smoothed and on one floor, as far as that is asked for.

    Where no floor can be found, a warning says why and the poses stay in camera axes: the other steps are not lost.

    Raises:
        InputError: A step refuses a pose; see ``place`` and ``smooth``.
    """
    poses = []
    for person in people:
        pose = person.pose3d
        if options.constant_bones:
            pose = constant_bone_lengths(pose)
        if options.placed:
            pose = place(pose, person.pose2d, camera, height_m=options.height)
        if options.camera_tilt is not None:
            facts = {**pose.provenance, "camera_tilt": f"{options.camera_tilt:g}"}
            pose = replace(pose, camera_tilt=options.camera_tilt, provenance=facts)
        if options.smooth != "none":
            pose = smooth(pose, options.smooth, cuts=cuts)
            if options.constant_bones:  # a filter cuts corners, and so shortens bones that turn
                pose = constant_bone_lengths(pose)
        poses.append(pose)
    if options.ground is not None:
        poses = _on_one_floor(poses, options)
    return [replace(person, pose3d=pose) for person, pose in zip(people, poses, strict=True)]


def _on_one_floor(poses: Sequence[Pose3D], options: LiftOptions) -> list[Pose3D]:
    """Put everybody on the floor of the person whose feet rest in most places, or who is visible for longest."""
    floors, problem = [], ""
    for pose in sorted(poses, key=lambda pose: int(pose.missing.sum())):
        try:
            tilt = options.camera_tilt if options.ground == "tilt" else None
            floors.append(find_floor(pose) if tilt is None else floor_from_tilt(pose, tilt))
        except InputError as error:
            problem = str(error)
    if not floors:
        _LOG.warning("%s; the poses stay in camera axes", problem)
        return list(poses)
    floor = max(floors, key=lambda floor: floor.contacts)
    return [on_floor(pose, floor) for pose in poses]

"""The journey in the wild as one function: frames -> people in 2D -> tracks -> people in 3D.

Frames are streamed: what stays in memory is the keypoints. The command line and Python users call the
same function.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ampose.detectors import Detector, create_detector, detectors
from ampose.detectors.in_box import InBox
from ampose.errors import InputError
from ampose.lifting.lifter import Lifter
from ampose.lifting.prediction import LEAST_JOINTS
from ampose.lifting.spread import lift_with_spread
from ampose.media import Media, open_media
from ampose.poses.boxes import Box
from ampose.poses.camera import DEFAULT_FIELD_OF_VIEW, Intrinsics
from ampose.poses.people import Detection, Person, people_over_time
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import find_mapping
from ampose.processing.left_right import keep_sides
from ampose.processing.person_selection import select_at, select_people
from ampose.processing.postprocess import Finish, finish
from ampose.processing.tracking import KEEP_SECONDS, track

Report = Callable[[int, int | None, str], None]
"""(frames done, frames in all or None, note) -> None."""

_UNEVEN = 0.5
"""By how many frames a frame's time may differ from an even rate before the times are kept one by one."""


@dataclass(frozen=True, kw_only=True)
class Lifting:
    """How keypoints become 3D.

    Args:
        intrinsics: The camera; None: ``field_of_view`` says it.
        field_of_view: Of the camera, in degrees across the longer side of the picture.
        flip: Average with the mirrored prediction.
        min_confidence: Joints of which the detector is less sure than this are taken as not found.
        keep_sides: Exchange left and right back where a detector exchanged them for a while
            (``ampose.processing.left_right``).
        spread: How often each pose is lifted once more for the lifter's own spread (``ampose.lifting.spread``);
            0: not at all.
        finish: What is done to the poses afterwards.
    """

    intrinsics: Intrinsics | None = None
    field_of_view: float = DEFAULT_FIELD_OF_VIEW
    flip: bool = True
    min_confidence: float = 0.0
    keep_sides: bool = True
    spread: int = 0
    finish: Finish = field(default_factory=Finish)

    def __post_init__(self) -> None:
        if self.spread < 0 or self.spread == 1:
            raise InputError(f"spread must be 0 or at least 2, got {self.spread}; a single answer has no spread")

    def camera(self, image_size: tuple[int, int]) -> Intrinsics:
        """Return the camera of pictures of this size."""
        return self.intrinsics or Intrinsics.from_field_of_view(image_size, self.field_of_view)

    def lift(self, pose: Pose2D, lifter: Lifter) -> Pose3D:
        """Lift one person, before anything is done to the pose afterwards."""
        camera = self.camera(pose.image_size)
        if self.spread:
            return lift_with_spread(lifter, pose, times=self.spread, intrinsics=camera, flip=self.flip)
        return lifter.lift(pose, intrinsics=camera, flip=self.flip)


@dataclass(frozen=True)
class Seconds:
    """Where the time went."""

    reading: float
    detecting: float
    lifting: float


@dataclass(frozen=True)
class Lifted:
    """The people of one video, picture, folder of pictures or keypoint file.

    Args:
        people: Those who were meant, by id; all with all frames.
        others: Ids of those who were seen too.
        seconds: Where the time went.
    """

    people: tuple[Person[Pose2D, Pose3D], ...]
    others: tuple[int, ...]
    seconds: Seconds

    @property
    def num_frames(self) -> int:
        """Frames in all."""
        return len(self.people[0].pose2d)


@dataclass(frozen=True)
class DetectedPeople:
    """The people in some media.

    Args:
        people: Everybody, by id.
        reading: Seconds that it took to read the frames.
        detecting: Seconds that the detector took.
    """

    people: tuple[Person[Pose2D, None], ...]
    reading: float = 0.0
    detecting: float = 0.0


def lift_media(
    source: str | Path | Media,
    lifter: Lifter,
    detector: str | Detector = "mediapipe",
    *,
    person: str | Box = "all",
    how: Lifting = Lifting(),
    report: Report | None = None,
) -> Lifted:
    """Find the people in every frame and lift them to 3D.

    Args:
        source: A video, a picture or a folder of pictures.
        lifter: What ``ampose.load_model`` returns.
        detector: The name of a detector, or one that is open already.
        person: ``all``, ``largest``, an id, or a box (left, top, width, height in pixels) around who is meant.
        how: How keypoints become 3D.
        report: Called after each frame.

    Returns:
        The poses; frames in which somebody was not found are NaN.

    Raises:
        InputError: The source cannot be read, there is nobody in any frame, or nobody who is meant.
        MissingExtraError: The package for the video or the detector is not installed.

    Example:
        >>> import ampose
        >>> lifter = ampose.load_model("ampose-small")
        >>> lift_media("examples/balance_beam.mp4", lifter).people[0].pose3d.positions.shape  # doctest: +SKIP
        (100, 17, 3)
    """
    media = open_media(source) if isinstance(source, str | Path) else source
    how.camera(media.image_size)  # refuse what cannot be before the long work, not after it
    if isinstance(detector, str):
        with open_detector(detector, media, person) as opened:
            return lift_media(media, lifter, opened, person=person, how=how, report=report)
    find_mapping(detector.skeleton.name, lifter.skeleton.name)
    return lift_people(find_people(media, detector, report), lifter, person=person, how=how)


def open_detector(
    name: str, media: Media, person: str | Box = "all", options: dict[str, str] | None = None
) -> "Detector":
    """Create a detector for these media; one that finds a single person looks where the box says.

    Raises:
        InputError: There is no such detector, or it has no such option.
        MissingExtraError: Its package is not installed.
    """
    alone = detectors.get(name).facts.get("people") == 1
    boxed = alone and not isinstance(person, str)
    detector = create_detector(name, tracking=media.fps is not None and not boxed, options=options)
    return InBox(detector, person) if boxed and not isinstance(person, str) else detector


def find_people(media: Media, detector: Detector, report: Report | None = None) -> DetectedPeople:
    """Run the detector over all frames and tell the people apart.

    Args:
        media: The frames; each is looked at once and let go.
        detector: An open one.
        report: Called after each frame.

    Raises:
        InputError: There is nobody in any frame.
    """
    found: list[Sequence[Detection]] = []
    reading = detecting = 0.0
    start = time.perf_counter()
    for frame in media:
        read = time.perf_counter()
        found.append([] if len(found) in media.lost else detector.detect(frame))
        done = time.perf_counter()
        reading, detecting = reading + read - start, detecting + done - read
        if report:
            report(len(found), media.num_frames, "")
        start = time.perf_counter()
    if report and len(found) != media.num_frames:
        report(len(found), len(found), "")
    return DetectedPeople(tuple(_track(found, media, detector)), reading, detecting)


def lift_people(
    detected: DetectedPeople,
    lifter: Lifter,
    *,
    person: str | Box = "all",
    how: Lifting = Lifting(),
) -> Lifted:
    """Lift people who were found already, in media or in a keypoint file.

    Args:
        detected: Everybody.
        lifter: What ``ampose.load_model`` returns.
        person: As in ``lift_media``.
        how: How keypoints become 3D.

    Raises:
        InputError: Nobody is meant, too little is seen of everybody, or a skeleton does not lead to the lifter's.
    """
    everybody = detected.people
    selected = select_people(everybody, person) if isinstance(person, str) else select_at(everybody, person)
    start = time.perf_counter()
    poses = [_read_as(one.pose2d, how) for one in selected]
    lifted = _lift(poses, lifter, how) if selected else []
    people = tuple(Person(one.id, *pair) for one, pair in zip(selected, lifted, strict=True))
    others = tuple(one.id for one in everybody if one not in selected)
    return Lifted(people, others, Seconds(detected.reading, detected.detecting, time.perf_counter() - start))


def _lift(poses: Sequence[Pose2D], lifter: Lifter, how: Lifting) -> list[tuple[Pose2D, Pose3D]]:
    lifted = [how.lift(pose, lifter) for pose in poses]
    if all(pose.missing.all() for pose in lifted):
        raise InputError(
            f"{poses[0].provenance.get('source', 'keypoints')}: must show at least {LEAST_JOINTS} of the model's "
            "joints in some frame, got fewer in every one; use one in which more of the body is seen"
        )
    finished = finish(list(zip(poses, lifted, strict=True)), how.camera(poses[0].image_size), how.finish)
    return list(zip(poses, finished, strict=True))


def _read_as(pose: Pose2D, how: Lifting) -> Pose2D:
    sure = sure_joints(pose, how.min_confidence)
    return keep_sides(sure)[0] if how.keep_sides else sure


def sure_joints(pose: Pose2D, least: float) -> Pose2D:
    """Take out the joints of which the detector is not sure."""
    unsure = pose.confidence < least
    if not unsure.any():
        return pose
    return replace(
        pose,
        keypoints=np.where(unsure[..., None], np.nan, pose.keypoints).astype(np.float32),
        confidence=np.where(unsure, 0, pose.confidence).astype(np.float32),
        provenance={**pose.provenance, "min_confidence": f"{least:g}"},
    )


def _track(found: list[Sequence[Detection]], media: Media, detector: Detector) -> list[Person[Pose2D, None]]:
    if not any(found):
        raise InputError(
            f"{media.path}: must show a person, but {detector.name} found nobody in {len(found)} frame"
            f"{'s' if len(found) != 1 else ''}; use one in which the person is larger and well lit, "
            "or say where they are: --box x,y,w,h"
        )
    times = _uneven_times(media)
    alone = max(map(len, found)) == 1
    keep_seconds = None if media.fps is None else np.inf if alone else KEEP_SECONDS
    return people_over_time(
        track(found, fps=media.fps, times=times, keep_seconds=keep_seconds),
        skeleton=detector.skeleton,
        image_size=media.image_size,
        fps=media.fps,
        times=times,
        provenance={"source": media.path.name, "detector": detector.name},
    )


def _uneven_times(media: Media) -> Float[np.ndarray, " frame"] | None:
    """Return the time of each frame from the first on, where an even rate would not do."""
    times = np.array(media.times)
    if media.fps is None or len(times) < 2 or (np.diff(times) <= 0).any():
        return None
    times = times - times[0]
    even = np.arange(len(times)) / media.fps
    return times if np.abs(times - even).max() > _UNEVEN / media.fps else None

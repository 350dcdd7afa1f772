"""From frames to people in 2D: detection in each frame, then tracking."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ampose import Progress
from ampose.detectors import Detector, create_detector, detector_options
from ampose.errors import InputError
from ampose.media import Media
from ampose.pipeline.lift_options import LiftOptions
from ampose.poses.people import Detection, Person, people_over_time
from ampose.poses.pose import Pose2D
from ampose.processing.tracking import KEEP_SECONDS, track

_UNEVEN = 0.5
"""By how many frames a frame's time may differ from an even rate before the times are kept one by one."""


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


def open_detector(media: Media, options: LiftOptions) -> Detector:
    """Create the detector for these media.

    Raises:
        InputError: There is no such detector, or it has no such option.
        MissingExtraError: Its package is not installed.
    """
    more = dict(options.detector_option)
    if options.people is not None:
        more["people"] = str(options.people)
    # Some detectors find a person better who is known to be there; any other is left to find everybody.
    if options.box is not None and "box" in detector_options(options.detector):
        more["box"] = ",".join(f"{side:g}" for side in options.box)
    return create_detector(options.detector, tracking=media.fps is not None, options=more)


def find_people(media: Media, detector: Detector, progress: Progress | None = None) -> DetectedPeople:
    """Run the detector over all frames and track the people.

    Args:
        media: The frames; each is read once, and memory holds one at a time.
        detector: An open one.
        progress: Called after each frame.

    Raises:
        InputError: Nobody was found in any frame.
    """
    detections: list[Sequence[Detection]] = []
    reading = detecting = 0.0
    start = time.perf_counter()
    for frame in media:
        read = time.perf_counter()
        # A black frame stands for a damaged one: nothing can be found there, and a tracking detector would lose people.
        detections.append([] if len(detections) in media.lost else detector.detect(frame))
        done = time.perf_counter()
        reading, detecting = reading + read - start, detecting + done - read
        if progress:
            progress(len(detections), media.num_frames, "")
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
    # Somebody who is alone in a clip is always the same person, however long they were away.
    keep_seconds = None if media.fps is None else np.inf if max(map(len, detections)) == 1 else KEEP_SECONDS
    people = people_over_time(
        track(detections, fps=media.fps, times=times, keep_seconds=keep_seconds),
        skeleton=detector.skeleton,
        image_size=media.image_size,
        fps=media.fps,
        times=times,
        provenance={"source": media.path.name, "detector": detector.name},
    )
    return DetectedPeople(tuple(people), reading, detecting)


def _uneven_times(media: Media) -> Float[np.ndarray, " frame"] | None:
    """Return the time of each frame since the first, where an even rate would not do."""
    times = np.array(media.times)
    if media.fps is None or len(times) < 2 or (np.diff(times) <= 0).any():
        return None
    times = times - times[0]
    even = np.arange(len(times)) / media.fps
    return times if np.abs(times - even).max() > _UNEVEN / media.fps else None

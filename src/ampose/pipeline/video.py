"""The journey in the wild as one function: frames, people in 2D, people in 3D.

Frames are streamed: what stays in memory is the keypoints. The command line and Python call the same function.
"""

import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from ampose import Progress
from ampose.detectors import Detector
from ampose.lifting.lifter import Lifter, load_model
from ampose.media import Media
from ampose.pipeline.find_people import DetectedPeople, find_people, open_detector
from ampose.pipeline.lift_options import DEFAULT_OPTIONS, LiftOptions
from ampose.pipeline.lift_people import lift_people
from ampose.pipeline.source import LiftSource, open_source
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import find_mapping
from ampose.processing.person_selection import select_people


@dataclass(frozen=True)
class LiftResult:
    """What became of a video, an image, a folder of images or a keypoint file.

    Args:
        source: The input, with the camera that was used.
        people: Those who were selected, by id; all with all frames. Frames in which somebody was not found are NaN.
        others: Ids of the people who were found but not selected.
        seconds: How long reading, detecting and lifting took.
    """

    source: LiftSource
    people: tuple[Person[Pose2D, Pose3D], ...]
    others: tuple[int, ...]
    seconds: dict[str, float]

    @property
    def num_frames(self) -> int:
        """Frames in all."""
        return len(self.people[0].pose2d)


def lift_video(
    source: str | Path | Media | LiftSource,
    options: LiftOptions = DEFAULT_OPTIONS,
    *,
    lifter: Lifter | None = None,
    detector: Detector | None = None,
    progress: Progress | None = None,
) -> LiftResult:
    """Find the people in a video, an image, a folder of images or a keypoint file, and lift them to 3D.

    Args:
        source: Its path, or what ``open_source`` returned.
        options: How.
        lifter: One that is loaded already, in place of the one that the options name.
        detector: One that is open already, in place of the one that the options name.
        progress: Called after each frame.

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
        lifter = load_model(options.model, engine=options.engine, precision=options.precision)
    if source.people is not None:
        detected = DetectedPeople(source.people)
    else:
        with nullcontext(detector) if detector else open_detector(source.media, options) as opened:
            # A skeleton without a way to the lifter's is refused before the long work.
            find_mapping(opened.skeleton.name, lifter.skeleton.name)
            detected = find_people(source.media, opened, progress)
    selected = select_people(detected.people, options.which)
    start = time.perf_counter()
    people = lift_people(selected, lifter, source.camera, options)
    seconds = {"reading": detected.reading, "detecting": detected.detecting, "lifting": time.perf_counter() - start}
    ids = {person.id for person in selected}
    others = tuple(person.id for person in detected.people if person.id not in ids)
    return LiftResult(source, tuple(people), others, seconds)

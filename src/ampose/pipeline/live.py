"""People in 3D while they are being filmed: one frame in, its people out, with the time that each step took."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ampose.detectors import Detector
from ampose.lifting.lifter import Lifter
from ampose.media.webcam import LiveFrame
from ampose.pipeline.lift_options import LiveOptions
from ampose.pipeline.video import without_unsure_joints
from ampose.poses.people import Detection, Person, people_over_time
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import Skeleton, find_mapping
from ampose.processing.left_right import LiveLeftRight
from ampose.processing.smoothing import LiveOneEuro, OneEuro
from ampose.processing.tracking import Tracker

_DEFAULTS = LiveOptions()
_FORGET_S = 10.0
"""What is known of people who have left goes after this time: ids are not given again."""

_REMEMBERED = 10_000
"""Frames of which the times are kept: memory stays bounded."""


@dataclass
class Latency:
    """How long the steps took, in milliseconds, of the last frames."""

    steps: dict[str, deque[float]] = field(default_factory=dict)

    def add(self, **milliseconds: float) -> None:
        """Add the times of one frame."""
        for step, value in milliseconds.items():
            self.steps.setdefault(step, deque(maxlen=_REMEMBERED)).append(value)

    def percentiles(self, *shares: float) -> Mapping[str, list[float]]:
        """Return, for each step, the time within which this share (0 to 100) of the frames was done.

        Example:
            >>> latency = Latency()
            >>> for value in range(101):
            ...     latency.add(lifting=float(value))
            >>> latency.percentiles(50.0, 99.0)
            {'lifting': [50.0, 99.0]}
        """
        return {step: np.percentile(list(values), shares).tolist() for step, values in self.steps.items()}


class LiveLifter:
    """Lifts frame by frame.

    Args:
        detector: An open one, created with ``tracking=True``.
        lifter: What ``ampose.load_model`` returns.
        options: The camera and how keypoints become 3D.
        smooth: Settings of the one-euro filter over time; None: no smoothing.

    Raises:
        InputError: The detector's skeleton does not lead to the lifter's.
    """

    def __init__(
        self,
        detector: Detector,
        lifter: Lifter,
        *,
        options: LiveOptions = _DEFAULTS,
        smooth: OneEuro | None = None,
    ) -> None:
        find_mapping(detector.skeleton, lifter.skeleton)
        self.latency = Latency()
        self._detector, self._lifter, self._options = detector, lifter, options
        self._tracker = Tracker()
        self._smooth = smooth
        self._followed: dict[int, _Followed] = {}

    def step(self, shot: LiveFrame) -> list[Person[Pose2D, Pose3D]]:
        """Return the people in a frame, and note how long it took.

        Their poses have one frame: the keypoints as detected, with left/right swaps fixed if asked for, and the lifted
        pose, smoothed if asked for.
        """
        start = time.perf_counter()
        found = self._detector.detect(shot.frame)
        detected = time.perf_counter()
        ids = self._tracker.step(found, shot.time)
        linked = time.perf_counter()
        people = [self._lift(*person, shot) for person in zip(ids, found, strict=True)]
        for identity in [key for key, person in self._followed.items() if shot.time - person.seen >= _FORGET_S]:
            del self._followed[identity]
        end = time.perf_counter()
        marks = (shot.seconds, start, detected, linked, end)
        waiting, detecting, tracking, lifting = 1e3 * np.diff(marks)
        self.latency.add(
            waiting=waiting, detecting=detecting, tracking=tracking, lifting=lifting, total=1e3 * (end - shot.seconds)
        )
        return people

    def _lift(self, identity: int, detection: Detection, shot: LiveFrame) -> Person[Pose2D, Pose3D]:
        followed = self._followed.setdefault(identity, _Followed(self._detector.skeleton, self._smooth))
        followed.seen = shot.time
        height, width, _ = shot.frame.shape
        pose = Pose2D(
            keypoints=detection.keypoints[None],
            confidence=detection.confidence[None],
            skeleton=self._detector.skeleton,
            image_size=(width, height),
            provenance={"detector": self._detector.name},
        )
        sure = without_unsure_joints(pose, self._options.min_confidence)
        if self._options.fix_left_right_swaps and followed.sides.step(sure.keypoints[0], shot.time):
            order = pose.skeleton.flip_order
            pose, sure = (
                replace(one, keypoints=one.keypoints[:, order], confidence=one.confidence[:, order])
                for one in (pose, sure)
            )
        camera = self._options.camera((width, height))
        lifted = self._lifter.lift_pose(sure, camera, flip=self._options.flip)
        if followed.smooth is not None:
            positions = followed.smooth.update(lifted.positions[0], shot.time).astype(np.float32)
            done = {**lifted.provenance, "smoothing": followed.smooth.settings.description}
            lifted = replace(lifted, positions=positions[None], provenance=done)
        return Person(identity, pose, lifted)


class _Followed:
    """What is known of one person over time."""

    def __init__(self, skeleton: Skeleton, smooth: OneEuro | None) -> None:
        self.sides = LiveLeftRight(skeleton)
        self.smooth = LiveOneEuro(smooth) if smooth else None
        self.seen = 0.0


@dataclass
class LiveRecording:
    """Keeps what was lifted live, to be written as a file at the end; about 2 kB a person and frame."""

    detector: Detector
    lifter: Lifter
    image_size: tuple[int, int]
    frames: list[Sequence[Person[Pose2D, Pose3D]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    provenance: dict[int, Mapping[str, str]] = field(default_factory=dict)

    def add(self, people: Sequence[Person[Pose2D, Pose3D]], seconds: float) -> None:
        """Add a frame that was filmed at this time."""
        self.times.append(seconds)
        # The provenance of all frames is that of the first: one for each frame would be most of the memory.
        for person in people:
            self.provenance.setdefault(person.id, person.pose3d.provenance)
        self.frames.append(
            [replace(person, pose3d=replace(person.pose3d, provenance=self.provenance[person.id])) for person in people]
        )

    def people(self) -> list[Person[Pose2D, Pose3D]]:
        """Return everybody who was filmed, by id, over all frames."""
        if not self.frames:
            return []
        count, times = len(self.frames), np.array(self.times) - self.times[0]
        shown = [
            [Detection(each.pose2d.keypoints[0], each.pose2d.confidence[0], each.id) for each in people]
            for people in self.frames
        ]
        found = people_over_time(
            shown,
            skeleton=self.detector.skeleton,
            image_size=self.image_size,
            fps=(count - 1) / float(times[-1]) if count > 1 else None,
            times=times if count > 1 else None,
            provenance={"detector": self.detector.name},
        )
        return [Person(person.id, person.pose2d, self._lifted(person)) for person in found]

    def _lifted(self, person: Person[Pose2D, None]) -> Pose3D:
        """Return the poses of all frames in one; NaN where the person is not there."""
        poses = {at: each.pose3d for at, people in enumerate(self.frames) for each in people if each.id == person.id}
        positions = np.full((len(self.frames), self.lifter.skeleton.num_joints, 3), np.nan, dtype=np.float32)
        confidence, error = np.zeros_like(positions[..., 0]), np.full_like(positions[..., 0], np.nan)
        for at, pose in poses.items():
            positions[at], confidence[at] = pose.positions[0], pose.confidence[0]
            error[at] = np.nan if pose.expected_error is None else pose.expected_error[0]
        return Pose3D(
            positions=positions,
            confidence=confidence,
            skeleton=self.lifter.skeleton,
            fps=person.pose2d.fps,
            times=person.pose2d.times,
            expected_error=None if np.isnan(error).all() else error,
            provenance=self.provenance[person.id],
        )

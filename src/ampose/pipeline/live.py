"""People in 3D while they are being filmed: one frame in, its people out, with the time that each step took."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from ampose.detectors import Detector
from ampose.lifting.lifter import Lifter
from ampose.media.webcam import LiveFrame
from ampose.pipeline.lift_options import LiveOptions
from ampose.pipeline.video import without_unsure_joints
from ampose.poses.people import Detection, Person
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import Skeleton, find_mapping
from ampose.processing.left_right import LiveLeftRight
from ampose.processing.smoothing import LiveOneEuro, OneEuro
from ampose.processing.tracking import Tracker

_DEFAULTS = LiveOptions()
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
        # What is known of people who have left goes: ids are not given again.
        for identity in [key for key, person in self._followed.items() if shot.time - person.seen >= 10]:
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
    frames: list[Mapping[int, Person[Pose2D, Pose3D]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    provenance: dict[int, Mapping[str, str]] = field(default_factory=dict)

    def add(self, people: Sequence[Person[Pose2D, Pose3D]], seconds: float) -> None:
        """Add a frame that was filmed at this time."""
        self.times.append(seconds)
        frame = {}
        for person in people:
            # The provenance of all frames is that of the first: one for each frame would be most of the memory.
            first = self.provenance.setdefault(person.id, person.pose3d.provenance)
            frame[person.id] = replace(person, pose3d=replace(person.pose3d, provenance=first))
        self.frames.append(frame)

    def people(self) -> list[Person[Pose2D, Pose3D]]:
        """Return everybody who was filmed, by id, over all frames."""
        return [self._person(identity) for identity in sorted(self.provenance)]

    def _person(self, identity: int) -> Person[Pose2D, Pose3D]:
        count, times = len(self.frames), np.array(self.times) - self.times[0]
        fps = (count - 1) / float(times[-1]) if count > 1 else None
        joints, lifted_joints = self.detector.skeleton.num_joints, self.lifter.skeleton.num_joints
        keypoints, confidence = _empty(count, joints, 2), np.zeros((count, joints), dtype=np.float32)
        positions, confidence_3d = _empty(count, lifted_joints, 3), np.zeros((count, lifted_joints), dtype=np.float32)
        error = _empty(count, lifted_joints)
        for number, people in enumerate(self.frames):
            if (person := people.get(identity)) is None:
                continue
            pose2d, pose3d = person.pose2d, person.pose3d
            keypoints[number], confidence[number] = pose2d.keypoints[0], pose2d.confidence[0]
            positions[number], confidence_3d[number] = pose3d.positions[0], pose3d.confidence[0]
            error[number] = np.nan if pose3d.expected_error is None else pose3d.expected_error[0]
        whole_2d = Pose2D(
            keypoints=keypoints, confidence=confidence, skeleton=self.detector.skeleton, image_size=self.image_size,
            fps=fps, times=times if count > 1 else None, provenance={"detector": self.detector.name},
        )  # fmt: skip
        whole_3d = Pose3D(
            positions=positions, confidence=confidence_3d, skeleton=self.lifter.skeleton, fps=fps, times=whole_2d.times,
            expected_error=None if np.isnan(error).all() else error, provenance=self.provenance[identity],
        )  # fmt: skip
        return Person(identity, whole_2d, whole_3d)


def _empty(*shape: int) -> Float[np.ndarray, "*shape"]:
    return np.full(shape, np.nan, dtype=np.float32)

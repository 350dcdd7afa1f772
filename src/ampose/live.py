"""People in 3D while they are being filmed: one frame in, its people out, with the time that each step took."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from ampose.detect import Detection, Detector
from ampose.lifter import Lifter
from ampose.media.camera import Shot
from ampose.pipeline import Lifting, sure_joints
from ampose.pose import Pose2D, Pose3D
from ampose.sides import LiveSides
from ampose.skeletons import Skeleton, find_mapping
from ampose.smoothing import LiveOneEuro, OneEuro
from ampose.tracking import Tracker

_REMEMBERED = 10_000
"""Frames of which the times are kept: memory stays bounded."""


@dataclass(frozen=True)
class LivePerson:
    """One person in one frame.

    Args:
        id: Tells the people apart.
        detection: What the detector saw, pixels.
        positions: Metres, root-relative, camera axes.
    """

    id: int
    detection: Detection
    positions: Float[np.ndarray, "joint 3"]


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
        how: How keypoints become 3D.
        smooth: Settings of the one-euro filter over time; None: no smoothing.

    Raises:
        InputError: The detector's skeleton does not lead to the lifter's.
    """

    def __init__(
        self, detector: Detector, lifter: Lifter, *, how: Lifting | None = None, smooth: OneEuro | None = None
    ) -> None:
        find_mapping(detector.skeleton.name, lifter.skeleton.name)
        self.latency = Latency()
        self._detector, self._lifter, self._how = detector, lifter, how or Lifting()
        self._tracker = Tracker()
        self._smooth = smooth
        self._followed: dict[int, _Followed] = {}

    def step(self, shot: Shot) -> list[LivePerson]:
        """Return the people in a frame, and note how long it took."""
        start = time.perf_counter()
        found = self._detector.detect(shot.frame)
        detected = time.perf_counter()
        ids = self._tracker.step(found, shot.seconds)
        linked = time.perf_counter()
        people = [self._lift(*person, shot) for person in zip(ids, found, strict=True)]
        self._forget(shot.seconds)
        end = time.perf_counter()
        marks = (shot.seconds, start, detected, linked, end)
        waiting, detecting, tracking, lifting = 1e3 * np.diff(marks)
        self.latency.add(
            waiting=waiting, detecting=detecting, tracking=tracking, lifting=lifting, total=1e3 * (end - shot.seconds)
        )
        return people

    def _lift(self, identity: int, detection: Detection, shot: Shot) -> LivePerson:
        followed = self._followed.setdefault(identity, _Followed(self._detector.skeleton, self._smooth))
        followed.seen = shot.seconds
        height, width, _ = shot.frame.shape
        pose = self._sure(detection, (width, height))
        if self._how.keep_sides and followed.sides.step(pose.keypoints[0], shot.seconds):
            order = pose.skeleton.flip_order
            detection = Detection(detection.keypoints[order], detection.confidence[order])
            pose = self._sure(detection, (width, height))
        lifted = self._lifter.lift(pose, intrinsics=self._how.camera((width, height)), flip=self._how.flip)
        positions = lifted.positions[0]
        if followed.smooth is not None:
            positions = followed.smooth.update(positions, shot.seconds).astype(np.float32)
        return LivePerson(identity, detection, positions)

    def _sure(self, detection: Detection, image_size: tuple[int, int]) -> Pose2D:
        pose = Pose2D(
            keypoints=detection.keypoints[None],
            confidence=detection.confidence[None],
            skeleton=self._detector.skeleton,
            image_size=image_size,
        )
        return sure_joints(pose, self._how.min_confidence)

    def _forget(self, seconds: float) -> None:
        """Let what is known of people go who have left: ids are not given again."""
        self._followed = {
            identity: followed for identity, followed in self._followed.items() if seconds - followed.seen < 10
        }


class _Followed:
    """What is known of one person over time."""

    def __init__(self, skeleton: Skeleton, smooth: OneEuro | None) -> None:
        self.sides = LiveSides(skeleton)
        self.smooth = LiveOneEuro(smooth) if smooth else None
        self.seen = 0.0


@dataclass
class Recording:
    """Keeps what was lifted live, to be written as a file at the end; about 1 kB a person and frame."""

    detector: Detector
    lifter: Lifter
    image_size: tuple[int, int]
    frames: list[Sequence[LivePerson]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def add(self, people: Sequence[LivePerson], seconds: float) -> None:
        """Add a frame."""
        self.frames.append(people)
        self.times.append(seconds)

    def poses(self) -> dict[int, tuple[Pose2D, Pose3D]]:
        """Return everybody who was seen, by id."""
        ids = sorted({person.id for people in self.frames for person in people})
        return {identity: self._poses_of(identity) for identity in ids}

    def _poses_of(self, identity: int) -> tuple[Pose2D, Pose3D]:
        seen = {n: person for n, people in enumerate(self.frames) for person in people if person.id == identity}
        count, times = len(self.frames), np.array(self.times) - self.times[0]
        fps = (count - 1) / float(times[-1]) if count > 1 else None
        keypoints = np.full((count, self.detector.skeleton.num_joints, 2), np.nan, dtype=np.float32)
        positions = np.full((count, self.lifter.skeleton.num_joints, 3), np.nan, dtype=np.float32)
        confidence = np.zeros(keypoints.shape[:2], dtype=np.float32)
        for number, person in seen.items():
            keypoints[number], confidence[number] = person.detection.keypoints, person.detection.confidence
            positions[number] = person.positions
        facts = {"detector": self.detector.name, "model": self.lifter.name}
        pose2d = Pose2D(
            keypoints=keypoints, confidence=confidence, skeleton=self.detector.skeleton, image_size=self.image_size,
            fps=fps, times=times if count > 1 else None, provenance=facts,
        )  # fmt: skip
        sure = find_mapping(self.detector.skeleton, self.lifter.skeleton).map_confidence(confidence)
        pose3d = Pose3D(
            positions=positions, confidence=sure, skeleton=self.lifter.skeleton,
            fps=fps, times=pose2d.times, provenance=facts,
        )  # fmt: skip
        return pose2d, pose3d

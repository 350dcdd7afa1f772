"""Telling several people apart over time: which person of this frame is which person of the last one.

Each frame's people are assigned to the people known so far, so that the sum of likenesses is largest (Hungarian
method). Likeness is the mean of the object keypoint similarity (the OKS of the COCO keypoint task, with one width for
all joints) and the overlap of the boxes (intersection over union), both against where the person should be by now if
they go on as they went. Who is left over after that is assigned by distance, as far as people move in the time that
passed: so somebody keeps their id who was hidden, or left the image and comes back near that place, within
``KEEP_SECONDS``. Looks are not compared: who comes back somewhere else, or later, is somebody new, and so is everybody
after a cut, but for those who look like somebody before it, and for one person who is alone in a clip.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy  # scipy.optimize loads when it is first used: not for one person
from jaxtyping import Float

from ampose.poses.boxes import bounding_boxes, intersection_over_union
from ampose.poses.people import Detection

KEEP_SECONDS = 2.0
"""How long somebody who is not seen keeps their id."""

_JOINT_WIDTH = 0.1
"""How far off a joint may be (one standard deviation), by the size of the person."""

_LEAST_LIKENESS = 0.15
"""Below this somebody is more likely another person than the same one who moved."""

_HIDDEN_LIKENESS = 0.8
"""By how much less somebody counts who was not found in the frame before, beside one who was: else a person who walks
past one who is hidden now and then takes over the other's id."""

_CUT_LIKENESS = 0.5
"""The same as the least one where a cut was seen: what was taken for a cut may have been a change of light."""

_RARELY = 0.02
"""In so few of the frames in which somebody was found, more than one are a mistake of the detector."""

_REACH = 0.5
_REACH_PER_SECOND = 2.0
_FARTHEST = 2.0
"""In the second round: how far somebody may be from where they were, in sizes of the person: at first, with the time
that passed, and at the most. A runner covers about two body heights a second."""

_SIZE_RATIO = 2.5
"""In the second round: by how much the size may differ. A standing person whose legs are hidden is half as tall."""

_MEMORY_SECONDS = 0.2
"""Over about how long a person's speed is averaged."""

_FADING_SECONDS = 1.0
"""How long a hidden person is expected to go on at that speed."""

_IMAGES_PER_SECOND = 25.0
"""Images without a frame rate are tracked as if they followed each other this fast."""


@dataclass
class _Tracked:
    """A person who was detected before: where, when, and how fast they moved (pixels a second)."""

    id: int
    last: Detection
    seconds: float
    velocity: Float[np.ndarray, "2"] = field(default_factory=lambda: np.zeros(2))

    def expected(self, seconds: float) -> Float[np.ndarray, "joint 2"]:
        """Return where the joints should be by now."""
        passed = seconds - self.seconds
        # The integral of a speed that fades exponentially: nobody walks on for ever behind an obstacle.
        return self.last.keypoints + self.velocity * _FADING_SECONDS * (1 - np.exp(-passed / _FADING_SECONDS))

    def update(self, detection: Detection, seconds: float) -> None:
        passed = seconds - self.seconds
        moved = detection.keypoints - self.last.keypoints  # (joint, xy)
        both = ~np.isnan(moved).any(axis=1)
        if passed > 0 and both.any():
            share = 1 - np.exp(-passed / _MEMORY_SECONDS)  # the same memory at any frame rate
            # The median joint moves as the body does: swinging arms and single mistakes do not count.
            self.velocity = (1 - share) * self.velocity + share * np.median(moved[both], axis=0) / passed
        self.last, self.seconds = detection, seconds


class Tracker:
    """Gives people ids that stay theirs, frame after frame; for a camera or a video that is streamed.

    Args:
        keep_seconds: How long somebody who is not seen keeps their id.

    Example:
        >>> here = Detection(np.array([[10.0, 10.0], [20.0, 90.0]]), np.ones(2))
        >>> there = Detection(here.keypoints + [300.0, 0.0], np.ones(2))
        >>> tracker = Tracker()
        >>> tracker.step([here, there], seconds=0.0), tracker.step([there, here], seconds=0.04)
        ([0, 1], [1, 0])
    """

    def __init__(self, *, keep_seconds: float = KEEP_SECONDS) -> None:
        self._keep_seconds = keep_seconds
        self._tracked: list[_Tracked] = []
        self._next_id = 0
        self._seconds = -np.inf

    def step(self, detections: Sequence[Detection], seconds: float, *, cut: bool = False) -> list[int]:
        """Return an id for each of a frame's people, in their order. New people are numbered by their size.

        Args:
            detections: The people of the frame; each has one joint found at least.
            seconds: The time of the frame.
            cut: Whether another shot begins with it: places and speeds say nothing then, likeness does.
        """
        self._tracked = [person for person in self._tracked if seconds - person.seconds <= self._keep_seconds]
        # First round: who looks like where somebody is expected. Number of the detection -> person.
        likeness = _likeness(self._tracked, detections, seconds)
        hidden = np.array([person.seconds < self._seconds for person in self._tracked], dtype=bool)
        likeness[hidden] *= _HIDDEN_LIKENESS
        pairs = _assign(likeness, _CUT_LIKENESS if cut else _LEAST_LIKENESS)
        people = {index: self._tracked[row] for row, index in pairs}
        if cut:
            self._tracked = list(people.values())
        # Second round, for who is left over: nearness alone, with a reach that grows with the time that passed.
        lost = [person for person in self._tracked if person not in people.values()]
        left_over = [index for index in range(len(detections)) if index not in people]
        nearness = _nearness(lost, [detections[index] for index in left_over], seconds)
        people |= {left_over[column]: lost[row] for row, column in _assign(nearness, 0.0)}
        for index, person in people.items():
            person.update(detections[index], seconds)
        # The rest are new. The largest first: whoever the film is about becomes person 0.
        new = [index for index in left_over if index not in people]
        for index in sorted(new, key=lambda index: -_size(detections[index].keypoints)):
            people[index] = _Tracked(self._next_id, detections[index], seconds)
            self._tracked.append(people[index])
            self._next_id += 1
        self._seconds = seconds
        return [people[index].id for index in range(len(detections))]


def track(
    frames: Iterable[Sequence[Detection]],
    *,
    fps: float | None = None,
    times: Float[np.ndarray, " frame"] | None = None,
    keep_seconds: float | None = KEEP_SECONDS,
    cuts: Collection[int] = (),
) -> list[list[Detection]]:
    """Give the people of each frame ids; ``people_over_time`` makes whole people of them.

    Args:
        frames: For each frame the people in it, in any order; somebody without a joint is left out.
        fps: Frames per second; None for single images.
        times: Seconds of each frame where they are not evenly spaced.
        keep_seconds: How long somebody who is not found keeps their id; see ``how_long_to_keep``. Infinite: for ever,
            and whoever is alone in all frames keeps it wherever they come back. None: the frames are images that have
            nothing to do with each other, and the people of each are numbered by their size.
        cuts: Frames with which another shot begins.

    Returns:
        The same people with ids: numbers from 0 on, by when they came, then by size.

    Example:
        >>> person = Detection(np.random.default_rng(0).uniform(0, 100, (17, 2)), np.ones(17))
        >>> [[one.id for one in people] for people in track([[person], [], [person]], fps=25.0)]
        [[0], [], [0]]
    """
    found = [[person for person in people if not person.missing] for people in frames]
    seconds = np.arange(len(found)) / (fps or _IMAGES_PER_SECOND) if times is None else times
    if keep_seconds == np.inf and max(map(len, found), default=0) < 2:
        return [[replace(person, id=0) for person in people] for people in found]
    tracker, shots = Tracker(keep_seconds=keep_seconds or 0.0), set(cuts)
    tracked = []
    for frame, (time, people) in enumerate(zip(seconds, found, strict=True)):
        if keep_seconds is None:
            tracker = Tracker()
        ids = tracker.step(people, float(time), cut=frame in shots)
        tracked.append([replace(person, id=identity) for identity, person in zip(ids, people, strict=True)])
    return tracked


def how_long_to_keep(frames: Sequence[Sequence[Detection]]) -> float:
    """Return the seconds that ids are kept: for ever where one person is alone, but for a detector's mistakes.

    Example:
        >>> person = Detection(np.ones((17, 2)), np.ones(17))
        >>> how_long_to_keep([[person], []]), how_long_to_keep([[person, person], [person]])
        (inf, 2.0)
    """
    counts = np.array([len(people) for people in frames if people])
    return np.inf if (counts > 1).sum() <= _RARELY * len(counts) else KEEP_SECONDS


def _assign(value: Float[np.ndarray, "tracked detection"], least: float) -> list[tuple[int, int]]:
    """Return the pairs with the largest sum of values; a pair must be worth more than ``least``."""
    # What is worth too little is worth nothing: else one hopeless pair could cost two others their best match.
    if value.size <= 1:
        return [(0, 0)] if (value > least).any() else []
    rows, columns = scipy.optimize.linear_sum_assignment(np.where(value > least, value, 0.0), maximize=True)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if value[row, column] > least]


def _likeness(
    tracked: Sequence[_Tracked], detections: Sequence[Detection], seconds: float
) -> Float[np.ndarray, "tracked detection"]:
    """Return the mean of keypoint similarity and overlap of the boxes, each 0 to 1."""
    if not tracked or not detections:
        return np.zeros((len(tracked), len(detections)))
    expected = np.stack([person.expected(seconds) for person in tracked])  # (tracked, joint, xy)
    found = np.stack([detection.keypoints for detection in detections])  # (detection, joint, xy)
    # Every pair: (tracked, detection, joint). A joint that one of the two has not found says nothing.
    weight = np.stack([person.last.confidence for person in tracked])[:, None] * [d.confidence for d in detections]
    sizes = np.array([_size(points) for points in expected])
    distance = np.linalg.norm(expected[:, None] - found, axis=3) / (_JOINT_WIDTH * sizes[:, None, None])
    weight = np.where(np.isnan(distance), 0.0, weight + 1e-6)  # some weight even where all confidences are 0
    similarity = (np.exp(-(np.nan_to_num(distance) ** 2) / 2) * weight).sum(axis=2) / weight.sum(axis=2).clip(1e-12)
    # Keypoints tell people apart who stand close, boxes those of whom few joints are found: the mean of both.
    return (similarity + intersection_over_union(bounding_boxes(expected), bounding_boxes(found))) / 2


def _nearness(
    tracked: Sequence[_Tracked], detections: Sequence[Detection], seconds: float
) -> Float[np.ndarray, "tracked detection"]:
    """Return 1 for who is where the person was, falling to 0 at the end of their reach; below: out of reach."""
    value = np.full((len(tracked), len(detections)), -1.0)
    for row, person in enumerate(tracked):
        size = _size(person.last.keypoints)
        # Where they were last counts as well as where they should be: whoever is hidden may have stopped.
        reach = min(_REACH + _REACH_PER_SECOND * (seconds - person.seconds), _FARTHEST) * size
        places = [_centre(person.last.keypoints), _centre(person.expected(seconds))]
        for column, detection in enumerate(detections):
            if 1 / _SIZE_RATIO < _size(detection.keypoints) / size < _SIZE_RATIO:
                centre = _centre(detection.keypoints)
                value[row, column] = 1 - min(float(np.linalg.norm(centre - place)) for place in places) / reach
    return value


def _size(points: Float[np.ndarray, "joint 2"]) -> float:
    """Return the longer side of the box, in pixels; 1 at least."""
    return max(1.0, float(np.nanmax(np.nanmax(points, axis=0) - np.nanmin(points, axis=0))))


def _centre(points: Float[np.ndarray, "joint 2"]) -> Float[np.ndarray, "2"]:
    return (np.nanmax(points, axis=0) + np.nanmin(points, axis=0)) / 2

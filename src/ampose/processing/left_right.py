"""Left and right kept over time.

A detector that takes somebody's front for their back exchanges left and right of the whole body, for a few frames or a
second, and is as sure of itself as ever: in 8 % of the frames of the four-camera clip, all of them in one view
(docs/usable-3d.md). One frame cannot show it. Over time it does: all joints jump to where their counterparts were.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int

from ampose.poses.pose import Pose2D
from ampose.poses.skeletons import Skeleton

MARGIN = 0.03
"""By how much of the body's size the joints must come closer, on average, for sides to count as exchanged. Of a body
seen from the side both orders are alike; which one is nearer then says nothing."""

FAR = 0.25
"""Joints that move on average by more than this share of the body's size, either way, are another shot or person."""

PRICE = 0.1
"""Of a second of exchanged sides, as a share of the body's size. So an exchange whose end is seen as clearly as its
beginning is believed for some seconds; one that never ends, for less, because it may have ended unseen while the body
was turned sideways."""

LONGEST_STEP = 0.1
"""Seconds between two frames that can be compared: in half a gait cycle a walker's sides do exchange."""

_AT_FIRST = np.array([0.0, 0.0])
"""What it has cost so far to be as given, and to be exchanged."""


def keep_sides(pose: Pose2D) -> tuple[Pose2D, Bool[np.ndarray, " frame"]]:
    """Exchange left and right back where a detector exchanged them, as far as the frames before and after tell.

    Args:
        pose: One person over time. Single pictures come back as they are.

    Returns:
        The pose, and in which frames sides were exchanged.
    """
    exchanged = np.zeros(len(pose), dtype=bool)
    paired = _paired(pose.skeleton)
    there = np.flatnonzero(~np.isnan(pose.keypoints[:, paired]).all(axis=(1, 2)))
    if pose.seconds is None or len(there) < 2:
        return pose, exchanged
    costs = _costs(pose.keypoints[there].astype(float), np.diff(pose.seconds[there]), pose.skeleton)
    exchanged[there] = _cheapest(costs)
    if not exchanged.any():
        return pose, exchanged
    keypoints, confidence = pose.keypoints.copy(), pose.confidence.copy()
    keypoints[exchanged] = keypoints[exchanged][:, pose.skeleton.flip_order]
    confidence[exchanged] = confidence[exchanged][:, pose.skeleton.flip_order]
    said = {**pose.provenance, "sides": f"exchanged back in {exchanged.sum()} frames"}
    return replace(pose, keypoints=keypoints, confidence=confidence, provenance=said), exchanged


def _paired(skeleton: Skeleton) -> Int[np.ndarray, " side"]:
    """Return the joints that have a counterpart on the other side."""
    return np.flatnonzero(skeleton.flip_order != np.arange(skeleton.num_joints))


def _steps(
    keypoints: Float[np.ndarray, "frame joint 2"], skeleton: Skeleton
) -> tuple[Float[np.ndarray, " step"], Float[np.ndarray, " step"]]:
    """Return how far joints go from frame to frame, and from where their counterparts were, in shares of the body.

    Joints that are seen in one of the two frames only do not count; without any, both are NaN.
    """
    size = np.nanmax(np.nanmax(keypoints, axis=1) - np.nanmin(keypoints, axis=1), axis=1)
    size = np.maximum(np.maximum(size[1:], size[:-1]), 1e-6)[:, None]
    paired = _paired(skeleton)
    before = keypoints[:-1, paired]
    steps = []
    for after in (keypoints[1:, paired], keypoints[1:, skeleton.flip_order[paired]]):
        away = np.linalg.norm(after - before, axis=-1) / size
        seen = np.isfinite(away)
        steps.append(np.where(seen, away, 0).sum(axis=1) / np.where(seen.any(axis=1), seen.sum(axis=1), np.nan))
    return steps[0], steps[1]


def _costs(
    keypoints: Float[np.ndarray, "frame joint 2"],
    seconds: Float[np.ndarray, " step"],
    skeleton: Skeleton,
) -> Float[np.ndarray, "step 3"]:
    """Return what each step costs: to stay as the frame before, to change, and to be exchanged at its end."""
    straight, crossed = _steps(keypoints, skeleton)
    unlike = ~(np.minimum(straight, crossed) < FAR) | (seconds > LONGEST_STEP)
    staying = np.where(unlike, 0.0, straight)
    changing = np.where(unlike, 0.0, crossed + MARGIN)
    return np.stack([staying, changing, PRICE * seconds.clip(max=LONGEST_STEP)], axis=1)


def _advance(
    so_far: Float[np.ndarray, " state"], step: Float[np.ndarray, " cost"]
) -> tuple[Int[np.ndarray, " state"], Float[np.ndarray, " state"]]:
    """Return from where each state, as given and exchanged, is reached most cheaply, and what it costs from there."""
    stay, change, price = step
    ways = so_far[:, None] + [[stay, change], [change, stay]]
    return ways.argmin(axis=0), ways.min(axis=0) + np.array([0.0, price])


def _cheapest(costs: Float[np.ndarray, "step cost"]) -> Bool[np.ndarray, " frame"]:
    """Return the cheapest order of states, False as given and True exchanged (Viterbi)."""
    so_far, came_from = _AT_FIRST, []
    for step in costs:
        origins, so_far = _advance(so_far, step)
        came_from.append(origins)
    states = [int(so_far.argmin())]
    for origins in came_from[::-1]:
        states.append(int(origins[states[-1]]))
    return np.array(states[::-1], dtype=bool)


class LiveSides:
    """Keeps one person's left and right frame by frame, by what came before alone.

    So an exchange in the first frame is not seen, and one that goes on is believed for a second or two only.

    Args:
        skeleton: Of the keypoints.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        self._skeleton = skeleton
        self._so_far = np.array([0.0, PRICE])  # the first frame is believed
        self._before: tuple[Float[np.ndarray, "joint 2"], float] | None = None

    def step(self, keypoints: Float[np.ndarray, "joint 2"], seconds: float) -> bool:
        """Take the next frame; return whether its sides are exchanged.

        Args:
            keypoints: Pixels; NaN where nothing was seen.
            seconds: When it was taken, on any clock.
        """
        if not np.isfinite(keypoints[_paired(self._skeleton)]).any():
            return False
        if self._before is not None:
            before, then = self._before
            both = np.stack([before, keypoints]).astype(float)
            (step,) = _costs(both, np.array([seconds - then]), self._skeleton)
            _, self._so_far = _advance(self._so_far, step)
            self._so_far = self._so_far - self._so_far.min()
        self._before = keypoints, seconds
        return bool(self._so_far.argmin())

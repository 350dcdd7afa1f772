"""Left/right swaps of a detector, fixed over time.

A detector that takes somebody's front for their back swaps left and right of the whole body, for a few frames or a
second, with confidences as high as ever: in 8 % of the frames of the four-camera clip, all of them in one view
(docs/usable-3d.md). One frame cannot show it. Over time it does: all joints jump to where their counterparts were.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int

from ampose.poses.pose import Pose2D
from ampose.poses.skeletons import Skeleton

MARGIN = 0.03
"""By how much of the body's size the joints must come closer, on average, for a step to count as a swap. Of a body seen
from the side both orders are alike; which one is nearer then says nothing."""

FAR = 0.25
"""Joints that move on average by more than this share of the body's size, either way, are another shot or person."""

PRICE = 0.1
"""Of a second spent swapped, as a share of the body's size. So a swap whose end shows as clearly as its beginning is
believed for some seconds; one that never ends, for less, because it may have ended unnoticed while the body was turned
sideways."""

LONGEST_STEP = 0.101
"""Seconds between two frames that can be compared: in half a gait cycle a walker's legs really do change places. A
tenth, and what rounding adds at 10 frames a second; with fewer nothing is repaired."""


def fix_left_right_swaps(pose: Pose2D, cuts: Sequence[int] = ()) -> tuple[Pose2D, Bool[np.ndarray, " frame"]]:
    """Swap left and right back where a detector swapped them, as far as the frames before and after show it.

    Args:
        pose: One person over time. Single images come back as they are.
        cuts: Frames with which another shot begins: they are not compared with those before.

    Returns:
        The pose, and in which frames left and right were swapped.
    """
    swapped = np.zeros(len(pose), dtype=bool)
    paired = _paired(pose.skeleton)
    found = np.flatnonzero(~np.isnan(pose.keypoints[:, paired]).all(axis=(1, 2)))
    if pose.seconds is None or len(found) < 2:
        return pose, swapped
    # Frames without the person are left out: the step over the gap takes longer, and may be too long to compare.
    shots = np.searchsorted(cuts, found, side="right")
    steps = np.where(np.diff(shots) > 0, np.inf, np.diff(pose.seconds[found]))
    costs = _costs(pose.keypoints[found].astype(float), steps, pose.skeleton)
    swapped[found] = _cheapest(costs)
    if not swapped.any():
        return pose, swapped
    keypoints, confidence = pose.keypoints.copy(), pose.confidence.copy()
    keypoints[swapped] = keypoints[swapped][:, pose.skeleton.flip_order]  # joints reordered in these frames alone
    confidence[swapped] = confidence[swapped][:, pose.skeleton.flip_order]
    provenance = {**pose.provenance, "sides": f"exchanged back in {swapped.sum()} frames"}
    return replace(pose, keypoints=keypoints, confidence=confidence, provenance=provenance), swapped


def _paired(skeleton: Skeleton) -> Int[np.ndarray, " side"]:
    """Return the joints that have a counterpart on the other side."""
    return np.flatnonzero(skeleton.flip_order != np.arange(skeleton.num_joints))


def _costs(
    keypoints: Float[np.ndarray, "frame joint 2"], seconds: Float[np.ndarray, " step"], skeleton: Skeleton
) -> Float[np.ndarray, "step 3"]:
    """Return what each step costs: to stay as the frame before, to change, and to be swapped at its end.

    Staying costs how far the joints went, changing how far they went from where their counterparts were, in shares of
    the body. Where the two frames cannot be compared (a cut, another person, too long a gap, no joint that was found in
    both) both are free, so that the past has no say in what follows.
    """
    size = np.nanmax(np.nanmax(keypoints, axis=1) - np.nanmin(keypoints, axis=1), axis=1)  # (frame,)
    # Of the two frames the larger, as legs may be hidden in one.
    size = np.maximum(np.maximum(size[1:], size[:-1]), 1e-6)[:, None]  # (step, 1)
    paired = _paired(skeleton)
    before, moves = keypoints[:-1, paired], []
    for after in (keypoints[1:, paired], keypoints[1:, skeleton.flip_order[paired]]):
        away = np.linalg.norm(after - before, axis=-1) / size  # (step, joint)
        both = np.isfinite(away)
        moves.append(np.where(both, away, 0).sum(axis=1) / np.where(both.any(axis=1), both.sum(axis=1), np.nan))
    straight, crossed = moves  # (step,) each
    unlike = ~(np.minimum(straight, crossed) < FAR) | (seconds > LONGEST_STEP)  # not ">": NaN is unlike too
    staying = np.where(unlike, 0.0, straight)
    changing = np.where(unlike, 0.0, crossed + MARGIN)
    return np.stack([staying, changing, PRICE * seconds.clip(max=LONGEST_STEP)], axis=1)


def _advance(
    so_far: Float[np.ndarray, " state"], step: Float[np.ndarray, " cost"]
) -> tuple[Int[np.ndarray, " state"], Float[np.ndarray, " state"]]:
    """Return from where each state, as given or swapped, is reached most cheaply, and what it costs from there."""
    stay, change, price = step
    ways = so_far[:, None] + [[stay, change], [change, stay]]  # (state before, state after)
    return ways.argmin(axis=0), ways.min(axis=0) + np.array([0.0, price])


def _cheapest(costs: Float[np.ndarray, "step cost"]) -> Bool[np.ndarray, " frame"]:
    """Return the cheapest order of states, False as given and True swapped (Viterbi)."""
    so_far, came_from = np.zeros(2), []  # either state may be the first
    for step in costs:
        origins, so_far = _advance(so_far, step)
        came_from.append(origins)
    states = [int(so_far.argmin())]
    for origins in came_from[::-1]:
        states.append(int(origins[states[-1]]))
    return np.array(states[::-1], dtype=bool)


class LiveLeftRight:
    """Tells one person's left/right swaps frame by frame, by what came before alone.

    So a swap in the first frame goes unnoticed, and one that goes on is believed for a second or two only.

    Args:
        skeleton: Of the keypoints.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        self._skeleton = skeleton
        self._so_far = np.array([0.0, PRICE])  # the first frame is believed
        self._before: tuple[Float[np.ndarray, "joint 2"], float] | None = None

    def step(self, keypoints: Float[np.ndarray, "joint 2"], seconds: float) -> bool:
        """Take the next frame; return whether its left and right are swapped.

        Args:
            keypoints: Pixels; NaN for joints that were not found.
            seconds: When it was taken, on any clock.
        """
        if not np.isfinite(keypoints[_paired(self._skeleton)]).any():
            return False
        if self._before is not None:
            before, then = self._before
            both = np.stack([before, keypoints]).astype(float)
            (step,) = _costs(both, np.array([seconds - then]), self._skeleton)
            _, self._so_far = _advance(self._so_far, step)
            self._so_far = self._so_far - self._so_far.min()  # only the difference counts: it must not grow for ever
        self._before = keypoints, seconds
        return bool(self._so_far.argmin())

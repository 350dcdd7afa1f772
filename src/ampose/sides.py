"""Left and right kept over time.

A detector that takes somebody's front for their back exchanges left and right of the whole body, for a few frames or a
second, and is as sure of itself as ever: in 8 % of the frames of the four-camera clip, all of them in one view
(docs/usable-3d.md). One frame cannot show it. Over time it does: all joints jump to where their counterparts were.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int

from ampose.pose import Pose2D

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


def keep_sides(pose: Pose2D) -> tuple[Pose2D, Bool[np.ndarray, " frame"]]:
    """Exchange left and right back where a detector exchanged them, as far as the frames before and after tell.

    Args:
        pose: One person over time. Single pictures come back as they are.

    Returns:
        The pose, and in which frames sides were exchanged.
    """
    exchanged = np.zeros(len(pose), dtype=bool)
    paired = np.flatnonzero(pose.skeleton.flip_order != np.arange(pose.skeleton.num_joints))
    there = np.flatnonzero(~np.isnan(pose.keypoints[:, paired]).all(axis=(1, 2)))
    if pose.seconds is None or len(there) < 2:
        return pose, exchanged
    straight, crossed = _steps(pose.keypoints[there].astype(float), pose.skeleton.flip_order, paired)
    seconds = np.diff(pose.seconds[there])
    unlike = ~(np.minimum(straight, crossed) < FAR) | (seconds > LONGEST_STEP)
    staying = np.where(unlike, 0.0, straight)
    changing = np.where(unlike, 0.0, crossed + MARGIN)
    exchanged[there] = _cheapest(staying, changing, PRICE * np.append(seconds, 0).clip(max=LONGEST_STEP))
    if not exchanged.any():
        return pose, exchanged
    keypoints, confidence = pose.keypoints.copy(), pose.confidence.copy()
    keypoints[exchanged] = keypoints[exchanged][:, pose.skeleton.flip_order]
    confidence[exchanged] = confidence[exchanged][:, pose.skeleton.flip_order]
    said = {**pose.provenance, "sides": f"exchanged back in {exchanged.sum()} frames"}
    return replace(pose, keypoints=keypoints, confidence=confidence, provenance=said), exchanged


def _steps(
    keypoints: Float[np.ndarray, "frame joint 2"],
    flip_order: Int[np.ndarray, " joint"],
    paired: Int[np.ndarray, " side"],
) -> tuple[Float[np.ndarray, " step"], Float[np.ndarray, " step"]]:
    """Return how far joints go from frame to frame, and from where their counterparts were, in shares of the body.

    Joints that are seen in one of the two frames only do not count; without any, both are NaN.
    """
    size = np.nanmax(np.nanmax(keypoints, axis=1) - np.nanmin(keypoints, axis=1), axis=1)
    size = np.maximum(np.maximum(size[1:], size[:-1]), 1e-6)[:, None]
    before = keypoints[:-1, paired]
    steps = []
    for after in (keypoints[1:, paired], keypoints[1:, flip_order[paired]]):
        away = np.linalg.norm(after - before, axis=-1) / size
        seen = np.isfinite(away)
        steps.append(np.where(seen, away, 0).sum(axis=1) / np.where(seen.any(axis=1), seen.sum(axis=1), np.nan))
    return steps[0], steps[1]


def _cheapest(
    staying: Float[np.ndarray, " step"], changing: Float[np.ndarray, " step"], price: Float[np.ndarray, " frame"]
) -> Bool[np.ndarray, " frame"]:
    """Return the cheapest order of states, False as given and True exchanged, where True costs its price (Viterbi)."""
    cost = np.array([0.0, price[0]])
    came_from = np.zeros((len(staying), 2), dtype=int)
    for step, (stay, change) in enumerate(zip(staying, changing, strict=True)):
        ways = cost[:, None] + [[stay, change], [change, stay]]
        came_from[step] = ways.argmin(axis=0)
        cost = ways.min(axis=0) + np.array([0.0, price[step + 1]])
    states = [int(cost.argmin())]
    for origins in came_from[::-1]:
        states.append(int(origins[states[-1]]))
    return np.array(states[::-1], dtype=bool)

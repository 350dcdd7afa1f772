"""How well left and right are kept over time: CMU's motion seen from anywhere around, with sides exchanged by hand.

    python -m research.left_right_swaps prepared/cmu.npz

Prints, for keypoints that are off by more and more, frames that were exchanged though nothing was wrong, and how many
of the exchanged ones were found.
"""

from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Bool, Float

from ampose.data.motion_capture import MotionCapture, read_motion
from ampose.poses.pose import Pose2D
from ampose.processing.left_right import LiveLeftRight, fix_left_right_swaps

NOISE = (0.0, 0.01, 0.02, 0.03)
"""Standard deviation as a share of the body's size."""
OUTLIERS, FARTHER = 0.05, 5.0
"""Share of joints that are farther off, and how many times."""
LONGEST = 1.0
"""Seconds of an exchange."""
IMAGE, FOCAL, DISTANCE = (2000, 2000), 1000.0, 6.0


def main(motion: Path, /, every: int = 2, seed: int = 0) -> None:
    """Measure.

    Args:
        motion: Prepared CMU motion.
        every: Take every so many frames: 2 makes 60 a second of 120.
        seed: Of cameras, noise and exchanges.
    """
    clips = read_motion(motion)
    for noise in NOISE:
        rng = np.random.default_rng(seed)
        ways = {"over time": over_time, "frame by frame": frame_by_frame}
        totals = {way: np.zeros(5, dtype=int) for way in ways}
        for number in range(len(clips.subjects)):
            pose = see(clips, number, every, noise, rng)
            if len(pose) < 3:
                continue
            there = exchange(len(pose), clips.fps[number] / every, rng)
            wrong = with_exchange(pose, there)
            for way, kept in ways.items():
                now = kept(wrong)
                totals[way] += [len(pose), kept(pose).sum(), there.sum(), (now & there).sum(), (now & ~there).sum()]
        for way, (frames, wrongly, exchanged, found, beside) in totals.items():
            print(
                f"noise {noise:.0%}, {way}: {wrongly} of {frames:,} frames exchanged with nothing wrong; "
                f"of {exchanged:,} exchanged by hand {found / exchanged:.0%} found, {beside} beside them",
                flush=True,
            )


def over_time(pose: Pose2D) -> Bool[np.ndarray, " frame"]:
    """Return the frames that are exchanged back, knowing all of them."""
    return fix_left_right_swaps(pose)[1]


def frame_by_frame(pose: Pose2D) -> Bool[np.ndarray, " frame"]:
    """Return the frames that are exchanged back while they come in."""
    sides, seconds = LiveLeftRight(pose.skeleton), np.arange(len(pose)) / pose.fps
    return np.array([sides.step(*frame) for frame in zip(pose.keypoints, seconds, strict=True)])


def see(clips: MotionCapture, number: int, every: int, noise: float, rng: np.random.Generator) -> Pose2D:
    """Look at a clip level from somewhere around it, through a detector that is a little off."""
    start, end = clips.clip_starts[number : number + 2]
    points = clips.positions[start:end:every].astype(float)
    points = points - points.mean(axis=(0, 1))
    angle = rng.uniform(0, 2 * np.pi)
    right = np.array([np.cos(angle), -np.sin(angle), 0.0])
    away = np.array([np.sin(angle), np.cos(angle), 0.0])
    flat = np.stack([points @ right, -points[..., 2]], axis=-1) / (points @ away + DISTANCE)[..., None]
    return Pose2D.from_array(
        add_noise(FOCAL * flat + FOCAL, noise, rng),
        skeleton=clips.skeleton,
        image_size=IMAGE,
        fps=float(clips.fps[number]) / every,
    )


def add_noise(
    pixels: Float[np.ndarray, "frame joint 2"], noise: float, rng: np.random.Generator
) -> Float[np.ndarray, "frame joint 2"]:
    """Move each joint in each frame on its own."""
    size = np.ptp(pixels, axis=1).max(axis=-1)[:, None, None]
    far = np.where(rng.random(pixels.shape[:2]) < OUTLIERS, FARTHER, 1.0)[..., None]
    return pixels + noise * size * far * rng.normal(size=pixels.shape)


def exchange(frames: int, fps: float, rng: np.random.Generator) -> np.ndarray:
    """Choose frames of an exchange, with a beginning and an end within the clip."""
    length = rng.integers(1, max(2, min(frames // 3, round(LONGEST * fps))))
    start = rng.integers(1, frames - length)
    return (np.arange(frames) >= start) & (np.arange(frames) < start + length)


def with_exchange(pose: Pose2D, there: np.ndarray) -> Pose2D:
    """Exchange left and right in some frames."""
    keypoints = pose.keypoints.copy()
    keypoints[there] = keypoints[there][:, pose.skeleton.flip_order]
    return Pose2D.from_array(keypoints, skeleton=pose.skeleton, image_size=pose.image_size, fps=pose.fps)


if __name__ == "__main__":
    tyro.cli(main)

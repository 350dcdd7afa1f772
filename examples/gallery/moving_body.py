"""A body that squats, by formulas: motion with a known truth for the examples."""

import numpy as np

from ampose.data import MotionCapture
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")
FPS = 25.0


def squat(knee: np.ndarray, size: float = 1.0, reach: float = 80.0) -> np.ndarray:
    """Return the joints of somebody who squats: (frame, joint, xyz) in metres, z up, facing y.

    Args:
        knee: Knee flexion in each frame, in degrees.
        size: Of the body; at 1 it is about 1.75 m tall.
        reach: How far the arms rise forward with a knee bent by 90 degrees, in degrees.
    """
    bend = np.radians(knee)
    shank, thigh, trunk = 0.38 * bend, -0.62 * bend, 0.45 * bend  # each leans forward from the vertical
    arm = np.radians(reach) * bend / np.radians(90)  # from hanging down

    def along(length: float, lean: np.ndarray) -> np.ndarray:
        return length * np.stack([0 * lean, np.sin(lean), np.cos(lean)], axis=-1)

    ankle = np.array([0.0, 0.0, 0.08])
    joints = {"knee": ankle + along(0.43, shank)}
    joints["hip"] = joints["knee"] + along(0.45, thigh)
    for name, height in {"spine": 0.24, "thorax": 0.49, "neck_nose": 0.60, "head": 0.71}.items():
        joints[name] = joints["hip"] + along(height, trunk)
    joints["shoulder"] = joints["hip"] + along(0.47, trunk)
    joints["elbow"] = joints["shoulder"] - along(0.29, -arm)
    joints["wrist"] = joints["elbow"] - along(0.25, -1.15 * arm)
    joints["ankle"] = np.broadcast_to(ankle, joints["knee"].shape)
    width = {"hip": 0.12, "knee": 0.14, "ankle": 0.15, "shoulder": 0.17, "elbow": 0.20, "wrist": 0.19}

    def place(name: str) -> np.ndarray:
        side, _, part = name.rpartition("_")
        if side not in ("left", "right"):
            return joints[name]
        return joints[part] + [width[part] * (1 if side == "right" else -1), 0, 0]

    return size * np.stack([place(name) for name in SKELETON.joints], axis=1)


def squats(seconds: float = 4.0, size: float = 1.0) -> MotionCapture:
    """Return a recording of squats, as the data engine and the protocols film it."""
    time = np.arange(int(seconds * FPS)) / FPS
    positions = squat(55 - 50 * np.cos(2 * np.pi * time / 2), size).astype(np.float32)
    return recording({"squat": positions}, subject="formula")


def recording(clips: dict[str, np.ndarray], subject: str) -> MotionCapture:
    """Return clips of somebody's motion, by what they do, in world metres with z up."""
    return MotionCapture(
        positions=np.concatenate(list(clips.values())),
        skeleton=SKELETON,
        clip_starts=np.cumsum([0, *(len(clip) for clip in clips.values())]),
        subjects=(subject,) * len(clips),
        actions=tuple(clips),
        names=tuple(f"{subject} {action}" for action in clips),
        fps=np.full(len(clips), FPS),
    )

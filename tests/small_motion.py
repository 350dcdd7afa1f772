"""Small motion of several people: standing bodies whose limbs swing."""

import numpy as np
import pytest

from ampose.data import MotionCapture
from ampose.evaluation import Protocol
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")
STANDING = {
    "hip": (0, 0, 0.95),
    "spine": (0, 0, 1.15),
    "thorax": (0, 0, 1.4),
    "neck_nose": (0, 0, 1.58),
    "head": (0, 0, 1.7),
    "hip_side": (0.1, 0, 0.95),
    "knee": (0.1, 0, 0.5),
    "ankle": (0.1, 0, 0.08),
    "shoulder": (0.18, 0, 1.4),
    "elbow": (0.2, 0, 1.12),
    "wrist": (0.22, 0, 0.86),
}


def standing() -> np.ndarray:
    """Metres, z up; the person faces y, its right side is at positive x."""
    rows = []
    for joint in SKELETON.joints:
        side, _, part = joint.rpartition("_")
        if side not in ("left", "right"):
            rows.append(STANDING[joint])
            continue
        x, y, z = STANDING["hip_side" if part == "hip" else part]
        rows.append((x if side == "right" else -x, y, z))
    return np.array(rows)


def swing(count: int, size: float) -> np.ndarray:
    """(frame, joint, 3) float32: each joint but the root swings about its place, all people alike."""
    generator = np.random.default_rng(0)
    phase = generator.uniform(0, 2 * np.pi, size=(1, SKELETON.num_joints, 3))
    time = np.linspace(0, 6 * np.pi, count)[:, None, None]
    moved = standing() + size * np.sin(time + phase) * (SKELETON.hops[:, None] / 3)
    return moved.astype(np.float32)


@pytest.fixture(scope="session")
def motion() -> MotionCapture:
    """Three subjects; the action names begin alike, as Human3.6M's do."""
    clips = [
        ("01", "sit", 300, 0.10),
        ("02", "sit", 20, 0.10),
        ("02", "sit down", 50, 0.25),
        ("03", "walk", 300, 0.20),
    ]
    return MotionCapture(
        positions=np.concatenate([swing(count, size) for _, _, count, size in clips]),
        skeleton=SKELETON,
        clip_starts=np.cumsum([0, *(count for _, _, count, _ in clips)]),
        subjects=tuple(subject for subject, *_ in clips),
        actions=tuple(action for _, action, *_ in clips),
        names=tuple(f"clip{index}" for index in range(len(clips))),
        fps=np.full(len(clips), 50.0),
        provenance={"source": "made up for tests"},
    )


@pytest.fixture(scope="session")
def protocol() -> Protocol:
    """Subject 02 is measured."""
    return Protocol(name="test", description="subject 02.", subjects=("02",))

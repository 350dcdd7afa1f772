"""A small training run: made-up motion of two people, a tiny AMPose."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ampose.data.motion_capture import MotionCapture, write_motion
from ampose.poses.skeletons import get_skeleton

RECIPE = """
batch_size = 16
epochs = 3
checkpoint_minutes = 0.0

[model]
name = "ampose-small"
channels = 8
heads = 2
depth = 1
dropout = 0.1
normalisation = "person-rays"

[data]
files = ["{file}"]
held_out_subjects = ["B"]
validation_samples = 20

[data.noise]
largest = 0.01

[data.proportions]
height = [0.9, 1.1]
bone_spread = 0.05

[optimiser]
learning_rate = 1e-3
"""


def make_motion(frames_a: int = 70, frames_b: int = 30) -> MotionCapture:
    """People whose joints swing about a standing pose."""
    skeleton = get_skeleton("human36m_17")
    rng = np.random.default_rng(0)
    count = frames_a + frames_b
    phase = np.linspace(0, 20, count)[:, None, None]
    standing = rng.normal(scale=0.3, size=(1, skeleton.num_joints, 3)) + np.array([0, 0, 1])
    swing = 0.1 * np.sin(phase + rng.uniform(0, 6, size=(1, skeleton.num_joints, 3)))
    return MotionCapture(
        positions=(standing + swing).astype(np.float32),
        skeleton=skeleton,
        clip_starts=np.array([0, frames_a - 20, frames_a, count]),
        subjects=("A", "A", "B"),
        actions=("walk", "run", "walk"),
        names=("a1", "a2", "b1"),
        fps=np.full(3, 30.0),
    )


@pytest.fixture
def motion() -> MotionCapture:
    return make_motion()


@pytest.fixture
def elsewhere(monkeypatch) -> torch.device:
    """A device that is not the CPU, on every machine: it has shapes and no numbers, so nothing may wait for any.

    It has no generators of its own, and takes those of others.
    """
    monkeypatch.setattr("ampose.training.batches.generator_for", lambda *position, device: torch.Generator())
    return torch.device("meta")


@pytest.fixture
def recipe(tmp_path: Path, motion: MotionCapture) -> Path:
    """A recipe file with its data."""
    data = tmp_path / "motion.npz"
    write_motion(motion, data)
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE.format(file=data))
    return path

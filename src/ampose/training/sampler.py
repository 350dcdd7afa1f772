"""Which samples an epoch has, in which order, and which frames each of them shows.

Everything is a function of (seed, epoch, step), so that a run can be resumed at any step, and several processes agree.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ampose.data.motion_capture import MotionCapture
from ampose.poses.clips import FrameIndex, Output, cut_windows

ORDER, BATCH, NETWORK, VALIDATION, DROPOUT = range(5)
"""Streams of randomness that do not touch each other."""

CPU = torch.device("cpu")


def seed_for(seed: int, stream: int, *position: int) -> int:
    """Return a seed of its own for each stream and position."""
    return int(np.random.SeedSequence([seed, stream, *position]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator_for(seed: int, stream: int, *position: int, device: torch.device = CPU) -> torch.Generator:
    """Return a generator of its own for each stream and position."""
    return torch.Generator(device).manual_seed(seed_for(seed, stream, *position))


class FrameSampler:
    """Draws the samples of an epoch from the frames of clips.

    What a sample is depends on the network. One that answers for the middle frame has a window around every frame, one
    frame long if it looks at single frames. One that answers for the whole window has windows side by side, so that an
    epoch shows every frame once.

    Args:
        index: The frames that can be drawn, and the clips that they are of.
        frames: Of each window.
        output: For which of these the network answers.
        seed: Of the order.
        samples_per_epoch: None for as many as there are windows.
        weights: How often each frame is drawn, relative to others; None to show every window once before any twice.
    """

    def __init__(
        self,
        index: FrameIndex,
        *,
        frames: int,
        output: Output,
        seed: int,
        samples_per_epoch: int | None = None,
        weights: Float[Tensor, " frame"] | None = None,
    ) -> None:
        self.index, self.frames, self.seed = index, frames, seed
        # (window, frame). Windows around every frame are as many as frames, so they are cut when they are asked for.
        self.side_by_side = cut_windows(index, frames, "sequence").rows if output == "sequence" else None
        self.windows = len(index) if self.side_by_side is None else len(self.side_by_side)
        self.samples_per_epoch = samples_per_epoch or self.windows
        middles = index.frame if self.side_by_side is None else self.side_by_side[:, frames // 2]
        self.weights = None if weights is None else weights[middles]

    def __len__(self) -> int:
        return self.samples_per_epoch

    def order(self, epoch: int) -> Int[Tensor, " sample"]:
        """Return which windows an epoch shows: drawn by weight, or all, several times over if it is longer."""
        generator = generator_for(self.seed, ORDER, epoch)
        if self.weights is not None:
            return torch.multinomial(self.weights, len(self), replacement=True, generator=generator)
        passes = -(-len(self) // self.windows)
        return torch.cat([torch.randperm(self.windows, generator=generator) for _ in range(passes)])[: len(self)]

    def rows(self, windows: Int[Tensor, " sample"]) -> Int[Tensor, "sample frame"]:
        """Return the frames of some windows."""
        if self.side_by_side is None:
            return cut_windows(self.index[windows], self.frames, "centre").rows
        return self.side_by_side[windows]


def square_root_weights(motion: MotionCapture) -> Float[Tensor, " frame"]:
    """Weigh each frame so that a subject's action counts as the square root of its length."""
    lengths = np.diff(motion.clip_starts)
    groups = [f"{subject}\n{action}" for subject, action in zip(motion.subjects, motion.actions, strict=True)]
    _, group = np.unique(np.repeat(groups, lengths), return_inverse=True)
    return torch.from_numpy(np.bincount(group)[group] ** -0.5)

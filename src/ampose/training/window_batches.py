"""Batches of windows over time, for networks that look at several frames.

What a sample is depends on the network: one that answers for the middle frame has a window around every frame;
one that answers for the whole window has windows side by side, so that an epoch shows every frame once.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ampose.data.motion_capture import MotionCapture
from ampose.data.synthesis.detector_noise import as_detected
from ampose.data.synthesis.filming import film
from ampose.data.synthesis.proportions import vary_proportions
from ampose.data.synthesis.virtual_cameras import draw_cameras
from ampose.errors import InputError
from ampose.poses.camera import Intrinsics
from ampose.poses.clips import Moments, cut_windows
from ampose.poses.samples import Samples
from ampose.training.batches import (
    ORDER,
    Batch,
    Normalised,
    VirtualCameraBatches,
    generator_for,
    mirror_half,
    permutations,
)
from ampose.training.config import DataConfig
from ampose.training.fixed_camera_batches import FixedCameraBatches


class WindowIndex:
    """Which frames the windows of an epoch have."""

    def __init__(self, moments: Moments, normalise_as: Normalised) -> None:
        self.moments = moments
        self.frames = normalise_as.frames
        self.side_by_side = (
            cut_windows(moments, self.frames, "sequence").rows if normalise_as.output == "sequence" else None
        )

    def __len__(self) -> int:
        return len(self.moments) if self.side_by_side is None else len(self.side_by_side)

    def rows(self, windows: Int[Tensor, " sample"]) -> Int[Tensor, "sample frame"]:
        """Return the frames of some windows. Those around each frame are made when they are asked for."""
        if self.side_by_side is None:
            return cut_windows(self.moments[windows], self.frames, "centre").rows
        return self.side_by_side[windows]

    def middles(self) -> Int[Tensor, " window"]:
        """Return the middle frame of every window."""
        return self.moments.row if self.side_by_side is None else self.side_by_side[:, self.frames // 2]


_SINGLE_POSES = ("evolution", "definitions", "missing", "focal_mistake")
"""Settings of the data engine that make single poses."""


class VirtualCameraWindows(VirtualCameraBatches):
    """Windows of motion capture, each filmed by a new virtual camera that stays for the whole window.

    Raises:
        InputError: A setting is given that makes single poses, which are no motion.
    """

    def __init__(self, motion: MotionCapture, config: DataConfig, normalise_as: Normalised, seed: int) -> None:
        config.refuse(_SINGLE_POSES, "for a network over time")
        super().__init__(motion, config, normalise_as, seed)
        self.index = WindowIndex(Moments.of_clips(motion.clip_starts), normalise_as)
        if self.weights is not None:
            self.weights = self.weights[self.index.middles()]

    def __len__(self) -> int:
        return self.config.samples_per_epoch or len(self.index)

    def order(self, epoch: int) -> Int[Tensor, " sample"]:
        """Draw by weight, or permute all windows (several times over if an epoch has more)."""
        if self.weights is not None:
            return super().order(epoch)
        return permutations(len(self.index), len(self), generator_for(self.seed, ORDER, epoch))

    def _frames(self, rows: Int[Tensor, " sample"]) -> Int[Tensor, "sample *frame"]:
        return self.index.rows(rows)

    def _make(self, frames: Int[Tensor, "sample *frame"], generator: torch.Generator) -> Batch:
        """Vary the bodies, film them, add noise, normalise, mirror half; one draw for a whole window."""
        config = self.config
        world = vary_proportions(self.positions[frames], self.skeleton, config.proportions, generator)
        seen = film(world, draw_cameras(len(frames), config.cameras, generator), self.skeleton)
        keypoints_px = as_detected(seen.keypoints_px, self.skeleton, config.noise, generator)
        keypoints, target = normalise_windows(self.normalise_as, keypoints_px, seen.positions, seen.intrinsics)
        if config.flip:
            keypoints, target = mirror_half(keypoints, target, self.skeleton, generator)
        return keypoints, target


class FixedCameraWindows(FixedCameraBatches):
    """Windows of the clips that fixed cameras saw.

    Raises:
        InputError: A setting is given that only virtual cameras have, or the samples are not of whole clips.
    """

    def __init__(self, samples: Samples, config: DataConfig, normalise_as: Normalised, seed: int) -> None:
        super().__init__(samples, config, normalise_as, seed)
        footage = samples.footage
        if footage is None or len(footage.keypoints_px) != len(samples):
            raise InputError(
                "samples must be all frames of their clips for a network over time, got some of them "
                "(the data may call others not valid)"
            )
        self.index = WindowIndex(footage.moments, normalise_as)

    def __len__(self) -> int:
        return self.config.samples_per_epoch or len(self.index)

    def order(self, epoch: int) -> Int[Tensor, " sample"]:
        """Permute all windows (several times over if an epoch has more than there are)."""
        return permutations(len(self.index), len(self), generator_for(self.seed, ORDER, epoch))

    def _frames(self, rows: Int[Tensor, " sample"]) -> Int[Tensor, "sample *frame"]:
        return self.index.rows(rows)

    def _make(self, frames: Int[Tensor, "sample *frame"], generator: torch.Generator) -> Batch:
        """Gather, add noise, normalise, mirror half of the windows."""
        skeleton = self.normalise_as.skeleton
        keypoints_px = as_detected(self.samples.keypoints_px[frames], skeleton, self.config.noise, generator)
        of_window = self.samples.intrinsics[frames[:, 0]]
        positions = self.samples.positions[frames]
        keypoints, target = normalise_windows(self.normalise_as, keypoints_px, positions, of_window)
        if self.config.flip:
            keypoints, target = mirror_half(keypoints, target, skeleton, generator)
        return keypoints, target


def normalise_windows(
    normalise_as: Normalised,
    keypoints_px: Float[Tensor, "sample frame joint 2"],
    positions: Float[Tensor, "sample frame joint 3"],
    intrinsics: Intrinsics,
) -> Batch:
    """Normalise each frame by itself, and keep the targets that the loss needs.

    Args:
        normalise_as: How, and for which frames the truth is wanted.
        keypoints_px: Pixels.
        positions: Metres, camera axes, absolute.
        intrinsics: One camera a window; fields of shape (sample, 2).
    """
    count, frames = keypoints_px.shape[:2]
    each = torch.arange(count).repeat_interleave(frames)
    flat = Samples(
        keypoints_px=keypoints_px.flatten(0, 1), positions=positions.flatten(0, 1), intrinsics=intrinsics[each]
    )
    keypoints, target = (values.reshape(count, frames, *values.shape[1:]) for values in normalise_as(flat))
    if normalise_as.targets == "centre":
        target = target[:, frames // 2, None]
    return keypoints, target

"""Batches: what a step trains on, made from recorded motion by virtual cameras, or gathered from fixed cameras.

Data and randomness are on the device of the network, and batches are made there, so that a GPU does not wait for a CPU;
another kind of device draws other numbers. Of several processes each makes the same batch and takes its share.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ampose.data.motion_capture import MotionCapture
from ampose.data.synthesis.detector_noise import add_detector_noise
from ampose.data.synthesis.joint_definitions import vary_definitions
from ampose.data.synthesis.missing_joints import compute_joints, lose_joints
from ampose.data.synthesis.pose_augmentation import augment_poses
from ampose.data.synthesis.proportions import vary_proportions
from ampose.data.synthesis.virtual_cameras import draw_cameras, mistake_focal, render, render_frames
from ampose.errors import InputError
from ampose.models.normalisation import normalise
from ampose.models.output_space import encode
from ampose.poses.camera import Intrinsics
from ampose.poses.clips import FrameIndex, Output
from ampose.poses.geometry import mirror
from ampose.poses.samples import Samples, middle_frame
from ampose.poses.skeletons import Skeleton
from ampose.training.config import DataConfig
from ampose.training.sampler import BATCH, CPU, VALIDATION, FrameSampler, generator_for, square_root_weights

Batch = tuple[Float[Tensor, "sample frame joint 2"], Float[Tensor, "sample out_frame joint 3"]]
"""Input and target."""

SINGLE_POSES = ("augmentation", "definitions", "missing", "focal_mistake")
"""Settings of the data engine that make single poses, which are no motion."""

ONLY_VIRTUAL = (
    "balance", "cameras", "focal_mistake", "augmentation", "proportions", "definitions", "missing", "train_clips",
    "left_out_clips",
)  # fmt: skip
"""Settings of the data engine: fixed cameras have nothing that they could change."""


@dataclass(frozen=True)
class InputSpec:
    """What a network looks at, and what its loss compares its answer with."""

    skeleton: Skeleton
    normalisation: str
    frames: int = 1
    """Its receptive field."""
    output: Output = "centre"
    """For which of these frames it answers."""
    targets: Output = "centre"
    """For which of these frames its loss needs the truth."""
    target: str = "metres"
    """What it answers in."""

    def input_and_target(
        self,
        samples: Samples,
        keypoints_px: Float[Tensor, "sample frame joint 2"] | None = None,
        intrinsics: Intrinsics[Tensor] | None = None,
    ) -> Batch:
        """Return input, and the target as the network answers it.

        Args:
            samples: The truth.
            keypoints_px: The input, where it is not the true 2D.
            intrinsics: The cameras that the input is taken to be of, where they are not the true ones.
        """
        root = self.skeleton.root_index
        keypoints, rotation = normalise(self.normalisation, samples.keypoints_px, samples.intrinsics, root)
        if keypoints_px is not None:
            # The target's rotation stays that of the true ray to the root: the side from which the person is seen.
            keypoints, _ = normalise(self.normalisation, keypoints_px, intrinsics or samples.intrinsics, root)
        positions = samples.positions
        if self.targets == "centre":
            positions = middle_frame(positions)
            rotation = None if rotation is None else middle_frame(rotation)
        return keypoints, encode(self.target, positions, samples.intrinsics, root, rotation)


class VirtualCameraBatches:
    """Recorded motion, rendered by new virtual cameras in every batch; a camera stays for the whole window.

    Args:
        motion: What to train on.
        config: The data engine's settings.
        spec: What the network looks at.
        seed: Of everything that is drawn.

    Raises:
        InputError: The network looks at several frames, and a setting is given that makes single poses.
    """

    def __init__(self, motion: MotionCapture, config: DataConfig, spec: InputSpec, seed: int) -> None:
        if spec.frames > 1:
            config.refuse(SINGLE_POSES, "for a network over time")
        self.positions = torch.from_numpy(motion.positions)  # (frame, joint, xyz), world metres
        self.config, self.spec, self.seed, self.device = config, spec, seed, CPU
        self.sampler = FrameSampler(
            FrameIndex.of_clips(motion.clip_starts),
            frames=spec.frames,
            output=spec.output,
            seed=seed,
            samples_per_epoch=config.samples_per_epoch,
            weights=square_root_weights(motion) if config.balance == "square-root" else None,
        )

    def to(self, device: torch.device) -> None:
        """Hold the motion there, and make the batches there."""
        self.positions, self.device = self.positions.to(device), device

    def batch(self, rows: Int[Tensor, " sample"], epoch: int, step: int) -> Batch:
        """Make views of these windows, normalise, mirror half: all a function of (seed, epoch, step)."""
        frames = self.sampler.rows(rows).to(self.device)
        generator = generator_for(self.seed, BATCH, epoch, step, device=self.device)
        with _made_on(self.device):
            truth, keypoints_px, camera = self.views(frames, generator)
            keypoints, target = self.spec.input_and_target(truth, keypoints_px, camera)
            if not self.config.flip:
                return keypoints, target
            return mirror_half(keypoints, target, self.spec.skeleton, generator)

    def views(
        self, frames: Int[Tensor, "sample frame"], generator: torch.Generator
    ) -> tuple[Samples, Float[Tensor, "sample frame joint 2"], Intrinsics[Tensor]]:
        """Make bodies, look at them, make a detector's mistakes: one draw for all frames of a window.

        Returns:
            The truth; the keypoints as a detector gives them, NaN where it finds none; the camera as it is taken to be.
        """
        config, skeleton = self.config, self.spec.skeleton
        world = self.positions[frames]  # (sample, frame, joint, xyz)
        # Of these three, the first and the last make single poses, (sample, joint, xyz): of windows they were refused
        # and do nothing.
        world = augment_poses(world.flatten(0, 1), skeleton, config.augmentation, generator).view_as(world)
        world = vary_proportions(world, skeleton, config.proportions, generator)
        world = vary_definitions(world.flatten(0, 1), skeleton, config.definitions, generator).view_as(world)
        truth = render(world, draw_cameras(len(world), config.cameras, generator), skeleton)
        keypoints_px = add_detector_noise(truth.keypoints_px, skeleton, config.noise, generator)
        keypoints_px = compute_joints(keypoints_px, skeleton, config.missing.computed, generator)
        keypoints_px = lose_joints(keypoints_px, skeleton, config.missing, generator)
        return truth, keypoints_px, mistake_focal(truth.intrinsics, config.focal_mistake, generator)


class FixedCameraBatches:
    """Samples of fixed, calibrated cameras: what the field's papers train on.

    The samples are held in contiguous tensors (1.56 million of Human3.6M take 0.57 GB), from which a batch is
    gathered.

    Args:
        samples: What to train on; see ``ampose.training.subject_split.read_split``.
        config: Flip, noise, samples of an epoch.
        spec: What the network looks at.
        seed: Of the order, the flips and the noise.

    Raises:
        InputError: A setting is given that only virtual cameras have, or the network looks at several frames and the
            samples are not of whole clips.
    """

    def __init__(self, samples: Samples, config: DataConfig, spec: InputSpec, seed: int) -> None:
        config.refuse(ONLY_VIRTUAL, "with fixed cameras, which it cannot change")
        clips, count = samples.clips, len(samples)
        if spec.frames > 1 and (clips is None or len(clips.keypoints_px) != count):
            raise InputError(
                "samples must be all frames of their clips for a network over time, got some of them "
                "(the data may call others not valid)"
            )
        self.keypoints_px, self.positions = samples.keypoints_px[:, 0], samples.positions[:, 0]  # (frame, joint, ...)
        self.intrinsics = samples.intrinsics
        self.config, self.spec, self.seed, self.device = config, spec, seed, CPU
        # Single frames may be some of their clips': each is then a clip of its own.
        index = clips.index if clips is not None and spec.frames > 1 else FrameIndex.of_clips(range(count + 1))
        self.sampler = FrameSampler(
            index, frames=spec.frames, output=spec.output, seed=seed, samples_per_epoch=config.samples_per_epoch
        )

    def to(self, device: torch.device) -> None:
        """Hold the samples there, and gather the batches there."""
        self.keypoints_px, self.positions = self.keypoints_px.to(device), self.positions.to(device)
        self.intrinsics = self.intrinsics.map(lambda field: field.to(device))
        self.device = device

    def gather(self, rows: Int[Tensor, " sample"]) -> Samples:
        """Return some of the samples as they are, with the frames around each."""
        frames = self.sampler.rows(rows).to(self.device)  # (sample, frame)
        return Samples(
            keypoints_px=self.keypoints_px[frames],
            positions=self.positions[frames],
            intrinsics=self.intrinsics[frames[:, 0]],  # one camera films the whole clip
        )

    def batch(self, rows: Int[Tensor, " sample"], epoch: int, step: int) -> tuple[Tensor, ...]:
        """Gather, add noise, normalise, mirror half."""
        config, skeleton = self.config, self.spec.skeleton
        generator = generator_for(self.seed, BATCH, epoch, step, device=self.device)
        samples = self.gather(rows)
        with _made_on(self.device):
            noisy = add_detector_noise(samples.keypoints_px, skeleton, config.noise, generator)
            keypoints, target = self.spec.input_and_target(replace(samples, keypoints_px=noisy))
            return mirror_half(keypoints, target, skeleton, generator) if config.flip else (keypoints, target)


BatchSource = VirtualCameraBatches | FixedCameraBatches
"""Where the loop gets its batches from: what the loss of a step takes; of a lifter, its input and target."""


def mirror_half(
    keypoints: Float[Tensor, "sample frame joint 2"],
    target: Float[Tensor, "sample out_frame joint 3"],
    skeleton: Skeleton,
    generator: torch.Generator,
) -> Batch:
    """Mirror about half of the samples, input and target alike; each by a throw of its own."""
    flipped = (torch.rand(len(keypoints), generator=generator) < 0.5)[:, None, None, None]
    order = skeleton.flip_order
    return (
        torch.where(flipped, mirror(keypoints, order), keypoints),
        torch.where(flipped, mirror(target, order), target),
    )


def validation_samples(motion: MotionCapture, config: DataConfig, frames: int = 1) -> Samples:
    """Held-out frames, evenly spread, each seen by one camera; always the same, whatever is around them."""
    count = min(config.validation_samples, len(motion.positions))
    rows = np.linspace(0, len(motion.positions) - 1, count).astype(np.int64)
    index = FrameIndex.of_clips(motion.clip_starts)[torch.from_numpy(rows)]
    cameras = draw_cameras(count, config.cameras, generator_for(0, VALIDATION))
    return render_frames(torch.from_numpy(motion.positions), index, cameras, motion.skeleton, frames)


def _made_on(device: torch.device) -> AbstractContextManager[object]:
    """Make tensors on this device where they are made without saying where."""
    # On the CPU the context says nothing new, and costs half as much again: it looks at every call.
    return nullcontext() if device == CPU else device

"""Batches from contiguous tensors: the order of an epoch, and what a step trains on.

Everything is a function of (seed, epoch, step), so that a run can be taken up at any step, and every process of
several makes the same batch and takes its share. Data and randomness are on the device of the network, and batches are
made there, so that a GPU does not wait for a CPU; another kind of device draws other numbers.
"""

import math
from abc import ABC, abstractmethod
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ampose.data.motion_capture import MotionCapture
from ampose.data.synthesis.detector_noise import as_detected
from ampose.data.synthesis.filming import film_around
from ampose.data.synthesis.joint_definitions import vary_definitions
from ampose.data.synthesis.missing_joints import lose_joints
from ampose.data.synthesis.pose_augmentation import evolve
from ampose.data.synthesis.proportions import vary_proportions
from ampose.data.synthesis.virtual_cameras import draw_cameras, view
from ampose.models.normalisation import normalise
from ampose.models.output_space import Target, encode
from ampose.poses.camera import Intrinsics
from ampose.poses.clips import Moments, Output
from ampose.poses.geometry import mirror
from ampose.poses.samples import Samples
from ampose.poses.skeletons import Skeleton
from ampose.training.config import DataConfig

ORDER, BATCH, NETWORK, VALIDATION, DROPOUT = range(5)
"""Streams of randomness that do not touch each other."""

CPU = torch.device("cpu")

Batch = tuple[Float[Tensor, "sample frame joint 2"], Float[Tensor, "sample out_frame joint 3"]]
"""Input and target."""


def seed_for(seed: int, stream: int, *position: int) -> int:
    """Return a seed of its own for each stream and position."""
    return int(np.random.SeedSequence([seed, stream, *position]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator_for(seed: int, stream: int, *position: int, device: torch.device = CPU) -> torch.Generator:
    """Return a generator of its own for each stream and position."""
    return torch.Generator(device).manual_seed(seed_for(seed, stream, *position))


@runtime_checkable
class BatchSource(Protocol):
    """Where the loop gets its batches from."""

    def __len__(self) -> int:
        """Samples in an epoch."""

    def order(self, epoch: int) -> Int[Tensor, " sample"]:
        """Which samples an epoch has, in order."""

    def to(self, device: torch.device) -> None:
        """From now on, make the batches on this device."""

    def batch(self, rows: Int[Tensor, " sample"], epoch: int, step: int) -> Batch:
        """Network input and target of these samples."""


@dataclass(frozen=True)
class Normalised:
    """What a network needs to know about its input."""

    skeleton: Skeleton
    normalisation: str
    frames: int = 1
    """Its receptive field."""
    output: Output = "centre"
    """For which of these frames it answers."""
    targets: Output = "centre"
    """For which of these frames its loss needs the truth."""
    target: Target = "metres"
    """What it answers in."""

    def __call__(
        self,
        samples: Samples,
        keypoints_px: Float[Tensor, "sample joint 2"] | None = None,
        intrinsics: Intrinsics | None = None,
    ) -> tuple[Float[Tensor, "sample joint 2"], Float[Tensor, "sample joint 3"]]:
        """Return input, and the target as the network answers it.

        Where the input has mistakes, or a wrong camera is taken for the right one, these are given besides: the target
        is that of the true ray to the root, because that is the side from which the person is seen.
        """
        root = self.skeleton.root_index
        keypoints, rotation = normalise(self.normalisation, samples.keypoints_px, samples.intrinsics, root)
        if keypoints_px is not None:
            keypoints, _ = normalise(self.normalisation, keypoints_px, intrinsics or samples.intrinsics, root)
        return keypoints, encode(self.target, samples.positions, samples.intrinsics, root, rotation)


class DeviceBatches(ABC):
    """Makes each batch on one device: where a tensor is made without saying where, it is made there."""

    device = CPU
    seed: int

    def batch(self, rows: Int[Tensor, " sample"], epoch: int, step: int) -> Batch:
        """Make the batch of these samples."""
        frames = self._frames(rows).to(self.device)
        generator = generator_for(self.seed, BATCH, epoch, step, device=self.device)
        # On the CPU the context says nothing new, and costs half as much again: it looks at every call.
        with nullcontext() if self.device == CPU else self.device:
            return self._make(frames, generator)

    def _frames(self, rows: Int[Tensor, " sample"]) -> Int[Tensor, "sample *frame"]:
        """Return which frames these samples have."""
        return rows

    @abstractmethod
    def _make(self, frames: Int[Tensor, "sample *frame"], generator: torch.Generator) -> Batch:
        """Make a batch of these frames, with this generator as the only source of randomness."""


class VirtualCameraBatches(DeviceBatches):
    """Motion capture seen by new virtual cameras in every batch."""

    def __init__(self, motion: MotionCapture, config: DataConfig, normalise_as: Normalised, seed: int) -> None:
        self.positions = torch.from_numpy(motion.positions)
        self.skeleton = motion.skeleton
        self.config = config
        self.normalise_as = normalise_as
        self.seed = seed
        self.weights = _square_root_weights(motion) if config.balance == "square-root" else None

    def __len__(self) -> int:
        return self.config.samples_per_epoch or len(self.positions)

    def order(self, epoch: int) -> Int[Tensor, " sample"]:
        """Draw by weight, or permute all frames (several times over if an epoch has more samples than that)."""
        generator = generator_for(self.seed, ORDER, epoch)
        if self.weights is not None:
            return torch.multinomial(self.weights, len(self), replacement=True, generator=generator)
        return permutations(len(self.positions), len(self), generator)

    def to(self, device: torch.device) -> None:
        """Hold the motion there."""
        self.positions, self.device = self.positions.to(device), device

    def _make(self, frames: Int[Tensor, "sample *frame"], generator: torch.Generator) -> Batch:
        """Make bodies, look at them, make mistakes in 2D, normalise, mirror half."""
        config = self.config
        seen = view(self._bodies(frames, generator), self.skeleton, config.cameras, generator)
        keypoints_px = as_detected(seen.keypoints_px, self.skeleton, config.noise, generator)
        keypoints_px = lose_joints(keypoints_px, self.skeleton, config.missing, generator)
        keypoints, target = self.normalise_as(seen, keypoints_px, self._mistaken(seen.intrinsics, generator))
        if config.flip:
            keypoints, target = mirror_half(keypoints, target, self.skeleton, generator)
        return keypoints[:, None], target[:, None]

    def _bodies(self, rows: Int[Tensor, " sample"], generator: torch.Generator) -> Float[Tensor, "sample joint 3"]:
        """Return new poses of new bodies."""
        config = self.config
        world = evolve(self.positions[rows], self.skeleton, config.evolution, generator)
        world = vary_proportions(world, self.skeleton, config.proportions, generator)
        return vary_definitions(world, self.skeleton, config.definitions, generator)

    def _mistaken(self, camera: Intrinsics, generator: torch.Generator) -> Intrinsics:
        """Make half of the focal lengths wrong."""
        largest = math.log(self.config.focal_mistake)
        if not largest:
            return camera
        draw = torch.rand(len(camera.focal), 2, generator=generator)
        factor = torch.where(draw[:, 0] < 0.5, (largest * (2 * draw[:, 1] - 1)).exp(), 1.0)
        return replace(camera, focal=camera.focal * factor[:, None])


def permutations(rows: int, count: int, generator: torch.Generator) -> Int[Tensor, " sample"]:
    """Permute all rows, several times over if more are wanted than there are, and return ``count`` of them."""
    return torch.cat([torch.randperm(rows, generator=generator) for _ in range(-(-count // rows))])[:count]


def mirror_half(
    keypoints: Float[Tensor, "sample *frame joint 2"],
    target: Float[Tensor, "sample *out_frame joint 3"],
    skeleton: Skeleton,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "sample *frame joint 2"], Float[Tensor, "sample *out_frame joint 3"]]:
    """Mirror about half of the samples, input and target alike; each by a throw of its own."""
    flipped = (torch.rand(len(keypoints), generator=generator) < 0.5).view(-1, *[1] * (keypoints.ndim - 1))
    order = skeleton.flip_order
    return (
        torch.where(flipped, mirror(keypoints, order), keypoints),
        torch.where(flipped, mirror(target, order), target),
    )


def _square_root_weights(motion: MotionCapture) -> Float[Tensor, " frame"]:
    """Weight of each frame: a subject's action counts as the square root of its length."""
    lengths = np.diff(motion.clip_starts)
    groups = [f"{subject}\n{action}" for subject, action in zip(motion.subjects, motion.actions, strict=True)]
    _, group = np.unique(np.repeat(groups, lengths), return_inverse=True)
    return torch.from_numpy(np.bincount(group)[group] ** -0.5)


def validation_samples(motion: MotionCapture, config: DataConfig, receptive_field: int = 1) -> Samples:
    """Held-out frames, evenly spread, each seen by one camera; always the same, whatever the receptive field."""
    count = min(config.validation_samples, len(motion.positions))
    rows = np.linspace(0, len(motion.positions) - 1, count).astype(np.int64)
    world = torch.from_numpy(motion.positions[rows])
    samples = view(world, motion.skeleton, config.cameras, generator_for(0, VALIDATION))
    if receptive_field == 1:
        return samples
    cameras = draw_cameras(count, config.cameras, generator_for(0, VALIDATION))
    moments = Moments.of_clips(motion.clip_starts)[torch.from_numpy(rows)]
    positions = torch.from_numpy(motion.positions)
    return replace(samples, footage=film_around(positions, moments, cameras, motion.skeleton, receptive_field))

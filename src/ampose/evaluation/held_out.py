"""From recorded motion and a protocol to the samples that are measured, and those baselines learn from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from ampose.data import MotionCapture
from ampose.data.synthesis.detector_noise import add_noise, mistake_sides
from ampose.data.synthesis.filming import film_around
from ampose.data.synthesis.virtual_cameras import draw_cameras, view
from ampose.errors import InputError
from ampose.evaluation.protocol import Protocol
from ampose.poses.clips import Footage, Moments
from ampose.poses.samples import Samples
from ampose.poses.skeletons import find_mapping, get_skeleton

_SIDES = 2
"""Added to a protocol's seed for the sides that are mistaken."""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Samples with the name of each one's action and subject."""

    samples: Samples
    actions: Sequence[str]
    subjects: Sequence[str]


def view_held_out(motion: MotionCapture, protocol: Protocol, *, receptive_field: int = 1) -> HeldOut:
    """Look at the protocol's subjects with the protocol's cameras.

    The same motion and protocol give the same samples. For a network that looks at several frames, each sample's
    camera stays where it is and also sees the frames before and after; the sample itself is the same.

    Raises:
        InputError: The motion lacks a subject, or its joints do not map to the protocol's.
    """
    chosen = motion.select(subjects=protocol.subjects or None)
    frames = np.tile(np.arange(0, len(chosen), protocol.frame_stride), protocol.cameras_per_frame)
    generator = torch.Generator().manual_seed(protocol.seed)
    samples = _look(_positions(chosen, frames, protocol), protocol, generator)
    if receptive_field > 1:
        samples = replace(samples, footage=_film(chosen, frames, protocol, receptive_field, samples))
    return HeldOut(
        samples=samples,
        actions=chosen.frame_actions[frames].tolist(),
        subjects=chosen.frame_subjects[frames].tolist(),
    )


def view_others(motion: MotionCapture, protocol: Protocol, most: int) -> Samples:
    """Look at up to ``most`` frames of all *other* subjects: what a baseline may learn from.

    Frames are evenly spaced over the clips. Cameras and noise are drawn from the same ranges as the
    protocol's, with another seed.

    Raises:
        InputError: The motion has no other subjects.
    """
    others = sorted(set(motion.subjects) - set(protocol.subjects))
    if not protocol.subjects or not others:
        raise InputError(
            f"baselines must learn from subjects that protocol {protocol.name} does not measure, got none; "
            "give a file with other subjects and a protocol that names its own"
        )
    chosen = motion.select(subjects=others)
    frames = np.linspace(0, len(chosen) - 1, min(most, len(chosen))).round().astype(np.int64)
    generator = torch.Generator().manual_seed(protocol.seed + 1)
    return _look(_positions(chosen, frames, protocol), protocol, generator)


def _positions(
    motion: MotionCapture, frames: Int64[np.ndarray, " sample"], protocol: Protocol
) -> Float[Tensor, "sample joint 3"]:
    mapping = find_mapping(motion.skeleton.name, protocol.skeleton)
    return torch.from_numpy(mapping.map_points(motion.positions[frames]))


def _look(positions: Float[Tensor, "sample joint 3"], protocol: Protocol, generator: torch.Generator) -> Samples:
    seen = view(positions, get_skeleton(protocol.skeleton), protocol.cameras, generator)
    return replace(seen, keypoints_px=_detect(seen.keypoints_px, protocol, generator))


def _detect(keypoints_px: Tensor, protocol: Protocol, generator: torch.Generator) -> Tensor:
    """Make a detector's mistakes; sides have randomness of their own, the same alone and in the middle of a window."""
    sides = torch.Generator().manual_seed(protocol.seed + _SIDES)
    noisy = add_noise(keypoints_px, protocol.noise, generator)
    return mistake_sides(noisy, get_skeleton(protocol.skeleton), protocol.noise, sides)


def _film(
    motion: MotionCapture,
    frames: Int64[np.ndarray, " sample"],
    protocol: Protocol,
    receptive_field: int,
    samples: Samples,
) -> Footage:
    """Film around samples with their own cameras and their own share of noise: the same draws as in ``_look``."""
    generator = torch.Generator().manual_seed(protocol.seed)
    cameras = draw_cameras(len(frames), protocol.cameras, generator)
    moments = Moments.of_clips(motion.clip_starts)[torch.from_numpy(frames)]
    positions = _positions(motion, np.arange(len(motion)), protocol)
    filmed = film_around(positions, moments, cameras, get_skeleton(protocol.skeleton), receptive_field)
    windows = filmed.keypoints_px.reshape(len(frames), receptive_field, *filmed.keypoints_px.shape[1:])
    noisy = _detect(windows, protocol, generator).clone()
    noisy[:, receptive_field // 2] = samples.keypoints_px
    return Footage.of_windows(noisy)

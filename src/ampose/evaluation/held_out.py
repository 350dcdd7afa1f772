"""From recorded motion and a protocol to the samples that are measured, and those baselines learn from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from ampose.data import MotionCapture
from ampose.data.synthesis.detector_noise import add_noise, swap_left_right
from ampose.data.synthesis.virtual_cameras import draw_cameras, render_frames
from ampose.errors import InputError
from ampose.evaluation.protocol import Protocol
from ampose.poses.clips import FrameIndex
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
    return HeldOut(
        samples=_look(chosen, frames, protocol, protocol.seed, receptive_field),
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
    return _look(chosen, frames, protocol, protocol.seed + 1)


def _look(
    motion: MotionCapture, frames: Int64[np.ndarray, " sample"], protocol: Protocol, seed: int, receptive_field: int = 1
) -> Samples:
    """Render frames of the motion by the protocol's cameras, with its noise, and windows around them if asked for."""
    generator = torch.Generator().manual_seed(seed)
    cameras = draw_cameras(len(frames), protocol.cameras, generator)
    mapping = find_mapping(motion.skeleton.name, protocol.skeleton)
    positions = torch.from_numpy(mapping.map_points(motion.positions))
    index = FrameIndex.of_clips(motion.clip_starts)[torch.from_numpy(frames)]
    seen = render_frames(positions, index, cameras, get_skeleton(protocol.skeleton), receptive_field)
    before = generator.get_state()
    single = _detect(seen.middle.keypoints_px, protocol, generator)
    if receptive_field == 1:
        return replace(seen, keypoints_px=single)
    # The frames around a sample are off in their own way; the sample itself is what it is for single frames.
    generator.set_state(before)
    windows = _detect(seen.keypoints_px, protocol, generator).clone()
    windows[:, receptive_field // 2] = single[:, 0]
    return replace(seen, keypoints_px=windows)


def _detect(keypoints_px: Tensor, protocol: Protocol, generator: torch.Generator) -> Tensor:
    """Make a detector's mistakes; sides have randomness of their own, the same alone and in the middle of a window."""
    sides = torch.Generator().manual_seed(protocol.seed + _SIDES)
    noisy = add_noise(keypoints_px, protocol.noise, generator)
    return swap_left_right(noisy, get_skeleton(protocol.skeleton), protocol.noise, sides)

"""From prepared data and a protocol to the samples that are measured, and those that baselines learn from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from ampose.data import MotionCapture, Recordings
from ampose.data.synthesis.detector_noise import add_noise, swap_left_right
from ampose.data.synthesis.virtual_cameras import draw_cameras, render_frames
from ampose.errors import InputError
from ampose.evaluation.protocol import FixedCameras, Protocol, VirtualCameras
from ampose.poses.clips import FrameIndex
from ampose.poses.samples import Samples
from ampose.poses.skeletons import find_mapping, get_skeleton

_SIDES = 2
"""Added to a protocol's seed for the sides that are mistaken."""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """The samples that a protocol measures, with each one's group and subject.

    Args:
        samples: What the cameras saw, and the truth.
        groups: Each sample's action (or scene).
        subjects: Each sample's subject.
        starts: First sample of each whole sequence of one camera, and the number of samples at the end; None where
            the samples are not whole sequences in order.
    """

    samples: Samples
    groups: Sequence[str]
    subjects: Sequence[str] = ()
    starts: Sequence[int] | None = None

    def __post_init__(self) -> None:
        count = len(self.samples)
        if not count:
            raise InputError("there must be at least one sample to measure, got none")
        if len(self.groups) != count or len(self.subjects) not in (0, count):
            raise InputError(
                f"groups and subjects must be one a sample ({count}), got {len(self.groups)} and {len(self.subjects)}"
            )


def hold_out(data: MotionCapture | Recordings, protocol: Protocol, *, receptive_field: int = 1) -> HeldOut:
    """Return the samples of prepared data that a protocol measures.

    Motion capture is filmed by the protocol's virtual cameras: the same motion and protocol give the same samples. For
    a network that looks at several frames, each sample's camera stays where it is and also sees the frames before and
    after; the sample itself is the same.

    Args:
        data: Motion for virtual cameras, recordings for fixed ones.
        protocol: The settings.
        receptive_field: How many frames the network looks at.

    Raises:
        InputError: The data is of the other kind, lacks a subject, a take, the 2D source or the annotation, or its
            joints do not map to the protocol's.
    """
    if isinstance(data, Recordings) and isinstance(protocol.source, FixedCameras):
        return _recorded(data, protocol, protocol.source)
    if isinstance(data, MotionCapture) and isinstance(protocol.source, VirtualCameras):
        chosen, source = data.select(subjects=protocol.subjects or None), protocol.source
        frames = np.tile(np.arange(0, len(chosen), protocol.frame_stride), source.cameras_per_frame)
        return HeldOut(
            samples=_film(chosen, frames, protocol.skeleton, source, source.seed, receptive_field),
            groups=chosen.frame_actions[frames].tolist(),
            subjects=chosen.frame_subjects[frames].tolist(),
        )
    wanted = "motion capture" if isinstance(protocol.source, VirtualCameras) else "recordings of fixed cameras"
    raise InputError(f"{protocol.name} must be measured on {wanted}, got prepared data of the other kind")


def _recorded(data: Recordings, protocol: Protocol, source: FixedCameras) -> HeldOut:
    if source.annotation and data.target != source.annotation:
        raise InputError(
            f"{protocol.name} must be measured against {source.annotation}, got data prepared with "
            f"{data.target or 'no named annotation'}; prepare it again with that target"
        )
    chosen = data.select(subjects=protocol.subjects or None, exclude_takes=source.exclude_takes)
    chosen = chosen.with_skeleton(protocol.skeleton)
    # Frames that are not valid are not measured, but networks over time see them.
    samples = chosen.samples(source.keypoints, valid_only=source.valid_only, whole_takes=True)
    measured = np.flatnonzero(chosen.valid | (not source.valid_only))[:: protocol.frame_stride]
    whole = protocol.frame_stride == 1 and not source.valid_only
    return HeldOut(
        samples=samples[:: protocol.frame_stride],
        groups=chosen.sample_labels(protocol.group)[measured].tolist(),
        subjects=chosen.sample_labels("subjects")[measured].tolist(),
        starts=chosen.starts.tolist() if whole else None,
    )


def film_others(motion: MotionCapture, protocol: Protocol, most: int) -> Samples:
    """Film up to ``most`` frames of all *other* subjects: what a baseline may learn from.

    Frames are evenly spaced over the clips. Cameras and noise are drawn from the same ranges as the
    protocol's, with another seed.

    Raises:
        InputError: The motion has no other subjects, or the protocol has no virtual cameras.
    """
    source = protocol.source
    if not isinstance(source, VirtualCameras):
        raise InputError(f"baselines must learn from motion that virtual cameras film, {protocol.name} has none")
    others = sorted(set(motion.subjects) - set(protocol.subjects))
    if not protocol.subjects or not others:
        raise InputError(
            f"baselines must learn from subjects that protocol {protocol.name} does not measure, got none; "
            "give a file with other subjects and a protocol that names its own"
        )
    chosen = motion.select(subjects=others)
    frames = np.linspace(0, len(chosen) - 1, min(most, len(chosen))).round().astype(np.int64)
    return _film(chosen, frames, protocol.skeleton, source, seed=source.seed + 1)


def _film(
    motion: MotionCapture,
    frames: Int64[np.ndarray, " sample"],
    joints: str,
    source: VirtualCameras,
    seed: int,
    receptive_field: int = 1,
) -> Samples:
    """Render frames of the motion by the protocol's cameras, with its noise, and windows around them if asked for."""
    skeleton = get_skeleton(joints)
    generator = torch.Generator().manual_seed(seed)

    def detect(keypoints_px: Tensor) -> Tensor:
        """Make a detector's mistakes."""
        noisy = add_noise(keypoints_px, source.noise, generator)
        # Swaps have randomness of their own, the same for single frames and in the middle of a window.
        return swap_left_right(noisy, skeleton, source.noise, torch.Generator().manual_seed(source.seed + _SIDES))

    cameras = draw_cameras(len(frames), source.cameras, generator)
    positions = torch.from_numpy(find_mapping(motion.skeleton.name, joints).map_points(motion.positions))
    index = FrameIndex.of_clips(motion.clip_starts)[torch.from_numpy(frames)]
    seen = render_frames(positions, index, cameras, skeleton, receptive_field)
    before = generator.get_state()
    single = detect(seen.middle.keypoints_px)
    if receptive_field == 1:
        return replace(seen, keypoints_px=single)
    # The frames around a sample are off in their own way; the sample itself is what it is for single frames.
    generator.set_state(before)
    windows = detect(seen.keypoints_px).clone()
    windows[:, receptive_field // 2] = single[:, 0]
    return replace(seen, keypoints_px=windows)

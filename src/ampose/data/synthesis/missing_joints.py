"""Joints that a detector does not give: out of the image, hidden, or not among its keypoints and at best computed."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton

_PARTS = (
    ("spine", "head"),  # detectors with COCO's or BlazePose's keypoints have none
    ("spine", "head"),  # listed twice: drawn twice as often, as such detectors are common
    ("spine",),  # Halpe's have no spine
    ("spine", "head", "neck_nose"),
    ("left_wrist",),
    ("left_elbow", "left_wrist"),
    ("left_ankle",),
    ("left_knee", "left_ankle"),
    ("left_ankle", "right_ankle"),
    ("left_knee", "left_ankle", "right_knee", "right_ankle"),
    ("left_knee", "left_ankle", "right_knee", "right_ankle", "left_hip", "right_hip", "hip"),
    ("neck_nose", "head"),
)
"""What is missing together; one of a side stands for either. Each line is drawn equally often."""


@dataclass(frozen=True, kw_only=True)
class MissingConfig:
    """How often joints are missing. With the defaults none is."""

    share: float = 0.0
    """Share of the samples that lack a part of the body."""

    joints: float = 0.0
    """Chance of each joint of such a sample to be missing besides."""

    computed: float = 0.0
    """Share of the samples whose trunk and head are computed from hips, shoulders and ears, as they are for COCO's and
    BlazePose's keypoints (``ampose.poses.skeletons.mappings``). The spine is then missing. A middle of two shoulders is
    no thorax: who takes it for one sees a body that leans."""

    def __post_init__(self) -> None:
        for name in ("share", "joints", "computed"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} must be in [0, 1], got {getattr(self, name)}")


def lose_joints(
    keypoints_px: Float[Tensor, "sample frame joint 2"],
    skeleton: Skeleton,
    config: MissingConfig,
    generator: torch.Generator,
) -> Float[Tensor, "sample frame joint 2"]:
    """Set the joints that are not seen to NaN, the same ones in all frames of a sample.

    The shoulders always stay: they show how large the body is and which way it faces.
    """
    if config.share == 0:
        return keypoints_px
    parts = torch.stack([_mask(skeleton, part) for part in _PARTS])  # (part, joint)
    count = len(keypoints_px)
    lost = parts[torch.randint(len(parts), (count,), generator=generator)]  # (sample, joint)
    # Written for the left side: half of the samples lose the right one instead.
    other_side = torch.rand(count, 1, generator=generator) < 0.5
    lost = torch.where(other_side, lost[:, skeleton.flip_order], lost)
    single = torch.rand(lost.shape, generator=generator) < config.joints
    lost = lost | (single & ~_mask(skeleton, ("left_shoulder", "right_shoulder")))
    # Last: samples that are to lack nothing get back their part and their single joints.
    lost = lost & (torch.rand(count, 1, generator=generator) < config.share)
    return keypoints_px.masked_fill(lost[:, None, :, None], torch.nan)  # for all of (sample, frame, joint, xy)


def compute_joints(
    keypoints_px: Float[Tensor, "sample frame joint 2"],
    skeleton: Skeleton,
    share: float,
    generator: torch.Generator,
) -> Float[Tensor, "sample frame joint 2"]:
    """Put the root, thorax and head of some samples where the mapping of COCO's joints computes them; no spine.

    Args:
        keypoints_px: With the detector's noise: the computed joints are as far off as those that they are made of.
        skeleton: Human3.6M's 17 joints, whose neck_nose is where the middle of the ears is.
        share: Of the samples.
        generator: Of random numbers.

    Raises:
        InputError: The skeleton has no neck_nose.
    """
    if share == 0:
        return keypoints_px
    if "neck_nose" not in skeleton.parents:
        raise InputError(f"missing.computed needs a skeleton with neck_nose, got {skeleton.name}; set it to 0")
    at = {joint: keypoints_px[:, :, number] for number, joint in enumerate(skeleton.joints)}  # (sample, frame, xy) each
    computed = keypoints_px.clone()
    thorax = (at["left_shoulder"] + at["right_shoulder"]) / 2
    computed[:, :, skeleton.index("hip")] = (at["left_hip"] + at["right_hip"]) / 2
    computed[:, :, skeleton.index("thorax")] = thorax
    # As ``mappings`` computes it, with neck_nose in place of the middle of the ears.
    computed[:, :, skeleton.index("head")] = 1.5 * at["neck_nose"] - 0.5 * thorax
    computed[:, :, skeleton.index("spine")] = torch.nan
    chosen = torch.rand(len(keypoints_px), 1, 1, 1, generator=generator) < share
    return torch.where(chosen, computed, keypoints_px)


def _mask(skeleton: Skeleton, joints: tuple[str, ...]) -> Bool[Tensor, " joint"]:
    return torch.tensor([joint in joints for joint in skeleton.joints])

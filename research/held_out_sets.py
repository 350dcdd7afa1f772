"""Sets of unseen people on which weights of the data engine are judged: how they stand, are seen and are mistaken.

All are made of the same frames of the held-out subjects, with fixed seeds, so that any two networks are judged on the
same pictures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ampose.data.motion_capture import MotionCapture
from ampose.data.synthesis.bones import pelvis_axes
from ampose.data.synthesis.detector_noise import add_noise, swap_left_right
from ampose.data.synthesis.joint_definitions import vary_definitions
from ampose.data.synthesis.missing_joints import MissingConfig, lose_joints
from ampose.data.synthesis.pose_augmentation import AugmentationConfig, augment_poses
from ampose.data.synthesis.proportions import vary_proportions
from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig, draw_cameras, render
from ampose.lifting.prediction import predict_samples
from ampose.models import LifterNetwork
from ampose.poses.geometry import root_relative
from ampose.poses.metrics.position import mpjpe, p_mpjpe
from ampose.poses.metrics.threshold import OFFICIAL_14, pck, select_joints
from ampose.poses.samples import Samples
from ampose.poses.skeletons import Skeleton
from ampose.training.config import DataConfig

SEED = 20260
DIVERSE = AugmentationConfig(exchange=0.5, turn=0.25, free_arms=0.3)
FREE = replace(DIVERSE, free_legs=0.5, free_trunk=0.5)
LOWER_M = 0.03
"""How much lower the hips of another definition sit: BlazePose's are about so much below motion capture's."""

METRICS = ("mpjpe_mm", "p_mpjpe_mm", "pck")
Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class HeldOut:
    """What a network is given, and what was there."""

    seen: Samples
    truth: Tensor
    skeleton: Skeleton


def held_out_sets(motion: MotionCapture, data: DataConfig, count: int) -> dict[str, HeldOut]:
    """Make all sets of evenly spread frames.

    Args:
        motion: Of the held-out subjects.
        data: The recipe's: its cameras are the wide ones, its noise the noise.
        count: Frames of each set.
    """
    rows = np.linspace(0, len(motion) - 1, count).astype(np.int64)
    world, skeleton = torch.from_numpy(motion.positions[rows]), motion.skeleton
    others = vary_proportions(world, skeleton, data.proportions, _generator())
    others = vary_definitions(others, skeleton, data.definitions, _generator())

    def seen_by(cameras: VirtualCameraConfig, poses: Tensor) -> Samples:
        return render(poses[:, None], draw_cameras(count, cameras, _generator()), skeleton)

    wide = seen_by(data.cameras, world)
    noise = replace(data.noise, clean=0.0)
    noisy = swap_left_right(add_noise(wide.keypoints_px, noise, _generator()), skeleton, noise, _generator())
    partly = lose_joints(wide.keypoints_px, skeleton, MissingConfig(share=1.0, joints=0.05), _generator())
    seen = {
        "studio cameras": seen_by(VirtualCameraConfig(), world),
        "wide cameras": wide,
        "wide, new poses": seen_by(data.cameras, augment_poses(world, skeleton, DIVERSE, _generator())),
        "wide, limbs and trunk free": seen_by(data.cameras, augment_poses(world, skeleton, FREE, _generator())),
        "wide, hips lower": seen_by(data.cameras, _with_lower_hips(world, skeleton)),
        "wide, others": seen_by(data.cameras, others),
        "wide, 2D noise": replace(wide, keypoints_px=noisy),
        "wide, focal x 0.5": _with_focal(wide, 0.5),
        "wide, focal x 2": _with_focal(wide, 2.0),
        "wide, part missing": replace(wide, keypoints_px=partly),
    }
    return {
        name: HeldOut(samples, root_relative(samples.positions[:, 0], skeleton.root_index), skeleton)
        for name, samples in seen.items()
    }


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(SEED)


def _with_lower_hips(world: Tensor, skeleton: Skeleton) -> Tensor:
    """Move both hips and the middle between them down along the body."""
    hips = [skeleton.index(joint) for joint in ("left_hip", "right_hip", "hip")]
    lower = world.clone()
    lower[:, hips] -= LOWER_M * pelvis_axes(world, skeleton)[:, None, 2]
    return lower


def _with_focal(samples: Samples, factor: float) -> Samples:
    """Believe in a camera whose focal length is wrong."""
    return replace(samples, intrinsics=replace(samples.intrinsics, focal=samples.intrinsics.focal * factor))


def judge(network: LifterNetwork, sets: Mapping[str, HeldOut]) -> Scores:
    """Return MPJPE and P-MPJPE of all joints in mm, PCK@150 of 14 in percent; root subtracted, no flip averaging."""
    network.eval()
    return {name: _score(network, held_out) for name, held_out in sets.items()}


def _score(network: LifterNetwork, held_out: HeldOut) -> dict[str, float]:
    lifted = predict_samples(network, held_out.seen, flip=False).positions
    chosen = [select_joints(points, held_out.skeleton, OFFICIAL_14) for points in (lifted, held_out.truth)]
    values: Sequence[Tensor] = (
        1000 * mpjpe(lifted, held_out.truth),
        1000 * p_mpjpe(lifted, held_out.truth),
        pck(*chosen),
    )
    return {name: float(value.mean()) for name, value in zip(METRICS, values, strict=True)}

"""Frames are drawn by how rare their pose is."""

from dataclasses import replace

import numpy as np
import torch

from ampose.data.motion_capture import MotionCapture
from ampose.poses.skeletons import get_skeleton
from ampose.training.pose_balance import pose_weights

from ..data.synthesis.bodies import different, standing

SKELETON = get_skeleton("human36m_17")


def as_motion(poses: torch.Tensor) -> MotionCapture:
    return MotionCapture(
        positions=poses.numpy().astype(np.float32),
        skeleton=SKELETON,
        clip_starts=np.array([0, len(poses)]),
        subjects=("01",),
        actions=("all",),
        names=("01_01",),
        fps=np.array([60.0]),
    )


def test_a_rare_arm_is_drawn_more_often_on_whichever_side_it_is() -> None:
    poses = standing(1002)
    for row, side, outwards in ((1000, "left", -1.0), (1001, "right", 1.0)):
        shoulder = poses[row, SKELETON.index(f"{side}_shoulder")]
        for joint, reach in (("elbow", 0.28), ("wrist", 0.53)):
            poses[row, SKELETON.index(f"{side}_{joint}")] = shoulder + reach * torch.tensor([outwards, 0.0, 0.0])
    weights = pose_weights(as_motion(poses))
    assert (weights[1000:] > 1.8 * weights[0]).all()
    torch.testing.assert_close(weights[1000], weights[1001])
    torch.testing.assert_close(weights[:1000], weights[:1].expand(1000))


def test_where_a_body_faces_does_not_count() -> None:
    motion = as_motion(different(400))
    cos, sin = np.cos(1.0), np.sin(1.0)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], np.float32)
    turned = replace(motion, positions=motion.positions @ turn.T)
    assert (pose_weights(turned) - pose_weights(motion)).abs().median() < 1e-9

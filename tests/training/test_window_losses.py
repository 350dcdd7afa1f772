"""The losses of the systems over time, against values worked by hand."""

from types import SimpleNamespace

import pytest
import torch

from ampose.poses.skeletons import get_skeleton
from ampose.training.config import OptimiserConfig
from ampose.training.loss import LOSSES, joint_weights
from ampose.training.schedule import batch_norm_momentum

KEYPOINTS = torch.zeros(1, 3, 17, 2)


class Says(torch.nn.Module):
    """Answers what it was told to."""

    config = SimpleNamespace(skeleton="human36m_17")

    def __init__(self, **answers):
        super().__init__()
        self.answers = answers

    def forward(self, keypoints, **asked):
        return self.answers["_".join(map(str, asked.values())) or "answer"]


def poses(*offsets):
    """One sample; in each frame all joints are moved along x."""
    return torch.tensor(offsets)[None, :, None, None] * torch.tensor([1.0, 0.0, 0.0]).expand(1, len(offsets), 17, 3)


def test_mixstes_weights_are_the_published_ones():
    published = [1, 1, 2.5, 2.5, 1, 2.5, 2.5, 1, 1, 1, 1.5, 1.5, 4, 4, 1.5, 4, 4]
    assert joint_weights("human36m_17") == published
    joints = get_skeleton("human36m_17").joints
    without_neck = [weight for weight, joint in zip(published, joints, strict=True) if joint != "neck_nose"]
    assert joint_weights("human36m_16") == without_neck


def test_mixstes_loss_is_weighted_distance_consistency_and_velocity():
    mean_weight = sum(joint_weights("human36m_17")) / 17
    loss = LOSSES["mixste"](Says(answer=poses(0.1, 0.4)), torch.zeros(1, 2, 17, 2), poses(0.0, 0.2))
    distance = mean_weight * (0.1 + 0.2) / 2
    consistency = mean_weight * 0.3**2 / 3  # over three coordinates, of which one moves
    velocity = abs(0.3 - 0.2)
    assert loss.item() == pytest.approx(distance + 0.5 * consistency + 2 * velocity)


def test_mixstes_loss_of_one_frame_is_the_distance_alone():
    loss = LOSSES["mixste"](Says(answer=poses(0.1)), torch.zeros(1, 1, 17, 2), poses(0.0))
    assert loss.item() == pytest.approx(0.1 * sum(joint_weights("human36m_17")) / 17)


def test_mhformers_loss_is_of_all_frames():
    network = Says(**{"True": poses(0.1, 0.3, 0.2)})
    loss = LOSSES["mpjpe-of-window"](network, KEYPOINTS, poses(0, 0, 0))
    assert loss.item() == pytest.approx(0.2)


def test_p_stmos_loss_is_of_all_frames_and_of_the_middle_one():
    network = Says(both=(poses(0.1, 0.3, 0.2), poses(0.5)))
    assert LOSSES["p-stmo"](network, KEYPOINTS, poses(0, 0.1, 0)).item() == pytest.approx((0.1 + 0.2 + 0.2) / 3 + 0.4)


def test_p_stmos_first_stage_compares_with_its_input_and_no_3d():
    keypoints = torch.randn(2, 3, 17, 2)
    restored = keypoints + torch.tensor([0.3, 0.4])
    loss = LOSSES["p-stmo-pretraining"](Says(restored=restored), keypoints, torch.full((2, 3, 17, 3), torch.nan))
    assert loss.item() == pytest.approx(0.5)


def test_momentum_falls_exponentially_from_the_first_to_the_last_epoch():
    config = OptimiserConfig(batch_norm_momentum=(0.1, 0.001))
    falling = [batch_norm_momentum(config, epoch, 5) for epoch in range(5)]
    assert falling == pytest.approx([0.1 * 10 ** (-epoch / 2) for epoch in range(5)])
    assert batch_norm_momentum(OptimiserConfig(), 0, 5) is None

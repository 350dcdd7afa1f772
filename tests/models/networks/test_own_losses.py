"""The losses that belong to one system, against values worked by hand."""

from types import SimpleNamespace

import pytest
import torch

from ampose.models import find_loss
from ampose.models.networks.mixste import joint_weights
from ampose.poses.skeletons import get_skeleton

KEYPOINTS = torch.zeros(1, 3, 17, 2)


class Fixed(torch.nn.Module):
    """Answers what it is made with."""

    config = SimpleNamespace(skeleton="human36m_17")

    def __init__(self, **answers):
        super().__init__()
        self.answers = answers

    def forward(self, keypoints, **asked):
        return self.answers["_".join(map(str, asked.values())) or "answer"]

    def with_all_frames(self, keypoints):
        return self.answers["both"]

    def restore(self, keypoints):
        return self.answers["restored"]


def loss_of(name):
    model = {"mixste": "mixste", "mpjpe-of-window": "mhformer"}.get(name, "p-stmo")
    return find_loss(model, name).compute


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
    loss = loss_of("mixste")(Fixed(answer=poses(0.1, 0.4)), torch.zeros(1, 2, 17, 2), poses(0.0, 0.2))
    distance = mean_weight * (0.1 + 0.2) / 2
    consistency = mean_weight * 0.3**2 / 3  # over three coordinates, of which one moves
    velocity = abs(0.3 - 0.2)
    assert loss.item() == pytest.approx(distance + 0.5 * consistency + 2 * velocity)


def test_mixstes_loss_of_one_frame_is_the_distance_alone():
    loss = loss_of("mixste")(Fixed(answer=poses(0.1)), torch.zeros(1, 1, 17, 2), poses(0.0))
    assert loss.item() == pytest.approx(0.1 * sum(joint_weights("human36m_17")) / 17)


def test_mhformers_loss_is_of_all_frames():
    network = Fixed(**{"True": poses(0.1, 0.3, 0.2)})
    loss = loss_of("mpjpe-of-window")(network, KEYPOINTS, poses(0, 0, 0))
    assert loss.item() == pytest.approx(0.2)


def test_p_stmos_loss_is_of_all_frames_and_of_the_middle_one():
    network = Fixed(both=(poses(0.1, 0.3, 0.2), poses(0.5)))
    assert loss_of("p-stmo")(network, KEYPOINTS, poses(0, 0.1, 0)).item() == pytest.approx((0.1 + 0.2 + 0.2) / 3 + 0.4)


def test_p_stmos_first_stage_compares_with_its_input_and_no_3d():
    keypoints = torch.randn(2, 3, 17, 2)
    restored = keypoints + torch.tensor([0.3, 0.4])
    loss = loss_of("p-stmo-pretraining")(Fixed(restored=restored), keypoints, torch.full((2, 3, 17, 3), torch.nan))
    assert loss.item() == pytest.approx(0.5)

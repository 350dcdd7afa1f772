"""Joints that are not there."""

import pytest
import torch

from ampose.data.synthesis.missing_joints import MissingConfig, lose_joints
from ampose.errors import InputError

from .bodies import SKELETON

COUNT = 5000


def lost(config: MissingConfig) -> torch.Tensor:
    keypoints = torch.ones(COUNT, 1, SKELETON.num_joints, 2)
    return lose_joints(keypoints, SKELETON, config, torch.Generator().manual_seed(0)).isnan().all(dim=-1)[:, 0]


def test_the_default_loses_nothing() -> None:
    assert not lost(MissingConfig()).any()


def test_the_stated_share_of_samples_lacks_a_part_and_others_are_whole() -> None:
    assert lost(MissingConfig(share=0.3)).any(dim=1).float().mean() == pytest.approx(0.3, abs=0.03)


def test_both_sides_are_lost_alike_and_a_limb_from_its_end() -> None:
    gone = lost(MissingConfig(share=1.0))
    at = {joint: gone[:, number] for number, joint in enumerate(SKELETON.joints)}
    assert at["left_wrist"].float().mean() == pytest.approx(at["right_wrist"].float().mean().item(), rel=0.2)
    assert (at["left_wrist"] | ~at["left_elbow"]).all()
    assert (at["right_ankle"] | ~at["right_knee"]).all()
    assert (at["hip"] == (at["left_hip"] & at["right_hip"])).all()


def test_shoulders_are_always_there() -> None:
    gone = lost(MissingConfig(share=1.0, joints=1.0))
    assert not gone[:, SKELETON.index("left_shoulder")].any()
    assert gone[:, SKELETON.index("head")].all()


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="share and joints must be"):
        MissingConfig(share=2.0)

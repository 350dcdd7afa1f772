"""Joints that are not there."""

import numpy as np
import pytest
import torch

from ampose.data.synthesis.missing_joints import MissingConfig, compute_joints, lose_joints
from ampose.errors import InputError
from ampose.poses.skeletons import find_mapping, get_skeleton

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
    with pytest.raises(InputError, match=r"share must be in \[0, 1\]"):
        MissingConfig(share=2.0)


def test_computed_joints_are_where_the_mapping_of_coco_puts_them() -> None:
    body, coco = get_skeleton("human36m_17"), get_skeleton("coco_17")
    keypoints = torch.rand(4, 2, 17, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    seen = np.full((8, 17, 2), np.nan)
    for number, joint in enumerate(coco.joints):
        name = "neck_nose" if "ear" in joint else joint
        if name in body.joints:
            seen[:, number] = keypoints[:, :, body.index(name)].reshape(8, 2)
    expected = find_mapping(coco, body).map_points(seen)
    expected[:, body.index("spine")] = np.nan  # which is guessed, and hidden from a lifter that takes missing joints
    computed = compute_joints(keypoints, body, 1.0, torch.Generator())
    np.testing.assert_allclose(computed.reshape(8, 17, 2), expected)


def test_the_stated_share_is_computed_and_none_by_default() -> None:
    body = get_skeleton("human36m_17")
    keypoints = torch.rand(COUNT, 1, 17, 2, generator=torch.Generator().manual_seed(1))
    assert compute_joints(keypoints, body, MissingConfig().computed, torch.Generator()) is keypoints
    changed = (compute_joints(keypoints, body, 0.3, torch.Generator()) != keypoints).any(dim=(1, 2, 3))
    assert changed.float().mean() == pytest.approx(0.3, abs=0.03)


def test_a_skeleton_without_a_neck_is_refused() -> None:
    with pytest.raises(InputError, match="needs a skeleton with neck_nose, got human36m_16"):
        compute_joints(torch.rand(1, 1, 16, 2), get_skeleton("human36m_16"), 0.5, torch.Generator())

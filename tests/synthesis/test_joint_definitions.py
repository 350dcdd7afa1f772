"""Where joints sit."""

import pytest
import torch

from ampose.errors import InputError
from ampose.synthesis.joint_definitions import DefinitionConfig, vary_definitions

from .bodies import SKELETON, standing


def test_the_default_changes_nothing(generator: torch.Generator) -> None:
    before = standing(3)
    assert vary_definitions(before, SKELETON, DefinitionConfig(), generator) is before


def test_joints_move_as_far_as_stated_and_the_root_stays_between_the_hips(generator: torch.Generator) -> None:
    before = standing(20000)
    after = vary_definitions(before, SKELETON, DefinitionConfig(joint_m=0.01, trunk_m=0.02), generator)
    moved = (after - before).std(dim=0)
    assert moved[SKELETON.index("left_knee")].tolist() == pytest.approx([0.01] * 3, rel=0.05)
    assert moved[SKELETON.index("head")].tolist() == pytest.approx([0.02] * 3, rel=0.05)
    hips = [SKELETON.index("left_hip"), SKELETON.index("right_hip")]
    gap_before = before[:, SKELETON.root_index] - before[:, hips].mean(dim=1)
    torch.testing.assert_close(after[:, SKELETON.root_index] - after[:, hips].mean(dim=1), gap_before)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="joint_m and trunk_m must be"):
        DefinitionConfig(joint_m=0.5)

"""Where joints sit."""

import pytest
import torch

from ampose.data.synthesis.bones import chest_axes, pelvis_axes, to_bones
from ampose.data.synthesis.joint_definitions import DefinitionConfig, vary_definitions
from ampose.errors import InputError
from ampose.poses.skeletons import get_skeleton

from .bodies import SKELETON, standing


def adult(count: int) -> torch.Tensor:
    """A body whose bones are 4.12 m together."""
    body = standing(count)
    return body * 4.12 / to_bones(body, SKELETON)[0].norm(dim=-1).sum()


def test_the_default_changes_nothing(generator: torch.Generator) -> None:
    before = standing(3)
    assert vary_definitions(before, SKELETON, DefinitionConfig(), generator) is before


def test_joints_move_as_far_as_stated_and_the_root_stays_between_the_hips(generator: torch.Generator) -> None:
    before = adult(20000)
    after = vary_definitions(before, SKELETON, DefinitionConfig(joint_m=0.01, trunk_m=0.02), generator)
    moved = (after - before).std(dim=0)
    assert moved[SKELETON.index("left_knee")].tolist() == pytest.approx([0.01] * 3, rel=0.05)
    assert moved[SKELETON.index("head")].tolist() == pytest.approx([0.02] * 3, rel=0.05)
    hips = [SKELETON.index("left_hip"), SKELETON.index("right_hip")]
    gap_before = before[:, SKELETON.root_index] - before[:, hips].mean(dim=1)
    torch.testing.assert_close(after[:, SKELETON.root_index] - after[:, hips].mean(dim=1), gap_before)


def test_hips_and_shoulders_move_alike_on_both_sides(generator: torch.Generator) -> None:
    before = adult(20000)
    after = vary_definitions(before, SKELETON, DefinitionConfig(girdles_m=0.02), generator)
    for joint, axes_of in (("hip", pelvis_axes), ("shoulder", chest_axes)):
        axes = axes_of(before, SKELETON)
        left, right = (
            (axes @ (after - before)[:, SKELETON.index(f"{side}_{joint}"), :, None])[..., 0]
            for side in ("left", "right")
        )
        torch.testing.assert_close(left, right * torch.tensor([-1.0, 1.0, 1.0]), atol=1e-5, rtol=0)
        assert left.std(dim=0).tolist() == pytest.approx([0.02] * 3, rel=0.05)
    still = [SKELETON.index(joint) for joint in ("left_knee", "right_wrist", "thorax", "head")]
    assert torch.equal(after[:, still], before[:, still])
    hips = [SKELETON.index("left_hip"), SKELETON.index("right_hip")]
    root, between = ((after - before)[:, joint] for joint in (SKELETON.root_index, hips))
    torch.testing.assert_close(root, between.mean(dim=1), atol=1e-5, rtol=0)


def test_the_offsets_grow_with_the_body_so_that_they_are_no_ruler() -> None:
    """Else a network measures bodies by them: one was taught so, and took people without any for giants."""
    config = DefinitionConfig(joint_m=0.01, trunk_m=0.02, girdles_m=0.02)
    small, large = (
        vary_definitions(size * adult(50), SKELETON, config, torch.Generator().manual_seed(1)) for size in (1.0, 1.5)
    )
    torch.testing.assert_close(1.5 * small, large, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["joint_m", "trunk_m", "girdles_m"])
def test_settings_out_of_range_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} must be"):
        DefinitionConfig(**{name: 0.5})


def test_another_set_moves_trunk_hips_and_shoulders_alike_on_both_sides_and_leaves_the_limbs(
    generator: torch.Generator,
) -> None:
    before = adult(4000)
    after = vary_definitions(before, SKELETON, DefinitionConfig(other_sets=0.5), generator)
    moved = after - before
    chosen = moved[:, SKELETON.index("thorax")].norm(dim=-1) > 0
    assert 0.45 < chosen.float().mean() < 0.55
    assert not moved[~chosen].any()
    assert not moved[:, [SKELETON.index(f"left_{joint}") for joint in ("knee", "ankle", "elbow", "wrist")]].any()
    axes = chest_axes(before, SKELETON)[chosen]
    left, right, thorax = (
        (axes @ moved[chosen, SKELETON.index(joint), :, None])[..., 0]
        for joint in ("left_shoulder", "right_shoulder", "thorax")
    )
    torch.testing.assert_close(left, right * torch.tensor([-1.0, 1.0, 1.0]), atol=1e-5, rtol=0)
    assert thorax[:, 2].min() == pytest.approx(-0.02, abs=0.002)
    assert thorax[:, 2].max() == pytest.approx(0.12, abs=0.002)
    hips = [SKELETON.index("left_hip"), SKELETON.index("right_hip")]
    torch.testing.assert_close(moved[:, SKELETON.root_index], moved[:, hips].mean(dim=1), atol=1e-5, rtol=0)


def test_other_sets_need_a_neck(generator: torch.Generator) -> None:
    skeleton = get_skeleton("human36m_16")
    body = torch.randn(2, 16, 3, generator=generator)
    with pytest.raises(InputError, match="other_sets needs a skeleton with neck_nose, got human36m_16; set it to 0"):
        vary_definitions(body, skeleton, DefinitionConfig(other_sets=0.5), generator)

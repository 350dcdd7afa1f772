"""New poses from recorded ones: what stays, what changes, and how often."""

import pytest
import torch

from ampose.data.synthesis.anatomy import MOST_FLEXION, is_possible
from ampose.data.synthesis.bones import chest_axes, pelvis_axes, to_bones, unit
from ampose.data.synthesis.pose_augmentation import AugmentationConfig, augment_poses
from ampose.errors import InputError

from .bodies import SKELETON, different, standing

ALL = AugmentationConfig(exchange=0.5, turn=0.25, free_arms=0.3, free_legs=0.3, free_trunk=0.3, tilt=0.5)
COUNT = 2000


def test_the_default_gives_the_poses_as_recorded(generator: torch.Generator) -> None:
    before = different(10)
    assert augment_poses(before, SKELETON, AugmentationConfig(), generator) is before


def test_the_same_generator_gives_the_same_poses() -> None:
    first, second = (augment_poses(different(50), SKELETON, ALL, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)


def test_bones_keep_their_lengths_and_the_root_its_place(generator: torch.Generator) -> None:
    before = different(COUNT)
    after = augment_poses(before, SKELETON, ALL, generator)
    torch.testing.assert_close(to_bones(after, SKELETON).norm(dim=-1), to_bones(before, SKELETON).norm(dim=-1))
    torch.testing.assert_close(after[:, SKELETON.root_index], before[:, SKELETON.root_index])


@pytest.mark.parametrize(
    "one", [{"exchange": 0.5}, {"turn": 0.25}, {"free_arms": 0.5}, {"free_legs": 0.5}, {"free_trunk": 0.5}]
)
def test_new_poses_are_possible_and_not_the_old_ones(one: dict[str, float], generator: torch.Generator) -> None:
    before = different(COUNT)
    before = before[is_possible(before, SKELETON)]
    after = augment_poses(before, SKELETON, AugmentationConfig(**one), generator)
    assert is_possible(after, SKELETON).all()
    changed = ((after - before).abs().amax(dim=(1, 2)) > 1e-3).float().mean()
    assert changed > 0.3


def test_a_share_stays_as_recorded_but_for_the_tilt(generator: torch.Generator) -> None:
    before = different(COUNT)
    before = before[is_possible(before, SKELETON)]
    after = augment_poses(before, SKELETON, AugmentationConfig(exchange=0.5, turn=0.25, recorded=0.4), generator)
    same = (after == before).flatten(1).all(dim=1)
    changed = augment_poses(before, SKELETON, AugmentationConfig(exchange=0.5, turn=0.25), generator)
    refused = float((changed == before).flatten(1).all(dim=1).float().mean())
    assert float(same.float().mean()) == pytest.approx(0.4 + 0.6 * refused, abs=0.05)
    tilted = augment_poses(before, SKELETON, AugmentationConfig(recorded=1.0, exchange=0.5, tilt=0.5), generator)
    assert 0.2 < ((tilted - before).abs().amax(dim=(1, 2)) > 1e-4).float().mean() < 0.45


def test_an_exchanged_arm_is_the_other_bodys_arm_in_the_axes_of_the_chest(generator: torch.Generator) -> None:
    """Two sorts of body: arms down and arms forward. After the exchange there are still only these two arms."""
    down = different(1).repeat(200, 1, 1)
    raised = down.clone()
    elbow, wrist, shoulder = (SKELETON.index(f"left_{joint}") for joint in ("elbow", "wrist", "shoulder"))
    forward = chest_axes(raised, SKELETON)[:, 1]
    raised[:, elbow] = raised[:, shoulder] + 0.3 * forward
    raised[:, wrist] = raised[:, elbow] + 0.25 * forward
    before = torch.cat([down, raised])
    after = augment_poses(before, SKELETON, AugmentationConfig(exchange=0.5), generator)
    along = (unit(to_bones(after, SKELETON)[:, elbow]) * chest_axes(after, SKELETON)[:, 1]).sum(-1)
    ahead = (unit(to_bones(down, SKELETON)[:1, elbow]) * chest_axes(down, SKELETON)[:1, 1]).sum(-1).item()
    is_raised, is_down = (along - 1).abs() < 1e-3, (along - ahead).abs() < 1e-3
    assert (is_raised | is_down).all()
    assert 0.2 < is_raised[:200].float().mean() < 0.6
    assert 0.2 < is_down[200:].float().mean() < 0.6


def test_some_legs_are_exchanged_in_pairs(generator: torch.Generator) -> None:
    """Half of the bodies sit, half stand. Chance alone would give a stander two sitting legs in 1 of 64 cases."""
    stand = standing(COUNT)
    sit = stand.clone()
    forward, up = pelvis_axes(stand, SKELETON)[:, 1], pelvis_axes(stand, SKELETON)[:, 2]
    knees = [SKELETON.index(f"{side}_knee") for side in ("left", "right")]
    for side, knee in zip(("left", "right"), knees, strict=True):
        sit[:, knee] = sit[:, SKELETON.index(f"{side}_hip")] + 0.45 * forward
        sit[:, SKELETON.index(f"{side}_ankle")] = sit[:, knee] - 0.45 * up
    after = augment_poses(torch.cat([stand, sit]), SKELETON, AugmentationConfig(exchange=0.5), generator)[:COUNT]
    thighs = unit(to_bones(after, SKELETON)[:, knees])
    both = ((thighs * pelvis_axes(after, SKELETON)[:, 1, None]).sum(-1) > 0.99).all(dim=1)
    assert 0.08 < both.float().mean() < 0.2


def test_free_arms_point_all_round(generator: torch.Generator) -> None:
    before = different(1).repeat(COUNT, 1, 1)
    after = augment_poses(before, SKELETON, AugmentationConfig(free_arms=1.0), generator)
    elbow = SKELETON.index("right_elbow")
    arm = unit(to_bones(after, SKELETON)[:, elbow])
    changed = (arm - unit(to_bones(before, SKELETON)[:, elbow])).norm(dim=-1) > 1e-3
    octants = {tuple(signs) for signs in (arm[changed] > 0).tolist()}
    assert len(octants) == 8
    assert changed.float().mean() > 0.3


def test_free_legs_sit_kneel_and_stand_on_one_foot(generator: torch.Generator) -> None:
    """Half of them move one leg, half both alike; knees bend backwards, thighs spread outwards; nothing else moves."""
    before = standing(COUNT)
    after = augment_poses(before, SKELETON, AugmentationConfig(free_legs=1.0), generator)
    upper = [number for number, joint in enumerate(SKELETON.joints) if not joint.endswith(("knee", "ankle"))]
    torch.testing.assert_close(after[:, upper], before[:, upper])
    axes, bones, thighs, bends = pelvis_axes(after, SKELETON), to_bones(after, SKELETON), {}, {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        thigh, shank = (unit(bones[:, SKELETON.index(f"{side}_{joint}")]) for joint in ("knee", "ankle"))
        thighs[side] = (axes @ thigh[..., None])[..., 0] * torch.tensor([sign, 1.0, 1.0])
        hinge = (torch.linalg.cross(thigh, shank) * axes[:, 0]).sum(-1)
        assert (hinge > -0.35).all()  # the thigh may turn about itself, by 20 degrees or so
        bends[side] = (thigh * shank).sum(-1)
        assert (thighs[side][:, 0] < 0.9).all()
        assert (thighs[side][:, 0] > 0).float().mean() > 0.6
    moved = torch.stack([(one - one.median(dim=0).values).norm(dim=-1) > 0.1 for one in thighs.values()])
    assert 0.3 < moved.all(dim=0).float().mean() < 0.6
    alike = ((thighs["left"] - thighs["right"]).norm(dim=-1) < 1e-3) & moved.all(dim=0)
    assert alike.float().mean() > 0.3
    sitting = alike & (thighs["left"][:, 1] > 0.8) & (bends["left"].abs() < 0.5)
    assert sitting.any()


def test_a_free_trunk_bends_forward_over_legs_that_stay(generator: torch.Generator) -> None:
    before = standing(COUNT)
    after = augment_poses(before, SKELETON, AugmentationConfig(free_trunk=1.0), generator)
    legs = [number for number, joint in enumerate(SKELETON.joints) if joint.endswith(("hip", "knee", "ankle"))]
    torch.testing.assert_close(after[:, legs], before[:, legs])
    axes = pelvis_axes(before, SKELETON)
    chest = after[:, SKELETON.index("thorax")] - after[:, SKELETON.index("spine")]
    forward, up = ((unit(chest) * axes[:, axis]).sum(-1) for axis in (1, 2))
    bend = torch.rad2deg(torch.atan2(forward, up))
    changed = (after != before).flatten(1).any(dim=1)
    assert changed.float().mean() > 0.6
    assert (bend[changed] > 60).float().mean() > 0.15
    assert bend.min() > -60
    assert bend.max() < 130
    arm = [SKELETON.index(f"left_{joint}") for joint in ("shoulder", "elbow", "wrist")]
    spans = ((of[:, arm, None] - of[:, None, arm]).norm(dim=-1) for of in (after, before))
    torch.testing.assert_close(*spans, atol=1e-4, rtol=0)  # arms go with it as they are


def test_elbows_and_knees_bend_within_limits(generator: torch.Generator) -> None:
    after = augment_poses(different(COUNT), SKELETON, AugmentationConfig(turn=0.8), generator)
    bones = to_bones(after, SKELETON)
    for joint, end in (("elbow", "wrist"), ("knee", "ankle")):
        upper, lower = (unit(bones[:, SKELETON.index(f"left_{name}")]) for name in (joint, end))
        assert (upper * lower).sum(-1).clamp(-1, 1).acos().max() <= MOST_FLEXION[joint] + 1e-3


def test_a_third_of_the_bodies_is_tilted(generator: torch.Generator) -> None:
    before = standing(6000)
    after = augment_poses(before, SKELETON, AugmentationConfig(tilt=0.5), generator)
    up = unit(after[:, SKELETON.index("thorax")] - after[:, SKELETON.root_index])
    tilt = up[:, 2].clamp(-1, 1).acos()
    assert (tilt > 1e-3).float().mean() == pytest.approx(1 / 3, abs=0.03)
    assert (tilt > 2.5).any()  # a few lie or stand on their heads


@pytest.mark.parametrize(
    "wrong",
    [
        {"exchange": 1.5},
        {"recorded": 1.1},
        {"free_arms": -0.1},
        {"free_legs": 2.0},
        {"free_trunk": 2.0},
        {"turn": 3.0},
        {"tilt": -1.0},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        AugmentationConfig(**wrong)

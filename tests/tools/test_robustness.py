"""Robustness curves: each changes what it says, and nothing at the place where nothing is changed."""

import pytest
import torch
from tools.model_card.robustness import MISSING, Robustness

from ampose.models import create_model


@pytest.fixture
def robustness(motion, protocol) -> Robustness:
    torch.manual_seed(0)
    network = create_model("ampose-small", normalisation="person-rays-scaled", missing_token=True).eval()
    return Robustness(network, motion, samples=24, protocol=protocol)


def points(curve) -> dict:
    return {point.at: point for point in curve.points}


def test_where_nothing_is_changed_all_curves_measure_the_same(robustness):
    curves = {curve.name: points(curve) for curve in robustness.curves()}
    usual = curves["pixel noise"][0.0]
    for name, place in (("focal mistake, person anywhere", 1.0), ("body height", 1.0), ("missing joints", "nothing")):
        assert curves[name][place].mpjpe == pytest.approx(usual.mpjpe, rel=1e-5), name
        assert curves[name][place].p_mpjpe == pytest.approx(usual.p_mpjpe, rel=1e-5), name
    assert set(curves["missing joints"]) == {*MISSING, "3 random joints"}


def test_noise_and_lost_joints_change_the_answer(robustness):
    noisy = [point.mpjpe for point in robustness.pixel_noise().points]
    assert len(set(noisy)) == len(noisy)
    lost = points(robustness.missing_joints())["both legs"]
    assert lost.mpjpe == pytest.approx((4 * lost.other["lost_joints"] + 13 * lost.other["seen_joints"]) / 17, rel=1e-5)


def test_a_wrong_focal_length_turns_the_ray_only_off_the_middle(robustness):
    middle = points(robustness.focal_mistake("middle", off_centre=0.0))
    anywhere = points(robustness.focal_mistake("anywhere", off_centre=None))
    for factor in (0.5, 2.0):
        assert middle[factor].other["turn_degrees"] == pytest.approx(0, abs=0.1)
        assert middle[factor].other["mpjpe_own_ray"] == pytest.approx(middle[factor].mpjpe, rel=1e-3)
        assert anywhere[factor].other["turn_degrees"] > 2
    assert anywhere[1.0].other["mpjpe_own_ray"] == pytest.approx(anywhere[1.0].mpjpe, rel=1e-5)


def test_the_turn_is_the_angle_between_the_two_rays(robustness):
    """Worked by hand: a root 500 px off the middle with a focal length of 1000 px, taken for 500 px."""
    from tools.model_card.robustness import _turn_to_root

    from ampose.poses.camera import Intrinsics

    root = torch.tensor([[1500.0, 1000.0]])
    rays = []
    for focal in (1000.0, 500.0):
        eye = Intrinsics(
            focal=torch.full((1, 2), focal), centre=torch.full((1, 2), 1000.0), image_size=torch.full((1, 2), 2000.0)
        )
        rays.append(_turn_to_root(root, eye)[0, 2])
    angle = torch.dot(*rays).arccos().rad2deg().item()
    assert angle == pytest.approx(45 - 26.565, abs=1e-2)


def test_taller_bodies_are_taller_and_the_place_in_the_picture_is_where_it_says(robustness):
    sizes = [robustness.look(height=height).positions[:, 0].std(dim=1).mean() for height in (1.0, 1.2)]
    assert (sizes[1] / sizes[0]).item() > 1.1
    seen = robustness.look(off_centre=(0.3, 0.3))
    root = seen.keypoints_px[:, 0, 0] - seen.intrinsics.centre
    share = root.norm(dim=1) / (seen.intrinsics.image_size.amax(dim=1) / 2)
    torch.testing.assert_close(share, torch.full_like(share, 0.3), rtol=1e-3, atol=1e-3)

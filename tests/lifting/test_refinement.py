"""Pose refinement: its size, its back-projection, what it may change, and that dropout is off when it is used."""

from dataclasses import replace

import pytest
import torch

from ampose.errors import InputError
from ampose.lifting.refinement import PoseRefinement, RefinementConfig, back_project_pose, refine
from ampose.poses.camera import Intrinsics, project
from ampose.poses.geometry import mirror, root_relative
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")
ROOT = SKELETON.root_index


@pytest.fixture
def people(generator):
    """Absolute positions, what a pinhole camera sees of them, and that camera."""
    positions = 0.4 * torch.randn(6, 17, 3, generator=generator) + torch.tensor([0.3, -0.1, 5.0])
    camera = Intrinsics(
        focal=torch.tensor([[1145.0, 1143.8]]).repeat(6, 1),
        centre=torch.tensor([[512.5, 515.4]]).repeat(6, 1),
        image_size=torch.tensor([[1000.0, 1002.0]]).repeat(6, 1),
    )
    return positions, project(positions, camera.focal[:, None], camera.centre[:, None]), camera


@pytest.mark.parametrize(("skeleton", "expected"), [("human36m_17", 140_322), ("human36m_16", 132_128)])
def test_it_has_the_size_of_cai_et_al(skeleton, expected):
    network = PoseRefinement(RefinementConfig(skeleton=skeleton))
    joints = get_skeleton(skeleton).num_joints
    assert sum(p.numel() for p in network.parameters()) == expected
    assert expected == 6 * joints * 1024 + 1024 + 1024 * 2 * joints + 2 * joints


def test_the_true_depth_gives_the_true_pose_back(people):
    positions, keypoints, camera = people
    target = root_relative(positions, ROOT)
    seen = back_project_pose(target, keypoints, camera, positions[:, ROOT, 2], ROOT)
    torch.testing.assert_close(seen, target, rtol=0, atol=1e-5)
    assert (seen[:, ROOT] == 0).all()


def test_each_keypoint_stays_on_its_ray_at_a_wrong_depth(people, generator):
    positions, keypoints, camera = people
    lifted = root_relative(positions, ROOT) + 0.1 * torch.randn(6, 17, 3, generator=generator)
    depth = positions[:, ROOT, 2]
    seen = back_project_pose(lifted, keypoints, camera, depth, ROOT)
    torch.testing.assert_close(seen[..., 2], root_relative(lifted, ROOT)[..., 2])
    at_root = (keypoints[:, ROOT] - camera.centre) / camera.focal * depth[:, None]
    absolute = seen + torch.cat([at_root, depth[:, None]], dim=1)[:, None]
    again = project(absolute, camera.focal[:, None], camera.centre[:, None])
    torch.testing.assert_close(again, keypoints, rtol=0, atol=1e-2)


def test_a_mirrored_picture_with_its_mirrored_camera_gives_the_mirrored_pose(people, generator):
    positions, keypoints, camera = people
    order, width = SKELETON.flip_order, camera.image_size[:, :1]
    lifted = root_relative(positions, ROOT) + 0.05 * torch.randn(6, 17, 3, generator=generator)
    mirrored_px = mirror(keypoints, order)
    mirrored_px[..., 0] += width
    other = replace(camera, centre=torch.cat([width - camera.centre[:, :1], camera.centre[:, 1:]], dim=1))
    depth = positions[:, ROOT, 2]
    plain = back_project_pose(lifted, keypoints, camera, depth, ROOT)
    mirrored = back_project_pose(mirror(lifted, order), mirrored_px, other, depth, ROOT)
    torch.testing.assert_close(mirror(mirrored, order), plain, rtol=0, atol=1e-5)
    wrong = back_project_pose(mirror(lifted, order), mirrored_px, camera, depth, ROOT)
    assert (mirror(wrong, order) - plain).abs().max() > 1e-3


def test_it_mixes_x_and_y_and_leaves_z(generator):
    network = PoseRefinement(RefinementConfig()).eval()
    lifted, seen = (torch.randn(9, 17, 3, generator=generator) for _ in range(2))
    refined = network(lifted, seen)
    assert torch.equal(refined[..., 2], lifted[..., 2])
    low, high = torch.minimum(lifted, seen)[..., :2], torch.maximum(lifted, seen)[..., :2]
    assert (refined[..., :2] >= low - 1e-6).all()
    assert (refined[..., :2] <= high + 1e-6).all()
    torch.testing.assert_close(network(lifted, lifted), lifted)


def test_a_score_of_one_keeps_the_lifted_pose_and_of_zero_takes_the_other(generator):
    network = PoseRefinement(RefinementConfig()).eval()
    lifted, seen = (torch.randn(2, 17, 3, generator=generator) for _ in range(2))
    last = network.score[3]
    for bias, expected in ((100.0, lifted), (-100.0, seen)):
        torch.nn.init.constant_(last.bias, bias)
        torch.testing.assert_close(network(lifted, seen)[..., :2], expected[..., :2])


def test_dropout_is_off_when_it_is_used(people):
    """The public code leaves it on at test time."""
    positions, keypoints, camera = people
    network = PoseRefinement(RefinementConfig()).train()
    lifted = 1.1 * root_relative(positions, ROOT)
    depth = positions[:, ROOT, 2]
    first, second = (refine(network, lifted, keypoints, camera, depth) for _ in range(2))
    assert torch.equal(first, second)
    assert (first[:, ROOT] == 0).all()


@pytest.mark.parametrize("change", [{"width": 0}, {"dropout": 1.0}])
def test_settings_out_of_range_are_refused(change):
    with pytest.raises(InputError, match="width must be positive and dropout in"):
        RefinementConfig(**change)

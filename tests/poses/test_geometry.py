"""Mirroring, root-relative positions and bone lengths, for arrays and tensors alike."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from ampose.poses.geometry import bone_lengths, mirror, root_relative
from ampose.poses.skeletons import get_skeleton, list_skeletons

SKELETON = get_skeleton("human36m_17")


def _points(kind: str) -> "np.ndarray | torch.Tensor":
    points = np.random.default_rng(0).normal(size=(4, SKELETON.num_joints, 3))
    return points if kind == "array" else torch.from_numpy(points)


@pytest.mark.parametrize("kind", ["array", "tensor"])
def test_a_mirror_image_has_its_x_negated_and_its_sides_exchanged(kind: str) -> None:
    points = _points(kind)
    before = np.asarray(points).copy()
    image = np.asarray(mirror(points, SKELETON.flip_order))
    left, right = SKELETON.index("left_wrist"), SKELETON.index("right_wrist")
    np.testing.assert_array_equal(image[:, left], before[:, right] * [-1, 1, 1])
    np.testing.assert_array_equal(image[:, SKELETON.index("head")], before[:, SKELETON.index("head")] * [-1, 1, 1])
    np.testing.assert_array_equal(np.asarray(points), before)


@pytest.mark.parametrize("name", list_skeletons())
def test_mirroring_twice_gives_the_points_back(name: str) -> None:
    skeleton = get_skeleton(name)
    points = np.random.default_rng(1).normal(size=(3, skeleton.num_joints, 2))
    twice = mirror(mirror(points, skeleton.flip_order), skeleton.flip_order)
    np.testing.assert_array_equal(twice, points)


@pytest.mark.parametrize("kind", ["array", "tensor"])
def test_root_relative_points_keep_their_differences_and_have_the_root_at_zero(kind: str) -> None:
    points = _points(kind)
    moved = np.asarray(root_relative(points, SKELETON.root_index))
    assert (moved[:, SKELETON.root_index] == 0).all()
    np.testing.assert_allclose(np.diff(moved, axis=1), np.diff(np.asarray(points), axis=1), atol=1e-12)


def test_bone_lengths_of_a_pose_made_by_hand() -> None:
    points = np.zeros((1, SKELETON.num_joints, 3))
    points[0, SKELETON.index("right_hip")] = [3, 4, 0]
    lengths = dict(zip(SKELETON.bones, bone_lengths(points, SKELETON.bone_indices)[0].tolist(), strict=True))
    assert lengths["hip", "right_hip"] == 5
    assert lengths["right_hip", "right_knee"] == 5
    assert lengths["hip", "left_hip"] == 0


def test_importing_geometry_loads_no_torch() -> None:
    code = "import sys, ampose.poses.geometry; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

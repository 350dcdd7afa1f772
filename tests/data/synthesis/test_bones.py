"""Bones and axes of the body."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from ampose.data.synthesis.bones import chest_axes, from_bones, pelvis_axes, rotate_about, to_bones, unit

from .bodies import SKELETON, different, standing


def test_bones_give_the_pose_back() -> None:
    poses = different(50) + 5
    root = poses[:, SKELETON.root_index]
    torch.testing.assert_close(from_bones(to_bones(poses, SKELETON), root, SKELETON), poses)


@pytest.mark.parametrize("axes", [pelvis_axes, chest_axes])
def test_the_axes_of_a_standing_body_are_left_forward_and_up(axes: Callable[..., Tensor]) -> None:
    """A body that faces y, as its hands and face do, has its left at -x."""
    left, forward, up = axes(standing(1), SKELETON)[0]
    assert left.tolist() == pytest.approx([-1, 0, 0], abs=0.01)
    assert forward[1] > 0.99
    assert up[2] > 0.99


def test_rotation_agrees_with_scipy() -> None:
    generator = np.random.default_rng(0)
    vectors, axes, angles = generator.normal(size=(20, 3)), generator.normal(size=(20, 3)), generator.normal(size=20)
    axis = unit(torch.tensor(axes))
    turned = rotate_about(torch.tensor(vectors), axis, torch.tensor(angles)).numpy()
    expected = Rotation.from_rotvec(axis.numpy() * angles[:, None]).apply(vectors)
    np.testing.assert_allclose(turned, expected, atol=1e-12)

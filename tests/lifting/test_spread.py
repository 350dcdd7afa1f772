"""The lifter's own spread: what it must be for a lifter whose answer is known, and what it says of itself."""

import numpy as np
import pytest
import torch

from ampose.errors import InputError
from ampose.lifting.lifter import Lifter
from ampose.lifting.spread import NOISE, SPREAD, lift_with_spread
from ampose.models import create_model
from ampose.poses.pose import Pose2D
from ampose.poses.skeletons import get_skeleton

BODY = get_skeleton("human36m_17")
SIZE = (800, 600)


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    torch.manual_seed(0)
    return Lifter(create_model("ampose-small", depth=1, channels=16, heads=2), name="test")


def somebody(frames: int = 3) -> Pose2D:
    points = np.random.default_rng(1).uniform(100, 500, (frames, 17, 2))
    return Pose2D.from_array(points, skeleton=BODY, image_size=SIZE)


class Copying(Lifter):
    """Answers with the pixels themselves, in the plane: its spread is that of the noise, joint by joint."""

    def lift(self, keypoints, *, intrinsics=None, flip=True, **others):
        pose = super().lift(keypoints, intrinsics=intrinsics, flip=flip)
        flat = np.zeros((*keypoints.keypoints.shape[:2], 3), dtype=np.float32)
        flat[..., :2] = keypoints.keypoints - np.asarray(intrinsics.centre)
        pose.positions[:] = flat
        return pose


def test_the_spread_of_a_lifter_that_copies_is_that_of_the_noise(lifter):
    """Two axes of noise, each of 1 % of the person's size; and the mirror is turned back exactly."""
    pose = somebody(frames=40)
    error = lift_with_spread(Copying(lifter.network, name="copy"), pose, times=40).expected_error
    low, high = pose.keypoints.min(axis=1), pose.keypoints.max(axis=1)
    size = np.linalg.norm(high - low, axis=1)
    expected = NOISE * size * np.sqrt(2)
    np.testing.assert_allclose(np.sqrt((error**2).mean(axis=1)), expected, rtol=0.1)


def test_the_pose_stays_and_the_error_says_what_it_is(lifter):
    pose, plain = lift_with_spread(lifter, somebody(), times=4), lifter.lift(somebody())
    np.testing.assert_array_equal(pose.positions, plain.positions)
    assert plain.expected_error is None
    assert (pose.expected_error[:, 1:] > 0).all()
    assert (pose.expected_error[:, BODY.root_index] == 0).all(), "the root is the origin, whatever is seen"
    assert pose.provenance["expected_error"] == f"{SPREAD}, 4 times"
    np.testing.assert_array_equal(pose.expected_error, lift_with_spread(lifter, somebody(), times=4).expected_error)


def test_who_is_missing_has_no_spread(lifter):
    seen = somebody()
    seen.keypoints[1] = np.nan
    error = lift_with_spread(lifter, seen, times=2).expected_error
    assert np.isnan(error).all(axis=1).tolist() == [False, True, False]


def test_one_answer_has_no_spread(lifter):
    with pytest.raises(InputError, match="times must be at least 2"):
        lift_with_spread(lifter, somebody(), times=1)

import numpy as np
import pytest
from tests.constant_lengths import constant_length_positions

from ampose.poses.geometry import bone_lengths
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import get_skeleton
from ampose.processing.bone_lengths import clip_lengths, constant_bone_lengths

BODY = get_skeleton("human36m_17")


def clip(positions: np.ndarray) -> Pose3D:
    return Pose3D(positions=positions, confidence=np.ones(positions.shape[:2]), skeleton=BODY, fps=30.0)


@pytest.fixture
def walk(rng) -> Pose3D:
    return clip(rng.normal(size=(25, 17, 3)))


def test_lengths_are_constant_and_directions_stay(walk):
    kept = constant_bone_lengths(walk)
    lengths = bone_lengths(kept.positions, BODY.bone_indices)
    np.testing.assert_allclose(lengths, lengths[:1].repeat(25, axis=0))
    for parent, joint in BODY.bone_indices:
        before, after = (pose.positions[:, joint] - pose.positions[:, parent] for pose in (walk, kept))
        cosine = (before * after).sum(1) / np.linalg.norm(before, axis=1) / np.linalg.norm(after, axis=1)
        np.testing.assert_allclose(cosine, 1)
    np.testing.assert_array_equal(kept.positions[:, BODY.root_index], walk.positions[:, BODY.root_index])


def test_left_and_right_are_alike_if_asked(walk):
    both, own = clip_lengths(walk), clip_lengths(walk, symmetric=False)
    np.testing.assert_allclose(both, both[BODY.flip_order])
    np.testing.assert_allclose(both, (own + own[BODY.flip_order]) / 2)
    assert not np.allclose(own, own[BODY.flip_order])


def test_a_clip_without_gaps_is_what_the_file_formats_write(walk):
    kept = constant_bone_lengths(walk, symmetric=False)
    np.testing.assert_allclose(kept.positions, constant_length_positions(walk.positions, BODY))


def test_a_rigid_clip_comes_back(rng):
    body = rng.normal(size=(17, 3))
    body = (body + body[BODY.flip_order] * [-1, 1, 1]) / 2
    rigid = clip(body + rng.normal(size=(8, 1, 3)))
    np.testing.assert_allclose(constant_bone_lengths(rigid).positions, rigid.positions)


def test_gaps_stay_and_what_hangs_below_them_goes_along(walk):
    knee, ankle, hip = (BODY.index(f"left_{joint}") for joint in ("knee", "ankle", "hip"))
    walk.positions[3, knee] = np.nan
    walk.positions[7] = np.nan
    kept = constant_bone_lengths(walk)
    np.testing.assert_array_equal(np.isnan(kept.positions), np.isnan(walk.positions))
    before, after = (pose.positions[3, ankle] - pose.positions[3, hip] for pose in (walk, kept))
    np.testing.assert_allclose(after, before)

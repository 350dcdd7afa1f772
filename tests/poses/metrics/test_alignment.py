"""Similarity and scale alignment against SciPy, and the properties that define them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.optimize import minimize_scalar
from scipy.spatial.transform import Rotation

from ampose.poses.metrics.alignment import scale_align, similarity_align
from ampose.poses.metrics.position import n_mpjpe, p_mpjpe

SEEDS = st.integers(0, 2**32 - 1)


def poses(seed: int, count: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 17, 3))


def reference_alignment(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """One pose, by SciPy: Kabsch's rotation, then the scale by regression."""
    centred, aim = predicted - predicted.mean(0), target - target.mean(0)
    turned = Rotation.align_vectors(aim, centred)[0].apply(centred)
    scale = (turned * aim).sum() / (turned * turned).sum()
    return scale * turned + target.mean(0)


def test_similarity_alignment_agrees_with_scipy() -> None:
    predicted, target = poses(0, 50), poses(1, 50)
    aligned = similarity_align(torch.from_numpy(predicted), torch.from_numpy(target)).numpy()
    expected = np.stack([reference_alignment(p, t) for p, t in zip(predicted, target, strict=True)])
    np.testing.assert_allclose(aligned, expected, atol=1e-9)


def test_alignment_agrees_with_procrustes_where_no_reflection_is_wanted() -> None:
    target = poses(2)[0]
    predicted = target + 0.1 * poses(3)[0]
    centred, aim = predicted - predicted.mean(0), target - target.mean(0)
    matrix, trace = orthogonal_procrustes(centred, aim)
    assert np.linalg.det(matrix) > 0
    expected = trace / (centred**2).sum() * centred @ matrix + target.mean(0)
    aligned = similarity_align(torch.from_numpy(predicted[None]), torch.from_numpy(target[None]))[0]
    np.testing.assert_allclose(aligned.numpy(), expected, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, scale=st.floats(0.01, 100))
def test_p_mpjpe_does_not_see_a_similarity(seed: int, scale: float) -> None:
    predicted, target = poses(seed), poses(seed + 1)
    turn = Rotation.random(random_state=seed).as_matrix()
    moved = scale * predicted @ turn.T + np.random.default_rng(seed).normal(size=3)
    before = p_mpjpe(torch.from_numpy(predicted), torch.from_numpy(target))
    after = p_mpjpe(torch.from_numpy(moved), torch.from_numpy(target))
    np.testing.assert_allclose(after, before, atol=1e-9)
    assert p_mpjpe(torch.from_numpy(moved), torch.from_numpy(predicted)).item() < 1e-9


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_a_mirror_image_is_not_aligned_away(seed: int) -> None:
    target = torch.from_numpy(poses(seed))
    image = target * torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)
    expected = reference_alignment(image[0].numpy(), target[0].numpy())
    error = p_mpjpe(image, target).item()
    assert error > 0.01
    assert error == pytest.approx(np.linalg.norm(expected - target[0].numpy(), axis=1).mean(), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, scale=st.floats(0.01, 100))
def test_n_mpjpe_does_not_see_the_scale_but_sees_a_rotation(seed: int, scale: float) -> None:
    predicted, target = torch.from_numpy(poses(seed)), torch.from_numpy(poses(seed + 1))
    before, after = n_mpjpe(predicted, target), n_mpjpe(scale * predicted, target)
    np.testing.assert_allclose(after, before, atol=1e-9)
    assert n_mpjpe(scale * target, target).item() < 1e-9
    quarter = torch.tensor(Rotation.from_euler("z", 90, degrees=True).as_matrix())
    assert n_mpjpe(target @ quarter.T, target).item() > 0.01


def test_the_scale_is_the_best_one() -> None:
    predicted, target = poses(4), poses(5)

    def cost(scale: float) -> float:
        return float(((scale * predicted - target) ** 2).sum())

    best = minimize_scalar(cost).x
    aligned = scale_align(torch.from_numpy(predicted), torch.from_numpy(target)).numpy()
    np.testing.assert_allclose(aligned, best * predicted, atol=1e-6)


def test_a_point_has_no_scale_and_gives_no_nan() -> None:
    target = torch.from_numpy(poses(6, 2))
    points = torch.stack([torch.full((17, 3), 0.7, dtype=torch.float64), target[1]])
    aligned = similarity_align(points, target)
    np.testing.assert_allclose(aligned[0], target[0].mean(0).expand(17, 3), atol=1e-12)
    np.testing.assert_allclose(aligned[1], target[1], atol=1e-12)
    assert (scale_align(torch.zeros_like(target), target) == 0).all()
    assert torch.isfinite(similarity_align(target, torch.zeros_like(target))).all()


@pytest.mark.parametrize("axes", [1, 2])
def test_flat_and_straight_poses_align_as_well_as_any(axes: int) -> None:
    target = torch.from_numpy(poses(7, 20))
    flat = target.clone()
    flat[..., axes:] = 0
    turned = flat @ torch.tensor(Rotation.random(random_state=1).as_matrix()).T * 3 + 1
    np.testing.assert_allclose(p_mpjpe(turned, flat), 0, atol=1e-9)


def test_float32_poses_are_aligned_in_float64() -> None:
    target = torch.from_numpy(poses(8)).float()
    aligned = similarity_align(target + 1000, target)
    assert aligned.dtype == torch.float64

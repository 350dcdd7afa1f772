"""MPJPE and the root conventions: by hand, against NumPy, and the axioms of a metric."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ampose.errors import InputError
from ampose.poses.metrics import display, metrics
from ampose.poses.metrics.position import joint_errors, mpjpe
from ampose.poses.metrics.roots import ROOT_CONVENTIONS, apply_root_convention
from ampose.poses.metrics.velocity import mpjve
from ampose.poses.skeletons import get_skeleton

ROOT = get_skeleton("human36m_17").root_index
SEEDS = st.integers(0, 2**32 - 1)


def poses(seed: int, count: int = 1) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(count, 17, 3)))


def test_mpjpe_agrees_with_numpy() -> None:
    predicted, target = poses(0, 40), poses(1, 40)
    expected = np.sqrt(((predicted.numpy() - target.numpy()) ** 2).sum(axis=2))
    np.testing.assert_allclose(joint_errors(predicted, target), expected, atol=1e-12)
    np.testing.assert_allclose(mpjpe(predicted, target), expected.mean(axis=1), atol=1e-12)


def test_mpjpe_by_hand_is_one_value_a_sample() -> None:
    target = torch.zeros(2, 2, 3)
    predicted = torch.tensor([[[3.0, 4, 0], [0, 0, 0]], [[0, 0, 1], [2, 0, 0]]])
    assert mpjpe(predicted, target).tolist() == [2.5, 1.5]


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_mpjpe_is_a_metric(seed: int) -> None:
    a, b, c = poses(seed), poses(seed + 1), poses(seed + 2)
    assert mpjpe(a, a).item() == 0
    assert mpjpe(a, b).item() > 0
    assert mpjpe(a, b).item() == mpjpe(b, a).item()
    assert mpjpe(a, c).item() <= mpjpe(a, b).item() + mpjpe(b, c).item() + 1e-12


def test_root_conventions_change_what_they_say() -> None:
    predicted = poses(2)
    before = predicted.clone()
    kept, zeroed, subtracted = (apply_root_convention(predicted, ROOT, name) for name in ("keep", "zero", "subtract"))
    assert torch.equal(kept, before)
    assert (zeroed[:, ROOT] == 0).all()
    assert torch.equal(zeroed[:, ROOT + 1 :], before[:, ROOT + 1 :])
    assert torch.equal(subtracted, before - before[:, [ROOT]])
    assert torch.equal(predicted, before)


def test_root_conventions_give_different_errors_by_hand() -> None:
    """A prediction that is off by 17 mm in its root alone."""
    target = torch.zeros(1, 17, 3, dtype=torch.float64)
    predicted = target.clone()
    predicted[:, ROOT, 0] = 0.017
    errors = {name: mpjpe(apply_root_convention(predicted, ROOT, name), target).item() for name in ROOT_CONVENTIONS}
    assert errors == pytest.approx({"keep": 0.001, "zero": 0.0, "subtract": 0.016})


def test_an_unknown_root_convention_is_refused() -> None:
    with pytest.raises(InputError, match=r"one of subtract, zero, keep, got 'centre'"):
        apply_root_convention(poses(0), ROOT, "centre")


def test_mpjve_agrees_with_numpy_and_does_not_see_a_constant_offset() -> None:
    predicted, target = poses(3, 30), poses(4, 30)
    expected = np.linalg.norm(np.diff(predicted.numpy(), axis=0) - np.diff(target.numpy(), axis=0), axis=2).mean(axis=1)
    np.testing.assert_allclose(mpjve(predicted, target), expected, atol=1e-12)
    np.testing.assert_allclose(mpjve(target + 5, target), 0, atol=1e-12)


def test_mpjve_needs_two_frames() -> None:
    with pytest.raises(InputError, match="at least 2 frames"):
        mpjve(poses(0, 1), poses(0, 1))


@pytest.mark.parametrize("name", metrics.names())
def test_every_registered_metric_gives_one_finite_value_a_sample_and_says_its_unit(name: str) -> None:
    predicted, target = poses(5, 6), poses(6, 6)
    steps = 1 if metrics.get(name).facts.whole_sequence else 0
    values = metrics.get(name).target(predicted, target)
    assert values.shape == (6 - steps,)
    assert torch.isfinite(values).all()
    shown = display(name)
    assert shown.unit in ("mm", "mm/frame", "%")
    assert shown.factor == (1 if shown.unit == "%" else 1000)


@pytest.mark.parametrize("name", [entry.name for entry in metrics.entries() if not entry.facts.whole_sequence])
def test_a_sample_has_the_same_value_alone_and_in_a_batch(name: str) -> None:
    predicted, target = 0.1 * poses(7, 9), 0.1 * poses(8, 9)
    function = metrics.get(name).target
    alone = torch.cat([function(predicted[i : i + 1], target[i : i + 1]) for i in range(9)])
    np.testing.assert_allclose(function(predicted, target), alone, atol=1e-12)

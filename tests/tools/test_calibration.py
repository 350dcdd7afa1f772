"""The expected error: what it is compared with, how it is put right, and that poses stay as they are."""

from dataclasses import replace

import pytest
import torch
from tools.model_card.calibration import (
    Correction,
    Errors,
    compare_errors,
    correct_expected_error,
    errors_of_the_head,
    fit_correction,
    reliability,
)

from ampose.errors import InputError
from ampose.evaluation import hold_out
from ampose.lifting.prediction import predict_samples
from ampose.models import create_model
from ampose.poses.samples import Samples


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return create_model("ampose-small", normalisation="person-rays-scaled", error_head=True).eval()


@pytest.fixture
def samples(motion, protocol) -> Samples:
    return hold_out(motion, protocol).samples


def test_the_true_error_is_that_of_the_pose_which_users_get_and_leaves_the_root_out(network, samples):
    errors = compare_errors(network, samples)
    pose = predict_samples(network, samples, flip=True).positions
    truth = samples.positions[:, 0] - samples.positions[:, 0, :1]
    torch.testing.assert_close(errors.true, (pose - truth).norm(dim=-1)[:, 1:].double())
    assert errors.expected.shape == (len(samples), 16)


def test_a_correction_changes_what_the_head_says_and_moves_no_pose(network, samples):
    corrected = correct_expected_error(network, Correction(factor=0.5, power=0.7))
    before, after = (predict_samples(one, samples, flip=False) for one in (network, corrected))
    torch.testing.assert_close(after.expected_error, 0.5 * before.expected_error**0.7)
    assert torch.equal(after.positions, before.positions)


def test_the_head_is_fitted_on_what_it_alone_can_explain(network, samples):
    """How far the answers for a person and for the mirror image lie apart is on both sides, and falls out."""
    head, whole = errors_of_the_head(network, samples), compare_errors(network, samples)
    torch.testing.assert_close(whole.expected - head.expected, whole.true - head.true)
    assert (whole.expected > head.expected).all()
    corrected = correct_expected_error(network, Correction(factor=0.5, power=1.0))
    halved = errors_of_the_head(corrected, samples).expected
    torch.testing.assert_close(halved, 0.5 * head.expected, rtol=1e-3, atol=1e-6)


def test_the_fit_finds_what_made_the_errors_and_makes_the_means_equal(generator):
    expected = 0.01 + 0.1 * torch.rand(4000, 16, generator=generator)
    true = -torch.rand(expected.shape, generator=generator).log() * 0.3 * expected**0.6  # exponential of that mean
    errors = Errors(expected, true)
    found = fit_correction(errors)
    assert found.power == pytest.approx(0.6, abs=0.03)
    assert found.factor == pytest.approx(0.3, rel=0.1)
    corrected = replace(errors, expected=found.factor * expected**found.power)
    assert corrected.ratio == pytest.approx(1, rel=1e-4)
    assert corrected.off < 0.2 * errors.off


def test_errors_that_are_all_expected_alike_fit_no_correction():
    same = torch.full((3, 16), 0.05)
    with pytest.raises(InputError, match="must differ for a correction"):
        fit_correction(Errors(same, same))


def test_bins_hold_equal_shares_in_the_order_of_what_is_expected(generator):
    expected = torch.rand(100, 16, generator=generator)
    rows = reliability(Errors(expected, 2 * expected))
    assert [row.share for row in rows] == pytest.approx([0.1] * 10)
    assert [row.expected for row in rows] == sorted(row.expected for row in rows)
    assert [row.true for row in rows] == pytest.approx([2 * row.expected for row in rows])


def test_a_true_expectation_is_not_off_and_a_constant_one_is_by_its_mean_distance():
    true = torch.tensor([[0.02, 0.04]])
    assert Errors(true, true).off == 0
    assert Errors(true * 3, true).off == pytest.approx(0.06)
    assert Errors(true * 3, true).ratio == pytest.approx(1 / 3)
    assert Errors(true * 3, true).correlation == pytest.approx(1)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_correction_that_is_none_is_refused(value):
    with pytest.raises(InputError, match="factor must be positive"):
        Correction(factor=value, power=1.0)
    with pytest.raises(InputError, match="power must be positive"):
        Correction(factor=1.0, power=value)


def test_weights_without_an_error_head_are_refused(samples):
    plain = create_model("ampose-small").eval()
    with pytest.raises(InputError, match="must tell an expected error"):
        compare_errors(plain, replace(samples))
    with pytest.raises(InputError, match="linear error head"):
        correct_expected_error(plain, Correction(factor=2.0, power=1.0))

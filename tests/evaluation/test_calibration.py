"""The expected error: what it is compared with, how it is put right, and that poses stay as they are."""

from dataclasses import replace

import pytest
import torch

from ampose.errors import InputError
from ampose.evaluation import view_held_out
from ampose.evaluation.calibration import Errors, compare_errors, reliability, scale_expected_error
from ampose.models import create_model
from ampose.models.expected_error import expect_error
from ampose.models.prediction import predict
from ampose.samples import Samples


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return create_model("ampose-small", normalisation="person-rays-scaled", error_head=True).eval()


@pytest.fixture
def samples(motion, protocol) -> Samples:
    return view_held_out(motion, protocol).samples


def test_the_true_error_is_that_of_the_pose_which_users_get_and_leaves_the_root_out(network, samples):
    errors = compare_errors(network, samples)
    pose = predict(network, samples.keypoints_px, samples.intrinsics, flip=True)
    truth = samples.positions - samples.positions[:, :1]
    torch.testing.assert_close(errors.true, (pose - truth).norm(dim=-1)[:, 1:].double())
    assert errors.expected.shape == (len(samples), 16)


def test_the_fitted_factor_makes_the_means_equal_and_moves_no_pose(network, samples):
    factor = compare_errors(network, samples).ratio
    scaled = scale_expected_error(network, factor)
    assert compare_errors(scaled, samples).ratio == pytest.approx(1, rel=1e-4)
    seen = samples.keypoints_px, samples.intrinsics
    torch.testing.assert_close(expect_error(scaled, *seen), expect_error(network, *seen) * factor)
    assert torch.equal(predict(scaled, *seen, flip=True), predict(network, *seen, flip=True))


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


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf")])
def test_a_factor_that_is_none_is_refused(network, factor):
    with pytest.raises(InputError, match="factor must be positive"):
        scale_expected_error(network, factor)


def test_weights_without_an_error_head_are_refused(samples):
    plain = create_model("ampose-small").eval()
    with pytest.raises(InputError, match="must tell an expected error"):
        compare_errors(plain, replace(samples))
    with pytest.raises(InputError, match="linear error head"):
        scale_expected_error(plain, 2.0)

"""PCK and AUC: the edges of the thresholds, by hand and against NumPy."""

import numpy as np
import pytest
import torch

from ampose.errors import InputError
from ampose.poses.metrics.threshold import AUC_THRESHOLDS, OFFICIAL_14, auc, pck, select_joints
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")


def off_by(*metres: float, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    """One sample with one joint for each error."""
    target = torch.zeros(1, len(metres), 3, dtype=dtype)
    predicted = target.clone()
    predicted[0, :, 2] = torch.tensor(metres, dtype=dtype)
    return predicted, target


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_exactly_150_mm_is_a_miss(dtype: torch.dtype) -> None:
    assert pck(*off_by(0.150, dtype=dtype)).item() == 0
    assert pck(*off_by(0.1499999, dtype=dtype)).item() == 100


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_auc_of_no_error_is_30_of_31(dtype: torch.dtype) -> None:
    assert auc(*off_by(0.0, dtype=dtype)).item() == pytest.approx(100 * 30 / 31, abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("step", range(31))
def test_an_error_on_a_threshold_is_below_the_later_ones_only(step: int, dtype: torch.dtype) -> None:
    assert auc(*off_by(step * 5 / 1000, dtype=dtype)).item() == pytest.approx(100 * (30 - step) / 31, abs=1e-12)


def test_there_are_31_thresholds() -> None:
    assert (len(AUC_THRESHOLDS), AUC_THRESHOLDS[0], AUC_THRESHOLDS[-1]) == (31, 0.0, 0.15)


def test_pck_and_auc_agree_with_numpy() -> None:
    generator = np.random.default_rng(0)
    target = generator.normal(size=(50, 17, 3))
    predicted = target + generator.normal(scale=0.08, size=target.shape)
    errors = np.linalg.norm(predicted - target, axis=2)
    shares = np.stack([(errors < limit).mean(axis=1) for limit in np.linspace(0, 0.15, 31)], axis=1)
    points = torch.from_numpy(predicted), torch.from_numpy(target)
    np.testing.assert_allclose(pck(*points), 100 * (errors < 0.15).mean(axis=1), atol=1e-9)
    np.testing.assert_allclose(auc(*points), 100 * shares.mean(axis=1), atol=1e-9)


def test_joints_count_by_name() -> None:
    target = torch.zeros(1, SKELETON.num_joints, 3)
    predicted = target.clone()
    for joint in ("hip", "spine", "neck_nose", "left_wrist"):
        predicted[0, SKELETON.index(joint)] = 1.0
    assert pck(predicted, target).item() == pytest.approx(100 * 13 / 17)
    chosen = (select_joints(points, SKELETON, OFFICIAL_14) for points in (predicted, target))
    assert pck(*chosen).item() == pytest.approx(100 * 13 / 14)


def test_the_official_14_are_known_in_both_human36m_layouts_and_leave_out_pelvis_spine_and_nose() -> None:
    for name in ("human36m_17", "human36m_16"):
        skeleton = get_skeleton(name)
        assert len({skeleton.index(joint) for joint in OFFICIAL_14}) == 14
    assert set(SKELETON.joints) - set(OFFICIAL_14) == {"hip", "spine", "neck_nose"}


def test_a_joint_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"joint of human36m_17 must be one of .*, got 'tail'"):
        select_joints(torch.zeros(1, 17, 3), SKELETON, ["tail"])

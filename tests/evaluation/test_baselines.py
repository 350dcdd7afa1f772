"""The baselines: against independent references, what they must be able to do, and fairness."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ampose.data import MotionCapture
from ampose.errors import InputError
from ampose.evaluation import Method, Protocol, hold_out, measure
from ampose.evaluation import baselines as room
from ampose.evaluation.baselines import LinearRegression, NearestNeighbour
from ampose.evaluation.held_out import film_others
from ampose.models.normalisation import normalise, to_camera_axes, to_network_axes
from ampose.poses.geometry import mirror, root_relative
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")
KINDS = [LinearRegression, NearestNeighbour]


@pytest.fixture(scope="module")
def training(motion: MotionCapture, protocol: Protocol) -> Samples:
    return film_others(motion, replace(protocol, subjects=("02",)), 1000)


def own_error_mm(baseline: "LinearRegression | NearestNeighbour", samples: Samples) -> float:
    target = root_relative(samples.positions[:, 0], SKELETON.root_index)
    return 1000 * (baseline(samples) - target).norm(dim=-1).mean().item()


@pytest.mark.parametrize("normalisation", ["person-rays", "longest-side"])
def test_the_nearest_neighbour_knows_its_own_samples(training: Samples, normalisation: str) -> None:
    baseline = NearestNeighbour.fit(training, SKELETON, normalisation=normalisation)
    assert own_error_mm(baseline, training) < 0.01


def test_the_nearest_neighbour_agrees_with_brute_force(training: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the distances do not fit into memory at once."""
    baseline = NearestNeighbour.fit(training[:80], SKELETON)
    queries = training[80:]
    whole = baseline(queries)
    monkeypatch.setattr(room, "DISTANCE_BYTES", 3 * 160 * 4)  # three queries at a time
    assert torch.equal(baseline(queries), whole)
    seen = normalise("person-rays", queries.keypoints_px, queries.intrinsics, SKELETON.root_index)
    shapes = seen.keypoints.flatten(1) / seen.keypoints.flatten(1).norm(dim=1, keepdim=True)
    nearest = [int(((baseline.shapes - shape) ** 2).sum(dim=1).argmin()) for shape in shapes]
    torch.testing.assert_close(whole, to_camera_axes(baseline.positions[nearest, None], seen.rotation)[:, 0])


def test_linear_regression_agrees_with_least_squares(training: Samples) -> None:
    """A ridge is least squares with one more equation a weight, which asks it to be 0."""
    baseline = LinearRegression.fit(training, SKELETON, ridge=1e-6)
    seen = normalise("person-rays", training.keypoints_px, training.intrinsics, SKELETON.root_index)
    order = SKELETON.flip_order
    keypoints = torch.cat([seen.keypoints, mirror(seen.keypoints, order)]).double().numpy()
    flat = keypoints.reshape(len(keypoints), -1)
    size = np.linalg.norm(flat, axis=1, keepdims=True)
    features = np.hstack([flat, flat / size, np.log(size), np.ones_like(size)])
    target = to_network_axes(root_relative(training.positions, SKELETON.root_index), seen.rotation)
    target = torch.cat([target, mirror(target, order)]).double().numpy().reshape(len(keypoints), -1)
    ridge = 1e-6 * (features**2).sum(axis=0).mean() * np.eye(features.shape[1])
    equations = np.vstack([features, np.sqrt(ridge)])
    answers = np.vstack([target, np.zeros((len(ridge), target.shape[1]))])
    fitted = features @ np.linalg.lstsq(equations, answers, rcond=None)[0]
    expected = to_camera_axes(torch.from_numpy(fitted[: len(training)]).float().unflatten(1, (1, 17, 3)), seen.rotation)
    torch.testing.assert_close(baseline(training), expected[:, 0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_baseline_is_mirror_symmetric(kind: type, training: Samples) -> None:
    """So that measuring it without test-time flip is fair."""
    baseline = kind.fit(training, SKELETON)
    keypoints = training.keypoints_px - training.intrinsics.centre[:, None, None]
    flipped = replace(
        training, keypoints_px=mirror(keypoints, SKELETON.flip_order) + training.intrinsics.centre[:, None, None]
    )
    torch.testing.assert_close(mirror(baseline(flipped), SKELETON.flip_order), baseline(training), atol=1e-3, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_baseline_beats_the_mean_pose_on_people_it_has_not_seen(
    kind: type, training: Samples, motion: MotionCapture, protocol: Protocol
) -> None:
    held_out = hold_out(motion, protocol)
    mean = root_relative(training.positions[:, 0], SKELETON.root_index).mean(dim=0)

    def error(predict: object, method: str) -> float:
        named = Method(name=method, predict=lambda samples, flip: predict(samples))
        [report] = measure(named, held_out, [protocol])
        return report.mean_over_actions.values["mpjpe"]

    trivial = error(lambda samples: mean.expand(len(samples), -1, -1), "mean pose")
    assert error(kind.fit(training, SKELETON), kind.__name__) < 0.8 * trivial


@pytest.mark.parametrize("kind", KINDS)
def test_a_baseline_says_what_it_is_and_refuses_no_data(kind: type, training: Samples) -> None:
    assert "person-rays, 600 samples and their mirror images" in kind.fit(training, SKELETON).name
    with pytest.raises(InputError, match="must have training samples, got none"):
        kind.fit(training[:0], SKELETON)

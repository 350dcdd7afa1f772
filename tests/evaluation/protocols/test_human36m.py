"""Human3.6M's protocols on a stand-in: the numbers are those of independent formulas, and all settings are said."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests import recordings_stand_in as stand_in

from ampose.data import Recordings
from ampose.errors import InputError
from ampose.evaluation import Method, Protocol, find_protocol, hold_out, measure
from ampose.evaluation.measure import refined
from ampose.evaluation.protocols.human36m import H36M_CPN_16, H36M_CPN_17, H36M_GT_16, H36M_GT_17
from ampose.evaluation.report import Report
from ampose.lifting.refinement import PoseRefinement, RefinementConfig
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton

ALL = (H36M_CPN_17, H36M_GT_17, H36M_CPN_16, H36M_GT_16)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> Recordings:
    return stand_in.write_human36m(tmp_path_factory.mktemp("prepared") / "human36m")


def guess(samples: Samples, flip: bool) -> torch.Tensor:
    """A made-up method: what it says depends on the input alone, and its root is off."""
    xy = (samples.keypoints_px[:, 0] - samples.intrinsics.centre[:, None]) / samples.intrinsics.focal[:, None]
    shift = 0.05 if flip else 0.1
    return torch.cat([5 * xy, torch.sin(30 * xy[..., :1])], dim=-1) * 0.9 + shift


GUESS = Method(name="guess", predict=guess)


def measured(recordings: Recordings, protocol: Protocol, method: Method = GUESS) -> Report:
    [report] = measure(method, hold_out(recordings, protocol), [protocol])
    return report


def truth(recordings: Recordings, protocol: Protocol) -> tuple[Recordings, np.ndarray, np.ndarray]:
    """Prediction and target in float64, by NumPy alone."""
    chosen = recordings.select(subjects=["S9", "S11"]).with_skeleton(protocol.skeleton)
    predicted = guess(chosen.samples(protocol.source.keypoints), protocol.flip).double().numpy()
    target = np.asarray(chosen.positions, dtype=np.float64)
    root = chosen.skeleton.root_index
    return chosen, predicted - predicted[:, [root]], target - target[:, [root]]


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
def test_p1_is_the_plain_mean_over_actions_and_over_frames(recordings: Recordings, protocol: Protocol) -> None:
    report = measured(recordings, protocol)
    chosen, predicted, target = truth(recordings, protocol)
    errors = 1000 * np.linalg.norm(predicted - target, axis=-1).mean(axis=1)
    labels = chosen.sample_labels("actions")
    by_action = {action: errors[labels == action].mean() for action in set(labels)}
    assert len(by_action) == 15
    for row in report.actions:
        assert row.values["mpjpe"] == pytest.approx(by_action[row.name], rel=1e-5)
    assert report.mean_over_actions.values["mpjpe"] == pytest.approx(np.mean(list(by_action.values())), rel=1e-5)
    assert report.all_frames.values["mpjpe"] == pytest.approx(errors.mean(), rel=1e-5)
    assert report.frames == 2 * 15 * 2 * stand_in.FRAMES == sum(row.frames for row in report.actions)
    assert [row.name for row in report.subjects] == ["S11", "S9"]


def test_p2_and_p3_are_those_of_an_independent_reference(recordings: Recordings) -> None:
    report = measured(recordings, H36M_CPN_17)
    _, predicted, target = truth(recordings, H36M_CPN_17)
    scale = (predicted * target).sum((1, 2)) / (predicted**2).sum((1, 2))
    p3 = 1000 * np.linalg.norm(scale[:, None, None] * predicted - target, axis=-1).mean()
    assert report.all_frames.values["n_mpjpe"] == pytest.approx(p3, rel=1e-5)
    p2 = 1000 * np.mean([procrustes(a, b) for a, b in zip(predicted, target, strict=True)])
    assert report.all_frames.values["p_mpjpe"] == pytest.approx(p2, rel=1e-5)


def procrustes(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance after Umeyama's alignment of a to b."""
    from scipy.spatial.transform import Rotation

    a, b = a - a.mean(0), b - b.mean(0)
    rotation, _ = Rotation.align_vectors(b, a)
    turned = rotation.apply(a)
    return float(np.linalg.norm((turned * b).sum() / (a**2).sum() * turned - b, axis=-1).mean())


def test_velocity_is_taken_inside_each_view_only(recordings: Recordings) -> None:
    report = measured(recordings, H36M_GT_17)
    chosen, predicted, target = truth(recordings, H36M_GT_17)
    steps, names = [], []
    for recording in range(chosen.num_recordings):
        rows = slice(chosen.starts[recording], chosen.starts[recording + 1])
        steps.append(1000 * np.linalg.norm(np.diff(predicted[rows] - target[rows], axis=0), axis=-1).mean(axis=1))
        names += [chosen.actions[recording]] * len(steps[-1])
    flat = np.concatenate(steps)
    assert report.all_frames.values["mpjve"] == pytest.approx(flat.mean(), rel=1e-4)
    walking = flat[np.array(names) == "Walking"].mean()
    assert {row.name: row.values["mpjve"] for row in report.actions}["Walking"] == pytest.approx(walking, rel=1e-4)
    across = 1000 * np.linalg.norm(np.diff(predicted - target, axis=0), axis=-1).mean()
    assert abs(across / flat.mean() - 1) > 0.05  # seams between clips would show


def test_cpn_and_gt_and_flip_and_root_are_different_numbers(recordings: Recordings) -> None:
    changes = [{}, {"flip": False}, {"root": "zero"}, {"root": "keep"}, {"skeleton": "human36m_16"}]
    protocols = [H36M_CPN_17.with_source(keypoints="gt"), *(replace(H36M_CPN_17, **change) for change in changes)]
    reports = [measured(recordings, protocol) for protocol in protocols]
    numbers = {round(report.all_frames.values["mpjpe"], 3) for report in reports}
    # What this method adds to all joints alike, with flip and without, goes when its root is subtracted.
    assert len(numbers) == len(protocols) - 1


def test_protocols_that_differ_only_in_measuring_share_the_prediction(recordings: Recordings) -> None:
    asked = []

    def counts(samples: Samples, flip: bool) -> torch.Tensor:
        asked.append(flip)
        assert torch.isnan(samples.positions).all()
        return guess(samples, flip)

    ways = [H36M_CPN_17, replace(H36M_CPN_17, flip=False), replace(H36M_CPN_17, root="keep")]
    reports = measure(Method(name="counts", predict=counts), hold_out(recordings, ways[0]), ways)
    assert sorted(asked) == [False, True]
    assert [report.protocol for report in reports] == ways
    for report, protocol in zip(reports, ways, strict=True):
        assert report.all_frames == measured(recordings, protocol).all_frames
    with pytest.raises(InputError, match="must select the same samples, got h36m-cpn-17, h36m-gt-17"):
        measure(GUESS, hold_out(recordings, H36M_CPN_17), [H36M_CPN_17, H36M_GT_17])


def test_every_setting_is_printed_with_the_numbers(recordings: Recordings) -> None:
    report = measured(recordings, H36M_CPN_17, refined(GUESS, refinement()))
    said = report.statement()
    for part in ("S9, S11", "cpn", "subtract", "mirrored", "uses GT root depth", "300 samples of 15 actions", "none"):
        assert part in said
    off = measured(recordings, H36M_GT_16).statement()
    assert "uses GT root depth" not in off
    assert json.loads(json.dumps(report.as_dict(), allow_nan=False))["protocol"]["keypoints"] == "cpn"


def refinement() -> PoseRefinement:
    torch.manual_seed(0)
    return PoseRefinement(RefinementConfig())


def test_refinement_is_told_the_true_depth_and_nothing_else(recordings: Recordings) -> None:
    """With a score of 0, x and y are those of the 2D at the true depth: with GT 2D only the lifted depth is wrong."""
    network = refinement()
    torch.nn.init.constant_(network.score[3].bias, -100.0)
    report = measured(recordings, H36M_GT_17, refined(GUESS, network))
    chosen, predicted, target = truth(recordings, H36M_GT_17)
    xyz = np.asarray(chosen.positions, dtype=np.float64)
    depth = predicted[..., 2] + xyz[:, :1, 2]
    xy = xyz[..., :2] / xyz[..., 2:] * depth[..., None]
    seen = np.concatenate([xy - xy[:, :1], predicted[..., 2:]], axis=-1)
    expected = 1000 * np.linalg.norm(seen - target, axis=-1).mean()
    assert report.all_frames.values["mpjpe"] == pytest.approx(expected, rel=1e-4)
    assert report.method.endswith("+ refinement (uses GT root depth)")


def test_drift_takes_stay_unless_they_are_left_out(recordings: Recordings) -> None:
    leaves_out = H36M_GT_17.changed(exclude_takes=("S9 Greeting",))
    kept, without = (measured(recordings, protocol) for protocol in (H36M_GT_17, leaves_out))
    assert kept.frames - without.frames == 2 * stand_in.FRAMES
    assert any("S9 Greeting" in caveat for caveat in without.caveats)
    with pytest.raises(InputError, match="takes must be some that the data has, got S9 Greeting"):
        measured(recordings.select(subjects=["S11"]), replace(leaves_out, subjects=("S11",)))


def test_a_source_or_a_subject_that_is_not_there_is_named(recordings: Recordings) -> None:
    with pytest.raises(InputError, match="2D source must be one of gt, cpn, got 'hrnet'"):
        measured(recordings, H36M_CPN_17.with_source(keypoints="hrnet"))
    with pytest.raises(InputError, match="subjects must be some that the data has, got S9"):
        measured(recordings.select(exclude=["S9"]), H36M_CPN_17)


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
def test_the_papers_settings(protocol: Protocol) -> None:
    assert find_protocol(protocol.name) is protocol
    assert protocol.subjects == ("S9", "S11")
    assert (protocol.root, protocol.source.exclude_takes) == ("subtract", ())
    assert protocol.flip == (protocol.skeleton == "human36m_17")
    assert get_skeleton(protocol.skeleton).num_joints == int(protocol.name[-2:])
    assert protocol.source.keypoints in protocol.name


def test_velocity_needs_whole_sequences(recordings: Recordings) -> None:
    with pytest.raises(InputError, match="where only valid samples count"):
        H36M_GT_17.with_source(valid_only=True)
    with pytest.raises(InputError, match="whole sequences, got a stride"):
        measured(recordings, replace(H36M_GT_17, frame_stride=2))
    strided = measured(recordings, replace(H36M_GT_17, frame_stride=2, metrics=("mpjpe",)))
    assert strided.frames == 150


def test_the_published_count_is_compared_with(recordings: Recordings) -> None:
    other = measured(recordings, H36M_GT_17)
    assert other.facts["samples"] == "300, not the published 543,344"
    assert any("no figure of the published test set" in caveat for caveat in other.caveats)
    same = measured(recordings, H36M_GT_17.with_source(published_samples=300))
    assert (same.facts["samples"], same.caveats) == ("300, as published", ())

"""What is measured comes out as it went in: exact values, averaging, and predictions that are refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ampose.data import MotionCapture
from ampose.errors import InputError
from ampose.evaluation import HeldOut, Method, Protocol, Report, hold_out, write_reports
from ampose.evaluation import measure as measure_all
from ampose.evaluation.report import comparison
from ampose.poses.geometry import root_relative
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")
Predict = Callable[[Samples], torch.Tensor]


@pytest.fixture(scope="module")
def held_out(motion: MotionCapture, protocol: Protocol) -> HeldOut:
    return hold_out(motion, protocol)


def truth_with(change: torch.Tensor, held_out: HeldOut) -> Predict:
    """A method that knows the truth and is off by ``change``."""
    answer = root_relative(held_out.samples.positions[:, 0], SKELETON.root_index) + change
    return lambda samples: answer


def measure(predict: Predict, held_out: HeldOut, protocol: Protocol) -> Report:
    method = Method(name="exact", predict=lambda samples, flip: predict(samples))
    return measure_all(method, held_out, [protocol])[0]


def test_the_truth_has_no_error(held_out: HeldOut, protocol: Protocol) -> None:
    report = measure(truth_with(torch.zeros(1), held_out), held_out, protocol)
    values = report.mean_over_actions.values
    assert [values[name] for name in ("mpjpe", "p_mpjpe", "n_mpjpe")] == pytest.approx([0, 0, 0], abs=1e-3)
    assert values["pck"] == 100
    assert values["auc"] == pytest.approx(100 * 30 / 31)


def test_the_two_means_and_each_action_by_hand(held_out: HeldOut, protocol: Protocol) -> None:
    """20 frames of "sit" off by 17 mm in one wrist, 50 of "sit down" off by 34 mm."""
    change = torch.zeros(70, 17, 3)
    change[:20, SKELETON.index("left_wrist"), 0] = 0.017
    change[20:, SKELETON.index("left_wrist"), 1] = 0.034
    report = measure(truth_with(change, held_out), held_out, protocol)
    assert [(row.name, row.frames) for row in report.actions] == [("sit", 20), ("sit down", 50)]
    assert [row.values["mpjpe"] for row in report.actions] == pytest.approx([1, 2], abs=1e-4)
    assert report.mean_over_actions.values["mpjpe"] == pytest.approx(1.5, abs=1e-4)
    assert report.all_frames.values["mpjpe"] == pytest.approx(120 / 70, abs=1e-4)
    assert report.per_joint_mm["left_wrist"] == pytest.approx((20 * 17 + 50 * 34) / 70, abs=1e-3)
    assert report.per_joint_mm["head"] == pytest.approx(0, abs=1e-4)
    assert [(row.name, row.frames) for row in report.subjects] == [("02", 70)]
    assert report.frames == 70


def test_the_order_of_the_samples_does_not_matter(held_out: HeldOut, protocol: Protocol) -> None:
    change = 0.05 * torch.randn(70, 17, 3, generator=torch.Generator().manual_seed(0))
    order = torch.randperm(70, generator=torch.Generator().manual_seed(1))
    mixed = HeldOut(
        samples=held_out.samples[order],
        groups=[held_out.groups[i] for i in order.tolist()],
        subjects=[held_out.subjects[i] for i in order.tolist()],
    )
    plain = measure(truth_with(change, held_out), held_out, protocol)
    shuffled = measure(truth_with(change[order], mixed), mixed, protocol)
    for one, other in zip(plain.actions, shuffled.actions, strict=True):
        assert one.values == pytest.approx(dict(other.values), abs=1e-9)


def test_pck_counts_the_protocols_joints(held_out: HeldOut, protocol: Protocol) -> None:
    change = torch.zeros(70, 17, 3)
    change[:, SKELETON.index("left_wrist"), 2] = 1.0
    predict = truth_with(change, held_out)
    official = measure(predict, held_out, protocol)
    everything = measure(predict, held_out, replace(protocol, threshold_joints=()))
    assert official.all_frames.values["pck"] == pytest.approx(100 * 13 / 14)
    assert everything.all_frames.values["pck"] == pytest.approx(100 * 16 / 17)


def test_the_root_convention_of_the_protocol_holds(held_out: HeldOut, protocol: Protocol) -> None:
    change = torch.zeros(70, 17, 3)
    change[:, SKELETON.root_index, 0] = 0.017
    predict = truth_with(change, held_out)
    errors = {
        root: measure(predict, held_out, replace(protocol, root=root)).all_frames.values["mpjpe"]
        for root in ("keep", "zero", "subtract")
    }
    assert errors == pytest.approx({"keep": 1, "zero": 0, "subtract": 16}, abs=1e-4)


def test_a_method_cannot_see_the_answer(held_out: HeldOut, protocol: Protocol) -> None:
    with pytest.raises(InputError, match="exact: prediction must be finite, got 70 samples of 70"):
        measure(lambda samples: samples.positions[:, 0], held_out, protocol)


def test_a_prediction_of_another_shape_is_refused(held_out: HeldOut, protocol: Protocol) -> None:
    with pytest.raises(InputError, match=r"must have shape \(70, 17, 3\), got \(70, 16, 3\)"):
        measure(lambda samples: torch.zeros(70, 16, 3), held_out, protocol)


def test_names_must_be_one_a_sample(held_out: HeldOut) -> None:
    with pytest.raises(InputError, match=r"one a sample \(70\), got 69 and 0"):
        HeldOut(samples=held_out.samples, groups=held_out.groups[1:])
    with pytest.raises(InputError, match="at least one sample to measure, got none"):
        HeldOut(samples=held_out.samples[:0], groups=[])


def test_a_method_that_needs_the_roots_distance_gets_that_alone_and_its_report_says_so(
    held_out: HeldOut, protocol: Protocol
) -> None:
    def guess(samples: Samples, flip: bool) -> torch.Tensor:
        finite = torch.isfinite(samples.positions[:, 0])
        assert finite.sum() == 70
        assert finite[:, SKELETON.root_index, 2].all()
        return torch.zeros(70, 17, 3)

    plain, needing = (Method(name="guess", predict=guess, needs_root_depth=needs) for needs in (False, True))
    [report] = measure_all(needing, held_out, [protocol])
    assert report.method == "guess (uses GT root depth)"
    assert report.as_dict()["caveats"] == ("the method uses GT root depth",)
    assert "caveat" in report.statement()
    with pytest.raises(AssertionError):
        measure_all(plain, held_out, [protocol])


@pytest.fixture(scope="module")
def report(held_out: HeldOut, protocol: Protocol) -> Report:
    change = 0.05 * torch.randn(70, 17, 3, generator=torch.Generator().manual_seed(0))
    measured = measure(truth_with(change, held_out), held_out, protocol)
    return replace(measured, facts={"weights": "sha256 123"})


def test_tables_hold_every_action_and_both_means(report: Report) -> None:
    lines = report.as_text().splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "action", "-" * 17, "sit", "sit down", "mean over actions", "all frames"
    ]  # fmt: skip
    assert len({len(line) for line in lines}) == 1
    assert f"{report.actions[0].values['p_mpjpe']:.1f}" in lines[2]
    markdown = report.as_markdown().splitlines()
    header = [cell.strip() for cell in markdown[0].strip("|").split("|")]
    assert header == ["action", "frames", "MPJPE mm", "P-MPJPE mm", "N-MPJPE mm", "PCK@150 %", "AUC %"]
    assert len({line.count("|") for line in markdown}) == 1


def test_the_statement_says_method_facts_protocol_and_count(report: Report) -> None:
    said = report.statement()
    for part in ("exact", "sha256 123", "subject 02", "seed 0", "70 samples of 2 actions", "virtual cameras"):
        assert part in said


def test_the_json_holds_the_table(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_reports([report], path)
    [data] = json.loads(path.read_text())
    assert data["frames"] == 70
    assert data["units"]["mpjpe"] == "mm"
    assert data["protocol"]["subjects"] == ["02"]
    assert data["actions"][1]["values"] == report.actions[1].values
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_that_cannot_be_written_leaves_the_old_one(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    broken = replace(report, per_joint_mm={"hip": float("nan")})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_reports([report, broken], path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_only_reports_of_the_same_protocol_and_data_compare(report: Report) -> None:
    header, rows = comparison([report, replace(report, method="other")])
    assert header[0] == "mean over actions, 70 samples"
    assert [row[0] for row in rows] == ["exact", "other"]
    with pytest.raises(InputError, match="one protocol"):
        comparison([report, replace(report, protocol=report.protocol.with_source(seed=3))])


def test_rows_match_actions_whole(held_out: HeldOut, protocol: Protocol) -> None:
    """ "sit" must not swallow "sit down", and every sample is in exactly one row."""
    report = measure(truth_with(torch.zeros(1), held_out), held_out, protocol)
    assert sum(row.frames for row in report.actions) == report.frames
    assert np.unique([row.name for row in report.actions]).tolist() == ["sit", "sit down"]


def test_samples_are_not_changed_by_measuring(motion: MotionCapture, protocol: Protocol) -> None:
    held_out = hold_out(motion, protocol)
    before = held_out.samples.positions.clone(), held_out.samples.keypoints_px.clone()

    def destroys(samples: Samples) -> torch.Tensor:
        return samples.positions.zero_()[:, 0]

    measure(destroys, held_out, protocol)
    assert torch.equal(held_out.samples.positions, before[0])
    assert torch.equal(held_out.samples.keypoints_px, before[1])

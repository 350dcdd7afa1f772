"""MPI-INF-3DHP's protocols: the valid frames, the joints that count, the two averages, and names that do not mix."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tests import recordings_stand_in as stand_in

from ampose.data import Recordings
from ampose.errors import InputError
from ampose.evaluation import Method, Protocol, Report, find_protocol, hold_out, measure
from ampose.evaluation.protocols.mpi_inf_3dhp import (
    CROSS_14,
    CROSS_16,
    CROSS_17,
    IN_DATASET_14,
    IN_DATASET_17,
    official_14,
    with_joints_of,
)
from ampose.poses.samples import Samples
from ampose.poses.skeletons import find_mapping, get_skeleton

ALL = (CROSS_14, CROSS_16, CROSS_17, IN_DATASET_14, IN_DATASET_17)
RELEVANT_14 = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]  # official MATLAB: all but pelvis, spine and head
PELVIS = 14


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> Recordings:
    return stand_in.write_3dhp_test(tmp_path_factory.mktemp("prepared") / "test")


def off_by(recordings: Recordings, spread: float) -> tuple[np.ndarray, object]:
    """A method that knows the answer and is wrong by a known error for each joint of the relevant 17."""
    change = spread * np.random.default_rng(0).normal(size=recordings.positions.shape)
    change[:, PELVIS] = 0
    valid = np.asarray(recordings.valid)

    def lift(samples: Samples, flip: bool) -> torch.Tensor:
        absolute = (np.asarray(recordings.positions) + change)[valid].astype(np.float32)
        skeleton = next(s for s in map(get_skeleton, SKELETONS) if s.num_joints == samples.positions.shape[2])
        return torch.from_numpy(find_mapping("mpi_inf_3dhp_17", skeleton).map_points(absolute))

    return np.linalg.norm(change, axis=-1)[valid], lift


def measured(lift: object, recordings: Recordings, protocols: list[Protocol]) -> list[Report]:
    return measure(Method(name="mine", predict=lift), hold_out(recordings, protocols[0]), protocols)


SKELETONS = ("mpi_inf_3dhp_17", "human36m_16")


def test_pck_and_auc_are_over_the_official_14_joints_of_valid_frames(recordings: Recordings) -> None:
    errors, lift = off_by(recordings, 0.1)
    [report] = measured(lift, recordings, [IN_DATASET_14])
    counted = errors[:, RELEVANT_14]
    assert report.frames == recordings.valid.sum() < len(recordings)
    assert report.all_frames.values["pck"] == pytest.approx(100 * (counted < 0.15).mean())
    thresholds = np.arange(0, 151, 5) / 1000
    auc = np.mean([100 * (counted < threshold).mean() for threshold in thresholds])
    assert len(thresholds) == 31
    assert report.all_frames.values["auc"] == pytest.approx(auc, rel=1e-6)
    assert report.all_frames.values["mpjpe"] == pytest.approx(1000 * errors.mean(), rel=1e-5)  # over all 17


def test_17_joints_count_the_root_and_16_leave_the_head_out(recordings: Recordings) -> None:
    errors, lift = off_by(recordings, 0.1)
    [all_17] = measured(lift, recordings, [IN_DATASET_17])
    assert all_17.all_frames.values["pck"] == pytest.approx(100 * (errors < 0.15).mean())
    [all_16] = measured(lift, recordings, [CROSS_16])
    head = get_skeleton("mpi_inf_3dhp_17").index("head")
    assert all_16.all_frames.values["pck"] == pytest.approx(100 * (np.delete(errors, head, axis=1) < 0.15).mean())
    [official] = measured(lift, recordings, [CROSS_14])
    assert official.all_frames.values["pck"] == pytest.approx(100 * (errors[:, RELEVANT_14] < 0.15).mean())


def test_pooled_and_mean_of_scenes_are_both_there_and_differ(recordings: Recordings) -> None:
    errors, lift = off_by(recordings, 0.12)
    [report] = measured(lift, recordings, [IN_DATASET_17])
    scenes = recordings.select(valid_only=True).sample_labels("scenes")
    by_scene = {scene: 100 * (errors[scenes == scene] < 0.15).mean() for scene in ("GS", "noGS", "Outdoor")}
    assert {row.name: row.values["pck"] for row in report.actions} == pytest.approx(by_scene)
    assert report.mean_over_actions.values["pck"] == pytest.approx(np.mean(list(by_scene.values())))
    pooled = report.all_frames.values["pck"]
    assert pooled == pytest.approx(100 * (errors < 0.15).mean())
    assert pooled != pytest.approx(report.mean_over_actions.values["pck"], abs=1e-6)
    text = report.as_text()
    assert text.startswith("scene ")
    for name in ("pooled", "mean of scenes", "Outdoor"):
        assert name in text


def test_the_other_annotation_is_refused(tmp_path: Path) -> None:
    other = stand_in.write_3dhp_test(tmp_path / "annot3", target="annot3")
    _, lift = off_by(other, 0.1)
    with pytest.raises(InputError, match="must be measured against univ_annot3, got data prepared with annot3"):
        measured(lift, other, [IN_DATASET_14])


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
def test_the_fields_settings(protocol: Protocol) -> None:
    assert find_protocol(protocol.name) is protocol
    assert (protocol.source.annotation, protocol.source.valid_only, protocol.group) == ("univ_annot3", True, "scenes")
    assert protocol.subjects == ("TS1", "TS2", "TS3", "TS4", "TS5", "TS6")
    said = dict(protocol.statement())
    setting = "trained on Human3.6M" if "cross" in protocol.name else "trained and tested on MPI-INF-3DHP"
    assert setting in said["protocol"]
    counted = protocol.name.rpartition("-")[2]
    assert len(protocol.threshold_joints) == (14 if counted == "14" else 0)
    assert said["PCK, AUC joints"].startswith("head" if counted == "14" else f"all {counted}")


def test_the_official_joints_have_the_same_places_in_every_skeleton() -> None:
    own = official_14("mpi_inf_3dhp_17")
    assert sorted(get_skeleton("mpi_inf_3dhp_17").index(joint) for joint in own) == RELEVANT_14
    mapping = find_mapping("mpi_inf_3dhp_17", "human36m_17")
    for mine, theirs in zip(official_14("human36m_17"), own, strict=True):
        row = mapping.weights[mapping.target.index(mine)]
        assert row.argmax() == mapping.source.index(theirs)
    assert with_joints_of(CROSS_14, "mpi_inf_3dhp_17").threshold_joints == own
    assert with_joints_of(CROSS_16, "human36m_17").threshold_joints == ()


def test_a_part_of_the_sequences_is_measured_and_said(recordings: Recordings) -> None:
    part = recordings.select(subjects=["TS5", "TS6"])
    _, lift = off_by(part, 0.1)
    [report] = measured(lift, part, [IN_DATASET_14.changed(sequences=("TS5", "TS6"))])
    assert [row.name for row in report.subjects] == ["TS5", "TS6"]
    assert "TS5, TS6" in report.statement()
    assert "not the published 2,929" in report.facts["samples"]

"""The weights that come with the package: they load, their card is true, and its numbers can be had again.

``python -m tools.model_card.card`` writes the cards and the README's table anew from the JSON files beside the weights.
"""

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.unchecked import unchecked
from tools.model_card.calibration import compare_errors

import ampose
from ampose import DEFAULT_MODEL
from ampose.cli import main
from ampose.data.cmu.cmu_mocap import read_cmu
from ampose.evaluation import find_protocol, hold_out
from ampose.lifting.prediction import predict_samples
from ampose.lifting.weights import bundled_weights, load_weights

ROOT = Path(__file__).parents[3]
BUNDLED = bundled_weights()


@pytest.fixture(scope="module")
def card() -> ModuleType:
    from tools.model_card import card

    return card


@pytest.fixture(params=BUNDLED)
def folder(request: pytest.FixtureRequest) -> Path:
    return BUNDLED[request.param]


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text())


def test_there_are_weights_for_the_default_of_the_command_line():
    assert DEFAULT_MODEL in BUNDLED


def test_they_load_and_say_where_they_come_from(folder):
    lifter = ampose.load_model(folder.name)
    assert lifter.name == folder.name
    assert "mocap.cs.cmu.edu" in lifter.facts["data"]


def test_the_card_is_made_of_the_measurements(folder, card):
    text = (folder / "README.md").read_text()
    assert text == card.render(folder)
    assert "NSF EIA-0196217" in text
    assert "$" not in text


def test_the_readme_has_the_numbers_of_the_evaluation(card):
    readme = (ROOT / "README.md").read_text()
    assert card.TABLE.search(readme)
    assert readme == card.with_methods(readme, card.BUNDLED)


def test_all_numbers_are_of_these_weights(folder):
    digest = read(folder, "config")["sha256"]
    reports = [one for one in read(folder, "evaluation") if one["method"] == folder.name]
    assert {one["protocol"]["name"] for one in reports} >= {"cmu-held-out", "cmu-held-out-wide"}
    assert {one["facts"]["weights"] for one in reports} == {f"sha256 {digest}"}
    measured = read(folder, "measurements")
    assert measured["sha256"] == digest
    assert measured["four_cameras"] is None or digest[:12] in measured["four_cameras"]


def test_they_beat_both_baselines(folder):
    reports = [one for one in read(folder, "evaluation") if one["protocol"]["name"] == "cmu-held-out"]
    ours, *baselines = (report["mean_over_actions"]["values"]["mpjpe"] for report in reports)
    assert len(baselines) >= 2
    assert ours < 0.6 * min(baselines)


def test_the_expected_error_is_true_on_people_it_was_not_fitted_on(folder):
    calibration = read(folder, "measurements")["calibration"]
    if calibration is None:
        pytest.skip("these weights tell no expected error")
    assert not set(calibration["fitted_on"]) & set(calibration["checked_on"])
    for name, found in calibration["checked"].items():
        after = found["after"]
        assert after["expected_mm"] == pytest.approx(after["true_mm"], rel=0.3), name
        assert after["correlation"] > 0.2, name  # weak, as the card says


def test_one_subject_measured_again(folder, shared, tmp_path):
    """The smallest held-out subject, from the database's own files: the pose's error and the expected one."""
    spot = read(folder, "measurements")["spot"]
    motion = read_cmu(_only(shared / "data" / "cmu-mocap", spot["subjects"], tmp_path))
    protocol = replace(find_protocol(spot["protocol"]), subjects=tuple(spot["subjects"]), frame_stride=1)
    samples, network = hold_out(motion, protocol).samples, load_weights(folder).network
    pose = predict_samples(network, samples, flip=True).positions
    absolute = samples.positions[:, 0]  # (sample, joint, xyz) of windows of one frame
    truth = absolute - absolute[:, :1]
    assert (pose - truth).norm(dim=-1).mean().item() * 1000 == pytest.approx(spot["mpjpe_mm"], abs=0.01)
    if network.config.predicts_error:
        expected = compare_errors(network, samples).expected.mean().item() * 1000
        assert expected == pytest.approx(spot["expected_mm"], abs=0.01)


def _only(root: Path, subjects: list[str], folder: Path) -> Path:
    """A database with these subjects alone."""
    (folder / "subjects").mkdir(parents=True)
    (folder / "index.csv").symlink_to(root / "index.csv")
    for subject in subjects:
        (folder / "subjects" / subject).symlink_to(root / "subjects" / subject)
    return folder


@pytest.mark.slow
@unchecked()
def test_the_numbers_can_be_had_again(folder, shared, tmp_path):
    """The README's two commands, on the real data of those who are held out."""
    data, report = tmp_path / "cmu.npz", tmp_path / "report.json"
    held_out = list(find_protocol("cmu-held-out").subjects)
    database = _only(shared / "data" / "cmu-mocap", held_out, tmp_path / "held-out")
    assert main(["prepare", "cmu", "--root", str(database), "-o", str(data)]) == 0
    assert main(["evaluate", folder.name, str(data), "-o", str(report)]) == 0
    (again,) = json.loads(report.read_text())
    for mean in ("mean_over_actions", "all_frames"):
        for metric, value in read(folder, "evaluation")[0][mean]["values"].items():
            assert again[mean]["values"][metric] == pytest.approx(value, abs=0.01), (mean, metric)

"""``ampose evaluate`` from its arguments to the report, with real (small, untrained) weights."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests import recordings_stand_in

from ampose.cli import main
from ampose.data import MotionCapture, read_recordings, write_motion
from ampose.evaluation import find_protocol, hold_out
from ampose.lifting.lifter import load_model
from ampose.lifting.prediction import predict_samples
from ampose.lifting.weights import save_weights
from ampose.models import create_model
from ampose.poses.geometry import root_relative
from ampose.poses.skeletons import get_skeleton

SUBJECTS = ("02", "08", "16", "39", "55", "01", "07")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    save_weights(folder, "ampose-small", create_model("ampose-small", depth=1, normalisation="person-rays"))
    return folder


def make_motion() -> MotionCapture:
    skeleton = get_skeleton("human36m_17")
    positions = np.random.default_rng(0).normal(scale=0.3, size=(20 * len(SUBJECTS), skeleton.num_joints, 3))
    return MotionCapture(
        positions=positions.astype(np.float32),
        skeleton=skeleton,
        clip_starts=np.arange(len(SUBJECTS) + 1) * 20,
        subjects=SUBJECTS,
        actions=tuple("walk" if index % 2 else "run" for index in range(len(SUBJECTS))),
        names=SUBJECTS,
        fps=np.full(len(SUBJECTS), 60.0),
        provenance={"source": "made up"},
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "motion.npz"
    write_motion(make_motion(), path)
    return path


def test_it_prints_protocol_and_table_and_writes_the_report(
    weights: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "report.json"
    assert main(["evaluate", str(weights), str(data), "--baselines", str(data), "-o", str(output)]) == 0
    printed = capsys.readouterr().out
    lifter, motion = load_model(weights), make_motion()
    settings = [
        "cmu-held-out",
        "02, 08, 16, 39, 55",
        "seed 0",
        "projected",
        "root joint only",
        "its mirrored one",
    ]
    identity = [lifter.weights_hash, motion.sha256, "100 samples of 2 actions"]
    baselines = [f"{kind} (person-rays, 40 samples" for kind in ("linear regression", "nearest neighbour")]
    for said in (*settings, *identity, *baselines, "mean over actions", "all frames"):
        assert said in printed
    reports = json.loads(output.read_text())
    assert [report["method"].split(" (")[0] for report in reports] == [
        "ampose-small", "linear regression", "nearest neighbour"
    ]  # fmt: skip
    assert [report["frames"] for report in reports] == [100, 100, 100]
    assert f"{reports[0]['mean_over_actions']['values']['mpjpe']:.1f}" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_the_number_is_that_of_the_lifter_on_the_protocols_samples(weights: Path, data: Path, tmp_path: Path) -> None:
    output = tmp_path / "report.json"
    assert main(["evaluate", str(weights), str(data), "--no-flip", "-o", str(output)]) == 0
    [report] = json.loads(output.read_text())
    assert report["protocol"]["flip"] is False
    held_out = hold_out(make_motion(), replace(find_protocol("cmu-held-out"), flip=False))
    predicted = load_model(weights).predict_samples(held_out.samples, flip=False)
    target = root_relative(held_out.samples.positions[:, 0], 0)
    expected = 1000 * (predicted - target).norm(dim=-1).mean().item()
    assert report["all_frames"]["values"]["mpjpe"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("root", ["subtract", "zero", "keep"])
def test_the_root_is_treated_as_asked(weights: Path, data: Path, tmp_path: Path, root: str) -> None:
    """An untrained network puts the root somewhere, so the three ways differ."""
    output = tmp_path / "report.json"
    assert main(["evaluate", str(weights), str(data), "--no-flip", "--root", root, "-o", str(output)]) == 0
    [report] = json.loads(output.read_text())
    assert report["protocol"]["root"] == root
    plain = find_protocol("cmu-held-out")
    samples = hold_out(make_motion(), replace(plain, flip=False)).samples
    predicted = predict_samples(load_model(weights).network, samples, flip=False, keep_root=True).positions
    if root == "subtract":
        predicted = predicted - predicted[:, :1]
    if root == "zero":
        predicted = torch.cat([0 * predicted[:, :1], predicted[:, 1:]], dim=1)
    target = root_relative(samples.positions[:, 0], 0)
    expected = 1000 * (predicted - target).norm(dim=-1).mean().item()
    assert report["all_frames"]["values"]["mpjpe"] == pytest.approx(expected, rel=1e-5)


def test_the_same_command_gives_the_same_report(weights: Path, data: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / "one.json", tmp_path / "two.json"]
    for output in outputs:
        assert main(["evaluate", str(weights), str(data), "-o", str(output)]) == 0
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{weights}", "{folder}/none.npz"], "found none"),
        (["{folder}/none", "{data}"], "weights must be a name"),
        (["{weights}", "{data}", "--protocol", "cmu-held-in"], "did you mean 'cmu-held-out'"),
        (["{weights}", "{data}", "-o", "{folder}/report.txt"], "must be a .json file, got .txt"),
        (["{weights}", "{data}", "-o", "{folder}/none/report.json"], "folder must be there"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    arguments: list[str],
    message: str,
    weights: Path,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"weights": str(weights), "data": str(data), "folder": str(tmp_path)}
    assert main(["evaluate", *(argument.format(**places) for argument in arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.startswith("ampose: error: ")
    assert len(captured.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_data_without_the_subjects_is_refused(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "others.npz"
    write_motion(make_motion().select(subjects=["01", "07"]), path)
    assert main(["evaluate", str(weights), str(path)]) == 2
    assert "subjects must be some that the data has, got 02, 08, 16, 39, 55" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "skeleton"), [("h36m-cpn-16", "human36m_16"), ("h36m-gt-17", "human36m_17")])
def test_a_dataset_with_its_own_cameras_is_measured_as_its_protocol_says(
    name: str, skeleton: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recordings_stand_in.write_human36m(tmp_path / "human36m")
    torch.manual_seed(0)
    save_weights(tmp_path / "w", "ampose-small", create_model("ampose-small", depth=1, skeleton=skeleton))
    output = tmp_path / "report.json"
    command = ["evaluate", str(tmp_path / "w"), str(tmp_path / "human36m"), "--protocol", name]
    assert main([*command, "-o", str(output)]) == 0
    [report] = json.loads(output.read_text())
    views = read_recordings(tmp_path / "human36m").select(subjects=["S9", "S11"]).with_skeleton(skeleton)
    samples = views.samples("cpn" if "cpn" in name else "gt")
    predicted = load_model(tmp_path / "w").predict_samples(samples, flip=name.endswith("17"))
    expected = 1000 * (predicted - root_relative(samples.positions[:, 0], 0)).norm(dim=-1).mean().item()
    assert report["all_frames"]["values"]["mpjpe"] == pytest.approx(expected, rel=1e-5)
    assert main([*command, "--baselines", "cmu.npz"]) == 2
    assert "--baselines must be left out" in capsys.readouterr().err


def test_weights_of_other_joints_than_the_protocols_are_refused(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(weights), str(tmp_path), "--protocol", "3dhp-in-dataset-14"]) == 2
    assert "must be of mpi_inf_3dhp_17, got human36m_17" in capsys.readouterr().err


def test_weights_that_learned_from_who_is_measured_are_refused(
    weights: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run's manifest says who; of another run's manifest where the command is typed nothing is believed."""
    shutil.copytree(weights, tmp_path / "run" / "last")
    manifest = {"config": {"data": {"held_out_subjects": ["08", "16", "39", "55"], "train_subjects": []}}}
    (tmp_path / "run" / "run.json").write_text(json.dumps(manifest))
    assert main(["evaluate", str(tmp_path / "run" / "last"), str(data)]) == 2
    assert "must not be trained on who is measured, got a run with 02" in capsys.readouterr().err


def test_bundled_weights_say_how_they_were_trained(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.json").write_text('{"config": {"epochs": 12345}}')  # of a run that has nothing to do with them
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", "ampose-small", str(data)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^training +prepared/cmu\.npz.*subjects all that are not held out", said, re.MULTILINE)
    assert re.search(r"^selection +last epoch", said, re.MULTILINE)
    assert "12345" not in said

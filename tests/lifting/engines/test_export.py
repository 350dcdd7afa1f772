"""Exported folders are complete, agree, and run without this package."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from tests.unchecked import unchecked
from tests.walkers import bodies_px

import ampose
from ampose import cli
from ampose.cli import USER_ERROR
from ampose.lifting.engines.engine import is_installed
from ampose.lifting.engines.export import LARGEST_MM, Kind
from ampose.lifting.weights import save_weights
from ampose.models import create_model
from ampose.poses.skeletons import get_skeleton

ROOT = Path(__file__).parents[3]
SIZE = (1280, 720)
ENGINE = {"onnx": "onnxruntime", "openvino": "openvino"}
WITHOUT_AMPOSE = """
import json, runpy, sys
sys.modules["ampose"] = None
script, *calls = sys.argv[1:]
for call in calls:
    sys.argv = [script, *json.loads(call)]
    runpy.run_path(script, run_name="__main__")
"""
"""Runs a script several times over: what takes long is to load what it imports."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A shallow network: an exporter's time grows with the depth."""
    return save(tmp_path_factory.mktemp("weights"), missing_token=True, error_head=True)


def save(folder, **settings):
    torch.manual_seed(0)
    network = create_model("ampose-small", depth=1, normalisation="person-rays", **settings)
    save_weights(folder, "ampose-small", network)
    return folder


@pytest.fixture(scope="module", params=get_args(Kind))
def exported(request, weights, tmp_path_factory):
    if request.param in ENGINE and not is_installed(ENGINE[request.param]):
        pytest.skip(f"the package for {request.param} is not installed")
    folder = tmp_path_factory.mktemp("export") / "folder"
    with unchecked():
        assert cli.main(["export", request.param, str(weights), "-o", str(folder)]) == 0
    return folder


def run_alone(*calls):
    script = str(ROOT / "examples" / "run_exported.py")
    said = [json.dumps([str(word) for word in call]) for call in calls]
    command = [sys.executable, "-c", WITHOUT_AMPOSE, script, *said]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def people(joints=17):
    """70 frames; a network that infers joints makes up a whole person of one joint, if it is let."""
    keypoints = np.resize(bodies_px(70).swapaxes(0, 1), (joints, 70, 2)).swapaxes(0, 1).copy()
    keypoints[1, 5:] = keypoints[2, 6:] = keypoints[3, 4] = keypoints[4] = np.nan
    return keypoints


def test_a_fresh_process_without_ampose_answers_the_same(exported, weights, tmp_path):
    """For the model's own joints, and for those of two detectors."""
    bodies = {name: people(get_skeleton(name).num_joints) for name in ("human36m_17", "coco_17", "blazepose_33")}
    calls = []
    for name, keypoints in bodies.items():
        np.save(tmp_path / f"{name}.npy", keypoints)
        asked = [name] if name != "human36m_17" else []
        calls.append([exported, tmp_path / f"{name}.npy", *SIZE, tmp_path / f"{name}.npz", *asked])
    done = run_alone(*calls)
    assert done.returncode == 0, done.stderr
    for name, keypoints in bodies.items():
        expected = ampose.load_model(weights).lift(keypoints, image_size=SIZE, skeleton=name)
        assert 2 <= expected.missing.sum() < 10
        with np.load(tmp_path / f"{name}.npz") as poses:
            assert set(poses) == {"positions", "expected_error"}
            np.testing.assert_allclose(poses["positions"], expected.positions, rtol=0, atol=2e-5)
            np.testing.assert_allclose(poses["expected_error"], expected.expected_error, rtol=0, atol=2e-5)


def test_a_network_that_needs_every_joint_and_tells_no_error_says_so(tmp_path):
    folder = tmp_path / "folder"
    assert cli.main(["export", "torch-export", str(save(tmp_path / "plain")), "-o", str(folder)]) == 0
    config, detectors = (json.loads((folder / name).read_text()) for name in ("config.json", "detectors.json"))
    assert "all joints must be there" in config["inputs"]["keypoints"]
    assert list(config["outputs"]) == ["positions"]
    assert detectors["coco_17"]["weights"]["spine"] == {
        f"{side}_{joint}": 0.25 for joint in ("hip", "shoulder") for side in ("left", "right")
    }


@pytest.mark.parametrize("exported", ["torch-export"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{}", "keypoints.npy", "wide", 720, "p.npz"], "WIDTH and HEIGHT must be numbers"),
        (["{}", "keypoints.npy", 1280, 720, "p.npz", "coco"], "DETECTOR must be one of .*coco_17"),
        (
            ["{}", "keypoints.npy", 1280, 720, "p.npz", "halpe_26"],
            r"must have shape \(frame, 26, 2\), got \(70, 17, 2\)",
        ),
        (["{}", "none.npy", 1280, 720, "p.npz"], "none.npy: must be a .npy file"),
        (["nowhere", "keypoints.npy", 1280, 720, "p.npz"], "nowhere: must be a folder that `ampose export` wrote"),
    ],
)
def test_mistakes_are_one_line(exported, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    np.save("keypoints.npy", people())
    done = run_alone([str(word).format(exported) for word in arguments])
    assert done.returncode != 0
    assert re.search(message, done.stderr)
    assert done.stderr.count("\n") == 1
    assert not Path("p.npz").exists()


def test_the_folder_says_what_it_is(exported, weights):
    config = json.loads((exported / "config.json").read_text())
    source = json.loads((weights / "config.json").read_text())
    assert config["weights_sha256"] == source["sha256"]
    assert config["config"] == source["config"]
    assert (exported / config["file"]).is_file()
    assert (exported / "labels.txt").read_text().split("\n")[:-1] == list(get_skeleton("human36m_17").joints)
    parity = json.loads((exported / "parity.json").read_text())
    assert 0 < parity["mean_mm"] <= parity["largest_mm"] <= LARGEST_MM


def test_checksums_are_those_of_sha256sum(exported):
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=exported, check=True, capture_output=True)
    listed = {line.split()[1] for line in (exported / "SHA256SUMS").read_text().splitlines()}
    assert listed == {file.name for file in exported.iterdir()} - {"SHA256SUMS"}


def test_an_existing_folder_is_left_alone(tmp_path, capsys):
    (tmp_path / "there").mkdir()
    assert cli.main(["export", "torch-export", "ampose-small", "-o", str(tmp_path / "there")]) == USER_ERROR
    assert "exists already" in capsys.readouterr().err
    assert list((tmp_path / "there").iterdir()) == []


def test_a_damaged_program_is_refused(exported, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in exported.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    (copy / "labels.txt").write_text("nose\n")
    np.save(tmp_path / "keypoints.npy", people())
    done = run_alone([copy, tmp_path / "keypoints.npy", *SIZE, tmp_path / "poses.npz"])
    assert done.returncode != 0
    assert "damaged" in done.stderr

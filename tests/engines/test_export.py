"""Exported folders are complete, agree, and run without this package."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import ampose
from ampose import cli
from ampose.camera import Intrinsics
from ampose.cli import USER_ERROR
from ampose.engines.contract import missing_package
from ampose.engines.export import KINDS, LARGEST_MM
from ampose.engines.pixel_lifter import PixelLifter
from ampose.models import create_model
from ampose.skeletons import get_skeleton
from ampose.weights import save_weights

ROOT = Path(__file__).parents[2]
SIZE = (1280, 720)
ENGINE = {"onnx": "onnxruntime", "openvino": "openvino"}
WITHOUT_AMPOSE = "import runpy, sys; sys.modules['ampose'] = None; runpy.run_path(sys.argv.pop(1), run_name='__main__')"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A shallow network: an exporter's time grows with the depth."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    save_weights(folder, "ampose-small", create_model("ampose-small", depth=1, normalisation="person-rays"))
    return folder


@pytest.fixture(scope="module", params=KINDS)
def exported(request, weights, tmp_path_factory):
    if request.param in ENGINE and missing_package(ENGINE[request.param]):
        pytest.skip(f"the package for {request.param} is not installed")
    folder = tmp_path_factory.mktemp("export") / "folder"
    assert cli.main(["export", request.param, str(weights), "-o", str(folder)]) == 0
    return folder


def run_alone(*arguments):
    script = ROOT / "examples" / "run_exported.py"
    command = [sys.executable, "-c", WITHOUT_AMPOSE, script, *arguments]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


def people(rng, count=70):
    return (np.array(SIZE) / 2 + 80 * rng.standard_normal((count, 17, 2))).astype(np.float32)


def test_a_fresh_process_without_ampose_answers_the_same(exported, weights, rng, tmp_path):
    keypoints = people(rng)
    np.save(tmp_path / "keypoints.npy", keypoints)
    done = run_alone(exported, tmp_path / "keypoints.npy", *SIZE, tmp_path / "positions.npy")
    assert done.returncode == 0, done.stderr
    expected = ampose.load_model(weights).lift(keypoints, image_size=SIZE).positions
    np.testing.assert_allclose(np.load(tmp_path / "positions.npy"), expected, rtol=0, atol=2e-5)


def test_too_few_joints_are_nobody_in_an_exported_program_too(tmp_path):
    """A network that infers joints makes up a whole person of one joint, if it is let."""
    torch.manual_seed(0)
    save_weights(tmp_path / "weights", "ampose-small", create_model("ampose-small", depth=1, missing_token=True))
    lifter = ampose.load_model(tmp_path / "weights")
    keypoints = people(np.random.default_rng(0), 4)
    keypoints[1, 5:] = keypoints[2, 6:] = np.nan
    expected = lifter.lift(keypoints, image_size=SIZE).positions
    assert np.isnan(expected).all(axis=(1, 2)).tolist() == [False, True, False, False]
    camera = torch.tensor([[*Intrinsics.from_field_of_view(SIZE).focal, SIZE[0] / 2, SIZE[1] / 2, *SIZE]] * 4)
    with torch.no_grad():
        answer = PixelLifter(lifter.network, flip=True)(torch.from_numpy(keypoints), camera.float())
    np.testing.assert_allclose(answer.numpy(), expected, atol=2e-5)


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
    assert "must be a new folder" in capsys.readouterr().err
    assert list((tmp_path / "there").iterdir()) == []


def test_a_damaged_program_is_refused(exported, tmp_path, rng):
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in exported.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    (copy / "labels.txt").write_text("nose\n")
    np.save(tmp_path / "keypoints.npy", people(rng, 1))
    done = run_alone(copy, tmp_path / "keypoints.npy", *SIZE, tmp_path / "positions.npy")
    assert done.returncode != 0
    assert "damaged" in done.stderr

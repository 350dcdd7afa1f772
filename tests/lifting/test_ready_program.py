"""Programs that lie ready: they lift as the network does, with any weights, and PyTorch is not imported for them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ampose
from ampose.errors import InputError
from ampose.lifting.lifter import Lifter, ReadyLifter
from ampose.lifting.weights import bundled_weights, load_weights, save_weights
from ampose.media import open_media

CLIP = Path(__file__).parents[2] / "examples" / "balance_beam.mp4"
WITHOUT_TORCH = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "roma"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
import ampose.packages
find_spec = ampose.packages.find_spec
ampose.packages.find_spec = lambda name: None if name in ("torch", "roma") else find_spec(name)
"""
COMMAND = f"""{WITHOUT_TORCH}
from ampose.cli import main
sys.exit(main(sys.argv[1:]))
"""
PROGRAM = f"""{WITHOUT_TORCH}
import ampose
import numpy as np
lifter = ampose.load_model("ampose-small")
many = np.random.default_rng(0).uniform(200, 800, (10_001, 17, 2))
options = dict(image_size=(1000, 1000), skeleton="human36m_17")
print(lifter.lift(many, **options).provenance["engine"])
for use in (
    lambda: lifter.lift(many[:2], flip=False, **options),
    lambda: ampose.create_model("ampose-small"),
    lambda: ampose.load_model("ampose-small", engine="torch"),
    lambda: ampose.load_model("ampose-small", engine="openvino"),
    lambda: lifter.network,
    lambda: lifter.runners,
    lambda: ampose.LiftOptions(flip=False).load_lifter(),
):
    try:
        use()
    except ampose.errors.MissingExtraError as error:
        print(error)
assert callable(ampose.list_models) and "ampose[torch]" in ampose.list_models.__doc__  # for help() and import *
"""


def people(count: int = 70) -> np.ndarray:
    """Keypoints about as large as a person in an image of 1000 x 1000; some are missing, and so are some people."""
    keypoints = np.random.default_rng(0).normal(500, 100, (count, 17, 2)).astype(np.float32)
    keypoints[3] = keypoints[5, 4] = keypoints[6, :13] = np.nan
    return keypoints


@pytest.mark.parametrize("name", bundled_weights())
def test_the_programs_of_bundled_weights_are_up_to_date(name):
    assert isinstance(ampose.load_model(name), ReadyLifter), f"run: python -m tools.lifter_program {name}"


@pytest.mark.parametrize("trained", [True, False])
def test_a_program_lifts_as_the_network_does(tmp_path, trained):
    """Also with other weights of the same config: none of them are in the program."""
    weights = load_weights("ampose-small")
    if not trained:
        torch.manual_seed(0)
        for parameter in weights.network.parameters():
            parameter.data += 0.02 * torch.randn_like(parameter)
    save_weights(tmp_path / "weights", "ampose-small", weights.network)
    ready, exact = ampose.load_model(tmp_path / "weights"), Lifter(weights.network, name="exact")
    assert isinstance(ready, ReadyLifter)
    of = {"image_size": (1000, 1000), "skeleton": "human36m_17", "fps": 25.0}
    mine, other = ready.lift(people(), **of), exact.lift(people(), **of)
    assert mine.provenance["engine"] == "onnxruntime, fp32"
    np.testing.assert_allclose(mine.positions, other.positions, atol=1e-5)
    np.testing.assert_allclose(mine.expected_error, other.expected_error, atol=2e-5)
    np.testing.assert_array_equal(mine.confidence, other.confidence)
    assert mine.missing.tolist() == other.missing.tolist()
    same = ("normalisation", "flip", "unseen_joints", "expected_error")
    assert [mine.provenance[key] for key in same] == [other.provenance[key] for key in same]


def test_what_the_program_does_not_do_the_network_does():
    ready = ampose.load_model("ampose-small")
    pose = ready.lift(people()[:2], image_size=(1000, 1000), skeleton="human36m_17", flip=False)
    assert pose.provenance["engine"] == "torch, fp32"
    assert ready.lift(np.full((2, 17, 2), np.nan), image_size=(9, 9), skeleton="human36m_17").missing.all()


def test_damaged_weights_are_refused(tmp_path):
    save_weights(tmp_path / "weights", "ampose-small", load_weights("ampose-small").network)
    file = tmp_path / "weights" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(InputError, match="damaged"):
        ampose.load_model(tmp_path / "weights")


@pytest.mark.detector
def test_a_picture_is_lifted_without_torch(tmp_path):
    Image.fromarray(next(iter(open_media(CLIP)))).save(tmp_path / "picture.png")
    command = [sys.executable, "-c", COMMAND, "--debug", "lift", "picture.png", "-o", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "onnxruntime, fp32" in done.stdout
    assert (tmp_path / "out" / "poses.json").is_file()


def test_what_needs_torch_says_how_to_install_it():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    engine, *refused = done.stdout.splitlines()
    assert engine == "onnxruntime, fp32"  # with PyTorch it would have taken over: so many poses
    extras = ["torch", "torch", "torch", "openvino", "torch", "torch", "torch"]
    assert [line.partition("needs the package torch; install it with: ")[2] for line in refused] == [
        f"pip install 'ampose[{extra}]'" for extra in extras
    ]


@pytest.mark.parametrize(
    ("words", "extra"),
    [(("train", "cmu-small"), "train"), (("info",), "torch"), (("evaluate", "ampose-small", "no.npz"), "torch")],
)
def test_commands_that_need_torch_say_so_in_one_line(words, extra):
    done = subprocess.run([sys.executable, "-c", COMMAND, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    install = f"needs the package torch; install it with: pip install 'ampose[{extra}]'"
    assert done.stderr == f"ampose: error: ampose {words[0]} {install}\n"


@pytest.mark.skipif(sys.platform != "linux", reason="where it writes elsewhere is not known to us")
def test_onnx_runtime_reports_to_nobody(tmp_path):
    """It would keep a number for this computer, and send what it does to its makers."""
    lift = "import ampose, numpy; ampose.lift(numpy.full((1, 17, 2), 9.0), image_size=(99, 99), skeleton='human36m_17')"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    subprocess.run([sys.executable, "-c", lift], env={**environment, "HOME": str(tmp_path)}, check=True)
    assert [path for path in tmp_path.rglob("*") if "microsoft" in str(path).lower()] == []

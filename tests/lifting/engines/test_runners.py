"""The engine is chosen, said, and kept; what cannot run is refused before anything is loaded for it."""

import logging

import numpy as np
import pytest
import torch

import ampose
from ampose import cli
from ampose.cli import USER_ERROR
from ampose.errors import InputError, MissingExtraError
from ampose.lifting.engines import EngineNetwork, Runners, choose_engine
from ampose.lifting.engines.engine import is_installed
from ampose.lifting.engines.runners import WORTH_BUILDING
from ampose.models import create_model

SIZE = (1000, 1000)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return create_model("ampose-small", depth=1).eval()


def people(rng, count=3):
    return (500 + 80 * rng.standard_normal((count, 17, 2))).astype(np.float32)


def test_few_poses_do_not_wait_for_an_engine_to_be_built(network):
    assert choose_engine(network, 1).engine == "torch"


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU needs no other engine")
def test_many_poses_on_a_cpu_take_the_fastest_that_is_installed(network, monkeypatch):
    many = int(WORTH_BUILDING / sum(p.numel() for p in network.parameters())) + 1
    monkeypatch.setattr("ampose.lifting.engines.runners.is_installed", lambda name: True)
    assert choose_engine(network, many).engine == "openvino"
    assert choose_engine(network, many - 10).engine == "torch"
    monkeypatch.setattr("ampose.lifting.engines.runners.is_installed", lambda name: False)
    assert choose_engine(network, many).engine == "torch"


def test_what_was_chosen_is_logged_once_and_kept(network, caplog):
    caplog.set_level(logging.INFO, logger="ampose")
    runners = Runners(network)
    assert runners.get(3) is runners.get(3)
    assert [record.getMessage() for record in caplog.records] == ["engine torch in fp32, for 3 poses on a CPU"]


def test_the_poses_say_which_engine_ran(rng):
    keypoints = people(rng)
    for asked, engine in (("auto", "onnxruntime"), ("onnxruntime", "onnxruntime"), ("torch", "torch")):
        pose = ampose.load_model("ampose-small", engine=asked).lift(keypoints, image_size=SIZE)
        assert pose.provenance["engine"] == f"{engine}, fp32"


def test_less_precision_says_what_it_costs(rng):
    keypoints = people(rng)
    pose = ampose.load_model("ampose-small", precision="bf16").lift(keypoints, image_size=SIZE)
    exact = ampose.load_model("ampose-small").lift(keypoints, image_size=SIZE)
    assert pose.provenance["engine"].startswith("torch, bf16: ")
    assert "mm from float64 on average" in pose.provenance["engine"]
    assert 0 < np.abs(pose.positions - exact.positions).max() < 0.2


def test_a_million_poses_would_be_lifted_in_chunks(network):
    class Counting:
        chunk, any_length = 5, False
        sizes: tuple[int, ...] = ()

        def __call__(self, keypoints):
            self.sizes += (len(keypoints),)
            return keypoints.new_zeros(*keypoints.shape[:-1], 3)

    engine = Counting()
    assert EngineNetwork(engine, network)(torch.zeros(12, 1, 17, 2)).shape == (12, 1, 17, 3)
    assert engine.sizes == (5, 5, 2)


def test_unknown_engines_and_precisions_are_refused(network):
    with pytest.raises(InputError, match="did you mean 'openvino'"):
        Runners(network, "openvinno")
    with pytest.raises(InputError, match="engine onnxruntime runs in fp32, not in bf16"):
        Runners(network, "onnxruntime", "bf16")


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU has TF32")
def test_what_the_machine_has_not_is_refused_at_once(network):
    with pytest.raises(InputError, match="precision must be fp32 or bf16 without a GPU, got tf32"):
        Runners(network, precision="tf32")


def test_a_missing_package_names_the_command(network, monkeypatch):
    monkeypatch.setattr("ampose.packages.find_spec", lambda name: None)
    assert not is_installed("openvino")
    with pytest.raises(MissingExtraError, match=r"pip install 'ampose\[openvino\]'"):
        Runners(network, "openvino")


def test_the_command_line_refuses_in_one_line(tmp_path, capsys):
    status = cli.main(["export", "onnx", "no-such-weights", "-o", str(tmp_path / "out")])
    assert status == USER_ERROR
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize(("precision", "allowed_mm"), [("fp32", 0.02), ("tf32", 5), ("bf16", 20)])
def test_cuda_graphs_answer_the_same(network, precision, allowed_mm):
    from ampose.lifting.engines import create_engine
    from ampose.lifting.engines.agreement import example_keypoints, measure_agreement

    engine = create_engine("torch", network, precision)
    for count in (1, 3, 64, 5000):
        x = example_keypoints(network, 17, min(count, engine.chunk))
        assert measure_agreement(engine, network, x).largest_mm < allowed_mm

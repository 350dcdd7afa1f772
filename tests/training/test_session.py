"""Training as a whole: it learns, it stops, it goes on bit for bit, several processes agree with one."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import ampose
from ampose.errors import InputError
from ampose.lifting.weights import load_weights
from ampose.training.lifter_stage import read_data, validate
from ampose.training.loop import Loop
from ampose.training.recipe import read_recipe
from ampose.training.session import train

pytestmark = pytest.mark.filterwarnings(
    "ignore:The `srun` command is available:UserWarning", "ignore:.*NVML.*:UserWarning"
)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "last" / "model.safetensors")


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor], tolerance: float = 0.0) -> None:
    assert a.keys() == b.keys()
    for key, value in a.items():
        torch.testing.assert_close(value, b[key], rtol=0, atol=tolerance)


def epochs_without_times(folder: Path) -> list[dict[str, float]]:
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in ("seconds", "samples_per_second")} for row in rows]


class StopAfter:
    """Ask to stop after so many steps, as Ctrl-C does, by sending the signal that Ctrl-C sends."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self, done: int, total: int | None, note: str) -> None:
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)


def test_training_learns_and_leaves_what_it_promises(recipe, tmp_path):
    recipe.write_text(recipe.read_text().replace("1e-3", "1e-2"))
    config = replace(read_recipe(str(recipe)), epochs=12)
    outcome = train(config, tmp_path / "run")
    rows = epochs_without_times(tmp_path / "run")
    assert outcome.done
    assert [row["epoch"] for row in rows] == list(range(12))
    assert rows[-1]["loss"] < rows[0]["loss"] / 2
    assert rows[-1]["validation_mpjpe_mm"] < rows[0]["validation_mpjpe_mm"]
    assert outcome.run_state.best_mpjpe_mm == min(row["validation_mpjpe_mm"] for row in rows)
    lifter = ampose.load_model(tmp_path / "run" / "best")
    assert lifter.facts["validation_mpjpe_mm"] == outcome.run_state.best_mpjpe_mm
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    assert manifest["config"]["optimiser"]["learning_rate"] == 1e-2
    assert len(manifest["data_sha256"]) == 1
    assert manifest["sessions"][0]["packages"]["torch"]
    assert (tmp_path / "run" / "loss.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("stops", [(1,), (4,), (5, 1, 2), (2, 9)], ids=str)
def test_a_stopped_run_goes_on_bit_for_bit(recipe, tmp_path, stops):
    config = read_recipe(str(recipe))
    train(config, tmp_path / "whole")
    for number, steps in enumerate(stops):
        outcome = train(config, tmp_path / "parts", resume=number > 0, report=StopAfter(steps))
        assert not outcome.done
    assert train(config, tmp_path / "parts", resume=True).done
    assert_same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    assert epochs_without_times(tmp_path / "whole") == epochs_without_times(tmp_path / "parts")


def test_a_stopped_run_with_muon_goes_on_bit_for_bit(recipe, tmp_path):
    plain = read_recipe(str(recipe))
    plain = replace(plain, model=replace(plain.model, channels=64))  # wide enough for matrices that Muon takes
    config = replace(plain, optimiser=replace(plain.optimiser, name="muon"))
    train(config, tmp_path / "whole")
    assert not train(config, tmp_path / "parts", report=StopAfter(5)).done
    assert train(config, tmp_path / "parts", resume=True).done
    assert_same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    train(plain, tmp_path / "plain")
    assert epochs_without_times(tmp_path / "whole") != epochs_without_times(tmp_path / "plain")


def test_the_average_of_the_weights_is_validated_saved_and_taken_up_bit_for_bit(recipe, tmp_path):
    plain = read_recipe(str(recipe))
    config = replace(plain, optimiser=replace(plain.optimiser, average=0.9))
    train(config, tmp_path / "whole")
    assert not train(config, tmp_path / "parts", report=StopAfter(5)).done
    assert train(config, tmp_path / "parts", resume=True).done
    assert_same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    train(plain, tmp_path / "plain")
    assert epochs_without_times(tmp_path / "whole") != epochs_without_times(tmp_path / "plain")
    validation = read_data(config).validation
    network = load_weights(tmp_path / "whole" / "last").network
    said = epochs_without_times(tmp_path / "whole")[-1]["validation_mpjpe_mm"]
    assert validate(network, validation, torch.device("cpu")) == pytest.approx(said, rel=1e-5)


def command(recipe: Path, folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "ampose", "train", str(recipe), "--output", str(folder), *options]


@pytest.mark.slow
def test_a_run_killed_at_random_moments_goes_on_bit_for_bit(recipe, tmp_path):
    """SIGKILL cannot be caught: whatever was half-written must not matter. A checkpoint is written every step."""
    recipe.write_text(recipe.read_text().replace("epochs = 3", "epochs = 7"))
    config, folder, chance = read_recipe(str(recipe)), tmp_path / "killed", random.Random(0)
    train(config, tmp_path / "whole")
    # Forked from a process that has imported all: four starts of Python and PyTorch take half a minute.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["ampose.training.session"])
    kills = 0
    while True:
        process = processes.Process(target=train, args=(config, folder), kwargs={"resume": kills > 0})
        process.start()
        checkpoint = folder / "checkpoint.safetensors"
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        while process.is_alive() and not (checkpoint.exists() and checkpoint.stat().st_mtime_ns > before):
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.3))
        if kills < 3 and process.is_alive():
            process.kill()
            process.join()
            kills += 1
        else:
            process.join()
            assert process.exitcode == 0
            break
    assert kills == 3
    assert_same(weights(tmp_path / "whole"), weights(folder))
    assert epochs_without_times(tmp_path / "whole") == epochs_without_times(folder)


@pytest.fixture
def plain(recipe) -> Path:
    """The recipe without dropout, which each process and part draws for itself; and without the bias of the keys.

    Softmax does not see that bias, its gradient is rounding noise, and Adam makes whole steps of it.
    """
    recipe.write_text(recipe.read_text().replace("dropout = 0.1", "dropout = 0.0\nqkv_bias = false"))
    return recipe


def test_a_step_in_parts_is_the_same_step(plain, tmp_path):
    config = read_recipe(str(plain))
    train(config, tmp_path / "whole")
    train(replace(config, micro_batch=5), tmp_path / "parts")
    assert_same(weights(tmp_path / "whole"), weights(tmp_path / "parts"), tolerance=1e-5)
    assert_rows_close(epochs_without_times(tmp_path / "whole"), epochs_without_times(tmp_path / "parts"))


@pytest.mark.parametrize("clip_norm", [None, 1.0])
def test_a_run_whose_loss_is_no_number_ends_there_with_a_reason(recipe, tmp_path, clip_norm):
    config = read_recipe(str(recipe))
    lost = replace(config.optimiser, learning_rate=1e30, clip_norm=clip_norm)
    with pytest.raises(
        InputError, match=r"loss must be a number, got (nan|inf) at step \d+; lower optimiser.learning_rate"
    ):
        train(replace(config, optimiser=lost), tmp_path / "lost")


def test_weights_of_no_number_take_the_place_of_no_good_ones(recipe, tmp_path, monkeypatch):
    """A loss may be a number and its gradient none: only the step after the last one would show it."""
    step = Loop._step

    def lost(loop: Loop, rows: torch.Tensor, epoch: int, index: int) -> float:
        loss = step(loop, rows, epoch, index)
        if (epoch, index) == (1, loop.steps_per_epoch - 1):
            next(loop.trainee.network.parameters()).data.fill_(torch.nan)
        return loss

    monkeypatch.setattr(Loop, "_step", lost)
    with pytest.raises(InputError, match=r"weights must be numbers, got others at step \d+; lower optimiser"):
        train(replace(read_recipe(str(recipe)), epochs=2), tmp_path / "run")
    assert json.loads((tmp_path / "run" / "log.jsonl").read_text())["epoch"] == 0
    assert all(bool(weight.isfinite().all()) for weight in weights(tmp_path / "run").values())


def test_a_part_of_nothing_is_refused(recipe):
    with pytest.raises(InputError, match="micro_batch must be positive, got 0"):
        replace(read_recipe(str(recipe)), micro_batch=0)


@pytest.mark.slow
def test_two_processes_give_the_result_of_one(plain, tmp_path):
    """Also where the last batch has one sample, and where the loss leaves a part of the network alone."""
    text = plain.read_text().replace("batch_size = 16", "batch_size = 23")
    plain.write_text(text.replace("heads = 2", "heads = 2\nerror_head = true"))
    train(read_recipe(str(plain)), tmp_path / "one")
    plain.write_text(f"micro_batch = 3\n{plain.read_text()}")
    arguments = command(plain, tmp_path / "two")[1:]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(torchrun, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("done") == 1  # the first process speaks for both
    assert "find_unused_parameters" not in done.stderr
    assert_same(weights(tmp_path / "one"), weights(tmp_path / "two"), tolerance=1e-5)
    assert_rows_close(epochs_without_times(tmp_path / "one"), epochs_without_times(tmp_path / "two"))


@pytest.mark.slow
def test_two_hosts_that_share_nothing_but_a_port_give_the_result_of_one(plain, tmp_path):
    """Each has a home, a folder for temporary files, a copy of the data and a run folder of its own."""
    train(read_recipe(str(plain)), tmp_path / "one")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    hosts = []
    for rank in (0, 1):
        home = tmp_path / f"host{rank}"
        (home / "tmp").mkdir(parents=True)
        shutil.copy(tmp_path / "motion.npz", home)
        (home / "tiny.toml").write_text(plain.read_text().replace(str(tmp_path / "motion.npz"), "motion.npz"))
        nodes = ("--nnodes=2", f"--node-rank={rank}", "--master-addr=127.0.0.1", f"--master-port={port}")
        arguments = (*nodes, "--nproc-per-node=1", *command(Path("tiny.toml"), Path("run"))[1:])
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH") if name in os.environ}
        environment = {**kept, "HOME": str(home), "TMPDIR": str(home / "tmp"), "OMP_NUM_THREADS": "1"}
        torchrun = [sys.executable, "-m", "torch.distributed.run", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        hosts.append(subprocess.Popen(torchrun, cwd=home, env=environment, **pipes))
    said = [host.communicate(timeout=250) for host in hosts]
    for host, (_, errors) in zip(hosts, said, strict=True):
        assert host.returncode == 0, errors[-3000:]
    assert ["done" in output for output, _ in said] == [True, False]
    assert_same(weights(tmp_path / "one"), weights(tmp_path / "host0" / "run"), tolerance=1e-5)
    assert not (tmp_path / "host1" / "run" / "last").exists()  # the first host writes


def assert_rows_close(a: list[dict[str, float]], b: list[dict[str, float]]) -> None:
    assert len(a) == len(b)
    for one, two in zip(a, b, strict=True):
        assert one == pytest.approx(two, rel=1e-4)


OUTSIDE = """
from dataclasses import dataclass

from torch import nn

from ampose import models
from ampose.models.losses import Loss


@dataclass(frozen=True, kw_only=True)
class StrangerConfig(models.LifterConfig):
    width: int = 8


def halved(network, keypoints, target):
    return 0.5 * (network(keypoints) - target).abs().mean()


@models.register(
    "stranger",
    config=StrangerConfig(),
    losses={"halved-l1": Loss(compute=halved)},
    paper="none",
    year=2026,
    licence="Apache-2.0",
)
class Stranger(models.LifterNetwork):
    def __init__(self, config):
        super().__init__(config)
        self.layers = nn.Sequential(nn.Linear(2, config.width), nn.ReLU(), nn.Linear(config.width, 3))

    def forward(self, keypoints):
        return self.layers(keypoints)
"""


def test_a_system_of_an_outside_package_with_its_own_loss_is_one_file(recipe, tmp_path):
    package = tmp_path / "site" / "stranger-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[ampose.models]\nstranger = stranger\n")
    (tmp_path / "site" / "stranger.py").write_text(OUTSIDE)
    text = recipe.read_text()
    start, end = text.index('name = "ampose-small"'), text.index("normalisation")
    recipe.write_text(f'loss = "halved-l1"\n{text[:start]}name = "stranger"\n{text[end:]}')
    search = os.pathsep.join([str(tmp_path / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": search}
    done = subprocess.run(
        command(recipe, tmp_path / "run"), check=False, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    rows = epochs_without_times(tmp_path / "run")
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert set(weights(tmp_path / "run")) >= {"layers.0.weight"}


def test_a_time_limit_stops_cleanly(recipe, tmp_path):
    config = replace(read_recipe(str(recipe)), epochs=100_000)
    outcome = train(config, tmp_path / "run", max_minutes=0.01)
    assert not outcome.done
    assert 0 < outcome.run_state.step < 100_000
    assert train(config, tmp_path / "run", resume=True, max_minutes=0.005).run_state.step > outcome.run_state.step


def test_training_outside_the_main_thread_hears_no_signals(recipe, tmp_path):
    config = replace(read_recipe(str(recipe)), epochs=100_000)
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(train, config, tmp_path / "run", max_minutes=0.005).result()
    assert outcome.run_state.step > 0


def test_a_folder_with_a_run_is_not_overwritten(recipe, tmp_path):
    config = read_recipe(str(recipe))
    train(config, tmp_path / "run")
    with pytest.raises(InputError, match="holds a run; choose another folder, or resume"):
        train(config, tmp_path / "run")


def test_resume_refuses_another_recipe(recipe, tmp_path):
    config = read_recipe(str(recipe))
    train(config, tmp_path / "run", report=StopAfter(2))
    with pytest.raises(InputError, match=r"must belong to a run of this recipe and data"):
        train(replace(config, seed=1), tmp_path / "run", resume=True)


def test_resume_without_a_checkpoint_says_so(recipe, tmp_path):
    with pytest.raises(InputError, match="there is no checkpoint to resume from"):
        train(read_recipe(str(recipe)), tmp_path / "run", resume=True)


def test_a_damaged_checkpoint_is_refused(recipe, tmp_path):
    config = read_recipe(str(recipe))
    train(config, tmp_path / "run", report=StopAfter(2))
    checkpoint = tmp_path / "run" / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(InputError, match="must be a whole checkpoint, got a broken or different one"):
        train(config, tmp_path / "run", resume=True)


def test_another_skeleton_than_the_datas_is_refused(recipe, tmp_path):
    recipe.write_text(recipe.read_text().replace("channels = 8", 'channels = 8\nskeleton = "human36m_16"'))
    with pytest.raises(InputError, match=r"model.skeleton must be the data's, human36m_17, got human36m_16"):
        train(read_recipe(str(recipe)), tmp_path / "run")


def test_unknown_held_out_subject_is_refused(recipe, tmp_path):
    recipe.write_text(recipe.read_text().replace('["B"]', '["C"]'))
    with pytest.raises(InputError, match="subject"):
        train(read_recipe(str(recipe)), tmp_path / "run")

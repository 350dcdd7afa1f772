"""JointFormer's second stage: the refinement learns from what the first stage says, which holds still."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tests import recordings_stand_in as stand_in

import ampose
from ampose.errors import InputError
from ampose.training.config import TrainConfig
from ampose.training.recipe import read_recipe
from ampose.training.session import train

pytestmark = pytest.mark.filterwarnings(
    "ignore:The `srun` command is available:UserWarning", "ignore:.*NVML.*:UserWarning"
)


def small(name: str, home: Path, epochs: int) -> TrainConfig:
    """A packaged recipe on the stand-in, in a size that is trained in seconds."""
    config = read_recipe(name)
    data = replace(config.data, files=(str(home / "human36m"),), samples_per_epoch=2048)
    model = replace(config.model, depth=2, channels=16, heads=2, head_width=16, hidden=32, refine_channels=16)
    return replace(config, model=model, data=data, epochs=epochs, batch_size=64)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Prepared views, and a trained first stage."""
    home = tmp_path_factory.mktemp("second-stage")
    stand_in.write_human36m(home / "human36m")
    train(small("h36m-jointformer", home, epochs=2), home / "first")
    return home


def second(home: Path, epochs: int = 3) -> TrainConfig:
    return replace(small("h36m-jointformer-refined", home, epochs), start_from=str(home / "first" / "last"))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "last" / "model.safetensors")


def errors(folder: Path) -> list[float]:
    return [json.loads(row)["validation_mpjpe_mm"] for row in (folder / "log.jsonl").read_text().splitlines()]


def test_the_packaged_recipe_is_the_authors():
    config = read_recipe("h36m-jointformer-refined")
    assert (config.model_name, config.epochs, config.batch_size) == ("jointformer-refined", 30, 256)
    assert config.start_from == "runs/h36m-jointformer/last"
    assert replace(config.optimiser, clip_norm=1.0) == read_recipe("h36m-jointformer").optimiser


def test_the_lifter_holds_still_and_the_refinement_learns(home, tmp_path):
    assert train(second(home), tmp_path / "run").done
    before, after = weights(home / "first"), weights(tmp_path / "run")
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert all(key.startswith("refinement.") for key in after.keys() - before.keys())
    found = errors(tmp_path / "run")
    assert found[-1] < found[0]
    assert ampose.load_model(tmp_path / "run" / "best").facts["validation_mpjpe_mm"] == min(found)
    untrained = ampose.create_model("jointformer-refined", **model_settings(home)).state_dict()
    moved = [key for key in after.keys() - before.keys() if not torch.equal(after[key], untrained[key])]
    assert len(moved) == len(after) - len(before)


def model_settings(home: Path) -> dict[str, int]:
    model = second(home).model
    return {
        key: getattr(model, key) for key in ("depth", "channels", "heads", "head_width", "hidden", "refine_channels")
    }


def test_it_goes_on_bit_for_bit(home, tmp_path):
    def stop(done: int, total: int | None, note: str) -> None:
        if done == 5:
            signal.raise_signal(signal.SIGINT)

    train(second(home, epochs=1), tmp_path / "whole")
    assert not train(second(home, epochs=1), tmp_path / "parts", report=stop).done
    train(second(home, epochs=1), tmp_path / "parts", resume=True)
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(parts[key], value) for key, value in whole.items())


def test_a_second_stage_without_its_first_is_refused(home, tmp_path):
    with pytest.raises(InputError, match="start_from must be the weights of the first stage"):
        replace(second(home), start_from="")
    other = replace(second(home), model=replace(second(home).model, hidden=48))
    with pytest.raises(InputError, match="not every tensor of the part that is frozen fits"):
        train(other, tmp_path / "run")
    with pytest.raises(InputError, match="jointformer-refinement needs a refinement; set refine = true"):
        replace(second(home), model=replace(second(home).model, refine=False))
    with pytest.raises(InputError, match=r"loss must be one of mse, .* for lcn, got 'jointformer-refinement'"):
        replace(second(home), model_name="lcn", model=read_recipe("h36m-lcn").model)

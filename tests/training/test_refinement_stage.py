"""The second stage: it helps with detected 2D, it goes on bit for bit, and it leaves a refinement beside its lifter."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tests import recordings_stand_in as stand_in

from ampose.data.synthesis.detector_noise import NoiseConfig
from ampose.errors import InputError
from ampose.lifting.lifter import load_model
from ampose.lifting.weights.refinement_weights import load_refinement, refinement_beside
from ampose.poses.skeletons import get_skeleton
from ampose.training.config import RefinementTraining, TrainConfig
from ampose.training.recipe import read_recipe
from ampose.training.refinement_stage import asymmetry
from ampose.training.session import train

pytestmark = pytest.mark.filterwarnings(
    "ignore:The `srun` command is available:UserWarning", "ignore:.*NVML.*:UserWarning"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Prepared views, recipes for them, and a trained first stage."""
    home = tmp_path_factory.mktemp("refinement")
    stand_in.write_human36m(home / "human36m")
    recipes = stand_in.write_recipes(home / "recipes", home, epochs=2)
    train(read_recipe(str(recipes / "h36m-cpn-17.toml")), home / "first")
    return home


def recipe(home: Path, epochs: int = 2, **settings) -> TrainConfig:
    config = read_recipe(str(home / "recipes" / "h36m-cpn-17-refine.toml"))
    refinement = replace(config.refinement, lifter=str(home / "first" / "last"), **settings)
    return replace(config, refinement=refinement, epochs=epochs)


def test_the_packaged_recipe_is_cais_second_stage():
    config = read_recipe("h36m-cpn-17-refine")
    assert config.optimiser.learning_rate == 1e-5
    assert config.refinement == RefinementTraining()
    assert (config.refinement.symmetry_weight, config.refinement.train_lifter) == (0.01, True)
    assert read_recipe("h36m-cpn-17").refinement is None


def test_it_leaves_a_refinement_beside_its_lifter_and_improves_on_it(home, tmp_path):
    outcome = train(recipe(home, epochs=6), tmp_path / "second")
    assert outcome.done
    rows = [json.loads(line) for line in (tmp_path / "second" / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["validation_mpjpe_mm"] < rows[-1]["lifted_mpjpe_mm"]
    assert rows[-1]["validation_mpjpe_mm"] < rows[0]["validation_mpjpe_mm"]
    for name in ("last", "best"):
        beside = refinement_beside(tmp_path / "second" / name)
        assert beside == tmp_path / "second" / f"{name}-refinement"
        refinement = load_refinement(beside)
        assert refinement.lifter_sha256 == load_model(tmp_path / "second" / name).weights_hash
        assert refinement.facts["selection"] == name
        assert not refinement.refinement.training
    manifest = json.loads((tmp_path / "second" / "run.json").read_text())
    assert manifest["config"]["model"]["channels"] == 8  # the lifter's own, whatever the recipe says
    assert len(manifest["data_sha256"]) == 2


def test_the_optimiser_is_the_recipes(home, tmp_path):
    """Cai et al.'s is Adam with the largest second moment."""
    config = recipe(home, epochs=1)
    train(replace(config, optimiser=replace(config.optimiser, amsgrad=True)), tmp_path / "run")
    assert any("max_exp_avg_sq" in name for name in load_file(tmp_path / "run" / "checkpoint.safetensors"))


def test_a_lifter_that_is_not_trained_on_stays_as_it_is(home, tmp_path):
    train(recipe(home, epochs=1, train_lifter=False), tmp_path / "second")
    before, after = (load_model(folder / "last").weights_hash for folder in (home / "first", tmp_path / "second"))
    assert before == after
    train(recipe(home, epochs=1, train_lifter=True), tmp_path / "third")
    assert load_model(tmp_path / "third" / "last").weights_hash != before


def test_a_stopped_second_stage_goes_on_bit_for_bit(home, tmp_path):
    def stop(done: int, total: int | None, note: str) -> None:
        if done in (2, 7):
            signal.raise_signal(signal.SIGINT)

    train(recipe(home), tmp_path / "whole")
    assert not train(recipe(home), tmp_path / "parts", report=stop).done
    assert not train(recipe(home), tmp_path / "parts", resume=True, report=stop).done
    assert train(recipe(home), tmp_path / "parts", resume=True).done
    hashes = [load_refinement(tmp_path / name / "last-refinement").sha256 for name in ("whole", "parts")]
    assert hashes[0] == hashes[1]
    assert load_model(tmp_path / "whole" / "last").weights_hash == load_model(tmp_path / "parts" / "last").weights_hash


def test_a_symmetric_body_has_no_asymmetry_and_a_lame_one_has(generator):
    skeleton = get_skeleton("human36m_17")
    pose = torch.zeros(1, 17, 3)
    pose[0, skeleton.index("left_knee"), 1] = 0.5  # thigh 0.5 and shin 0.5 on the left, none on the right
    assert asymmetry(pose, skeleton, "signed").item() == pytest.approx(1.0)
    assert asymmetry(pose, skeleton, "absolute").item() == pytest.approx(1.0)
    mirrored = pose[:, skeleton.flip_order]
    assert asymmetry(mirrored, skeleton, "signed").item() == pytest.approx(-1.0)
    assert asymmetry(mirrored, skeleton, "absolute").item() == pytest.approx(1.0)
    half = 0.3 * torch.randn(4, 17, 3, generator=generator)
    both = half + half[:, skeleton.flip_order] * torch.tensor([-1.0, 1.0, 1.0])
    assert asymmetry(both, skeleton, "absolute").item() == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lifter": "nothing"}, "weights must be a name .* or a folder"),
        ({"files": ("prepared/cmu.npz",)}, "must be prepared folders of a dataset with its own cameras"),
        ({"noise": NoiseConfig(largest=0.1)}, "data.noise must be left out for a refinement"),
        ({"focal_mistake": 2.0}, "data.focal_mistake must be left out for a refinement"),
        ({"start_from": "runs/other"}, "start_from must be left out for a refinement, .* use refinement.lifter"),
    ],
)
def test_what_a_second_stage_cannot_do_is_refused(home, tmp_path, change, message):
    config = recipe(home)
    if "lifter" in change:
        config = replace(config, refinement=replace(config.refinement, **change))
    elif not {"files", "noise", "focal_mistake"}.isdisjoint(change):
        config = replace(config, data=replace(config.data, **change))
    else:
        config = replace(config, **change)
    with pytest.raises(InputError, match=message):
        train(config, tmp_path / "run")


def test_a_damaged_refinement_is_refused(home, tmp_path):
    train(recipe(home, epochs=1), tmp_path / "run")
    folder = tmp_path / "run" / "last-refinement"
    tensors = folder / "model.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-1])
    with pytest.raises(InputError, match="must have the hash that"):
        load_refinement(folder)
    (folder / "config.json").write_text("{}")
    with pytest.raises(InputError, match=r"format must be ampose\.refinement"):
        load_refinement(folder)

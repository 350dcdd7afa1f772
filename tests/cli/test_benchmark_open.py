"""The open benchmark with a tiny budget: trained alike, measured alike, taken up where it was stopped."""

import json
import math
from dataclasses import replace

import pytest
from tests.training.conftest import RECIPE, make_motion

from ampose.cli import benchmark as command
from ampose.cli import main
from ampose.data import write_motion
from ampose.data.synthesis.missing_joints import MissingConfig
from ampose.evaluation.open.open_benchmark import Trial, config_for, default_systems, make_protocols, summarise, winner
from ampose.training.recipe import read_recipe

SYSTEMS = ("srnet", "jointformer")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with motion, a recipe, and the benchmark of two systems with two seeds in it."""
    home = tmp_path_factory.mktemp("open")
    write_motion(make_motion(), home / "motion.npz")
    (home / "tiny.toml").write_text(RECIPE.format(file=home / "motion.npz").replace("epochs = 3", "epochs = 1"))
    assert main(words(home)) == 0
    return home


def words(home, *more):
    options = ["--systems", *SYSTEMS, "--seeds", "0", "1", "--recipe", str(home / "tiny.toml"), *more]
    return ["benchmark", "open", "--output", str(home / "out"), "--runs", str(home / "runs"), *options]


def test_table_json_and_picture_are_there(home):
    plain = json.loads((home / "out" / "open.json").read_text())
    assert [(t["system"], t["seed"]) for t in plain["trials"]] == [(s, seed) for seed in (0, 1) for s in SYSTEMS]
    assert all(t["mpjpe_mm"] > t["p_mpjpe_mm"] > 0 and t["poses_per_second"] > 0 for t in plain["trials"])
    assert plain["protocols"][0]["subjects"] == ["B"]
    assert plain["protocols"][1]["noise"]["largest"] > 0
    table = (home / "out" / "open.md").read_text()
    assert table.count("±") >= 2 * 4
    assert "899,255" in table
    assert (home / "out" / "open.png").read_bytes().startswith(b"\x89PNG")


def test_finished_trials_are_not_done_again(home, monkeypatch, capsys):
    def train(config, folder):
        raise AssertionError(f"{folder} is done already")

    monkeypatch.setattr(command, "_train_to_the_end", train)
    assert main(words(home)) == 0
    assert "Lowest mean MPJPE" in capsys.readouterr().out


def test_a_stopped_benchmark_does_only_what_is_missing(home, monkeypatch):
    (home / "runs" / "open" / "srnet" / "seed-1" / "result.json").unlink()
    done, real = [], command._train_to_the_end

    def train(config, folder):
        done.append(folder.parent.name)
        real(config, folder)  # its run is whole: it is taken as it is

    monkeypatch.setattr(command, "_train_to_the_end", train)
    before = json.loads((home / "out" / "open.json").read_text())
    assert main(words(home)) == 0
    assert done == ["seed-1"]
    after = json.loads((home / "out" / "open.json").read_text())
    assert [t["mpjpe_mm"] for t in after["trials"]] == pytest.approx([t["mpjpe_mm"] for t in before["trials"]])


def test_results_of_another_budget_are_not_mixed_in(home, capsys):
    assert main(words(home, "--epochs", "2")) == 2
    assert "is of other settings; remove it, or choose another folder (--runs)" in capsys.readouterr().err


def test_results_from_another_start_are_not_mixed_in(home, tmp_path, capsys):
    recipe = tmp_path / "started.toml"
    recipe.write_text(f'start_from = "elsewhere/last"\n{(home / "tiny.toml").read_text()}')
    assert main([*words(home), "--recipe", str(recipe)]) == 2
    assert "is of other settings; remove it, or choose another folder (--runs)" in capsys.readouterr().err


def test_same_seed_twice_is_refused(home, capsys):
    assert main([*words(home)[:4], "--seeds", "1", "1"]) == 2
    assert "--seeds must be one or more different numbers, got (1, 1)" in capsys.readouterr().err


def test_all_share_the_recipe_but_size_and_own_heads():
    common = read_recipe("cmu-open")
    configs = [config_for(common, system, 3) for system in default_systems()]
    assert {config.loss for config in configs} == {"mpjpe", "jointformer"}
    for config in configs:
        assert (config.data, config.optimiser, config.epochs) == (common.data, common.optimiser, common.epochs)
        assert (config.model.skeleton, config.model.normalisation) == ("human36m_17", "image-width")
        assert config.seed == 3
    assert "ampose-small" in default_systems()
    assert "ampose-full" not in default_systems()


def test_the_same_clips_are_left_out_as_for_the_bundled_weights():
    ours, bundled = read_recipe("cmu-open").data, read_recipe("cmu-small").data
    assert ours.left_out_clips == bundled.left_out_clips
    assert ours.held_out_subjects == bundled.held_out_subjects


def test_the_recipe_in_the_wild_is_the_whole_engine_without_what_ampose_alone_has():
    ours, bundled = read_recipe("wild-open").data, read_recipe("wild-strong").data
    kept = {"samples_per_epoch": bundled.samples_per_epoch, "missing": bundled.missing}
    assert replace(ours, **kept, augmentation=bundled.augmentation) == bundled
    augmentation = replace(bundled.augmentation, free_legs=0.0, free_trunk=0.0)  # younger than the table
    assert ours.augmentation == augmentation
    assert ours.missing == MissingConfig()


def test_systems_are_measured_with_the_cameras_of_the_recipe():
    motion = make_motion()
    for name in ("cmu-open", "wild-open"):
        common = read_recipe(name)
        common = replace(common, data=replace(common.data, held_out_subjects=tuple(motion.subjects)[:1]))
        assert {protocol.source.cameras for protocol in make_protocols(motion, common)} == {common.data.cameras}


def trial(system, seed, error):
    return Trial(
        system=system, seed=seed, mpjpe_mm=error, p_mpjpe_mm=error / 2, noisy_mpjpe_mm=2 * error,
        noisy_p_mpjpe_mm=error, parameters=10, macs=20, poses_per_second=30.0,
    )  # fmt: skip


def test_mean_spread_and_winner_by_hand():
    errors = {"a": (50.0, 54.0), "b": (49.0, 53.0), "c": (70.0, 71.0)}
    rows = summarise([trial(system, seed, e) for system, pair in errors.items() for seed, e in enumerate(pair)])
    assert [row.system for row in rows] == ["b", "a", "c"]
    assert rows[0].mpjpe_mm.mean == 51
    assert rows[0].mpjpe_mm.deviation == pytest.approx(math.sqrt(8))
    assert rows[2].cells()[:5] == ("c", "70.50 ± 0.71", "35.25 ± 0.35", "141.00 ± 1.41", "70.50 ± 0.71")
    assert winner(rows).endswith("51.00 ± 2.83 mm. Not told apart from it by these seeds: a.")

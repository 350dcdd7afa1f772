"""``ampose benchmark`` from its arguments to the tables: the whole journey on stand-ins, with tiny networks."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests import recordings_stand_in as stand_in

from ampose.cli import main
from ampose.evaluation.paper.published import TABLES
from ampose.evaluation.paper.rows import COMPARED_ROWS, ROWS, TableRow, parts_of
from ampose.lifting.lifter import load_model
from ampose.lifting.weights import save_weights
from ampose.models import find_model
from ampose.training.checkpoint import RunState
from ampose.training.recipe import read_recipe
from ampose.training.session import Outcome

pytestmark = pytest.mark.filterwarnings(
    "ignore:The `srun` command is available:UserWarning", "ignore:.*NVML.*:UserWarning"
)

TABLE_NAMES = tuple(ROWS)
DATA = {"table3": "mpi-inf-3dhp-test", "table4": "mpi-inf-3dhp-test"}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Prepared stand-ins under their usual names, tiny recipes, and every run that the tables need."""
    home = tmp_path_factory.mktemp("benchmark")
    stand_in.write_human36m(home / "human36m")
    stand_in.write_3dhp_train(home / "mpi-inf-3dhp-train")
    stand_in.write_3dhp_test(home / "mpi-inf-3dhp-test")
    stand_in.write_recipes(home / "recipes", home)
    for table in TABLE_NAMES:
        assert main(arguments(home, table, "--train", "-o", str(home / "tables"))) == 0
    return home


def arguments(home: Path, table: str, *more: str) -> list[str]:
    places = ["--runs", str(home / "runs"), "--recipes", str(home / "recipes")]
    return ["benchmark", table, *places, "--data", str(home / DATA.get(table, "human36m")), *more]


@pytest.mark.parametrize("table", TABLE_NAMES)
def test_each_table_is_there_with_our_rows_and_the_published_ones(home: Path, table: str) -> None:
    data = json.loads((home / "tables" / f"{table}.json").read_text())
    assert [part["name"] for part in data["parts"]] == parts_of(table)
    for part in data["parts"]:
        published = [row["figures"] for row in part["rows"] if row["kind"] == "published"]
        assert published == [dict(row.figures) for row in TABLES[part["name"]].rows]
        ours = [row for row in part["rows"] if row["kind"] == "ours"]
        assert {row["method"].split(", for ")[1] for row in ours} == {
            s.compared for s in ROWS[table] if s.part == part["name"]
        }
    assert {report["recipe"] for report in data["measured"]} == {row.recipe for row in ROWS[table]}
    for report in data["measured"]:
        assert report["facts"]["selection"] == "last epoch (number 1)"
        assert "not the published" in report["facts"]["samples"]
        assert "seed 0" in report["facts"]["training"]
    for ending in ("md", "csv", "txt"):
        assert (home / "tables" / f"{table}.{ending}").stat().st_size > 500


def test_the_numbers_are_those_of_the_lifter(home: Path) -> None:
    """Table 1's first row again, by hand."""
    data = json.loads((home / "tables" / "table1.json").read_text())
    row = next(row for row in data["parts"][0]["rows"] if row["kind"] == "ours")
    views = stand_in.read_recordings(home / "human36m").select(subjects=["S9", "S11"])
    samples = views.samples("cpn")
    predicted = load_model(home / "runs" / "h36m-cpn-17" / "last").predict_samples(samples, flip=True).numpy()
    truth = samples.positions[:, 0].numpy()
    target = truth - truth[:, :1]
    errors = 1000 * np.linalg.norm(predicted - target, axis=-1).mean(axis=1)
    walking = errors[views.sample_labels("actions") == "Walking"].mean()
    assert row["figures"]["Walking"] == f"{walking:.1f}"
    assert row["figures"]["all_frames"] == f"{errors.mean():.1f}"


def test_the_refined_rows_say_what_they_use(home: Path) -> None:
    data = json.loads((home / "tables" / "table1.json").read_text())
    refined = [report for report in data["measured"] if report["recipe"] == "h36m-cpn-17-refine"]
    assert len(refined) == 2
    for report in refined:
        assert report["method"].endswith("(uses GT root depth)")
        assert "the method uses GT root depth" in report["caveats"]
        assert report["facts"]["refinement weights"].startswith("sha256 ")
    others = [report for report in data["measured"] if report["recipe"] != "h36m-cpn-17-refine"]
    assert not any("GT root depth" in json.dumps(report) for report in others)


def test_a_second_time_nothing_is_trained_and_the_tables_are_the_same(home: Path, tmp_path: Path) -> None:
    before = (home / "runs" / "3dhp" / "last" / "model.safetensors").stat().st_mtime_ns
    assert main(arguments(home, "table4", "--train", "-o", str(tmp_path))) == 0
    assert (home / "runs" / "3dhp" / "last" / "model.safetensors").stat().st_mtime_ns == before
    for ending in ("md", "csv", "json", "txt"):
        assert (tmp_path / f"table4.{ending}").read_bytes() == (home / "tables" / f"table4.{ending}").read_bytes()


def test_training_that_is_stopped_ends_the_command(home: Path, tmp_path: Path, monkeypatch) -> None:
    """Half-trained weights are no row of a table."""
    asked = []

    def stopped(config, folder: Path, **_) -> Outcome:
        asked.append(folder.name)
        return Outcome(done=False, run_state=RunState(), folder=folder, train_frames=1, validation_frames=1)

    monkeypatch.setattr("ampose.training.session.train", stopped)
    where = ["--runs", str(tmp_path / "runs"), "-o", str(tmp_path / "tables")]
    assert main([*arguments(home, "table4", "--train"), *where]) == 130
    assert len(asked) == 1
    assert not (tmp_path / "tables").exists()


def test_weights_find_their_rows(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By their settings and their run, whatever their order; and the rest is said to be missing."""
    runs = [str(home / "runs" / name / "last") for name in ("h36m-cpn-17-convnext", "h36m-cpn-17")]
    assert main(arguments(home, "table5", "--weights", *runs, "-o", str(tmp_path))) == 0
    lines = list(csv.reader((tmp_path / "table5.csv").read_text().splitlines()))
    own = [line[2] for line in lines if line[1] == "ours"]
    assert [name.split(", for ")[1] for name in own] == ["ConvNeXt", "ConvNeXt", "Ours", "Ours"]
    printed = capsys.readouterr().out
    for text in ("ampose train h36m-cpn-17-transformer", "TEST", "Two residual", "18.5", "root", "subtract"):
        assert (text in printed) == (text != "TEST")
    assert "ampose train h36m-cpn-17-convnext" not in printed


def test_runs_of_other_seeds_make_one_row(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "runs" / "h36m-gt-17", tmp_path / "again")
    runs = [str(home / "runs" / "h36m-gt-17" / "last"), str(tmp_path / "again" / "last")]
    assert main(arguments(home, "table1", "--weights", *runs, "-o", str(tmp_path / "out"))) == 0
    data = json.loads((tmp_path / "out" / "table1.json").read_text())
    row, spread = next(part["rows"][-6:-4] for part in data["parts"] if part["name"] == "table1-gt")
    once = json.loads((home / "tables" / "table1.json").read_text())["parts"][1]["rows"]
    assert row["method"].endswith("(h36m-gt-17), mean of 2 runs, flip, for Ours")
    assert row["figures"] == next(one["figures"] for one in once if one["kind"] == "ours")
    assert set(spread["figures"].values()) == {"0.0"}
    assert len(data["measured"]) == 4, "each run's report is there"


@pytest.mark.parametrize(("table", "row"), [(t, s) for t, rows in COMPARED_ROWS.items() for s in rows])
def test_compared_systems_stand_beside_their_own_rows(home: Path, tmp_path: Path, table: str, row: TableRow) -> None:
    """As their recipes make them, untrained; each finds its row by its settings."""
    recipe = read_recipe(row.recipe)
    torch.manual_seed(0)
    save_weights(tmp_path / "run" / "last", recipe.model_name, find_model(recipe.model_name).network(recipe.model))
    weights = ["--weights", str(tmp_path / "run" / "last")]
    assert main(arguments(home, table, *weights, "-o", str(tmp_path / "out"))) == 0
    data = json.loads((tmp_path / "out" / f"{table}.json").read_text())
    [part] = [part for part in data["parts"] if part["name"] == row.part]
    own = [shown for shown in part["rows"] if shown["kind"] == "ours"]
    assert len(own) == len(row.variants)
    assert all(shown["method"].endswith(f", for {row.compared}") for shown in own)
    assert all("GT root depth" in report["method"] for report in data["measured"]) == (row.recipe == "h36m-lcn")


def test_best_weights_are_called_test_selected(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = str(home / "runs" / "3dhp" / "best")
    assert main(arguments(home, "table4", "--weights", weights, "-o", str(tmp_path))) == 0
    assert "best epoch on TS1, TS2, TS3, TS4, TS5, TS6: TEST-SELECTED" in capsys.readouterr().out


def test_weights_that_know_who_is_measured_are_refused(home: Path, tmp_path: Path, capsys) -> None:
    run = tmp_path / "run"
    shutil.copytree(home / "runs" / "h36m-gt-17", run)
    manifest = json.loads((run / "run.json").read_text())
    manifest["config"]["data"]["train_subjects"] = ["S1", "S9"]
    (run / "run.json").write_text(json.dumps(manifest))
    for command in (
        arguments(home, "table1", "--weights", str(run / "last")),
        ["evaluate", str(run / "last"), str(home / "human36m"), "--protocol", "h36m-gt-17"],
    ):
        assert main(command) == 2
        assert "weights must not be trained on who is measured, got a run with S9" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["table1", "--seeds", "1"], ["table5", "--epochs", "3"], ["open", "--root", "keep"], ["figure4", "--train"]],
)
def test_an_option_that_is_not_used_is_refused(arguments: list[str], capsys) -> None:
    assert main(["benchmark", *arguments]) == 2
    assert f"{arguments[1]} must be left out for {arguments[0]}, which does not use it" in capsys.readouterr().err


def test_what_is_not_the_recipes_is_said(home: Path, tmp_path: Path, capsys) -> None:
    weights = str(home / "runs" / "h36m-gt-17" / "last")
    assert main(arguments(home, "table1", "--weights", weights, "-o", str(tmp_path))) == 0
    assert "not the recipe's: channels 8 (not 512), depth 1 (not 5), heads 2 (not 8)" in capsys.readouterr().out
    best = str(home / "runs" / "h36m-gt-17" / "best")
    assert main(["evaluate", best, str(home / "human36m"), "--protocol", "h36m-gt-17"]) == 0
    printed = capsys.readouterr().out
    for said in ("best epoch on S9, S11: TEST-SELECTED", "no figure of the published test set", "nothing is drawn"):
        assert said in printed


def test_settings_change_the_numbers_and_are_printed(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = str(home / "runs" / "h36m-gt-17" / "last")
    found = {}
    for change in ([], ["--root", "keep"], ["--exclude-takes", "S9 Greeting"]):
        out = tmp_path / "-".join(["out", *change])
        assert main(arguments(home, "table1", "--weights", weights, *change, "-o", str(out))) == 0
        report = json.loads((out / "table1.json").read_text())["measured"][0]
        found["".join(change)] = report["all_frames"]["values"]["mpjpe"], report["frames"]
    printed = capsys.readouterr().out
    assert "keep: the prediction stays as it is" in printed
    assert "takes left out, which published figures keep: S9 Greeting" in printed
    assert found[""][0] != found["--rootkeep"][0]
    assert found["--exclude-takesS9 Greeting"][1] == found[""][1] - 10


@pytest.mark.parametrize("table", TABLE_NAMES)
def test_without_weights_it_shows_the_published_rows_and_what_makes_ours(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["benchmark", table]) == 0
    printed = capsys.readouterr().out
    for part in parts_of(table):
        for row in TABLES[part].rows:
            assert row.method in printed
    for row in ROWS[table]:
        assert f"ampose train {row.recipe}\n" in printed
    assert f"ampose benchmark {table} --train" in printed
    assert list(tmp_path.iterdir()) == []


def test_figure_4_draws_both_datasets(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = str(home / "runs" / "h36m-gt-17" / "last")
    data = [str(home / "human36m"), str(home / "mpi-inf-3dhp-test")]
    command = ["benchmark", "figure4", "--weights", weights, "--data", *data, "--examples", "4", "-o", str(tmp_path)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    captions = [line for line in printed.splitlines() if "MPJPE" in line]
    assert len(captions) == len(set(captions)) == 4
    assert [line.split()[0] in ("S9", "S11") for line in captions] == [True, True, False, False]
    picture = Image.open(tmp_path / "figure4.png")
    pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert picture.size[0] > 1500
    assert picture.size[1] > 4 * 300
    orange = (np.abs(pixels - [232, 108, 26]).sum(axis=2) < 30).sum(axis=1)
    rows = np.array_split(orange[80:], 4)
    assert all(row.sum() > 300 for row in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["table9"], "invalid choice"),
        (["table1", "--weights", "{home}/none"], "weights must be a name"),
        (["table1", "--weights", "paper={home}/runs/h36m-gt-17/last"], "must name a recipe of table1"),
        (["table1", "--weights", "{home}/runs/3dhp/last"], "must fit one row of table1, got none"),
        (["table3", "--weights", "{home}/runs/3dhp/last"], "must fit one row of table3, got none"),
        (["table4", "--weights", "3dhp={home}/runs/h36m-gt-17/last", "--data", "{home}/human36m"],
         "must be of mpi_inf_3dhp_17, got human36m_17"),
        (["table1", "--weights", "{home}/runs/h36m-gt-17/last", "{home}/runs/h36m-gt-17/best"],
         "--weights of h36m-gt-17 must be of different runs, got"),
        (["table1", "--weights", "h36m-cpn-17-refine={home}/runs/h36m-cpn-17/last", "--data", "{home}/human36m"],
         "refinement must lie beside the lifter"),
        (["table1", "--weights", "{home}/runs/h36m-gt-17/last", "--data", "{home}/none"], "found none"),
        (["table1", "--data", "a", "b"], "--data must be one folder for a table, got 2"),
        (["figure4", "--data", "{home}/human36m"], "must be given one weights folder and prepared data"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_status_2(
    home: Path, tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["benchmark", *(argument.format(home=home) for argument in arguments), "-o", str(tmp_path / "out")]
    try:
        status = main(command)
    except SystemExit as leaving:  # tyro's own refusal of a choice
        status = leaving.code
    captured = capsys.readouterr()
    assert status == 2
    assert message in captured.err
    assert not (tmp_path / "out").exists()


def test_a_refinement_of_another_lifter_is_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    shutil.copytree(home / "runs" / "h36m-cpn-17" / "last", tmp_path / "last")
    shutil.copytree(home / "runs" / "h36m-cpn-17-refine" / "last-refinement", tmp_path / "last-refinement")
    command = arguments(home, "table1", "--weights", f"h36m-cpn-17-refine={tmp_path / 'last'}")
    assert main(command) == 2
    assert "got one of another" in capsys.readouterr().err


def test_weights_of_another_detector_are_not_measured_on_the_tables_keypoints(home, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(home / "runs" / "h36m-cpn-17", run)
    manifest = json.loads((run / "run.json").read_text())
    manifest["config"]["data"]["keypoints"] = "hrnet"
    (run / "run.json").write_text(json.dumps(manifest))
    options = ["--weights", f"h36m-cpn-17={run / 'last'}", "--data", str(home / "human36m"), "-o", str(tmp_path / "t")]
    assert main(["benchmark", "table1", *options]) == 2
    assert "must be trained on the 2D source 'cpn', got 'hrnet'" in capsys.readouterr().err
    assert not (tmp_path / "t").exists()

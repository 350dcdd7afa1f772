"""The paper's tables with our rows: every figure in its column, the difference, the protocol, and four formats."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ampose.evaluation.paper.paper_tables import (
    DIFFERENCE,
    MEASURED,
    PUBLISHED,
    SPREAD,
    Measured,
    assemble,
    missing_rows,
    write_tables,
)
from ampose.evaluation.paper.published import ACTIONS, FOOTNOTES, SCENES, TABLES
from ampose.evaluation.paper.rows import ROWS, TableRow, rows_of
from ampose.evaluation.protocols.human36m import H36M_CPN_17
from ampose.evaluation.report import Report, Row
from ampose.models import create_model
from ampose.models.cost import Cost, measure_cost
from ampose.training.recipe import packaged_recipes, read_recipe

COST = Cost(name="", depth=0, kind="AMPose", parameters=18_405_379, macs=317_000_000, weight_macs=312_256_000)
TABLE_NAMES = ("table1", "table2", "table3", "table4", "table5")


def measured(row: TableRow, value: float) -> Measured:
    """A row whose every figure is ``value``, one more for each further variant; frames of actions differ."""
    reports = []
    for number, protocol in enumerate(row.variants.values()):
        names = ACTIONS if protocol.group == "actions" else SCENES
        rows = tuple(Row(name, 10, dict.fromkeys(protocol.metrics, value + number)) for name in names)
        mean = Row("mean", 150, dict.fromkeys(protocol.metrics, value + number))
        pooled = Row("all", 150, dict.fromkeys(protocol.metrics, value + number + 0.5))
        reports.append(
            Report(
                method="ampose-full",
                protocol=protocol,
                actions=rows,
                subjects=(),
                mean_over_actions=mean,
                all_frames=pooled,
                per_joint_mm={},
                facts={"weights": "sha256 123"},
            )
        )
    return Measured(row=row, method="ampose-full", reports=tuple(reports), cost=COST)


def every(table: str, value: float = 40.0) -> list[Measured]:
    return [measured(row, value + 3 * number) for number, row in enumerate(ROWS[table])]


@pytest.mark.parametrize("table", TABLE_NAMES)
def test_without_measurements_the_published_rows_stand_alone_as_printed(table: str) -> None:
    for part in assemble(table):
        assert {row.kind for row in part.rows} == {PUBLISHED}
        for row, published in zip(part.rows, TABLES[part.name].rows, strict=True):
            assert row.method.startswith(published.method)
            assert row.cells == published.figures
        assert len(part.notes) == len(part.footnotes()) - any(c.derived for c in TABLES[part.name].columns)
    assert missing_rows(table, []) == list(ROWS[table])


@pytest.mark.parametrize("table", TABLE_NAMES)
def test_each_of_our_rows_is_followed_by_its_difference(table: str) -> None:
    for part in assemble(table, every(table)):
        ours = [number for number, row in enumerate(part.rows) if row.kind == MEASURED]
        assert ours
        for number in ours:
            own, difference = part.rows[number], part.rows[number + 1]
            assert difference.kind == DIFFERENCE
            published = TABLES[part.name].row(difference.method.split(" to ")[1])
            for key, text in difference.cells.items():
                assert text[0] in "+-"
                assert float(own.cells[key]) - published.value(key) == pytest.approx(float(text), abs=0.1)
    assert missing_rows(table, every(table)) == []


def ours(table: str, part: str, measurements: list[Measured]) -> dict[str, dict[str, str]]:
    parts = {one.name: one for one in assemble(table, measurements)}
    return {row.method: dict(row.cells) for row in parts[part].rows if row.kind == MEASURED}


@pytest.mark.parametrize("table", TABLE_NAMES)
def test_of_several_runs_a_row_has_the_mean_and_the_spread(table: str) -> None:
    """Values of 40, 43 and 52 have the mean 45 and the standard deviation 6.2 (root of (25 + 4 + 49) / 2)."""
    runs = [measured(row, value) for value in (40.0, 43.0, 52.0) for row in ROWS[table]]
    for part in assemble(table, runs):
        own = [number for number, row in enumerate(part.rows) if row.kind == MEASURED]
        assert own
        for number in own:
            row, spread, difference = part.rows[number : number + 3]
            assert "mean of 3 runs" in row.method
            assert (spread.kind, difference.kind) == (SPREAD, DIFFERENCE)
            said = {key for key in spread.cells if key != "delta"}
            assert said == set(row.cells) - {"parameters", "flops", "flops_one_unit", "delta"}
            assert all(float(row.cells[key]) in (45.0, 45.5, 46.0, 46.5, 47.0, 47.5, 48.0, 48.5) for key in said)
            assert all(float(spread.cells[key]) == pytest.approx(39**0.5, abs=0.05) for key in said)


def test_table_1_has_15_actions_and_both_means() -> None:
    rows = ours("table1", "table1-cpn", every("table1"))
    assert list(rows) == [
        "ampose-full (h36m-cpn-17), flip, for Ours",
        "ampose-full (h36m-cpn-17), no flip, for Ours",
        "ampose-full (h36m-cpn-17-refine), flip, for Ours (refinement)",
        "ampose-full (h36m-cpn-17-refine), no flip, for Ours (refinement)",
    ]
    first = next(iter(rows.values()))
    assert {first[action] for action in ACTIONS} == {"40.0"}
    assert (first["average"], first["all_frames"]) == ("40.0", "40.5")


def test_table_2_joins_both_sources_of_one_size_in_one_row() -> None:
    rows = ours("table2", "table2", every("table2"))
    assert list(rows) == [
        f"ampose-full, {variant}, for {row}"
        for row in ("Ours (small)", "Ours (full)")
        for variant in ("no flip", "flip")
    ]
    assert rows["ampose-full, no flip, for Ours (full)"] == {"parameters": "18.41", "cpn": "46.0", "gt": "49.0"}


def test_table_3_shows_pooled_and_mean_of_scenes_for_all_and_for_14_joints() -> None:
    rows = ours("table3", "table3", every("table3", 80.0))
    assert len(rows) == 8
    first = rows["ampose-full (h36m-gt-16), 16 joints, flip, for Ours"]
    assert (first["GS"], first["pck"], first["auc"], first["scene_mean"]) == ("80.0", "80.5", "80.5", "80.0")
    assert any("14 joints, no flip" in name for name in rows)


def test_table_4_shows_flops_as_printed_and_in_one_unit() -> None:
    rows = ours("table4", "table4", every("table4", 90.0))
    first = rows["ampose-full (3dhp), 14 joints, flip, for Ours (1 frame)"]
    assert (first["parameters"], first["flops"], first["flops_one_unit"]) == ("18.4", "312", "625")
    [part] = assemble("table4")
    assert "FLOPs (M) = 2 x MACs *" in part.header()
    assert "This column is not in the paper" in part.footnotes()[0]


def test_table_5_delta_is_to_our_own_row_of_the_same_variant() -> None:
    rows = ours("table5", "table5", every("table5"))
    assert rows["ampose-full (h36m-cpn-17-two-residual), flip, for Two residual"]["delta"] == "-9.0"
    assert "delta" not in rows["ampose-full (h36m-cpn-17), flip, for Ours"]
    alone = ours("table5", "table5", every("table5")[:1])
    assert "delta" not in next(iter(alone.values()))


@pytest.mark.parametrize("table", TABLE_NAMES)
def test_four_formats_hold_the_same_rows(table: str, tmp_path: Path) -> None:
    measurements = every(table)
    parts = assemble(table, measurements)
    files = write_tables(tmp_path / "out", table, parts, measurements)
    assert [path.name for path in files] == [f"{table}.{ending}" for ending in ("md", "csv", "json", "txt")]
    data = json.loads((tmp_path / "out" / f"{table}.json").read_text())
    lines = list(csv.reader((tmp_path / "out" / f"{table}.csv").read_text().splitlines()))
    text, markdown = ((tmp_path / "out" / f"{table}.{ending}").read_text() for ending in ("txt", "md"))
    rows = [row for part in data["parts"] for row in part["rows"]]
    assert len(lines) == len(rows) + len(parts)
    lines = [line for line in lines if line[0] != "table"]
    for part in data["parts"]:
        keys = [column["key"] for column in part["columns"]]
        for row in part["rows"]:
            line = lines.pop(0)
            assert line[:3] == [part["name"], row["kind"], row["method"].strip()]
            assert line[3:] == [row["figures"].get(key, "-") for key in keys]
            for shown in (text, markdown):
                assert row["method"].strip() in shown
    for report in data["measured"]:
        assert report["protocol"]["name"] in text
        assert report["protocol"]["name"] in markdown
    for part in parts:
        for key in part.notes:
            assert FOOTNOTES[key] in text


def test_a_table_says_where_the_paper_is_inconsistent() -> None:
    [_, gt] = assemble("table1")
    own = next(row.method for row in gt.rows if row.method.startswith("Ours"))
    number = own.split("(")[1].rstrip(")")
    note = next(note for note in gt.footnotes() if note.startswith(f"({number})"))
    assert "33.63" in note


def test_every_slot_has_its_recipe_and_measures_what_the_recipe_trains() -> None:
    for table in ROWS:
        for row in rows_of(table):
            assert row.recipe in packaged_recipes()
            config = read_recipe(row.recipe)
            assert row.protocol.skeleton == config.model.skeleton
            assert row.protocol.source.keypoints == config.data.keypoints
            assert (config.refinement is not None) == bool(row.second_stage_of)
            TABLES[row.part].row(row.compared)
            assert row.part.startswith(table)
            if table != "table3":
                assert set(row.protocol.subjects) == set(config.data.held_out_subjects)
                assert row.protocol.flip == config.data.flip
    assert ROWS["table1"][0].protocol == replace(H36M_CPN_17, flip=True)


@pytest.mark.parametrize(
    ("recipe", "parameters", "weight_macs"),
    [
        ("h36m-cpn-17", 18_405_379, 312_256_000),
        ("3dhp", 18_405_379, 312_256_000),
        ("h36m-gt-16-small", 655_395, 10_375_680),
        ("h36m-cpn-17-transformer", 17_102_339, 289_843_200),
        ("h36m-cpn-17-convnext", 17_097_219, 289_930_240),
    ],
)
def test_recipes_build_networks_of_the_published_size(recipe: str, parameters: int, weight_macs: int) -> None:
    config = read_recipe(recipe)
    settings = {name: getattr(config.model, name) for name in ("skeleton", "block", "channels")}
    cost = measure_cost(create_model(config.model_name, **settings))[0]
    assert (cost.parameters, cost.weight_macs) == (parameters, weight_macs)
    assert (config.batch_size, config.epochs, config.optimiser.learning_rate, config.loss) == (128, 50, 2.5e-5, "mse")

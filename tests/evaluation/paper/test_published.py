"""The published rows are the paper's, figure by figure; what is inconsistent in the paper has its footnote."""

import re
from pathlib import Path

import numpy as np
import pytest

from ampose.evaluation.paper.published import ACTIONS, FOOTNOTES, SCENES, TABLES

EVERY_ROW = [(name, row.method) for name, table in TABLES.items() for row in table.rows]


def printed(name: str, method: str) -> list[str]:
    table = TABLES[name]
    return [table.row(method).figures[column.key] for column in table.columns if not column.derived]


@pytest.mark.parametrize(("name", "method"), EVERY_ROW)
def test_each_row_stands_in_the_paper_as_it_is_here(name: str, method: str, shared: Path) -> None:
    text = re.sub(r"</?i>", "", (shared / "spec" / "ampose-paper.txt").read_text()).replace("Pavlo ", "Pavllo ")
    paper = re.sub(r"\s+", " ", text)
    assert f" {method} {' '.join(printed(name, method))} " in f"{paper} "


# Rows, and the sum of all numbers, added up from the paper's text.
CHECKSUMS = {
    "table1-cpn": (7, 5648.0),
    "table1-gt": (4, 2204.3),
    "table2": (5, 463.14),
    "table3": (6, 2219.0),
    "table4": (5, 4295.6),
    "table5": (4, 1476.3),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_numbers_add_up_to_the_papers(name: str) -> None:
    table = TABLES[name]
    figures = [float(text) for row in table.rows for text in printed(name, row.method) if text != "-"]
    assert (len(table.rows), round(sum(figures), 2)) == CHECKSUMS[name]


@pytest.mark.parametrize("name", ["table1-cpn", "table1-gt"])
def test_table_1_prints_the_plain_mean_of_15_actions(name: str) -> None:
    assert len(ACTIONS) == 15
    for row in TABLES[name].rows:
        mean = np.mean([row.value(action) for action in ACTIONS])
        if (name, row.method) == ("table1-gt", "Ours"):
            assert round(mean, 2) == 33.63
            assert row.figures["average"] == "33.7"
            assert row.notes == ("gt-average",)
        else:
            assert abs(mean - row.value("average")) <= 0.05


def test_table_3_is_averaged_over_frames_by_some_and_over_scenes_by_others() -> None:
    weights = np.array([603 + 540, 505 + 553, 276 + 452])
    both = {}
    for row in TABLES["table3"].rows:
        scenes = np.array([row.value(scene) for scene in SCENES])
        both[row.method] = round(float(weights @ scenes / weights.sum()), 2), round(float(scenes.mean()), 2)
    assert weights.sum() == 2929
    assert both["Ours"] == (86.93, 87.0)
    assert both["Zhao et al. [1]"] == (77.81, 77.37)
    assert TABLES["table3"].row("Zhao et al. [1]").figures["pck"] == "79.0"
    for method in ("Ci et al. [18]", "Liu et al. [9]", "Xu et al. [8]", "Zou et al. [10]"):
        assert both[method][0] == pytest.approx(TABLES["table3"].row(method).value("pck"), abs=0.1)


def test_table_4_in_one_unit() -> None:
    """1030 and 493 are 2 x multiply-adds already; 645 and 312 are not."""
    both = {row.method: (row.figures["flops"], row.figures["flops_one_unit"]) for row in TABLES["table4"].rows}
    assert both["Shan et al. (81 frames) [7]"] == ("493", "493")
    assert both["Li et al. (9 frames) [5]"] == ("1030", "1030")
    assert both["Ours (1 frame)"] == ("312", "624")
    assert both["Zhang et al. (1 frame) [6]"] == ("645", "1290")
    assert "flop-units" in TABLES["table4"].notes


def test_table_5_deltas_are_distances_to_ours() -> None:
    table = TABLES["table5"]
    for row in table.rows[:-1]:
        assert row.value("delta") == pytest.approx(row.value("mpjpe") - table.row("Ours").value("mpjpe"))
    assert table.row("Ours").figures["delta"] == "-"


def test_the_refined_row_is_one_millimetre_better_and_says_what_it_uses() -> None:
    table = TABLES["table1-cpn"]
    assert table.row("Ours").value("average") - table.row("Ours (refinement)").value("average") == pytest.approx(1.0)
    for row in table.rows:
        assert ("refinement" in row.method) == ("refined" in row.notes)
    assert "GT root depth" in FOOTNOTES["refined"]


def test_every_footnote_is_used_and_known() -> None:
    used = {key for table in TABLES.values() for key in [*table.notes, *(n for row in table.rows for n in row.notes)]}
    assert used == set(FOOTNOTES)


def test_every_row_has_a_figure_for_every_printed_column() -> None:
    for table in TABLES.values():
        keys = {column.key for column in table.columns if not column.derived}
        for row in table.rows:
            assert keys <= set(row.figures) <= {column.key for column in table.columns}

"""The weights that come with the package: they load, their card is true, and its numbers can be had again.

``python tests/weights/test_bundled.py`` writes the tables of the cards anew from their evaluation.json.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import ampose
from ampose.cli import main
from ampose.weights import bundled_weights

BUNDLED = bundled_weights()
TABLE = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEADINGS = {"mpjpe": "MPJPE mm", "p_mpjpe": "P-MPJPE mm", "n_mpjpe": "N-MPJPE mm", "pck": "PCK@150 %", "auc": "AUC %"}


def evaluation(folder: Path) -> list[dict[str, Any]]:
    reports: list[dict[str, Any]] = json.loads((folder / "evaluation.json").read_text())
    return reports


def markdown(first: str, rows: list[dict[str, Any]], titles: list[str]) -> str:
    lines = [[first, "frames", *HEADINGS.values()], ["---", *["--:"] * (len(HEADINGS) + 1)]]
    for row, title in zip(rows, titles, strict=True):
        lines.append([title, f"{row['frames']:,}", *(f"{row['values'][metric]:.1f}" for metric in HEADINGS)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def tables(folder: Path) -> dict[str, str]:
    """The tables that a card must hold."""
    reports = evaluation(folder)
    ours = reports[0]
    by_action = [*ours["actions"], ours["mean_over_actions"], ours["all_frames"]]
    return {
        "actions": markdown("action", by_action, [row["name"] for row in by_action]),
        "subjects": markdown("subject", ours["subjects"], [row["name"] for row in ours["subjects"]]),
        "methods": markdown("method", [r["mean_over_actions"] for r in reports], [r["method"] for r in reports]),
    }


def with_tables(text: str, folder: Path) -> str:
    made = tables(folder)
    return TABLE.sub(lambda match: match[1] + made[match[2]] + match[3], text)


@pytest.fixture(params=BUNDLED)
def folder(request: pytest.FixtureRequest) -> Path:
    return BUNDLED[request.param]


def test_there_are_weights_for_the_default_of_the_command_line():
    assert "ampose-small" in BUNDLED


def test_they_load_and_say_where_they_come_from(folder):
    lifter = ampose.load_model(folder.name)
    assert lifter.name == folder.name
    assert "mocap.cs.cmu.edu" in lifter.facts["data"]


def test_the_card_has_the_numbers_of_the_evaluation(folder):
    card = (folder / "README.md").read_text()
    assert {name for _, name, _ in TABLE.findall(card)} == set(tables(folder))
    assert card == with_tables(card, folder)
    assert "NSF EIA-0196217" in card


def test_the_readme_has_the_numbers_of_the_evaluation(folder):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert readme == with_tables(readme, folder)


def test_the_evaluation_is_of_these_weights(folder):
    weights = json.loads((folder / "config.json").read_text())
    assert evaluation(folder)[0]["facts"]["weights"] == f"sha256 {weights['sha256']}"


def test_it_beats_both_baselines(folder):
    ours, *baselines = (report["mean_over_actions"]["values"]["mpjpe"] for report in evaluation(folder))
    assert len(baselines) >= 2
    assert ours < 0.6 * min(baselines)


@pytest.mark.slow
def test_the_numbers_can_be_had_again(folder, shared, tmp_path):
    """The README's two commands, on the real data."""
    data, report = tmp_path / "cmu.npz", tmp_path / "report.json"
    assert main(["prepare", "cmu", "--root", str(shared / "data" / "cmu-mocap"), "-o", str(data)]) == 0
    assert main(["evaluate", folder.name, str(data), "-o", str(report)]) == 0
    (again,) = json.loads(report.read_text())
    for mean in ("mean_over_actions", "all_frames"):
        for metric, value in evaluation(folder)[0][mean]["values"].items():
            assert again[mean]["values"][metric] == pytest.approx(value, abs=0.01), (mean, metric)


if __name__ == "__main__":
    for place in BUNDLED.values():
        for page in (place / "README.md", Path(__file__).parents[2] / "README.md"):
            page.write_text(with_tables(page.read_text(), place))

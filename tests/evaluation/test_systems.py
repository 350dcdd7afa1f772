"""The table of all systems: our counts beside the published ones, each difference explained."""

import pytest

from ampose.cli import main
from ampose.evaluation.paper.published import TABLES
from ampose.evaluation.systems import HEADER, describe_system, list_systems
from ampose.models import find_model

METHODS = {row.method for table in TABLES.values() for row in table.rows}
PUBLISHED = {name: find_model(name).facts.published.get(name) for name in list_systems()}
PRINTED = [name for name, published in PUBLISHED.items() if published and published.parameters]


@pytest.mark.parametrize("name", PRINTED)
def test_parameters_are_the_published_ones_and_differences_are_explained(name):
    row = describe_system(name)
    printed = float(row.published.parameters.split()[0])
    ours = row.cost.parameters / 1e6
    digits = len(row.published.parameters.split()[0].partition(".")[2])
    if round(ours, digits) != printed:
        assert row.published.note or row.joints == 17
        assert ours == pytest.approx(printed, rel=0.025)
    assert set(row.published.rows) <= METHODS


def test_every_size_is_there_once():
    names = list_systems()
    assert len(set(names)) == len(names)
    assert {"ampose-full", "graformer", "graformer-small", "lcn", "simple-baseline", "srnet"} <= set(names)
    assert "ampose" not in names  # another name of ampose-full


def test_published_errors_are_found_in_the_papers_tables():
    assert describe_system("weight-sharing").mpjpe == "52.4 (CPN, 16 joints), 37.8 (GT, 16 joints)"
    assert describe_system("modulated-gcn").mpjpe == (
        "49.4 (CPN), 50.73 (CPN, no refinement) [the author, issue 1 of the public code]"
    )
    assert describe_system("graformer-small").mpjpe == ""


def test_every_figure_says_where_it_is_from():
    """What AMPose's tables do not hold has a source of its own."""
    rows = map(describe_system, list_systems())
    assert [row.name for row in rows if bool(row.published.mpjpe) != bool(row.published.source)] == []


def test_command_prints_the_table(capsys):
    assert main(["info", "--all"]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert [first.index(label) for label in HEADER] == sorted(first.index(label) for label in HEADER)
    (srnet,) = [line for line in lines if line.startswith("srnet ")]
    assert "899,255" in srnet
    assert "33.9 (GT)" in srnet
    assert any(line.startswith("lcn: ") for line in lines)

"""The researcher's journey, command by command, with the packaged recipes, on files in the published layouts."""

import csv
from pathlib import Path

import pytest
from tests.data import human36m_standin, mpi_inf_3dhp_standin

from ampose.cli import main
from ampose.data import read_views
from ampose.evaluation.published import ACTIONS

pytestmark = pytest.mark.filterwarnings(
    "ignore:The `srun` command is available:UserWarning", "ignore:.*NVML.*:UserWarning"
)

TINY = ["--model.channels", "8", "--model.heads", "2", "--model.depth", "1", "--epochs", "1"]


def own_rows(path: Path) -> list[dict[str, str]]:
    """Our rows of a table's file."""
    header: list[str] = []
    rows = []
    for line in csv.reader(path.read_text().splitlines()):
        if line[0] == "table":
            header = line
        elif line[1] == "ours":
            rows.append(dict(zip(header, line, strict=True)))
    return rows


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_human36m_from_the_original_files_to_tables_1_and_5(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    takes = human36m_standin.make_takes(frames=4)
    human36m_standin.write_h5(here / "raw", takes)
    cpn = human36m_standin.write_2d(here, takes, "cpn_ft_h36m_dbb", noise=5)
    assert main(["prepare", "human36m", "--root", "raw", "--keypoints-2d", str(cpn)]) == 0
    assert main(["train", "h36m-cpn-17", *TINY]) == 0
    assert main(["train", "h36m-cpn-17-refine", "--epochs", "1"]) == 0
    weights = ["runs/h36m-cpn-17/last", "runs/h36m-cpn-17-refine/last"]
    assert main(["benchmark", "table1", "--weights", *weights]) == 0
    rows = own_rows(here / "tables" / "table1.csv")
    assert [row["Method"].split(", for ")[1] for row in rows] == ["Ours", "Ours", "Ours (refinement)", "Ours (refinement)"]
    assert all(float(row[label]) > 0 for row in rows for label in ("Dire.", "SitD.", "WalkT.", "Avg.", "All frames *"))
    assert set(read_views("prepared/human36m").actions) == set(ACTIONS)
    assert main(["benchmark", "table5", "--weights", weights[0]]) == 0
    assert len(own_rows(here / "tables" / "table5.csv")) == 2
    shown = capsys.readouterr().out
    assert "uses GT root depth" in shown
    assert "ampose train h36m-cpn-17-two-residual" in shown


def test_3dhp_from_the_original_trees_to_table_4(here: Path) -> None:
    mpi_inf_3dhp_standin.write_train_tree(here / "raw", 4)
    mpi_inf_3dhp_standin.write_test_tree(here / "raw-test")
    assert main(["prepare", "mpi-inf-3dhp-train", "--root", "raw"]) == 0
    assert main(["prepare", "mpi-inf-3dhp-test", "--root", "raw-test"]) == 0
    assert main(["train", "3dhp", *TINY]) == 0
    assert main(["benchmark", "table4", "--weights", "runs/3dhp/last"]) == 0
    rows = own_rows(here / "tables" / "table4.csv")
    assert len(rows) == 4
    assert all(0 < float(row["MPJPE"]) < 2000 for row in rows)

"""The whole journey of a researcher with the data: prepare, train a little, and the paper's table with our row.

On stand-ins in the published layouts, by nothing but the command line. The networks are tiny and hardly trained, so the
figures mean nothing; that they are there, and beside which published ones, does.
"""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.data.human36m import human36m_standin
from tests.data.mpi_inf_3dhp import mpi_inf_3dhp_standin

from ampose.cli import main
from ampose.data import read_recordings
from ampose.poses.geometry import root_relative

pytestmark = pytest.mark.filterwarnings(
    "ignore:The `srun` command is available:UserWarning", "ignore:.*NVML.*:UserWarning"
)

TINY = ("--model.channels", "16", "--model.depth", "1", "--model.heads", "2")
BRIEF = ("--epochs", "4", "--data.samples-per-epoch", "3840", "--optimiser.learning-rate", "5e-3")

# From the paper, by hand.
TABLE_1_GT = {
    "Ci et al. [18]": "36.3 38.8 29.7 37.8 34.6 42.5 39.8 32.5 36.2 39.5 34.4 38.4 38.2 31.3 34.2 36.3",
    "Lutz et al. [19]": "31.0 36.6 30.2 33.4 33.5 39.0 37.1 31.3 37.1 40.1 33.8 33.5 35.0 28.7 29.1 34.0",
    "Zeng et al. [20]": "32.9 34.5 27.6 31.7 33.5 42.5 35.1 29.5 38.9 45.9 33.3 34.9 34.4 26.5 27.1 33.9",
    "Ours": "30.7 35.9 30.0 33.2 33.9 37.7 37.1 31.9 34.3 41.8 33.2 34.5 34.3 27.5 28.5 33.7",
}
TABLE_3 = {
    "Ci et al. [18]": "74.8 70.8 77.3 74.0 36.7",
    "Zhao et al. [1]": "80.1 77.9 74.1 79.0 43.8",
    "Liu et al. [9]": "77.6 80.5 80.1 79.3 47.6",
    "Xu et al. [8]": "81.5 81.7 75.2 80.1 45.8",
    "Zou et al. [10]": "86.4 86.0 85.7 86.1 53.7",
    "Ours": "86.1 87.5 87.4 87.0 55.2",
}
TABLE_4 = {
    "Li et al. (9 frames) [5]": "18.9 1030 93.8 63.3 58.0",
    "Zhang et al. (1 frame) [6]": "33.7 645 94.2 63.8 57.9",
    "Zhang et al. (27 frames) [6]": "33.7 645 94.4 66.5 54.9",
    "Shan et al. (81 frames) [7]": "5.4 493 97.9 75.8 32.2",
    "Ours (1 frame)": "18.3 312 98.0 79.1 30.8",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Downloads in the published layouts, prepared and trained on, each step by its command."""
    home = tmp_path_factory.mktemp("journey")
    takes = human36m_standin.make_takes(frames=6)
    human36m_standin.write_cdf(home / "h36m", takes)
    cpn = human36m_standin.write_2d(home, takes, "cpn_ft_h36m_dbb", noise=4, longer=2)
    hrnet = human36m_standin.write_2d(home, takes, "hrnet", noise=2)
    mpi_inf_3dhp_standin.write_train_tree(home / "3dhp")
    mpi_inf_3dhp_standin.write_test_tree(home / "3dhp")
    prepared = home / "prepared"
    ampose("prepare human36m", "--root", home / "h36m", "--keypoints-2d", cpn, hrnet, "-o", prepared / "human36m")
    for name in ("mpi-inf-3dhp-train", "mpi-inf-3dhp-test"):
        ampose(f"prepare {name}", "--root", home / "3dhp", "-o", prepared / name)
    train(home, "h36m-gt-17", "human36m")
    train(home, "h36m-cpn-17", "human36m", run="h36m-hrnet", keypoints="hrnet")
    train(home, "3dhp", "mpi-inf-3dhp-train", "mpi-inf-3dhp-test")
    return home


def ampose(command: str, *more: object) -> None:
    assert main([*command.split(), *map(str, more)]) == 0


def train(home: Path, recipe: str, *names: str, run: str = "", keypoints: str = "gt") -> None:
    folders = [home / "prepared" / name for name in names]
    more = ["--data.files", *folders, "--data.keypoints", keypoints, *TINY, *BRIEF]
    ampose(f"train {recipe}", "-o", home / "runs" / (run or recipe), *more)


def measure(home: Path, table: str, recipe: str, data: str) -> list[dict[str, Any]]:
    """Let ``ampose benchmark`` measure a run's last weights; the table's parts, as it writes them."""
    weights, folder = home / "runs" / recipe / "last", home / "tables" / f"{table}-{recipe}"
    ampose(f"benchmark {table}", "--weights", weights, "--data", home / "prepared" / data, "-o", folder)
    content = json.loads((folder / f"{table}.json").read_text())
    return content["parts"]


def published(part: dict[str, Any]) -> dict[str, str]:
    """What the paper prints, a line a method; the numbers of footnotes behind a name are taken off."""
    printed = [column["key"] for column in part["columns"] if column["in_paper"]]
    lines = [row for row in part["rows"] if row["kind"] == "published"]
    return {
        re.sub(r"( \(\d+\))+$", "", row["method"]): " ".join(row["figures"][key] for key in printed) for row in lines
    }


def own_rows(part: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Our rows' figures by what stands behind the model's and the recipe's name."""
    ours = [row for row in part["rows"] if row["kind"] == "ours"]
    return {
        row["method"].partition(", ")[2]: {key: float(text) for key, text in row["figures"].items()} for row in ours
    }


def check_figures(part: dict[str, Any], figures: dict[str, str], key: str) -> None:
    """All figures of ours are finite, and in the row below stands how far they are from the published ones."""
    paper = float(figures[key])
    for row, below in itertools.pairwise(part["rows"]):
        if row["kind"] == "ours":
            own = [float(text) for text in row["figures"].values()]
            assert np.isfinite(own).all()
            assert below["kind"] == "difference"
            assert float(below["figures"][key]) == pytest.approx(float(row["figures"][key]) - paper, abs=0.11)


def size_of_bodies(home: Path, data: str, subjects: tuple[str, ...]) -> float:
    """Mean distance of joints to the root in mm: the error of a lifter that has learned nothing and answers 0."""
    views = read_recordings(home / "prepared" / data).select(subjects=subjects, valid_only=True)
    relative = root_relative(np.asarray(views.positions), views.skeleton.root_index)
    return 1000 * float(np.linalg.norm(relative, axis=-1).mean())


def test_what_was_prepared_is_whole(home: Path) -> None:
    for name, sources in (
        ("human36m", ["gt", "cpn", "hrnet"]),
        ("mpi-inf-3dhp-train", ["gt"]),
        ("mpi-inf-3dhp-test", ["gt"]),
    ):
        assert list(read_recordings(home / "prepared" / name, verify=True).keypoints) == sources


def test_table_1_has_our_row(home: Path) -> None:
    cpn, gt = measure(home, "table1", "h36m-gt-17", "human36m")
    assert published(gt) == TABLE_1_GT
    assert own_rows(cpn) == {}
    ours = own_rows(gt)
    assert list(ours) == ["flip, for Ours", "no flip, for Ours"]
    assert [len(figures) for figures in ours.values()] == [15 + 2, 15 + 2]
    check_figures(gt, {"average": "33.7"}, "average")
    actions = list(ours["flip, for Ours"].values())[:15]
    assert ours["flip, for Ours"]["average"] == pytest.approx(np.mean(actions), abs=0.06)
    assert ours["flip, for Ours"]["average"] < 0.5 * size_of_bodies(home, "human36m", ("S9", "S11"))


def test_table_3_has_the_same_weights_on_the_other_dataset(home: Path) -> None:
    (part,) = measure(home, "table3", "h36m-gt-17", "mpi-inf-3dhp-test")
    assert published(part) == TABLE_3
    assert list(own_rows(part)) == [
        f"{joints} joints, {flip}, for Ours" for joints in (17, 14) for flip in ("flip", "no flip")
    ]
    check_figures(part, {"pck": "87.0"}, "pck")
    assert all(0 <= figures["auc"] <= figures["pck"] <= 100 for figures in own_rows(part).values())


def test_table_4_has_our_row(home: Path) -> None:
    (part,) = measure(home, "table4", "3dhp", "mpi-inf-3dhp-test")
    assert published(part) == TABLE_4
    ours = own_rows(part)
    assert list(ours) == [
        f"{joints} joints, {flip}, for Ours (1 frame)" for joints in (14, 17) for flip in ("flip", "no flip")
    ]
    check_figures(part, {"mpjpe": "30.8"}, "mpjpe")
    first = ours["14 joints, flip, for Ours (1 frame)"]
    tests = tuple(f"TS{number}" for number in range(1, 7))
    assert first["mpjpe"] < 0.75 * size_of_bodies(home, "mpi-inf-3dhp-test", tests)


def test_another_detector_is_measured_as_the_page_says(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[1] / "docs" / "human36m.md").read_text()
    (code,) = re.findall(r"^```py\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(home)
    exec(compile(code, "docs/human36m.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "h36m-hrnet-17: Human3.6M, 2D of HRNet." in printed
    assert re.search(r"^mean over actions +1896( +\d+\.\d){4}$", printed, re.MULTILINE)


@pytest.mark.parametrize(
    ("table", "data", "message"),
    [
        ("table1", "mpi-inf-3dhp-test", "S9"),
        ("table3", "human36m", "must be measured against univ_annot3, got data prepared with D3_Positions"),
    ],
)
def test_the_other_dataset_is_refused(
    home: Path, tmp_path: Path, table: str, data: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, folder = home / "runs" / "h36m-gt-17" / "last", tmp_path / "tables"
    command = ["benchmark", table, "--weights", weights, "--data", home / "prepared" / data, "-o", folder]
    assert main([str(word) for word in command]) == 2
    assert message in capsys.readouterr().err
    assert not folder.exists()

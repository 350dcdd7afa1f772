"""The benchmark runs, prints what it promises and leaves the same in its file. How fast is not tested."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPTIONS = ("--seconds", "0.01", "--models", "ampose-small", "--threads", "1")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> tuple[str, dict]:
    """What it printed, and what it wrote."""
    file = tmp_path_factory.mktemp("bench") / "speed.json"
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "speed.py", *OPTIONS, "-o", file],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(file.read_text())


def test_it_measures_all_that_it_promises(outcome):
    _, result = outcome
    lifted = [(row["batch"], row["flip"]) for row in result["lifting"]]
    assert lifted == [(1, False), (64, False), (256, False), (1024, False), (256, True)]
    trained = {(row["batch"], row["precision"]) for row in result["training"]}
    assert trained == {(batch, name) for batch in (128, 256) for name in ("fp32", "bf16 autocast")}
    assert [row["batch"] for row in result["virtual cameras"]] == [128, 256]
    assert result["machine"]["threads"] == 1


def test_its_figures_agree_with_each_other(outcome):
    _, result = outcome
    for row in result["lifting"]:
        assert row["GFLOP/s"] / row["share of ceiling"] == pytest.approx(row["ceiling GFLOP/s"])
        gflop = row["GFLOP/s"] / row["poses/s"] / (2 if row["flip"] else 1)
        assert gflop == pytest.approx(2 * 12_084_960 / 1e9)
    alone = result["lifting"][0]
    assert 1000 / alone["poses/s"] <= alone["p50 ms"] <= alone["p99 ms"]


def test_its_tables_are_aligned(outcome):
    said, result = outcome
    table = said.split("lifting\n")[1].split("\n\n")[0].splitlines()
    assert len(table) == 1 + len(result["lifting"])
    assert len(set(map(len, table))) == 1


def test_it_warns_of_others_on_the_machine(outcome):
    said, result = outcome
    assert ("WARNING" in said) == (result["machine"]["load average at the start"] > 0.5)

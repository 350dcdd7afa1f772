"""The verdicts, the tables and the comparison networks are right. How fast is not tested."""

import json
import os
import subprocess
import sys
import time
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import torch

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize(
    ("measured", "smaller", "verdict"),
    [
        (0.64, False, "misses"),
        (0.65, False, "meets requirement"),
        (0.8, False, "meets target"),
        (0.9, True, "misses"),
        (0.5, True, "meets target"),
    ],
)
def test_a_verdict_says_what_was_met(measured, smaller, verdict):
    from benchmarks.goals import Goal

    assert Goal("share", 0.65, 0.6 if smaller else 0.8, measured, "torch", smaller).verdict == verdict


def test_the_literal_form_is_the_same_function():
    from benchmarks.literal import LiteralAttention, LiteralGraphConvolution, literal

    from ampose.models import create_model

    torch.manual_seed(0)
    network = create_model("ampose-small", depth=2).eval()
    written = literal(network)
    kinds = [type(part) for part in written.modules()]
    assert (kinds.count(LiteralAttention), kinds.count(LiteralGraphConvolution)) == (2, 4)
    x = torch.randn(3, 1, 17, 2)
    torch.testing.assert_close(written(x), network(x), rtol=0, atol=1e-6)


def test_the_peer_has_the_published_size():
    from benchmarks.graformer import GraFormer

    peer = GraFormer()
    assert sum(parameter.numel() for parameter in peer.parameters()) == pytest.approx(0.654e6, rel=0.01)
    assert peer(torch.zeros(2, 17, 2)).shape == (2, 17, 3)


def test_what_is_compared_takes_turns():
    from benchmarks.timing import BURST, take_turns

    order = []

    def long(name):
        time.sleep(1.5 * BURST)
        order.append(name)

    times = take_turns({"a": partial(long, "a"), "b": partial(long, "b")}, seconds=0.0, least=4)
    assert "".join(order) == "ab" + "ab" + "ba" + "ab" + "ba" + "ab"  # the first two are to warm up and to see how long
    assert times["a"].repeats == 4
    assert BURST < times["a"].low <= times["a"].median <= times["a"].high


def test_short_calls_come_in_bursts():
    """Otherwise each would find the cache full of the other's numbers."""
    from benchmarks.timing import BURST, take_turns

    order = []

    def short(name):
        time.sleep(BURST / 20)
        order.append(name)

    times = take_turns({"a": partial(short, "a"), "b": partial(short, "b")}, seconds=0.0, least=2)
    turns = [len(list(same)) for _, same in groupby(order[4:])]
    assert len(turns) == 3  # b, twice as many a, b
    assert min(turns) > 1, "a sleep may take longer than it was asked to"
    assert BURST / 20 <= times["a"].median < BURST


def test_a_table_has_a_line_for_each_row_and_marks_what_is_missing():
    from benchmarks.page import as_markdown, as_text

    rows = [{"what": "torch", "poses/s": 2345.6, "share of ceiling": 0.567}, {"what": "GraFormer", "poses/s": 0.5}]
    assert as_markdown(rows).splitlines() == [
        "| what      |   poses/s |   share of ceiling |",
        "|:----------|----------:|-------------------:|",
        "| torch     |     2,346 |                57% |",
        "| GraFormer |       0.5 |                    |",
    ]
    header, first, second = as_text(rows).splitlines()
    ends = [line.index(cell) + len(cell) for line, cell in ((header, "poses/s"), (first, "2,346"), (second, "0.5"))]
    assert len(set(ends)) == 1


def test_the_page_shows_the_figures_that_are_kept_beside_it():
    from benchmarks.page import FIGURES, PAGES, tables_of

    tables, text = tables_of(json.loads(FIGURES.read_text())), "".join(page.read_text() for page in PAGES)
    # Memory is measured alone too, and newer on the page.
    assert {name for name, table in tables.items() if table not in text} <= {"memory"}


def test_lifting_is_measured_with_its_error(monkeypatch):
    from benchmarks import lifting

    monkeypatch.setattr(lifting, "BATCHES", {"ampose-small": (2,)})
    rows = lifting.measure("ampose-small", 0.01, names=["torch fp32"])
    assert [row["what"] for row in rows] == ["literal", "readable", "torch fp32", "GraFormer"]
    fast = rows[2]
    assert fast["low"] <= fast["poses/s"] <= fast["high"]
    assert fast["largest mm"] < 0.02
    assert 0 < fast["share of ceiling"] < 1.5


def test_training_and_batching_are_measured(monkeypatch):
    from benchmarks import training

    monkeypatch.setattr(training, "CASES", (("ampose-small", 2),))
    monkeypatch.setattr(training, "SAMPLES", 3000)
    assert [row["what"] for row in training.measure(0.01)] == ["literal fp32", "fp32", "bf16"]
    assert all(row["samples/s"] > 0 for row in training.measure_batching(0.01))


def test_the_peak_of_a_process_is_its_own():
    """A process that was started by a large one is not large."""
    from benchmarks import memory

    block = np.ones(300_000_000 // 8)
    assert memory.peak_mb() > 300
    small = subprocess.run(
        [sys.executable, "-c", "import memory; print(memory.peak_mb())"],
        env={**os.environ, "PYTHONPATH": str(BENCHMARKS)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert float(small.stdout) < 100 < block.nbytes / 1e6


def test_start_up_is_measured_stage_by_stage(tmp_path):
    from benchmarks import startup

    startup._save_first_frame(tmp_path / "picture.png")
    stages = startup._stages(tmp_path / "picture.png")
    assert set(stages) >= {"import torch, which is not needed", "read, detect and lift", "of which lifting"}
    assert min(stages.values()) > 0
    assert stages["of which lifting"] < stages["import torch, which is not needed"]

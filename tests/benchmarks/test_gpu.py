"""The GPU's benchmark counts right; that it runs is tried on the CPU, in small."""

import re

import pytest
import torch

CPU = torch.device("cpu")


@pytest.fixture
def small(monkeypatch):
    from benchmarks import gpu

    monkeypatch.setattr(gpu, "POSES", 64)
    return gpu


def test_the_ceiling_counts_two_operations_a_product(small, monkeypatch):
    monkeypatch.setattr(small, "take_turns", lambda calls, seconds: {name: _spread(0.5) for name in calls})
    assert small.ceilings(CPU, 0.01, side=10) == {"fp32": 4000.0, "tf32": 4000.0, "bf16": 4000.0}


def test_steps_are_counted_against_the_ceiling_of_their_precision(small):
    rows = small.train(CPU, {"ampose-small": (2,)}, 0.01, {"fp32": 1e12, "bf16": 2e12})
    assert [row["what"] for row in rows] == ["fp32", "bf16", "bf16 with the data engine"]
    for row in rows:
        peak = 1.0 if row["what"] == "fp32" else 2.0
        assert row["share of its matrix product"] == pytest.approx(row["TFLOP/s"] / peak)
        assert row["TFLOP/s"] == pytest.approx(row["samples/s"] * 3 * 2 * 12.085e6 / 1e12, rel=1e-3)


def test_lifting_is_measured_and_the_report_has_all_of_it(small):
    lifted = small.lift(CPU, {"ampose-small": (1, 3)}, 0.01, ("fp32",))
    assert [row["batch"] for row in lifted] == [1, 3]
    assert all(row["largest mm"] < 0.01 for row in lifted)
    about = {"GPU": "the one", "torch": "2"}
    text = small.report(
        {"machine": about, "ceiling TFLOP/s": {"fp32": 1.0}, "training": [], "lifting": lifted, "peak GB": 1.5}
    )
    assert "the one, PyTorch 2" in text
    assert re.search(r"\| ampose-small +\| +3 \| fp32 ", text)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(small):
    with pytest.raises(SystemExit, match="there is none"):
        small.main()


def _spread(seconds):
    from benchmarks import timing

    return timing.Spread(seconds, seconds, seconds, 3)

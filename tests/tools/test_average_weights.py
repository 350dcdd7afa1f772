"""Weights on the line between two of the same network."""

from pathlib import Path

import pytest
import torch
from tools.average_weights import average

import ampose
from ampose.errors import InputError
from ampose.lifting.weights import load_weights, save_weights


def made(folder: Path, value: float, channels: int = 8) -> Path:
    network = ampose.create_model("ampose-small", channels=channels, heads=2, depth=1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(value)
    save_weights(folder, "ampose-small", network, {"run": folder.name})
    return folder


def test_half_of_the_end_and_half_of_the_start(tmp_path: Path) -> None:
    start, end = made(tmp_path / "start", 0.0), made(tmp_path / "end", 1.0)
    average(start, end, tmp_path / "mean")
    found = load_weights(tmp_path / "mean")
    assert all(torch.equal(value, torch.full_like(value, 0.5)) for value in found.network.parameters())
    assert found.facts["run"] == "end"


def test_networks_of_other_shapes_and_shares_that_are_none_are_refused(tmp_path: Path) -> None:
    start, end = made(tmp_path / "start", 0.0), made(tmp_path / "end", 1.0, channels=16)
    with pytest.raises(InputError, match="must be networks of the same shape"):
        average(start, end, tmp_path / "mean")
    with pytest.raises(InputError, match="share must be from 0 to 1, got 2"):
        average(start, start, tmp_path / "mean", share=2.0)
    assert not (tmp_path / "mean").exists()

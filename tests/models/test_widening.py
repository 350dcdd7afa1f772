"""A wide network that is made of a narrow one."""

from typing import Any

import pytest
import torch

from ampose.errors import InputError
from ampose.models import create_model
from ampose.models.widening import widen

SMALL = {"channels": 16, "depth": 2, "heads": 4, "missing_token": True, "error_head": True}


def network(**settings: Any) -> Any:
    """A network whose every tensor has something in it."""
    torch.manual_seed(0)
    made = create_model("ampose-small", **{**SMALL, **settings}).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


def keypoints(samples: int = 5) -> torch.Tensor:
    points = torch.randn(samples, 1, 17, 2, generator=torch.Generator().manual_seed(1))
    points[0, 0, 3] = torch.nan
    return points


@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"position": "per-layer", "final_norm": True},
        {"norm": "layer", "mlp_ratio": 1.5},
        {"norm": "batch", "partition": "none"},
    ],
    ids=["the paper's", "positions", "norms", "batch norm, one group"],
)
def test_a_multiple_of_the_channels_computes_the_same(times: int, settings: dict[str, Any]) -> None:
    narrow = network(**settings)
    wide = widen(narrow, 16 * times).eval()
    assert wide.config.channels == 16 * times
    for before, after in zip(
        narrow.with_expected_error(keypoints()), wide.with_expected_error(keypoints()), strict=True
    ):
        torch.testing.assert_close(after, before, rtol=1e-3, atol=1e-4)


def test_other_numbers_of_channels_compute_nearly_the_same() -> None:
    narrow = network()
    with torch.no_grad():
        lifted, wide = narrow(keypoints(64)), widen(narrow, 40).eval()(keypoints(64))
    unrelated = torch.nn.init.normal_(torch.empty_like(lifted), std=float(lifted.std()))
    assert (wide - lifted).norm() < 0.5 * (unrelated - lifted).norm()


def test_copies_learn_different_things() -> None:
    wide = widen(network(), 32)
    wide(keypoints()[1:]).square().sum().backward()
    for name, parameter in wide.named_parameters():
        if name.startswith(("encoders.0", "gcn_blocks.0")) and parameter.ndim == 2 and "qkv" not in name:
            assert parameter.grad is not None
            first, copy = parameter.grad[:16], parameter.grad[16:32]
            assert (first - copy).abs().max() > 1e-3 * first.abs().max(), name


@pytest.mark.parametrize(
    ("settings", "channels", "message"),
    [
        ({}, 16, "channels must be more than 16 to widen a network, got 16"),
        ({}, 30, "channels must be a multiple of heads"),
        ({"block": "convnext"}, 32, "block must be ours to widen a network, got convnext"),
    ],
)
def test_what_cannot_be_widened_is_refused(settings: dict[str, Any], channels: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        widen(network(**settings), channels)

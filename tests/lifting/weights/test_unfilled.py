"""Networks that are made to be filled: nothing is drawn for them, and all else is as always."""

import torch

from ampose.lifting.weights.store import Unfilled


def test_nothing_is_drawn():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    with Unfilled():
        layer = torch.nn.Linear(3, 4)
        torch.nn.init.normal_(tensor=layer.weight)
    assert torch.equal(torch.get_rng_state(), before)
    assert layer.weight.shape == (4, 3)
    torch.nn.Linear(3, 4)
    assert not torch.equal(torch.get_rng_state(), before)


def test_everything_else_is_computed():
    with Unfilled():
        total = torch.arange(4.0).reshape(2, 2).sum(dim=1)
        ones = torch.full((2,), 1.0)
    assert total.tolist() == [1.0, 5.0]
    assert ones.tolist() == [1.0, 1.0]

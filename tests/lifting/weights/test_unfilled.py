"""Networks that are made to be filled: nothing is drawn for them, and all else is as always."""

import pytest
import torch

from ampose.errors import InputError
from ampose.lifting.weights.filling import Unfilled


def test_nothing_is_drawn():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    with Unfilled(0):
        layer = torch.nn.Linear(3, 4)
        torch.nn.init.normal_(tensor=layer.weight)
    assert torch.equal(torch.get_rng_state(), before)
    assert layer.weight.shape == (4, 3)
    torch.nn.Linear(3, 4)
    assert not torch.equal(torch.get_rng_state(), before)


def test_everything_else_is_computed():
    with Unfilled(0):
        total = torch.arange(4.0).reshape(2, 2).sum(dim=1)
        ones = torch.full((2,), 1.0)
    assert total.tolist() == [1.0, 5.0]
    assert ones.tolist() == [1.0, 1.0]


def test_what_is_much_larger_than_its_file_is_refused_before_room_is_made():
    with pytest.raises(InputError, match=r"config\.json must fit model\.safetensors"), Unfilled(1000):
        torch.nn.Linear(2**40, 2**20)
    with pytest.raises(InputError, match="much larger"), Unfilled(1000):
        torch.nn.Sequential(*(torch.nn.Linear(1, 1) for _ in range(10**9)))

"""Losses by hand. JointFormer's own is tested with its model."""

from typing import get_args

import pytest
import torch
from torch import nn

from ampose.errors import InputError
from ampose.training.config import RefinementTraining
from ampose.training.loss import DISTANCES, LOSSES, LossName
from ampose.training.recipe import read_recipe

PREDICTED = torch.tensor([[[[0.0, 0.0, 0.0], [3.0, 4.0, 0.0]]]])
TARGET = torch.tensor([[[[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mse", (1 + 25) / 2),
        ("mpjpe", (1 + 5) / 2),
        ("mse-l1", 0.9 * (1 + 9 + 16) / 6 + 0.1 * (1 + 3 + 4) / 6),
        ("mpjpe-l1", 0.99 * (1 + 5) / 2 + 0.01 * (1 + 3 + 4) / 6),
    ],
)
def test_hand_worked_values(name, expected):
    assert DISTANCES[name](PREDICTED, TARGET).item() == pytest.approx(expected)
    assert LOSSES[name](nn.Identity(), PREDICTED, TARGET).item() == pytest.approx(expected)


def test_names_in_recipes_are_those_of_the_losses():
    assert sorted(get_args(LossName)) == sorted(LOSSES)


def test_refinement_of_a_pose_needs_a_loss_of_the_pose():
    from dataclasses import replace

    with pytest.raises(InputError, match=r"loss of a refinement must be one of mse, .*got jointformer"):
        replace(read_recipe("h36m-jointformer"), refinement=RefinementTraining())

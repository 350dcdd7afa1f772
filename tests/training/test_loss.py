"""Losses by hand. JointFormer's own is tested with its model."""

from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from ampose.errors import InputError
from ampose.models import LifterNetwork
from ampose.models.networks.ampose import AMPoseConfig
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


class Constant(LifterNetwork):
    """Answers 0, and expects the error that it is told."""

    def __init__(self, log_error: float) -> None:
        super().__init__(AMPoseConfig(error_head=True))
        self.log_error = torch.nn.Parameter(torch.tensor(log_error))

    def forward(self, keypoints: Tensor) -> Tensor:
        return torch.zeros(*keypoints.shape[:-1], 3)

    def with_expected_error(self, keypoints: Tensor) -> tuple[Tensor, Tensor]:
        return self(keypoints), self.log_error.exp().expand(keypoints.shape[:-1])


def test_the_expected_error_is_best_where_it_is_the_mean_error() -> None:
    generator = torch.Generator().manual_seed(0)
    target = torch.randn(200, 1, 17, 3, generator=generator)
    mean = target.norm(dim=-1).mean()
    network = Constant(mean.log().item())
    loss = LOSSES["mpjpe-and-expected-error"](network, torch.zeros(200, 1, 17, 2), target)
    loss.backward()
    assert network.log_error.grad is not None
    assert network.log_error.grad.item() == pytest.approx(0, abs=1e-5)
    assert loss.item() == pytest.approx(mean.item() + 0.01 * (1 + mean.log().item()), rel=1e-5)

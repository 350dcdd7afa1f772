"""Losses by hand. A system's own is tested with its model."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from ampose.errors import InputError
from ampose.models import LifterNetwork, find_loss
from ampose.models.losses import DISTANCES, LOSSES
from ampose.models.networks.ampose import AMPoseConfig
from ampose.training.config import RefinementTraining
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
    assert LOSSES[name].compute(nn.Identity(), PREDICTED, TARGET).item() == pytest.approx(expected)


def test_an_unknown_loss_is_refused_with_the_known_ones():
    known = "mse, mpjpe, mse-l1, mpjpe-l1, mpjpe-and-expected-error"
    with pytest.raises(InputError, match=f"loss must be one of {known} for ampose-small, got 'mpje'"):
        replace(read_recipe("paper"), model_name="ampose-small", loss="mpje")
    with pytest.raises(InputError, match=f"loss must be one of {known}, mixste for mixste-27, got 'p-stmo'"):
        find_loss("mixste-27", "p-stmo")


def test_the_expected_error_needs_a_head_that_learns_it():
    with pytest.raises(InputError, match="needs a model that predicts its error; set error_head = true"):
        replace(read_recipe("paper"), loss="mpjpe-and-expected-error")


def test_refinement_of_a_pose_needs_a_loss_of_the_pose():
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
    loss = LOSSES["mpjpe-and-expected-error"].compute(network, torch.zeros(200, 1, 17, 2), target)
    loss.backward()
    assert network.log_error.grad is not None
    assert network.log_error.grad.item() == pytest.approx(0, abs=1e-5)
    assert loss.item() == pytest.approx(mean.item() + 0.01 * (1 + mean.log().item()), rel=1e-5)

"""What training minimises."""

import pytest
import torch
from torch import Tensor

from ampose.models import LifterNetwork
from ampose.models.contract import LifterConfig
from ampose.training.loss import LOSSES


class Constant(LifterNetwork):
    """Answers 0, and expects the error that it is told."""

    tells_error = True

    def __init__(self, log_error: float) -> None:
        super().__init__(LifterConfig())
        self.log_error = torch.nn.Parameter(torch.tensor(log_error))

    def forward(self, keypoints: Tensor) -> Tensor:
        return torch.zeros(*keypoints.shape[:-1], 3)

    def with_expected_error(self, keypoints: Tensor) -> tuple[Tensor, Tensor]:
        return self(keypoints), self.log_error.exp().expand(keypoints.shape[:-1])


def test_mse_and_mpjpe_by_hand() -> None:
    target = torch.tensor([[[[3.0, 4.0, 0.0], [0.0, 0.0, 1.0]]]])
    keypoints = torch.zeros(1, 1, 2, 2)
    assert LOSSES["mse"](Constant(0.0), keypoints, target).item() == pytest.approx((25 + 1) / 2)
    assert LOSSES["mpjpe"](Constant(0.0), keypoints, target).item() == pytest.approx((5 + 1) / 2)


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

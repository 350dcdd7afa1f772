"""What moves with the weights."""

import pytest
import torch

from ampose.errors import InputError
from ampose.training.config import OptimiserConfig
from ampose.training.optimiser import make_average


def test_the_average_by_hand() -> None:
    """It starts with the first weights; then half of it is forgotten a step: 1, 1.5, 2.25."""
    network = torch.nn.BatchNorm1d(1)
    average = make_average(network, OptimiserConfig(average=0.5))
    for value in (1.0, 2.0, 3.0):
        torch.nn.init.constant_(network.weight, value)
        network.running_mean.fill_(10 * value)
        average.update_parameters(network)
    assert average.module.weight.item() == 2.25
    assert average.module.running_mean.item() == 22.5
    assert network.weight.item() == 3.0


def test_there_is_none_unless_the_config_wants_one() -> None:
    assert make_average(torch.nn.Linear(1, 1), OptimiserConfig()) is None


@pytest.mark.parametrize("decay", [0.0, 1.0, 1.5])
def test_a_decay_that_forgets_all_or_nothing_is_refused(decay: float) -> None:
    with pytest.raises(InputError, match="average must be between 0 and 1"):
        OptimiserConfig(average=decay)

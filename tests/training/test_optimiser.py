"""What moves with the weights."""

import copy

import pytest
import torch

from ampose.errors import InputError
from ampose.models import create_model
from ampose.training.config import OptimiserConfig
from ampose.training.optimiser import (
    Muon,
    MuonAndAdamW,
    learning_rate,
    make_average,
    make_optimiser,
    set_batch_norm_momentum,
)


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


def a_network() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.Linear(64, 64, bias=False), torch.nn.Linear(64, 3))


def take_a_step(network: torch.nn.Module, optimiser: torch.optim.Optimizer, seed: int = 0) -> None:
    optimiser.zero_grad()
    network(torch.randn(64, 2, generator=torch.Generator().manual_seed(seed))).square().mean().backward()
    optimiser.step()


def test_muon_moves_a_hidden_matrix_the_same_way_in_every_direction() -> None:
    """Whatever the gradient is, the singular values of the step are all near 1, by the step length of AdamW."""
    network = a_network()
    before = network[1].weight.detach().clone()
    take_a_step(network, make_optimiser(network, OptimiserConfig(name="muon", learning_rate=0.1)))
    step = (before - network[1].weight.detach()) / (0.1 * 0.2 * 64**0.5)
    gradient = network[1].weight.grad
    assert gradient is not None
    rank = int((torch.linalg.svdvals(gradient) > 1e-4 * gradient.norm()).sum())
    values = torch.linalg.svdvals(step)[:rank]
    assert rank < 4  # two inputs: the gradient knows no more directions than that and the bias
    assert 0.6 < values.min() <= values.max() < 1.4


def test_with_muon_all_that_is_no_hidden_matrix_moves_as_with_adamw() -> None:
    networks = [a_network(), a_network()]
    for name, network in zip(("muon", "adamw"), networks, strict=True):
        take_a_step(network, make_optimiser(network, OptimiserConfig(name=name, learning_rate=0.01)))
    with_muon, with_adamw = (dict(network.named_parameters()) for network in networks)
    assert {name for name in with_muon if torch.equal(with_muon[name], with_adamw[name])} == set(with_muon) - {
        "1.weight"
    }


def test_muon_goes_on_from_its_state_as_if_nothing_had_happened() -> None:
    network = a_network()
    optimiser = make_optimiser(network, OptimiserConfig(name="muon", learning_rate=0.01))
    take_a_step(network, optimiser)
    other = a_network()
    other.load_state_dict(network.state_dict())
    taken_up = make_optimiser(other, OptimiserConfig(name="muon", learning_rate=0.01))
    taken_up.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    take_a_step(network, optimiser, seed=1)
    take_a_step(other, taken_up, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("layers", [[(2, 3)], [(32, 32)]], ids=["all narrow", "all hidden"])
def test_muon_takes_networks_that_are_all_of_one_kind(layers: list[tuple[int, int]]) -> None:
    network = torch.nn.Sequential(*(torch.nn.Linear(*shape, bias=False) for shape in layers))
    optimiser = make_optimiser(network, OptimiserConfig(name="muon", learning_rate=0.01))
    before = network[0].weight.detach().clone()
    network(torch.ones(4, layers[0][0])).sum().backward()
    optimiser.step()
    assert not torch.equal(before, network[0].weight)


def test_muon_with_a_second_moment_is_refused() -> None:
    with pytest.raises(InputError, match="amsgrad must be left out with muon"):
        OptimiserConfig(name="muon", amsgrad=True)


def test_muon_takes_the_steps_of_pytorchs_in_float32() -> None:
    torch.manual_seed(0)
    ours = [torch.nn.Parameter(torch.randn(shape)) for shape in ((96, 288), (288, 96), (96, 96), (96, 96))]
    theirs = [torch.nn.Parameter(matrix.detach().clone()) for matrix in ours]
    start = [matrix.detach().clone() for matrix in ours]
    muon = Muon(ours, learning_rate=0.01, weight_decay=0.1)
    reference = torch.optim.Muon(theirs, lr=0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for _ in range(3):
        for matrix, other in zip(ours, theirs, strict=True):
            matrix.grad = torch.randn_like(matrix)
            other.grad = matrix.grad.clone()
        muon.step()
        reference.step()
    for matrix, other, first in zip(ours, theirs, start, strict=True):
        assert (matrix - other).norm() < 0.02 * (other - first).norm()  # bfloat16 has three digits


@pytest.mark.parametrize("name", ["simple-baseline", "mhformer", "jointformer", "ampose-full"])
def test_muon_has_no_matrix_that_coordinates_enter_or_leave(name: str) -> None:
    """Also where the coordinates of a whole pose are one vector, of 34 or 51 numbers."""
    optimiser = make_optimiser(create_model(name), OptimiserConfig(name="muon"))
    assert isinstance(optimiser, MuonAndAdamW)
    groups = [group for part in optimiser.parts if isinstance(part, Muon) for group in part.param_groups]
    sides = {side for group in groups for weight in group["params"] for side in weight.shape}
    assert min(sides) >= 64
    assert not {2, 3, 34, 51} & sides


@pytest.mark.parametrize(
    ("settings", "step", "expected"),
    [
        ({"schedule": "constant"}, 123, 1.0),
        ({"schedule": "exponential", "decay": 0.5}, 99, 1.0),
        ({"schedule": "exponential", "decay": 0.5}, 200, 0.25),
        ({"decay": 0.5, "decay_epochs": 4}, 399, 1.0),
        ({"decay": 0.5, "decay_epochs": 4}, 800, 0.25),
        ({"decay": 0.5, "decay_steps": 30}, 29, 1.0),
        ({"decay": 0.5, "decay_steps": 30}, 60, 0.25),
        ({"decay": 1.0, "halve_epochs": 5}, 499, 1.0),
        ({"decay": 0.9, "halve_epochs": 5}, 500, 0.5 * 0.9**4),
        ({"schedule": "cosine"}, 0, 1.0),
        ({"schedule": "cosine"}, 500, 0.5),
        ({"schedule": "cosine"}, 1000, 0.0),
        ({"schedule": "constant", "warmup_steps": 10}, 4, 0.5),
        ({"schedule": "constant", "warmup_steps": 10}, 10, 1.0),
    ],
)
def test_learning_rates_by_hand(settings, step, expected):
    config = OptimiserConfig(learning_rate=1.0, **settings)
    assert learning_rate(config, step, steps_per_epoch=100, epochs=10) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"schedule": "cosine", "decay": 0.5}, "decay"),
        ({"schedule": "constant", "halve_epochs": 5}, "halve_epochs"),
        ({"decay_steps": 100, "decay_epochs": 2}, "decay_epochs"),
        ({"decay_steps": 100, "halve_epochs": 5}, "halve_epochs"),
        ({"halve_epochs": 5, "decay_epochs": 2}, "decay_epochs"),
    ],
)
def test_a_setting_that_has_no_effect_is_refused(settings, name):
    with pytest.raises(InputError, match=f"optimiser.{name} must be left out with"):
        OptimiserConfig(**settings)


def test_momentum_falls_exponentially_from_the_first_to_the_last_epoch():
    network = torch.nn.BatchNorm1d(1)
    for epoch in range(5):
        set_batch_norm_momentum(network, OptimiserConfig(batch_norm_momentum=(0.1, 0.001)), epoch, 5)
        assert network.momentum == pytest.approx(0.1 * 10 ** (-epoch / 2))
    untouched = torch.nn.BatchNorm1d(1)
    set_batch_norm_momentum(untouched, OptimiserConfig(), 0, 5)
    assert untouched.momentum == 0.1

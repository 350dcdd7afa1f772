import pytest

from ampose.errors import InputError
from ampose.training.config import OptimiserConfig
from ampose.training.schedule import learning_rate


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
def test_hand_worked_values(settings, step, expected):
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

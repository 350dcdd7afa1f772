"""The torchmetrics classes: any batches, mixed actions, several processes, and no torchmetrics at all."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ampose.errors import InputError
from ampose.poses.geometry import root_relative
from ampose.poses.metrics import metrics
from ampose.poses.metrics.position import mpjpe, p_mpjpe
from ampose.poses.metrics.streaming import ActionMetric, PoseMetric
from ampose.poses.metrics.velocity import mpjve

ACTIONS = ["sit", "sit down", "walk"]
COUNT = 23
UNEVEN = [slice(0, 1), slice(1, 11), slice(11, 13), slice(13, COUNT)]


@pytest.fixture
def data() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Root-relative poses; every action has errors of another size, and batches mix actions."""
    generator = np.random.default_rng(0)
    action = torch.from_numpy(generator.integers(0, 3, COUNT))
    target = torch.from_numpy(generator.normal(size=(COUNT, 17, 3)))
    noise = torch.from_numpy(generator.normal(size=(COUNT, 17, 3)))
    predicted = target + 0.05 * (1 + 3 * action[:, None, None]) * noise
    return root_relative(predicted, 0), root_relative(target, 0), action


@pytest.mark.parametrize("name", [entry.name for entry in metrics.entries() if not entry.facts.whole_sequence])
def test_uneven_batches_give_what_all_at_once_gives(name: str, data: tuple[torch.Tensor, ...]) -> None:
    predicted, target, _ = data
    metric = PoseMetric(name)
    for batch in UNEVEN:
        metric.update(predicted[batch], target[batch])
    assert metric.compute().item() == pytest.approx(
        metrics.get(name).target(predicted, target).mean().item(), abs=1e-12
    )


def test_mixed_actions_are_credited_to_their_own_action(data: tuple[torch.Tensor, ...]) -> None:
    predicted, target, action = data
    metric = ActionMetric("p_mpjpe", actions=ACTIONS)
    for batch in UNEVEN:
        metric.update(predicted[batch], target[batch], action[batch])
    values = p_mpjpe(predicted, target)
    expected = {name: values[action == index].mean().item() for index, name in enumerate(ACTIONS)}
    assert metric.by_action() == pytest.approx(expected, abs=1e-12)
    assert metric.compute().item() == pytest.approx(np.mean(list(expected.values())), abs=1e-12)
    assert abs(metric.compute().item() - values.mean().item()) > 1e-4  # the two means are not the same thing


def test_an_action_that_was_not_seen_does_not_count(data: tuple[torch.Tensor, ...]) -> None:
    predicted, target, action = data
    metric = ActionMetric("mpjpe", actions=[*ACTIONS, "swim"])
    metric.update(predicted, target, action)
    assert list(metric.by_action()) == ACTIONS
    assert metric.compute().item() == pytest.approx(np.mean(list(metric.by_action().values())))


def test_whole_sequences_weigh_by_their_steps(data: tuple[torch.Tensor, ...]) -> None:
    predicted, target, _ = data
    metric = PoseMetric("mpjve")
    parts = [slice(0, 5), slice(5, COUNT)]
    for part in parts:
        metric.update(predicted[part], target[part])
    expected = torch.cat([mpjve(predicted[part], target[part]) for part in parts]).mean()
    assert metric.compute().item() == pytest.approx(expected.item(), abs=1e-12)


def test_the_root_convention_is_applied(data: tuple[torch.Tensor, ...]) -> None:
    predicted, target, _ = data
    shifted = predicted + 0.25
    kept, subtracted = PoseMetric("mpjpe", root="keep"), PoseMetric("mpjpe", root="subtract")
    kept.update(shifted, target)
    subtracted.update(shifted, target)
    assert kept.compute().item() == pytest.approx(mpjpe(shifted, target).mean().item())
    assert subtracted.compute().item() == pytest.approx(mpjpe(predicted, target).mean().item())


def test_reset_forgets(data: tuple[torch.Tensor, ...]) -> None:
    predicted, target, _ = data
    metric = PoseMetric("mpjpe")
    metric.update(predicted + torch.randn(3), target * 2)
    metric.reset()
    metric.update(target, target)
    assert metric.compute().item() == 0


def test_an_unknown_metric_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="did you mean 'mpjpe'"):
        PoseMetric("mpjp")


def test_two_processes_give_the_result_of_one(data: tuple[torch.Tensor, ...], tmp_path: Path) -> None:
    predicted, target, action = data
    torch.save(data, tmp_path / "data.pt")
    program = [sys.executable, str(Path(__file__).with_name("gloo_rank.py"))]
    ranks = [
        subprocess.Popen(
            [*program, str(rank), "2", str(tmp_path / "meeting"), str(tmp_path / "data.pt")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip
    outputs = [process.communicate(timeout=120) for process in ranks]
    assert [process.returncode for process in ranks] == [0, 0], outputs
    values = mpjpe(predicted, target)
    by_action = np.mean([values[action == index].mean().item() for index in range(3)])
    for printed, _ in outputs:
        by_frame, mean_of_actions = json.loads(printed.splitlines()[-1])
        assert by_frame == pytest.approx(p_mpjpe(predicted, target).mean().item(), abs=1e-12)
        assert mean_of_actions == pytest.approx(by_action, abs=1e-12)


def test_without_torchmetrics_the_functions_work_and_the_classes_say_what_to_install() -> None:
    """In a process of its own in which torchmetrics cannot be imported."""
    code = """
import sys
sys.modules["torchmetrics"] = None
from ampose.poses.metrics import metrics
assert metrics.names(), metrics.names()
import ampose.evaluation, ampose.poses.metrics.streaming
try:
    ampose.poses.metrics.streaming.PoseMetric
except ImportError as error:
    print(type(error).__name__, error)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("MissingExtraError")
    assert "pip install 'ampose[evaluate]'" in result.stdout

"""Golden outputs and parameter statistics: a network does not change without someone saying so.

What was recorded is in golden.json beside this file. After a change that is meant, run this file as a script: it
writes the record anew.
"""

import json
from pathlib import Path

import pytest
import torch
from tests.models.tiny import create_tiny, without_twins

from ampose.models import find_model, list_models

RECORD = Path(__file__).with_name("golden.json")
GOLDEN = json.loads(RECORD.read_text()) if RECORD.exists() else {}


def ours():
    """The models of this package in their sizes; "ampose" is "ampose-full". Those over time are tiny."""
    return without_twins(
        name
        for name in list_models()
        if find_model(name).network.__module__.startswith("ampose.models.") and name != "ampose"
    )


def describe(name):
    """Parameters: how many, their mean size and spread. Answer to a fixed pose: one number a joint."""
    torch.manual_seed(0)
    network = create_tiny(name)
    values = torch.cat([parameter.detach().flatten() for parameter in network.parameters()]).double()
    joints = network.skeleton.num_joints
    window = network.receptive_field * joints * 2
    pose = torch.sin(torch.arange(1.0, window + 1)).reshape(1, network.receptive_field, joints, 2)
    with torch.no_grad():
        answer = network.eval()(pose)[0, 0].sum(dim=-1)
    return {
        "parameters": len(values),
        "mean_size": values.abs().mean().item(),
        "spread": values.std().item(),
        "answer": [round(value, 6) for value in answer.tolist()],
    }


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_network_is_the_one_that_was_recorded(name):
    now = describe(name)
    assert now["parameters"] == GOLDEN[name]["parameters"]
    assert now["mean_size"] == pytest.approx(GOLDEN[name]["mean_size"], rel=1e-6)
    assert now["spread"] == pytest.approx(GOLDEN[name]["spread"], rel=1e-6)
    assert now["answer"] == pytest.approx(GOLDEN[name]["answer"], rel=1e-3, abs=1e-4)


def test_every_model_of_the_package_is_recorded():
    assert sorted(GOLDEN) == ours(), "run this file as a script"


if __name__ == "__main__":
    RECORD.write_text(json.dumps({name: describe(name) for name in ours()}, indent=1) + "\n")

"""What a body can do and what it cannot."""

import pytest
import torch
from torch import Tensor

from ampose.data.synthesis.anatomy import is_possible

from .bodies import SKELETON, standing


def moved(joints: dict[str, tuple[float, float, float]]) -> Tensor:
    """A standing body with some joints elsewhere."""
    body = standing(1)
    for joint, place in joints.items():
        body[0, SKELETON.index(joint)] = torch.tensor(place)
    return body


@pytest.mark.parametrize(
    ("joints", "possible"),
    [
        pytest.param({}, True, id="standing"),
        pytest.param({"left_wrist": (-0.05, 0.2, 1.2), "left_elbow": (-0.3, 0.02, 1.2)}, True, id="hand on the belly"),
        pytest.param({"left_wrist": (0.0, 0.0, 1.25)}, False, id="wrist inside the trunk"),
        pytest.param({"left_wrist": (0.0, 0.02, 1.66)}, False, id="wrist inside the head"),
        pytest.param({"left_knee": (-0.1, 0.43, 1.0), "left_ankle": (-0.1, 0.45, 0.55)}, True, id="knee lifted"),
        pytest.param({"left_knee": (-0.1, -0.43, 1.0), "left_ankle": (-0.1, -0.5, 1.4)}, False, id="thigh backward"),
        pytest.param({"left_knee": (0.3, 0.0, 0.75), "left_ankle": (0.4, 0.0, 0.3)}, False, id="thigh far across"),
        pytest.param({"left_ankle": (0.11, 0.0, 0.2)}, False, id="one shin through the other"),
        pytest.param({"left_wrist": (-0.11, 0.02, 0.72), "left_elbow": (-0.11, 0.02, 1.05)}, False, id="hand in thigh"),
    ],
)
def test_impossible_poses_are_told(joints: dict[str, tuple[float, float, float]], *, possible: bool) -> None:
    assert is_possible(moved(joints), SKELETON).item() is possible


def test_where_somebody_stands_and_looks_does_not_matter() -> None:
    bodies = torch.cat([moved({}), moved({"left_wrist": (0.0, 0.0, 1.25)})])
    quarter = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    assert is_possible(bodies @ quarter.T + torch.tensor([3.0, -7, 1]), SKELETON).tolist() == [True, False]

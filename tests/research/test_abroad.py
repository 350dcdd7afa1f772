"""Kinds of poses, and the score by which weights are chosen."""

import numpy as np
import pytest
import torch
from research.abroad import FOREIGN, SAME_DEFINITIONS, SEEN, Errors, pose_kinds, score

from ampose.poses.skeletons import get_skeleton

from ..data.synthesis.bodies import standing

SKELETON = get_skeleton("human36m_17")


def move(pose: torch.Tensor, joint: str, place: tuple[float, float, float]) -> None:
    pose[SKELETON.index(joint)] = torch.tensor(place)


def test_kinds_of_poses() -> None:
    """The body faces y."""
    world = standing(5)
    for joint, reach in (("elbow", 0.28), ("wrist", 0.53)):
        move(world[1], f"left_{joint}", (-0.18, reach, 1.46))
        move(world[2], f"right_{joint}", (0.18 + reach, 0.0, 1.46))
    for side, x in (("left", -0.1), ("right", 0.1)):
        move(world[3], f"{side}_knee", (x, 0.42, 0.98))
        move(world[3], f"{side}_ankle", (x, 0.42, 0.55))
    world[4] = world[4][:, [0, 2, 1]]  # lies on its back
    kinds = pose_kinds(world, SKELETON)
    found = [[kind for kind, chosen in kinds.items() if chosen[row]] for row in range(5)]
    assert found == [["other"], ["arms forward"], ["arms sideways"], ["sitting"], ["floor"]]


def test_the_score_is_of_foreign_sets_alone_and_takes_mpjpe_where_joints_are_defined_alike() -> None:
    values = {name: {seen: {"mpjpe": 100.0, "p_mpjpe": 50.0} for seen in SEEN} for name in (*FOREIGN, "CMU held out")}
    assert score({"sets": values}) == 75.0
    for name in set(FOREIGN) - set(SAME_DEFINITIONS):
        values[name]["exact"]["mpjpe"] = 1000.0
    values["CMU held out"]["exact"] = {"mpjpe": 1000.0, "p_mpjpe": 1000.0}
    assert score({"sets": values}) == 75.0


def test_expected_errors_are_compared_without_the_root() -> None:
    joint = np.array([[0.0, 10.0, 20.0], [0.0, 30.0, 40.0]])
    errors = Errors(joint, aligned=np.array([1.0, 2.0]), expected=joint / 2 + np.array([99.0, 0.0, 0.0]))
    found = errors.expectation(0)
    assert found["rank_correlation"] == pytest.approx(1.0)
    assert found["correlation"] == pytest.approx(1.0)
    assert (found["expected_mm"], found["true_mm"]) == (12.5, 25.0)
    assert errors.row(np.array([False, True]))["p_mpjpe"] == 2.0

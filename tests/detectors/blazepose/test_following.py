"""Who is new, who is the same, and where a scene ends, against cases worked out by hand."""

import numpy as np
import pytest

from ampose.detectors.blazepose.following import distinct, newcomers
from ampose.detectors.blazepose.regions import Regions


def test_a_region_near_a_known_one_is_nobody_new():
    known = Regions(np.array([[100.0, 100.0]]), np.array([200.0]), np.zeros(1))
    found = Regions(np.array([[110.0, 105.0], [160.0, 100.0]]), np.array([180.0, 90.0]), np.zeros(2))
    assert newcomers(found, known).centre.tolist() == [[160, 100]]
    assert len(newcomers(found, found[:0])) == 2


def test_of_two_poses_of_one_person_the_surer_stays():
    pose = np.random.default_rng(0).uniform(0, 100, (33, 2))
    points = np.stack([pose, pose + 3, pose + np.array([90, 0])])
    size = np.full(3, 125.0)
    assert distinct(points, size, np.array([0.6, 0.9, 0.7]), np.zeros(3, dtype=int)).tolist() == [1, 2]


def test_somebody_made_of_the_limbs_of_two_is_nobody():
    rng = np.random.default_rng(0)
    left, right = rng.uniform(0, 100, (33, 2)), rng.uniform(0, 100, (33, 2)) + np.array([60, 0])
    mixed = np.where(np.arange(33)[:, None] % 2, left, right) + 2
    sure, nobody = np.array([0.9, 0.9, 0.8]), np.ones(3, dtype=int)
    assert distinct(np.stack([left, right, mixed]), np.full(3, 125.0), sure, nobody).tolist() == [0, 1]


@pytest.mark.parametrize(("size", "new", "expected"), [(125, True, [0]), (60, True, [0, 1]), (125, False, [0, 1])])
def test_a_newcomer_within_somebody_is_that_body_unless_it_is_a_child(size, new, expected):
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(0, 100, (33, 2)), rng.uniform(30, 70, (33, 2))])
    rank = np.array([0, int(new)])
    assert distinct(points, np.array([125.0, size]), np.array([0.8, 0.9]), rank).tolist() == expected


def test_who_is_followed_comes_before_a_surer_newcomer():
    pose = np.random.default_rng(0).uniform(0, 100, (33, 2))
    rank = np.array([0, 1])
    assert distinct(np.stack([pose, pose + 3]), np.full(2, 125.0), np.array([0.6, 0.9]), rank).tolist() == [0]


def test_nobody_is_nobody():
    assert distinct(np.zeros((0, 33, 2)), np.zeros(0), np.zeros(0), np.zeros(0, dtype=int)).tolist() == []

"""In which order points are: told of people, not of points that are none."""

import numpy as np
from tests.walkers import bodies_px

from ampose.poses.skeletons import find_mapping, get_skeleton
from ampose.poses.skeletons.joint_order import is_coco, likelier

OWN, COCO = get_skeleton("human36m_17"), get_skeleton("coco_17")


def test_a_person_in_cocos_order_is_told(coco: np.ndarray) -> None:
    assert is_coco(coco, OWN)
    assert np.mean([is_coco(frame[None], OWN) for frame in coco]) > 0.9
    assert not is_coco(find_mapping(COCO, OWN).map_points(coco), OWN)


def test_nobody_is_not_told() -> None:
    assert not is_coco(np.full((3, 17, 2), np.nan), OWN)
    assert not is_coco(np.zeros((0, 17, 2)), OWN)
    assert not is_coco(np.full((3, 17, 2), 7.0), OWN)
    assert not is_coco(np.zeros((3, 16, 2)), get_skeleton("human36m_16"))


def test_other_points_are_hardly_ever_taken_for_coco(rng: np.random.Generator) -> None:
    bodies, chance = bodies_px(500), rng.uniform(0, 1000, (2000, 17, 2))
    assert not any(is_coco(frame[None], OWN) for frame in bodies)
    assert np.mean([is_coco(frame[None], OWN) for frame in chance]) <= 0.001


def test_missing_points_are_left_out(coco: np.ndarray) -> None:
    coco = coco.copy()
    coco[:, [3, 4, 15, 16]] = np.nan
    assert is_coco(coco, OWN)


def test_bones_tell_which_is_likelier() -> None:
    bodies = bodies_px(20)
    assert likelier(bodies, COCO, OWN, below=0.75) is OWN
    assert likelier(bodies, OWN, COCO, below=0.75) is OWN
    assert likelier(np.full((1, 17, 2), np.nan), COCO, OWN, below=0.75) is COCO

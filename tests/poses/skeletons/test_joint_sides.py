"""Names and pairs say the same of every known skeleton."""

import pytest

from ampose.poses.skeletons import get_skeleton, list_skeletons
from ampose.poses.skeletons.joint_sides import pairs_among, sides_of, stem_of


@pytest.mark.parametrize("name", list_skeletons())
def test_names_and_pairs_agree(name):
    skeleton = get_skeleton(name)
    assert sorted(pairs_among(skeleton.joints)) == sorted(map(tuple, skeleton.pairs))
    for joint in skeleton.joints:
        side = skeleton.side_of(joint)
        assert joint == (stem_of(joint) if side == "middle" else sides_of(stem_of(joint))[side == "right"])


def test_a_left_joint_alone_makes_no_pair():
    assert pairs_among(["left_hip", "right_knee", "left_knee", "leftover"]) == [("left_knee", "right_knee")]

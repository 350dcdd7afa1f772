"""The skeletons known by name, against tables of their publishers written down here a second time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ampose.errors import InputError
from ampose.poses.geometry import mirror
from ampose.poses.skeletons import Skeleton, get_skeleton, list_skeletons, register_skeleton

PUBLISHED = {
    "human36m_17": "hip right_hip right_knee right_ankle left_hip left_knee left_ankle spine thorax neck_nose head "
    "left_shoulder left_elbow left_wrist right_shoulder right_elbow right_wrist",
    "human36m_16": "hip right_hip right_knee right_ankle left_hip left_knee left_ankle spine thorax head "
    "left_shoulder left_elbow left_wrist right_shoulder right_elbow right_wrist",
    "mpi_inf_3dhp_28": "spine3 spine4 spine2 spine hip neck head head_top left_clavicle left_shoulder left_elbow "
    "left_wrist left_hand right_clavicle right_shoulder right_elbow right_wrist right_hand left_hip left_knee "
    "left_ankle left_foot left_toe right_hip right_knee right_ankle right_foot right_toe",
    "mpi_inf_3dhp_17": "head_top neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist "
    "right_hip right_knee right_ankle left_hip left_knee left_ankle hip spine head",
    "coco_17": "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow "
    "left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle",
    "blazepose_33": "nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer left_ear "
    "right_ear left_mouth right_mouth left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist "
    "left_pinky right_pinky left_index right_index left_thumb right_thumb left_hip right_hip left_knee right_knee "
    "left_ankle right_ankle left_heel right_heel left_foot_index right_foot_index",
    "halpe_26": "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow "
    "left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle head neck hip "
    "left_big_toe right_big_toe left_small_toe right_small_toe left_heel right_heel",
    "openpose_18": "nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist right_hip "
    "right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear",
    "body_25": "nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist hip right_hip "
    "right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear left_big_toe "
    "left_small_toe left_heel right_big_toe right_small_toe right_heel",
    "body_25b": "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow "
    "left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle upper_neck head "
    "left_big_toe left_small_toe left_heel right_big_toe right_small_toe right_heel",
}

HUMAN36M = {
    "human36m_17": {
        "parents": [0, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15],
        "hops": [0, 1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 3, 4, 5, 3, 4, 5],
        "left": [4, 5, 6, 11, 12, 13],
        "right": [1, 2, 3, 14, 15, 16],
    },
    "human36m_16": {
        "parents": [0, 0, 1, 2, 0, 4, 5, 0, 7, 8, 8, 10, 11, 8, 13, 14],
        "hops": [0, 1, 2, 3, 1, 2, 3, 1, 2, 3, 3, 4, 5, 3, 4, 5],
        "left": [4, 5, 6, 10, 11, 12],
        "right": [1, 2, 3, 13, 14, 15],
    },
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_joints_are_in_the_published_order(name: str) -> None:
    assert get_skeleton(name).joints == tuple(PUBLISHED[name].split())


def test_every_known_skeleton_has_a_published_order_here() -> None:
    from ampose.poses.skeletons.known import KNOWN

    assert {skeleton.name for skeleton in KNOWN} == set(PUBLISHED)


@pytest.mark.parametrize("name", HUMAN36M)
def test_human36m_is_the_field_s(name: str) -> None:
    skeleton, facts = get_skeleton(name), HUMAN36M[name]
    assert skeleton.root_index == 0
    assert skeleton.parent_indices.tolist() == facts["parents"]
    assert skeleton.hops.tolist() == facts["hops"]
    for side in ("left", "right"):
        assert [i for i, joint in enumerate(skeleton.joints) if skeleton.side_of(joint) == side] == facts[side]
    order = skeleton.flip_order
    assert order[facts["left"]].tolist() == facts["right"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_pairs_are_exactly_the_joints_named_left_and_right(name: str) -> None:
    skeleton = get_skeleton(name)
    lefts = {joint for joint in skeleton.joints if joint.startswith("left_")}
    assert set(skeleton.pairs) == {(joint, joint.replace("left", "right", 1)) for joint in lefts}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_mirror_image_of_a_body_is_a_body(name: str) -> None:
    """The tree stays the same tree when left and right change places."""
    skeleton = get_skeleton(name)
    order = skeleton.flip_order
    np.testing.assert_array_equal(skeleton.adjacency[order][:, order], skeleton.adjacency)
    assert order[skeleton.root_index] == skeleton.root_index


@given(st.sampled_from(sorted(PUBLISHED)), st.integers(0, 2**32 - 1), st.integers(0, 4), st.integers(2, 3))
def test_mirroring_twice_gives_any_points_back(name: str, seed: int, frames: int, axes: int) -> None:
    skeleton = get_skeleton(name)
    points = np.random.default_rng(seed).normal(size=(frames, skeleton.num_joints, axes))
    np.testing.assert_array_equal(mirror(mirror(points, skeleton.flip_order), skeleton.flip_order), points)


def test_a_skeleton_is_found_by_name_and_passes_through_as_itself() -> None:
    coco = get_skeleton("coco_17")
    assert get_skeleton(coco) is coco
    assert "coco_17" in list_skeletons()


def test_an_unknown_name_raises_with_the_nearest() -> None:
    with pytest.raises(InputError, match="skeleton must be a known name, got 'coco17'; did you mean 'coco_17'"):
        get_skeleton("coco17")


def test_registering_an_equal_skeleton_again_changes_nothing() -> None:
    coco = get_skeleton("coco_17")
    register_skeleton(Skeleton.from_dict(coco.as_dict()))
    assert get_skeleton("coco_17") is coco


def reordered(skeleton: Skeleton) -> Skeleton:
    return Skeleton(skeleton.name, dict(sorted(skeleton.parents.items())), skeleton.pairs)


def without_pairs(skeleton: Skeleton) -> Skeleton:
    return Skeleton(skeleton.name, skeleton.parents)


@pytest.mark.parametrize("change", [reordered, without_pairs])
def test_another_skeleton_of_a_known_name_is_refused(change) -> None:
    with pytest.raises(InputError, match="skeleton coco_17 must be defined once"):
        register_skeleton(change(get_skeleton("coco_17")))

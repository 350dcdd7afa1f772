"""Which points are which joints."""

import numpy as np
import pytest

from ampose.errors import InputError
from ampose.files.keypoints.joints import layout_by_names, layout_by_number, plain_name
from ampose.poses.skeletons import get_skeleton, list_skeletons


@pytest.mark.parametrize(
    ("written", "joint"),
    [
        ("left_hip", "left_hip"),
        ("LHip", "left_hip"),
        ("LeftHip", "left_hip"),
        ("leftHip", "left_hip"),
        ("l_hip", "left_hip"),
        ("hip_l", "left_hip"),
        ("hip.L", "left_hip"),
        ("Left Hip", "left_hip"),
        ("LEFT-HIP", "left_hip"),
        ("hip left", "left_hip"),
        ("LBigToe", "left_big_toe"),
        ("RSmallToe", "right_small_toe"),
        ("MidHip", "hip"),
        ("pelvis", "hip"),
        ("Nose", "nose"),
        ("left_eye_inner", "left_eye_inner"),
        ("mouth_left", "left_mouth"),
        ("lip", "lip"),
        ("rear", "rear"),
    ],
)
def test_names_are_read_however_they_are_written(written: str, joint: str) -> None:
    assert plain_name(written) == joint


@pytest.mark.parametrize("name", sorted({*list_skeletons()} - {"test_one", "test_two"}))
def test_a_known_skeleton_is_found_by_its_own_names_in_any_order(name: str) -> None:
    skeleton = get_skeleton(name)
    order = np.random.default_rng(0).permutation(skeleton.num_joints)
    layout = layout_by_names([skeleton.joints[place] for place in order])
    assert layout.skeleton.num_joints == skeleton.num_joints
    rows = np.arange(3.0 * skeleton.num_joints).reshape(-1, 3)
    np.testing.assert_array_equal(layout.place(rows[order]), rows)


def test_a_skeleton_that_is_named_may_lack_joints() -> None:
    coco = get_skeleton("coco_17")
    names = [joint for joint in coco.joints if "ear" not in joint and "eye" not in joint]
    with pytest.raises(InputError, match="nearest is coco_17, without left_eye, right_eye, left_ear, right_ear"):
        layout_by_names(names)
    placed = layout_by_names(names, coco).place(np.ones((13, 3)))
    lost = [joint for joint, row in zip(coco.joints, placed, strict=True) if np.isnan(row).any()]
    assert lost == ["left_eye", "right_eye", "left_ear", "right_ear"]


def test_too_few_joints_are_another_skeleton() -> None:
    with pytest.raises(InputError, match="named as joints of coco_17, got 2 of 17"):
        layout_by_names(["nose", "left_eye", "tail"], get_skeleton("coco_17"))


def test_as_many_points_as_joints_are_in_order_where_no_name_says_otherwise() -> None:
    """MMPose calls Human3.6M's hip "root" and its ankles "foot"."""
    skeleton = get_skeleton("human36m_17")
    names = ["root" if joint == "hip" else joint.replace("ankle", "foot") for joint in skeleton.joints]
    assert list(layout_by_names(names, skeleton).columns) == list(range(17))
    swapped = [names[1], names[0], *names[2:]]
    assert list(layout_by_names(swapped, skeleton).columns) == [1, 0, 2, None, 4, 5, None, *range(7, 17)]


def test_two_points_of_one_name() -> None:
    with pytest.raises(InputError, match="points must have a name each"):
        layout_by_names(["left_hip", "LHip"])


def test_a_number_of_points_that_nobody_has() -> None:
    with pytest.raises(InputError, match=r"17, 18, 25, 26, 33, 133 or 136 points for the skeleton to be known, got 16"):
        layout_by_number(16)

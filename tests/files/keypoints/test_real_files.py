"""Files that other programs really wrote (real/README.md): the people in them have the shape of people."""

from pathlib import Path

import numpy as np
import pytest

import ampose
from ampose.files.keypoints import read_keypoints
from ampose.poses.pose import Pose2D
from ampose.poses.skeletons import find_mapping, get_skeleton
from ampose.poses.skeletons.joint_order import likelier

REAL = Path(__file__).parent / "real"


def people(name: str) -> list[Pose2D]:
    return [track.pose2d for track in read_keypoints(REAL / name, image_size=(1088, 1920))]


def at(pose: Pose2D, joint: str, frame: int = 0) -> np.ndarray:
    return pose.keypoints[frame, pose.skeleton.index(joint)]


@pytest.mark.parametrize(
    ("name", "skeleton", "count", "frames"),
    [("openpose_body_25b", "body_25b", 2, 1), ("alphapose-results.json", "halpe_26", 1, 2)],
)
def test_the_joints_are_where_a_standing_person_has_them(name, skeleton, count, frames) -> None:
    poses = people(name)
    assert [(pose.skeleton.name, len(pose)) for pose in poses] == [(skeleton, frames)] * count
    for pose in poses:
        for side in ("left", "right"):
            legs = [at(pose, f"{side}_{joint}")[1] for joint in ("shoulder", "hip", "knee", "ankle")]
            heights = np.array([at(pose, "head")[1], *legs])
            assert (np.diff(heights[np.isfinite(heights)]) > 0).all(), "the picture's y points down"


def test_what_openpose_wrote_is_what_comes_back() -> None:
    balancing, sitting = people("openpose_body_25b")
    np.testing.assert_allclose(at(balancing, "left_wrist"), [626.202, 878.586], rtol=1e-6)
    assert balancing.confidence[0, 0] == pytest.approx(0.665946)
    lost = [joint for joint in sitting.skeleton.joints if np.isnan(at(sitting, joint)).any()]
    assert lost == ["right_shoulder", "right_hip", "right_heel"]


def test_alphapose_keeps_the_id_of_its_tracker_and_its_scores() -> None:
    (track,) = read_keypoints(REAL / "alphapose-results.json", image_size=(1088, 1920))
    assert track.id == 0
    np.testing.assert_allclose(at(track.pose2d, "right_heel", 1), [27.631365, 1177.033], rtol=1e-6)
    assert track.pose2d.confidence[1, -1] == pytest.approx(0.7541938)


def test_mmpose_writes_a_video_and_a_picture_alike() -> None:
    (video,) = read_keypoints(REAL / "mmpose-video.json", image_size=(720, 1280))
    (picture,) = read_keypoints(REAL / "mmpose-picture.json", image_size=(720, 1280))
    assert video.pose2d.skeleton.name == picture.pose2d.skeleton.name == "coco_17"
    assert (len(video.pose2d), len(picture.pose2d)) == (2, 1)
    np.testing.assert_array_equal(video.pose2d.keypoints[0], picture.pose2d.keypoints[0])
    np.testing.assert_allclose(at(video.pose2d, "nose"), [256.83456, 313.37], rtol=1e-6)
    heights = [at(video.pose2d, f"left_{joint}")[1] for joint in ("ear", "shoulder", "hip", "knee", "ankle")]
    assert heights == sorted(heights)


def test_body_25_is_not_taken_for_body_25b() -> None:
    """The same person in both orders: each is told by its bones; points without a shape are the usual one."""
    usual, other = get_skeleton("body_25"), get_skeleton("body_25b")
    (person, _) = people("openpose_body_25b")
    points = {joint: at(person, joint) for joint in other.joints}
    points |= {"neck": (points["left_shoulder"] + points["right_shoulder"]) / 2}
    points |= {"hip": (points["left_hip"] + points["right_hip"]) / 2}
    in_usual, in_other = (np.array([[points[joint] for joint in order.joints]]) for order in (usual, other))
    assert likelier(in_usual, usual, other, below=0.6) is usual
    assert likelier(in_other, usual, other, below=0.6) is other
    assert likelier(np.full((1, 25, 2), np.nan), usual, other, below=0.6) is usual
    assert likelier(np.random.default_rng(0).uniform(0, 500, (20, 25, 2)), usual, other, below=0.6) is usual


def test_a_real_person_is_lifted_upright() -> None:
    lifter = ampose.load_model("ampose-small")
    for name in ("openpose_body_25b", "alphapose-results.json"):
        pose = people(name)[0]
        lifted = lifter.lift(pose)
        height = np.ptp(lifted.positions[0, :, 1])
        assert 1.1 < height < 2.2
        assert find_mapping(pose.skeleton.name, "human36m_17").made_up <= set(lifted.skeleton.joints)

"""Joint angles of poses whose angles are known by construction."""

from dataclasses import replace

import numpy as np
import pytest

from ampose.poses.joint_angles import angle_names, joint_angles
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import get_skeleton
from ampose.processing.ground import level_rotation, upright

SKELETON = get_skeleton("human36m_17")
MIDDLE = {"hip": 0.0, "spine": 0.25, "thorax": 0.5, "neck_nose": 0.6, "head": 0.75}
LIMBS = {"hip": 0.0, "knee": -0.45, "ankle": -0.9, "shoulder": 0.5, "elbow": 0.2, "wrist": -0.05}
FORWARD, BACKWARD, UP, LEFT = np.array([[0, 0, -1], [0, 0, 1], [0, -1, 0], [1, 0, 0]], dtype=float)


def standing() -> dict[str, np.ndarray]:
    """Somebody who faces the camera with hanging arms: the left side has the greater x, y points down."""
    at = {joint: height * UP for joint, height in MIDDLE.items()}
    for side, sign in (("left", 1), ("right", -1)):
        at |= {f"{side}_{joint}": height * UP + 0.2 * sign * LEFT for joint, height in LIMBS.items()}
    return at


def angles(at: dict[str, np.ndarray]) -> dict[str, float]:
    positions = np.array([[at[joint] for joint in SKELETON.joints]])
    pose = Pose3D(positions=positions, confidence=np.ones((1, 17)), skeleton=SKELETON)
    return {name: float(degrees[0]) for name, degrees in joint_angles(pose).items()}


def test_standing_upright_is_zero():
    found = angles(standing())
    assert len(found) == 9
    assert found == pytest.approx(dict.fromkeys(found, 0.0), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "moved", "start", "direction", "degrees"),
    [
        ("left_knee_flexion", "left_ankle", "left_knee", BACKWARD, 90),
        ("right_elbow_flexion", "right_wrist", "right_elbow", FORWARD, 90),
        ("right_hip_flexion", "right_knee", "right_hip", FORWARD, 90),
        ("left_hip_flexion", "left_knee", "left_hip", BACKWARD, -90),
        ("left_shoulder_flexion", "left_elbow", "left_shoulder", FORWARD, 90),
        ("right_shoulder_flexion", "right_elbow", "right_shoulder", UP, 180),
        ("right_shoulder_flexion", "right_elbow", "right_shoulder", UP + 0.1 * BACKWARD, 180 + 5.7106),
    ],
)
def test_one_moved_limb(name, moved, start, direction, degrees):
    at = standing()
    at[moved] = at[start] + 0.3 * direction
    assert angles(at)[name] == pytest.approx(degrees, abs=1e-3)


def test_an_arm_to_the_side_is_neither_forward_nor_backward():
    at = standing()
    at["left_elbow"] = at["left_shoulder"] + 0.3 * LEFT
    found = angles(at)
    assert np.isnan(found["left_shoulder_flexion"])
    assert found["right_shoulder_flexion"] == pytest.approx(0)


def test_lean_is_against_the_vertical_and_turning_the_whole_body_changes_nothing_else(rng):
    at = {joint: point + 0.05 * rng.normal(size=3) for joint, point in standing().items()}
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    turned, still = angles({joint: turn @ point for joint, point in at.items()}), angles(at)
    lean = np.degrees(np.arccos(-(turn @ (at["thorax"] - at["hip"]))[1] / np.linalg.norm(at["thorax"] - at["hip"])))
    assert turned.pop("trunk_lean") == pytest.approx(lean, abs=1e-6)
    still.pop("trunk_lean")
    assert turned == pytest.approx(still, abs=1e-6, nan_ok=True)


def test_missing_joints_are_nan_only_in_their_own_angles():
    at = standing()
    at["left_wrist"] = np.full(3, np.nan)
    lost = [name for name, degrees in angles(at).items() if np.isnan(degrees)]
    assert lost == ["left_elbow_flexion"]


def test_a_skeleton_without_hips_or_thorax_has_fewer_angles():
    assert "trunk_lean" not in angle_names(get_skeleton("coco_17"))


def test_the_trunk_leans_against_the_vertical_that_the_cameras_tilt_tells():
    positions = np.array([[standing()[joint] for joint in SKELETON.joints]])
    level = Pose3D(positions=positions, confidence=np.ones((1, 17)), skeleton=SKELETON)
    seen = replace(level, positions=positions @ level_rotation(22.0), camera_tilt=22.0)  # by rows: level to camera
    assert joint_angles(seen)["trunk_lean"] == pytest.approx(0.0, abs=1e-5)
    assert joint_angles(upright(seen))["trunk_lean"] == pytest.approx(0.0, abs=1e-5)
    assert joint_angles(replace(seen, camera_tilt=None))["trunk_lean"] == pytest.approx(22.0)

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from tests.constant_lengths import constant_length_positions

from ampose.data.cmu.cmu_mocap import read_cmu
from ampose.errors import InputError
from ampose.poses.skeletons import get_skeleton, list_skeletons
from ampose.processing.kinematics import RiggedMotion, rest_direction, shortest_arc, solve

BODY = get_skeleton("human36m_17")
CMU = Path(__file__).parents[2].parent / "shared" / "data" / "cmu-mocap"
Z_UP_TO_Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


def positions_of(motion: RiggedMotion, skeleton) -> np.ndarray:
    return motion.positions[:, [motion.rig.names.index(joint) for joint in skeleton.joints]]


def jumps(motion: RiggedMotion) -> np.ndarray:
    """Degrees by which each joint turns from frame to frame."""
    traces = np.einsum("fjab,fjab->fj", motion.rotations[1:], motion.rotations[:-1])
    return np.degrees(np.arccos(np.clip((traces - 1) / 2, -1, 1)))


def smooth(positions: np.ndarray) -> np.ndarray:
    """True for steps in which no bone swings by more than 20 degrees: some recordings hold marker swaps."""
    ends = positions[:, BODY.bone_indices]
    bones = ends[:, :, 1] - ends[:, :, 0]
    bones /= np.linalg.norm(bones, axis=2, keepdims=True)
    return ((bones[1:] * bones[:-1]).sum(axis=2) > np.cos(np.radians(20))).all(axis=1)


@pytest.mark.parametrize("name", list_skeletons())
def test_rotations_give_back_every_direction(name):
    skeleton = get_skeleton(name)
    positions = np.random.default_rng(3).normal(size=(12, skeleton.num_joints, 3))
    motion = solve(positions, skeleton, fps=30.0)
    assert positions_of(motion, skeleton) == pytest.approx(constant_length_positions(positions, skeleton), abs=1e-9)
    identity = motion.rotations @ motion.rotations.swapaxes(-1, -2)
    assert np.abs(identity - np.eye(3)).max() < 1e-9
    assert np.linalg.det(motion.rotations).min() > 0.999


def beyond(skeleton, joint: int) -> list[int]:
    """Return the joints that hang on this one, near and far."""
    found = [joint]
    for other in skeleton.topological_order:
        if other != joint and skeleton.parent_indices[other] in found:
            found.append(other)
    return found[1:]


def in_t_pose(skeleton) -> np.ndarray:
    """Return a body that stands as at rest, bones 0.3 m long, (joint, 3)."""
    body = np.zeros((skeleton.num_joints, 3))
    for joint in skeleton.topological_order[1:]:
        body[joint] = body[skeleton.parent_indices[joint]] + 0.3 * rest_direction(skeleton, skeleton.joints[joint])
    return body


@pytest.mark.parametrize("name", list_skeletons())
def test_a_body_in_t_pose_is_not_turned(name):
    skeleton = get_skeleton(name)
    motion = solve(in_t_pose(skeleton)[None], skeleton, fps=30.0)
    np.testing.assert_allclose(motion.rotations, np.broadcast_to(np.eye(3), motion.rotations.shape), atol=1e-6)


@pytest.mark.parametrize("name", list_skeletons())
def test_a_body_in_t_pose_has_its_legs_below_its_arms_and_its_feet_before_them(name):
    skeleton = get_skeleton(name)
    body = in_t_pose(skeleton)
    for side in ("left", "right"):
        hip, ankle, wrist = (body[skeleton.index(f"{side}_{joint}")] for joint in ("hip", "ankle", "wrist"))
        assert ankle[1] < hip[1] < wrist[1]
        assert abs(ankle[0]) < abs(wrist[0])
        for toe in {f"{side}_toe", f"{side}_big_toe"} & set(skeleton.joints):
            assert body[skeleton.index(toe), 2] > ankle[2]


@pytest.mark.parametrize("name", list_skeletons())
def test_who_bends_elbows_forward_and_knees_backward_twists_nothing(name):
    """Forearms 60 degrees to the front, shanks 60 degrees to the back, feet with them: no joint turns by more."""
    skeleton = get_skeleton(name)
    body = in_t_pose(skeleton)
    for side, out in (("left", 1.0), ("right", -1.0)):
        for joint, axis in (("elbow", [0, -out, 0]), ("knee", [1, 0, 0])):
            start = skeleton.index(f"{side}_{joint}")
            turn, centre = Rotation.from_rotvec(np.radians(60) * np.array(axis, dtype=float)), body[start].copy()
            for below in beyond(skeleton, start):
                body[below] = centre + turn.apply(body[below] - centre)
    rotations = solve(body[None], skeleton, fps=30.0).rotations[0]
    angles = np.degrees(Rotation.from_matrix(rotations).magnitude())
    assert angles.max() < 61


def test_straight_arm_keeps_its_twist():
    """The elbow bends and straightens while noise decides to which side the straight arm is 'bent'."""
    random, arm = np.random.default_rng(1), np.zeros((90, 17, 3))
    for joint, parent in zip(
        BODY.topological_order[1:], BODY.parent_indices[list(BODY.topological_order[1:])], strict=True
    ):
        side = {"left": 1.0, "right": -1.0, "middle": 0.0}[BODY.side_of(BODY.joints[joint])]
        arm[:, joint] = arm[:, parent] + [0.3 * side, 0.0 if side else 0.3, 0]
    arm += random.normal(scale=0.002, size=arm.shape)
    assert jumps(solve(arm, BODY, fps=30.0)).max() < 25


@pytest.mark.parametrize("fps", [30.0, 120.0])
def test_twist_changes_by_no_more_a_second_at_any_frame_rate(fps):
    """The chest turns round between two frames, as when a detector takes right for left: half a turn asked for."""
    chest = np.zeros((2 * int(fps), 17, 3))
    for joint in BODY.topological_order[1:]:
        side = {"left": 1.0, "right": -1.0, "middle": 0.0}[BODY.side_of(BODY.joints[joint])]
        chest[:, joint] = chest[:, BODY.parent_indices[joint]] + [0.3 * side, 0.0 if side else 0.3, 0]
    chest[len(chest) // 2 :, :, 0] *= -1
    pelvis = jumps(solve(chest, BODY, fps=fps))[:, 0]  # the root comes first in a rig
    assert pelvis.max() * fps == pytest.approx(1440)  # degrees a second


def test_who_spins_twice_a_second_is_followed():
    """A pirouette: the spine stays upright, so the heading is a twist; at the ends its average is one-sided."""
    turns = Rotation.from_rotvec(np.linspace(0, 4 * 2 * np.pi, 121)[:, None] * [0, 1, 0])  # 2 seconds at 60 a second
    spinning = np.stack([turn.apply(in_t_pose(BODY)) for turn in turns])
    pelvis = Rotation.from_matrix(solve(spinning, BODY, fps=60.0).rotations[:, 0])
    assert np.degrees((pelvis * turns.inv()).magnitude())[15:-15].max() < 5


def test_one_frame_with_left_and_right_swapped_turns_nobody_round():
    standing = np.tile(in_t_pose(BODY), (30, 1, 1))
    standing[15, :, 0] *= -1
    rotations = solve(standing, BODY, fps=30.0).rotations[:, 0]
    assert np.degrees(Rotation.from_matrix(rotations).magnitude()).max() < 1


@pytest.mark.parametrize(
    "name", [name for name in list_skeletons() if beyond(get_skeleton(name), get_skeleton(name).index("left_wrist"))]
)
@pytest.mark.parametrize("backward", [-1.0, 1.0])
def test_a_bent_hand_does_not_twist_the_forearm(name, backward):
    """A wrist is no hinge as an elbow is: it bends to the back of the hand, too."""
    skeleton = get_skeleton(name)
    body, wrist = in_t_pose(skeleton), skeleton.index("left_wrist")
    turn = Rotation.from_rotvec([0, backward * np.radians(60), 0])
    for below in beyond(skeleton, wrist):
        body[below] = body[wrist] + turn.apply(body[below] - body[wrist])
    rotations = solve(body[None], skeleton, fps=30.0).rotations[0]
    assert np.degrees(Rotation.from_matrix(rotations).magnitude()).max() < 61


def test_gap_holds_the_last_pose_and_the_start_the_first():
    positions = np.random.default_rng(0).normal(size=(5, 17, 3))
    positions[[0, 3]] = np.nan
    found = positions_of(solve(positions, BODY, fps=30.0), BODY)
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)
    np.testing.assert_allclose(found[3], found[2], atol=1e-12)


def test_joint_that_is_never_there_is_named():
    positions = np.ones((2, 17, 3))
    positions[:, BODY.index("left_wrist")] = np.nan
    with pytest.raises(InputError, match="none with left_wrist"):
        solve(positions, BODY, fps=30.0)


def test_nobody_at_all_is_one_plain_line():
    skeleton = get_skeleton("human36m_17")
    with pytest.raises(InputError, match="got nobody; there is nothing to turn"):
        solve(np.full((3, skeleton.num_joints, 3), np.nan), skeleton, fps=30.0)


def test_half_turn_is_a_rotation():
    turn = shortest_arc(np.array([0, 1.0, 0]), np.array([0, -1.0, 0]))
    assert turn @ [0, 1, 0] == pytest.approx([0, -1, 0])
    assert np.linalg.det(turn) == pytest.approx(1)


@pytest.mark.skipif(not CMU.is_dir(), reason="CMU motion is not in ../shared/data/cmu-mocap")
def test_no_jump_in_real_smooth_motion(tmp_path):
    for trial in sorted(CMU.glob("subjects/*/*.amc"))[::3]:
        folder = tmp_path / "subjects" / trial.parent.name
        if not folder.is_dir():
            folder.mkdir(parents=True)
            (folder / f"{folder.name}.asf").symlink_to(trial.with_name(f"{folder.name}.asf"))
        (folder / trial.name).symlink_to(trial)
    motion = read_cmu(tmp_path)
    steps = 0
    for start, end in pairwise(motion.clip_starts):
        positions = motion.positions[start : min(end, start + 2400) : 2].astype(np.float64) @ Z_UP_TO_Y_UP.T
        calm = smooth(positions)
        steps += calm.sum()
        assert jumps(solve(positions, BODY, fps=60.0))[calm].max() < 60
    assert steps > 1000

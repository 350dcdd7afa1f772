import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ampose.errors import InputError
from ampose.poses.pose import Pose3D
from ampose.poses.reference_frame import CAMERA_ABSOLUTE, ON_FLOOR, ReferenceFrame
from ampose.poses.skeletons import Skeleton
from ampose.processing.ground import (
    ANKLE_HEIGHT_M,
    Floor,
    find_floor,
    floor_from_tilt,
    level_rotation,
    on_floor,
    upright,
)

LEGS = Skeleton(
    "legs",
    {"hip": None, "left_ankle": "hip", "right_ankle": "hip"},
    [("left_ankle", "right_ankle")],
)
FPS = 30.0
STEP_S = 0.6


def steps(seconds: np.ndarray, phase: float) -> np.ndarray:
    """Which step a foot is in, rising smoothly from one whole number to the next in half of the time."""
    cycle = seconds / (2 * STEP_S) + phase
    inside = np.clip(2 * (cycle % 1), 0, 1)
    return np.floor(cycle) + inside * inside * (3 - 2 * inside)


def walk(camera: np.ndarray, height: float, curve: float = 0.5) -> Pose3D:
    """Somebody who walks on the floor, seen by a camera; ``camera`` turns level axes (y down) into its own."""
    seconds = np.arange(240) / FPS
    feet = []
    for phase, side in ((0.0, 0.1), (0.5, -0.1)):
        done = steps(seconds, phase)
        lift = 0.12 * np.sin(np.pi * np.clip(2 * ((seconds / (2 * STEP_S) + phase) % 1), 0, 1))
        x = 0.5 * done - 2 + side * 0
        feet.append(np.stack([x, height - ANKLE_HEIGHT_M - lift, 5 + side + curve * np.sin(done)], axis=1))
    hip = (feet[0] + feet[1]) / 2 - [0, 0.85, 0]
    level = np.stack([hip, *feet], axis=1)
    return Pose3D(
        positions=level @ camera.T,
        confidence=np.ones((240, 3)),
        skeleton=LEGS,
        fps=FPS,
        frame_of_reference=CAMERA_ABSOLUTE,
    )


def angle(a: np.ndarray, b: np.ndarray) -> float:
    return math.degrees(math.acos(float(np.clip(a @ b, -1, 1))))


@pytest.mark.parametrize("tilt", [-10.0, 0.0, 22.0, 40.0])
def test_tilt_is_undone_and_the_feet_stand_at_zero(tilt):
    pose = walk(level_rotation(tilt).T, 1.6)
    floor = floor_from_tilt(pose, tilt)
    assert floor.height == pytest.approx(1.6, abs=1e-3)
    assert floor.camera_tilt == pytest.approx(tilt)
    standing = on_floor(pose, floor)
    assert standing.positions[:, 1:, 1].max() == pytest.approx(-ANKLE_HEIGHT_M, abs=1e-3)


@pytest.mark.parametrize(("tilt", "roll"), [(0.0, 0.0), (22.0, 0.0), (15.0, 8.0), (-5.0, -12.0)])
def test_the_floor_is_found_from_the_feet_whatever_the_cameras_tilt_and_roll(tilt, roll, rng):
    camera = Rotation.from_euler("z", roll, degrees=True).as_matrix() @ level_rotation(tilt).T
    pose = walk(camera, 1.4)
    noisy = Pose3D(**{**vars(pose), "positions": pose.positions + rng.normal(scale=0.002, size=pose.positions.shape)})
    floor = find_floor(noisy)
    assert angle(floor.up, camera @ [0, -1, 0]) < 2.0
    assert floor.height == pytest.approx(1.4, abs=0.05)


def test_feet_that_leave_the_floor_do_not_tilt_it():
    pose = walk(level_rotation(10.0).T, 1.5)
    pose.positions[50:70, 1] = pose.positions[50, 1] + level_rotation(10.0).T @ [0, -0.6, 0]  # on a chair
    floor = find_floor(pose)
    assert angle(floor.up, level_rotation(10.0).T @ [0, -1, 0]) < 1.0


def test_axes_are_level_and_left_stays_left():
    pose = walk(level_rotation(20.0).T, 1.5)
    turned = on_floor(pose, floor_from_tilt(pose, 20.0))
    assert (turned.positions[:, 0, 1] < turned.positions[:, 1:, 1].min(axis=1)).all()
    assert turned.positions[..., 2].mean() == pytest.approx(5.0, abs=0.5)
    before, after = ((one.positions - one.positions[:, :1]).reshape(-1, 3) for one in (pose, turned))
    rotation, _ = Rotation.align_vectors(after, before)
    np.testing.assert_allclose(rotation.apply(before), after, atol=1e-9)
    assert turned.frame_of_reference == ON_FLOOR


def test_pictures_and_files_mean_the_same_tilt():
    pose = walk(level_rotation(20.0).T, 1.5)
    floor = Floor(up=level_rotation(20.0).T @ [0, -1, 0], height=0.0)
    np.testing.assert_allclose(on_floor(pose, floor).positions, upright(pose, 20.0).positions, atol=1e-5)


def test_feet_at_the_floor_where_the_skeleton_has_them():
    foot = Skeleton("foot", {"left_ankle": None, "left_heel": "left_ankle"})
    positions = np.array([[[0, 1.4, 3.0], [0, 1.5, 3.0]]])
    pose = Pose3D(positions=positions, confidence=np.ones((1, 2)), skeleton=foot, frame_of_reference=CAMERA_ABSOLUTE)
    assert floor_from_tilt(pose, 0.0).height == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda pose: find_floor(walk(np.eye(3), 1.5, curve=0.0)[:10]), "span a floor|touched in"),
        (lambda pose: find_floor(Pose3D(**{**vars(pose), "fps": None})), "found from motion, got single images"),
        (lambda pose: floor_from_tilt(pose, 90.0), "between -89 and 89 degrees, got 90"),
        (lambda pose: find_floor(pose[:2]), "must be touched in 8 frames at least"),
        (
            lambda pose: on_floor(
                Pose3D(**{**vars(pose), "frame_of_reference": ReferenceFrame.parse("elsewhere")}),
                Floor(up=-np.eye(3)[1], height=0.0),
            ),
            "origin at the camera, got elsewhere; place it first",
        ),
    ],
)
def test_what_shows_no_floor_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call(walk(np.eye(3), 1.5))


def test_a_standing_person_shows_no_floor():
    pose = walk(np.eye(3), 1.5)
    pose.positions[:] = pose.positions[:1]
    with pytest.raises(InputError, match="must rest in places that span a floor"):
        find_floor(pose)


BODY = Skeleton(
    "body",
    {"hip": None} | {f"{side}_{part}": "hip" for part in ("hip", "shoulder", "ankle") for side in ("left", "right")},
    [(f"left_{part}", f"right_{part}") for part in ("hip", "shoulder", "ankle")],
)


@pytest.mark.parametrize("lean", [0.0, 15.0, 41.0])
def test_a_plane_on_which_the_body_leans_is_no_floor(lean):
    """Feet that were lifted onto a wrong plane fit it well; the trunk above them says that it is wrong."""
    legs = walk(np.eye(3), 1.4)
    hip, left, right = np.moveaxis(legs.positions, 1, 0)
    across, up = np.array([0.15, 0, 0]), np.array([math.sin(math.radians(lean)), -math.cos(math.radians(lean)), 0])
    joints = [hip, hip - across, hip + across, hip - across + 0.5 * up, hip + across + 0.5 * up, left, right]
    pose = Pose3D(
        positions=np.stack(joints, axis=1),
        confidence=np.ones((240, 7)),
        skeleton=BODY,
        fps=FPS,
        frame_of_reference=CAMERA_ABSOLUTE,
    )
    if lean > 25:
        with pytest.raises(InputError, match="on which the body leans by 41 degrees; give the camera's tilt"):
            find_floor(pose)
    else:
        assert angle(find_floor(pose).up, np.array([0.0, -1, 0])) < 2


def test_the_roll_of_the_camera_is_said(rng):
    camera = Rotation.from_euler("z", 8, degrees=True).as_matrix() @ level_rotation(15.0).T
    pose = walk(camera, 1.4)
    floor = find_floor(pose)
    assert floor.camera_roll == pytest.approx(8.0, abs=1.0)
    assert "looks down by 1" in on_floor(pose, floor).provenance["floor"]
    assert ", rolled by " in on_floor(pose, floor).provenance["floor"]


def test_what_is_level_is_not_turned_again():
    pose = walk(level_rotation(20.0).T, 1.5)
    standing = on_floor(pose, floor_from_tilt(pose, 20.0))
    for level in (standing, upright(pose, 20.0)):
        np.testing.assert_array_equal(upright(level, 20.0).positions, level.positions)


@pytest.mark.parametrize("tilt", [91.0, -200.0, math.nan])
def test_a_tilt_that_no_camera_has_is_refused(tilt):
    with pytest.raises(InputError, match="camera tilt must be between -90 and 90 degrees"):
        upright(walk(np.eye(3), 1.5), tilt)

"""The four-camera study's own geometry, on made-up cameras; the real clip is too slow to detect in a test."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ampose.poses.camera import Camera, Intrinsics
from ampose.poses.pose import Pose2D
from ampose.poses.skeletons import find_mapping, get_skeleton

ROOT = Path(__file__).parents[2]
BODY = get_skeleton("blazepose_33")


@pytest.fixture(scope="module")
def study():
    from research import four_cameras

    return four_cameras


def cameras() -> list[Camera]:
    """Four around the origin of a world with z up, 4 m away and 1.5 m up."""
    eye = Intrinsics.from_field_of_view((1000, 1000), 50.0)
    level = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # looks along y
    found = []
    for angle in (10, 100, 190, 280):
        turn = Rotation.from_euler("z", angle, degrees=True).as_matrix()
        found.append(Camera(intrinsics=eye, rotation=level @ turn.T, position=turn @ [0, -4.0, 1.5]))
    return found


@pytest.fixture
def world(rng) -> np.ndarray:
    return rng.normal(loc=(0, 0, 1.2), scale=0.4, size=(6, 33, 3))


def views(study, world, wrong=None) -> list:
    found = []
    for number, camera in enumerate(cameras()):
        pixels = camera.project(camera.to_camera(world))
        if number == wrong:
            pixels[:, 5] += 120.0
        pose = Pose2D.from_array(pixels, skeleton=BODY, image_size=(1000, 1000))
        found.append(study.View(f"v{number}", camera, study.Lens(0, 0, 0, 0), pose))
    return found


def test_cameras_that_were_moved_are_turned_back(study, world):
    """Each was turned by up to a degree since it was calibrated, and the detector is off by a pixel or two."""
    rng, seen = np.random.default_rng(0), views(study, np.tile(world, (10, 1, 1)))
    moved = study._turned(seen, np.deg2rad(rng.uniform(-1, 1, 12)))
    noisy = [
        replace(view, pose=replace(view.pose, keypoints=view.pose.keypoints + rng.normal(0, 1.5, (60, 33, 2))))
        for view in moved
    ]
    before, after = (study.robust_points(some) for some in (noisy, study.turn_cameras(noisy)))
    assert np.nanmedian(before.error_px) > 5
    assert np.nanmedian(after.error_px) < 2.5


def test_points_come_back(study, world):
    reference = study.robust_points(views(study, world))
    np.testing.assert_allclose(reference.points, world, atol=1e-5)
    assert reference.used.all()
    assert reference.error_px.max() < 1e-2
    assert reference.spread.max() < 1e-4


def test_a_view_that_disagrees_is_left_out(study, world):
    reference = study.robust_points(views(study, world, wrong=2))
    np.testing.assert_allclose(reference.points, world, atol=1e-5)
    assert not reference.used[2, :, 5].any()
    assert reference.used.sum() == 6 * (33 * 4 - 1)


def test_a_lens_is_undone(study, rng):
    lens = study.Lens(-0.05, 0.14, 0.001, -0.0005)
    ideal = rng.uniform(-0.5, 0.5, (20, 2))
    x, y = ideal.T
    r2 = x * x + y * y
    radial = 1 + lens.k1 * r2 + lens.k2 * r2 * r2
    seen_x = x * radial + 2 * lens.p1 * x * y + lens.p2 * (r2 + 2 * x * x)
    seen_y = y * radial + lens.p1 * (r2 + 2 * y * y) + 2 * lens.p2 * x * y
    np.testing.assert_allclose(lens.undistort(np.stack([seen_x, seen_y], axis=1)), ideal, atol=1e-7)


def test_a_perfect_lifter_has_no_error_and_a_leaning_one_shows_its_lean(study, world):
    mapping = find_mapping("blazepose_33", "human36m_17")
    body = mapping.map_points(world)
    body -= body[:, :1]
    upright = np.zeros((17, 3))
    upright[mapping.target.index("thorax")] = [0, 0, 0.5]
    upright[mapping.target.index("left_hip")] = [-0.1, 0, 0]  # faces along y
    upright[mapping.target.index("right_hip")] = [0.1, 0, 0]
    true = np.tile(upright, (6, 1, 1))
    bent = true @ Rotation.from_euler("x", -12, degrees=True).as_matrix().T  # towards y
    lifted = study.Lifted(np.stack([true, bent]), true, mapping.target.joints)
    assert study.measure_view(true, lifted)["trunk lean"] == pytest.approx(0)
    assert study.measure_view(bent, lifted)["trunk lean"] == pytest.approx(12)
    same = study.Lifted(np.stack([body, body]), body, mapping.target.joints)
    assert max(study.disagreement(same)) < 1e-6

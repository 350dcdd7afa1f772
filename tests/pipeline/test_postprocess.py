"""Finished poses of two people who walk in front of a known camera: places, a common floor, and what is refused."""

import logging

import numpy as np
import pytest
from tests.walkers import CAMERA, FPS, SIZE, SKELETON, walker

from ampose.errors import InputError
from ampose.pipeline.lift_options import Focal, LiftOptions
from ampose.pipeline.video import postprocess
from ampose.poses.boxes import Box
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.reference_frame import ON_FLOOR
from ampose.processing.ground import upright

HEIGHT_OF_CAMERA = 1.2


def seen_and_lifted(points: np.ndarray, noise_m: float = 0.0) -> tuple[Pose2D, Pose3D]:
    """What a perfect detector sees of a walker, and what a perfect lifter (of average people) makes of it."""
    in_camera = CAMERA.to_camera(points)
    root = in_camera[:, SKELETON.root_index, None]
    restless = np.random.default_rng(0).normal(0, noise_m, points.shape)
    pose2d = Pose2D.from_array(CAMERA.project(in_camera), skeleton=SKELETON, image_size=SIZE, fps=FPS)
    positions = (in_camera - root + restless).astype(np.float32)
    return pose2d, Pose3D(positions=positions, confidence=np.ones(points.shape[:2]), skeleton=SKELETON, fps=FPS)


def pacing(start: tuple[float, float], speed: tuple[float, float], num_frames: int = 90) -> np.ndarray:
    return walker(start, speed, num_frames)


def finish(pairs: list[tuple[Pose2D, Pose3D]], options: LiftOptions) -> list[Pose3D]:
    people = [Person(number, *pair) for number, pair in enumerate(pairs)]
    return [person.pose3d for person in postprocess(people, CAMERA.intrinsics, options)]


@pytest.fixture
def two() -> list[tuple[Pose2D, Pose3D]]:
    return [seen_and_lifted(pacing((-1.0, 4.0), (0.8, 0.1))), seen_and_lifted(pacing((1.0, 6.0), (-0.5, 0.6)))]


def test_nothing_is_done_unasked(two):
    assert finish(two, LiftOptions(smooth="none")) == [pose3d for _, pose3d in two]


@pytest.mark.parametrize("settings", [{"place": True}, {"height": 1.75}, {"ground": "tilt", "camera_tilt": 0.0}])
def test_people_are_placed_within_three_percent(two, settings):
    poses = finish(two, LiftOptions(**settings))
    for (start, speed), pose in zip((((-1.0, 4.0), (0.8, 0.1)), ((1.0, 6.0), (-0.5, 0.6))), poses, strict=True):
        truth = CAMERA.to_camera(pacing(start, speed))
        if settings.get("ground"):
            truth = truth - np.array([0, HEIGHT_OF_CAMERA, 0])
        distance = np.linalg.norm(truth[:, 0], axis=1)
        error = np.linalg.norm((pose.positions - truth)[:, 0], axis=1)
        # A stated height sets the scale by average proportions, which these walkers do not have to the percent.
        assert (error / distance).max() < (0.08 if "height" in settings else 0.03)


def test_the_cameras_tilt_is_told_once(two):
    """Whoever turns the poses upright later needs not be told again; told otherwise, that counts."""
    (pose, _), (plain, _) = (finish(two, LiftOptions(camera_tilt=tilt)) for tilt in (22.5, None))
    np.testing.assert_array_equal(pose.positions, plain.positions)
    np.testing.assert_array_equal(upright(pose).positions, upright(plain, 22.5).positions)
    np.testing.assert_array_equal(upright(pose, 10.0).positions, upright(plain, 10.0).positions)
    assert upright(plain) is plain
    assert pose.provenance["camera_tilt"] == "22.5"


def test_people_stand_on_one_floor(two):
    first, second = finish(two, LiftOptions(ground="tilt", camera_tilt=0.0))
    for pose in (first, second):
        assert pose.frame_of_reference == ON_FLOOR
        ankles = pose.positions[:, [SKELETON.index(f"{side}_ankle") for side in ("left", "right")], 1]
        assert np.abs(ankles).max() < 0.12, "feet are at height 0"
        assert pose.positions[:, SKELETON.index("head"), 1].max() < -1.4, "and heads are above it: y points down"
    assert first.provenance["floor"] == second.provenance["floor"]


def test_a_floor_that_cannot_be_found_is_told_and_the_rest_is_kept(two, caplog):
    """Still pictures: nobody's feet come to rest."""
    stills = [(two[0][0][:1], two[0][1][:1])]
    with caplog.at_level(logging.WARNING):
        (pose,) = finish(stills, LiftOptions(ground="feet"))
    assert "the poses stay in camera axes" in caplog.text
    assert np.isfinite(pose.positions).all()
    assert "origin at the camera" in str(pose.frame_of_reference)


def test_smoothing_comes_last_and_calms_the_whole_way():
    people = [seen_and_lifted(pacing((-1.0, 4.0), (0.8, 0.1)), noise_m=0.02)]
    plain, calm = (finish(people, LiftOptions(place=True, smooth=name))[0] for name in ("none", "butterworth"))
    jitter = [np.abs(np.diff(pose.positions, n=2, axis=0)).mean() for pose in (plain, calm)]
    assert jitter[1] < 0.5 * jitter[0]
    assert "smoothing" in calm.provenance


def test_bones_keep_their_length():
    people = [seen_and_lifted(pacing((-1.0, 4.0), (0.8, 0.1)), noise_m=0.02)]
    (pose,) = finish(people, LiftOptions(constant_bones=True))
    shank = pose.positions[:, SKELETON.index("left_knee")] - pose.positions[:, SKELETON.index("left_ankle")]
    assert np.ptp(np.linalg.norm(shank, axis=1)) < 1e-5


@pytest.mark.parametrize(
    ("options", "field", "message"),
    [
        ({"camera_tilt": 200.0}, "camera_tilt", "camera tilt must be between -90 and 90 degrees, got 200"),
        ({"height": 180.0}, "height", "height must be between 0.3 and 3 metres, got 180"),
        ({"ground": "tilt"}, "camera_tilt", "ground by tilt needs the camera's tilt"),
        ({"min_confidence": 1.0}, "min_confidence", "at least 0 and below 1, got 1"),
        ({"field_of_view": 0.0}, "field_of_view", "field of view must be between 1 and 179 degrees, got 0"),
        ({"field_of_view": 60.0, "focal": Focal(900.0)}, "focal", "must not both be given"),
        ({"person": 1, "box": Box(1.0, 2.0, 3.0, 4.0)}, "box", "must not both be given"),
    ],
)
def test_options_that_cannot_be_are_refused_at_once(options, field, message):
    with pytest.raises(InputError, match=message) as error:
        LiftOptions(**options)
    assert error.value.field == field

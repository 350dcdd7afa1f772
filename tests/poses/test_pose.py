"""Poses over time: what is refused at the boundary, and what slicing keeps."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ampose.errors import InputError
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.reference_frame import CAMERA_ROOT_RELATIVE
from ampose.poses.skeletons import Skeleton, get_skeleton

COCO = get_skeleton("coco_17")
SIZE = (1920, 1080)


def keypoints(frames: int = 4, axes: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1, size=(frames, COCO.num_joints, axes)) * [*SIZE, 1][:axes]


def pose2d(array: np.ndarray) -> Pose2D:
    return Pose2D.from_array(array, skeleton=COCO, image_size=SIZE, fps=25.0, provenance={"source": "made by hand"})


def test_an_array_of_pixels_is_sure_of_every_joint_that_is_there() -> None:
    array = keypoints()
    array[1] = np.nan
    pose = pose2d(array)
    np.testing.assert_array_equal(pose.confidence, np.repeat([[1], [0], [1], [1]], 17, axis=1))
    np.testing.assert_array_equal(pose.missing, [False, True, False, False])
    assert (len(pose), pose.fps, pose.image_size) == (4, 25.0, SIZE)


def test_the_third_number_of_a_joint_is_its_confidence() -> None:
    array = keypoints(axes=3)
    array[2] = np.nan
    pose = pose2d(array)
    np.testing.assert_array_equal(pose.keypoints[:2], array[:2, :, :2].astype(np.float32))
    np.testing.assert_array_equal(pose.confidence[:2], array[:2, :, 2].astype(np.float32))
    assert (pose.confidence[2] == 0).all()


def test_a_joint_without_confidence_was_not_seen_wherever_it_is_said_to_be() -> None:
    """COCO's, OpenPose's and most detectors' way to say so is (0, 0, 0)."""
    array = keypoints(axes=3)
    array[0, 5], array[1, 6, 2] = 0, 0
    pose = pose2d(array)
    gone = np.isnan(pose.keypoints).all(axis=2)
    assert np.argwhere(gone).tolist() == [[0, 5], [1, 6]]
    np.testing.assert_array_equal(pose.confidence[gone], 0)


def test_a_joint_that_is_masked_was_not_seen() -> None:
    array = np.ma.masked_array(keypoints(), mask=False)
    array[2, 3] = np.ma.masked
    assert np.argwhere(np.isnan(pose2d(array).keypoints).all(axis=2)).tolist() == [[2, 3]]


def test_a_missing_frame_has_confidence_zero_whatever_the_array_says() -> None:
    array = keypoints(axes=3)
    array[1, :, :2] = np.nan
    assert (pose2d(array).confidence[1] == 0).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32, np.uint8])
def test_numbers_of_any_type_become_float32(dtype: type) -> None:
    array = (keypoints() / 10).astype(dtype)
    pose = pose2d(array)
    assert (pose.keypoints.dtype, pose.confidence.dtype) == (np.float32, np.float32)
    np.testing.assert_array_equal(pose.keypoints, array.astype(np.float32))


def test_a_pose_is_its_own_copy_of_the_callers_array() -> None:
    array = keypoints().astype(np.float32)
    pose = pose2d(array)
    array[:] = -1
    assert (pose.keypoints >= 0).all()


def spoil(value: float, *where: int | slice) -> Callable[[], np.ndarray]:
    def make() -> np.ndarray:
        array = keypoints(axes=3)
        array[where] = value
        return array

    return make


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda: np.zeros((17, 2)), r"shape \(frame, joint, 2 or 3\), got \(17, 2\)", id="one frame"),
        pytest.param(lambda: np.zeros((1, 17, 4)), r"2 or 3\), got \(1, 17, 4\)", id="four numbers"),
        pytest.param(lambda: np.zeros((1, 16, 2)), "17 joints of coco_17, got 16 joints; name the", id="joints"),
        pytest.param(spoil(np.nan, 2, 9, 0), "in frame 2 for left_wrist \\(1 such joints\\)", id="lost coordinate"),
        pytest.param(spoil(np.inf, 1, 0, 0), "in frame 1 for nose", id="infinite"),
        pytest.param(spoil(np.inf, 1), "in frame 1 for nose .17 such", id="all infinite"),
        pytest.param(spoil(np.nan, 1, slice(None), 0), "in frame 1 for nose", id="only y is there"),
        pytest.param(spoil(np.nan, 3, 9, 2), "confidence must be.*got nan in frame 3.*left_wrist", id="unsure"),
        pytest.param(lambda: keypoints() / SIZE, "must be pixels, got a body of 0.98 pixels at most", id="parts"),
        pytest.param(lambda: np.array([["a"]]), "keypoints must be numbers", id="words"),
    ],
)
def test_what_is_no_pose_is_refused(make: Callable[[], np.ndarray], message: str) -> None:
    with pytest.raises(InputError, match=message):
        pose2d(make())


def test_joints_that_were_not_found_are_missing_one_by_one() -> None:
    pose = pose2d(spoil(np.nan, 2, 9)())
    assert not pose.missing.any()
    assert pose.confidence[2, 9] == 0


@pytest.mark.parametrize("times", [np.array([0.0, 0.2, 0.1, 0.3]), np.array([0, np.nan, 1, 2.0])])
def test_times_rise(times: np.ndarray) -> None:
    with pytest.raises(InputError, match="times must be"):
        replace(pose2d(keypoints()), times=times)


def test_frames_that_are_not_evenly_spaced_keep_their_times() -> None:
    times = np.array([0.0, 0.1, 0.4, 0.5])
    pose = replace(pose2d(keypoints()), times=times, fps=10.0)
    assert pose.seconds is times
    assert pose[1:3].seconds.tolist() == [0.1, 0.4]
    assert replace(pose, times=None).seconds == pytest.approx([0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize("size", [(0, 1080), (1920, -1)])
def test_a_picture_has_a_size(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"image_size must be positive \(width, height\), got"):
        Pose2D.from_array(keypoints(), skeleton=COCO, image_size=size)


def test_lifted_joints_must_be_those_of_the_skeleton() -> None:
    with pytest.raises(InputError, match="positions must have the 16 joints of human36m_16, got 17 joints"):
        Pose3D(positions=keypoints(axes=3), confidence=np.ones((4, 17)), skeleton=get_skeleton("human36m_16"))


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(slice(1, 3), id="slice"),
        pytest.param(slice(None, None, -1), id="backwards"),
        pytest.param(np.array([True, False, False, True]), id="mask"),
        pytest.param(..., id="all"),
        pytest.param(slice(2, 2), id="none"),
    ],
)
def test_slicing_keeps_everything_else(frames: slice | np.ndarray) -> None:
    array = keypoints(axes=3)
    pose = pose2d(array)
    part = pose[frames]
    np.testing.assert_array_equal(part.keypoints, pose.keypoints[frames])
    np.testing.assert_array_equal(part.confidence, pose.confidence[frames])
    assert (part.skeleton, part.image_size, part.fps) == (COCO, SIZE, 25.0)
    assert part.provenance == {"source": "made by hand"}
    lifted = Pose3D(positions=array, confidence=array[..., 2], skeleton=COCO, fps=25.0)[frames]
    np.testing.assert_array_equal(lifted.positions, array[frames])
    assert (len(lifted), lifted.unit, lifted.frame_of_reference) == (len(part), "m", CAMERA_ROOT_RELATIVE)


def test_a_skeleton_of_one_joint_and_no_frames_are_poses_too() -> None:
    dot = Skeleton("dot", {"dot": None})
    pose = Pose2D.from_array(np.zeros((0, 1, 2)), skeleton=dot, image_size=SIZE)
    assert len(pose) == 0
    assert pose.missing.shape == (0,)


def moving(fps: float | None = 10.0, times: np.ndarray | None = None) -> Pose3D:
    """One joint that goes 1 m a second along x for a second."""
    dot = Skeleton("dot", {"hip": None})
    along = np.arange(11) / 10 if times is None else times
    positions = np.zeros((11, 1, 3))
    positions[:, 0, 0] = along
    return Pose3D(positions=positions, confidence=np.linspace(0, 1, 11)[:, None], skeleton=dot, fps=fps, times=times)


@pytest.mark.parametrize("fps", [5.0, 10.0, 7.0, 60.0])
@pytest.mark.parametrize("times", [None, np.array([0, 1, 2, 3, 5, 6, 7, 8, 9, 9.5, 10]) / 10])
def test_what_moves_evenly_is_where_it_was_at_another_rate(fps: float, times: np.ndarray | None) -> None:
    resampled = moving(times=times).resample(fps)
    assert len(resampled) == int(fps) + 1
    np.testing.assert_allclose(resampled.joint("hip")[:, 0], resampled.seconds, atol=1e-6)


def test_between_a_missing_frame_and_the_next_there_is_nothing() -> None:
    pose = moving()
    pose.positions[5] = np.nan
    resampled = pose.resample(20.0)
    assert np.flatnonzero(resampled.missing).tolist() == [9, 10, 11]
    assert resampled.confidence[8, 0] == pytest.approx(0.4)
    assert resampled.confidence[7, 0] == pytest.approx(0.3)  # the worse of both neighbours


def test_time_cuts_a_clip_and_stays_its_own() -> None:
    middle = moving().between(0.25, 0.5)
    assert middle.seconds.tolist() == [0.3, 0.4, 0.5]
    assert middle.joint("hip")[:, 0].tolist() == pytest.approx([0.3, 0.4, 0.5])


@pytest.mark.parametrize("change", [lambda pose: pose.resample(10.0), lambda pose: pose.between(0.0, 1.0)])
def test_single_images_have_no_time(change) -> None:
    with pytest.raises(InputError, match="must have a frame rate or times"):
        change(moving(fps=None))


def test_angles_are_a_table_over_time() -> None:
    pytest.importorskip("pandas")
    pose = Pose3D(
        positions=np.random.default_rng(0).normal(size=(3, 17, 3)),
        confidence=np.ones((3, 17)),
        skeleton=get_skeleton("human36m_17"),
        fps=10.0,
    )
    angles = pose.angles()
    assert angles.index.tolist() == pytest.approx([0.0, 0.1, 0.2])
    assert angles["left_knee_flexion"].between(0, 180).all()


def test_a_body_of_less_than_three_pixels_is_in_parts_of_the_image_also_if_a_limb_is_out_of_it() -> None:
    parts = keypoints() / SIZE
    parts[0, 0] = (1.02, -0.1)
    with pytest.raises(InputError, match="if these are parts of the image, multiply them by its width and height"):
        Pose2D.from_array(parts, skeleton=COCO, image_size=SIZE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"positions": np.full((2, 17, 3), np.inf)}, "positions must be finite"),
        ({"confidence": np.full((2, 17), 1.5)}, "confidence must be from 0 to 1, got 1.5 in frame 0 for nose"),
        ({"expected_error": np.full((2, 17), -0.1)}, "expected_error must be metres, 0 or more"),
        ({"fps": 0.0}, "fps must be a positive number"),
        ({"fps": float("nan")}, "fps must be a positive number"),
        ({"provenance": {"model": "mine", "loss": float("inf")}}, "provenance must be texts by name, got inf"),
        ({"camera_tilt": float("nan")}, "camera_tilt must be a finite number, got nan"),
    ],
)
def test_a_3d_pose_checks_itself(change: dict, words: str) -> None:
    fields = {"positions": np.zeros((2, 17, 3)), "confidence": np.ones((2, 17)), "skeleton": COCO, **change}
    with pytest.raises(InputError, match=words):
        Pose3D(**fields)


def test_a_pose_in_a_console_says_what_it_is_in_a_line() -> None:
    pose = Pose2D.from_array(np.full((3, 17, 2), 5.0), skeleton=COCO, image_size=(640, 480), fps=30.0)
    assert repr(pose) == "<Pose2D: 3 frames at 30 a second, coco_17, pixels of 640 x 480>"
    nobody = Pose3D(positions=np.full((1, 17, 3), np.nan), confidence=np.zeros((1, 17)), skeleton=COCO)
    words = "<Pose3D: 1 frame, 1 without the person, coco_17, metres, camera axes (x right, y down, z away)"
    assert repr(nobody).startswith(words)

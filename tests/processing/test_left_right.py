"""Left and right that a detector exchanged are exchanged back, and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.walkers import CAMERA, FPS, SIZE, SKELETON, walker

from ampose.poses.pose import Pose2D
from ampose.processing.left_right import LiveLeftRight, fix_left_right_swaps

FRAMES = 60


def seen(speed: tuple[float, float] = (0.0, 1.2), noise_px: float = 0.0, frames: int = FRAMES) -> Pose2D:
    """Somebody who walks away from the camera, or another way."""
    points = CAMERA.to_camera(walker((-1.0, 5.0), speed, frames))
    pixels = points[..., :2] / points[..., 2:] * CAMERA.intrinsics.focal + CAMERA.intrinsics.centre
    pixels = pixels + noise_px * np.random.default_rng(0).normal(size=pixels.shape)
    confidence = np.linspace(0.2, 0.9, SKELETON.num_joints)
    array = np.concatenate([pixels, np.broadcast_to(confidence, pixels.shape[:2])[..., None]], axis=-1)
    return Pose2D.from_array(array, skeleton=SKELETON, image_size=SIZE, fps=FPS)


def exchange(pose: Pose2D, frames: object) -> Pose2D:
    keypoints, confidence = pose.keypoints.copy(), pose.confidence.copy()
    keypoints[frames] = keypoints[frames][:, SKELETON.flip_order]
    confidence[frames] = confidence[frames][:, SKELETON.flip_order]
    return replace(pose, keypoints=keypoints, confidence=confidence)


def assert_same(one: Pose2D, other: Pose2D) -> None:
    np.testing.assert_array_equal(one.keypoints, other.keypoints)
    np.testing.assert_array_equal(one.confidence, other.confidence)


@settings(max_examples=30, deadline=None)
@given(start=st.integers(1, 58), length=st.integers(1, 25), noise_px=st.sampled_from([0.0, 4.0]))
def test_an_exchange_that_ends_is_undone(start: int, length: int, noise_px: float) -> None:
    pose = seen(noise_px=noise_px)
    wrong = slice(start, min(start + length, FRAMES - 1))
    kept, exchanged = fix_left_right_swaps(exchange(pose, wrong))
    assert_same(kept, pose)
    assert exchanged.sum() == wrong.stop - wrong.start
    assert kept.provenance["sides"] == f"exchanged back in {exchanged.sum()} frames"


def test_to_and_fro_is_undone() -> None:
    pose, wrong = seen(), [10, 12, 13, 17, 40]
    kept, exchanged = fix_left_right_swaps(exchange(pose, wrong))
    assert_same(kept, pose)
    assert np.flatnonzero(exchanged).tolist() == wrong


@pytest.mark.parametrize("speed", [(0.0, 1.2), (1.2, 0.0), (-0.9, -0.3), (3.0, 0.5)], ids=str)
@pytest.mark.parametrize("noise_px", [0.0, 10.0])
def test_walkers_from_any_side_stay_as_they_are(speed: tuple[float, float], noise_px: float) -> None:
    pose = seen(speed, noise_px)
    kept, exchanged = fix_left_right_swaps(pose)
    assert kept is pose
    assert not exchanged.any()


def test_the_fewer_frames_are_taken_for_the_wrong_ones() -> None:
    pose = seen()
    assert_same(fix_left_right_swaps(exchange(pose, slice(50, None)))[0], pose)
    assert_same(fix_left_right_swaps(exchange(pose, slice(10, None)))[0], exchange(pose, slice(None)))


def test_an_exchange_without_an_end_is_not_believed_for_long() -> None:
    pose = exchange(seen((0.0, 0.3), frames=400), slice(200, None))
    assert fix_left_right_swaps(pose)[0] is pose


def test_missing_joints_and_frames_are_no_hindrance() -> None:
    pose = seen()
    pose.keypoints[20:22] = np.nan
    pose.keypoints[:, SKELETON.index("left_wrist")] = np.nan
    pose.keypoints[30, 1:] = np.nan
    kept, exchanged = fix_left_right_swaps(exchange(pose, slice(15, 28)))
    np.testing.assert_array_equal(np.isnan(kept.keypoints[20:22]), True)
    assert np.flatnonzero(exchanged).tolist() == [*range(15, 20), *range(22, 28)]


def test_after_a_gap_or_a_cut_the_sides_are_as_given() -> None:
    """Nothing tells which side is which across it, so that each part stays as the detector had it."""
    pose = exchange(seen(), slice(30, None))
    pose.keypoints[26:34] = np.nan
    assert fix_left_right_swaps(pose)[0] is pose
    cut = exchange(seen(), slice(30, None))
    cut.keypoints[30:] += 700
    assert fix_left_right_swaps(cut)[0] is cut


@pytest.mark.parametrize("fps", [None, 5.0])
def test_pictures_and_slow_rates_stay_as_they_are(fps: float | None) -> None:
    pose = replace(exchange(seen(), slice(20, 30)), fps=fps)
    assert fix_left_right_swaps(pose)[0] is pose


def test_ten_frames_a_second_are_enough() -> None:
    """Steps of a tenth of a second, as rounding makes them: a little more or less."""
    pose = seen()
    slow = replace(pose, keypoints=pose.keypoints[::3], confidence=pose.confidence[::3], fps=10.0)
    assert_same(fix_left_right_swaps(exchange(slow, slice(5, 9)))[0], slow)


def test_nothing_is_compared_over_a_cut() -> None:
    pose = seen()
    turned = exchange(pose, slice(30, None))  # in the other shot they come from the other side
    fixed, swapped = fix_left_right_swaps(turned, cuts=[30])
    assert not swapped.any()
    assert fixed is turned


def test_one_frame_and_nobody_stay_as_they_are() -> None:
    pose = seen()
    assert fix_left_right_swaps(pose[:1])[0].keypoints.shape == (1, SKELETON.num_joints, 2)
    nobody = replace(pose, keypoints=np.full_like(pose.keypoints, np.nan))
    assert fix_left_right_swaps(nobody)[0] is nobody


def live(pose: Pose2D) -> list[int]:
    """Return the frames that are exchanged while they come in."""
    sides = LiveLeftRight(pose.skeleton)
    assert pose.seconds is not None
    return [
        frame
        for frame, (points, at) in enumerate(zip(pose.keypoints, pose.seconds, strict=True))
        if sides.step(points, float(at))
    ]


@pytest.mark.parametrize("noise_px", [0.0, 4.0])
def test_frame_by_frame_an_exchange_is_undone_at_once(noise_px: float) -> None:
    pose = seen(noise_px=noise_px)
    assert live(pose) == []
    assert live(exchange(pose, slice(20, 28))) == list(range(20, 28))
    assert live(exchange(pose, [10, 12, 13, 17, 40])) == [10, 12, 13, 17, 40]


def test_frame_by_frame_an_exchange_that_stays_is_believed_for_a_while() -> None:
    kept = live(exchange(seen((0.0, 0.3), frames=400), slice(200, None)))
    assert kept == list(range(200, 200 + len(kept)))
    assert 0.5 * FPS < len(kept) < 4 * FPS


def test_frame_by_frame_nobody_is_no_hindrance() -> None:
    pose = seen()
    pose.keypoints[22] = np.nan
    assert live(exchange(pose, slice(20, 28))) == [20, 21, 23, 24, 25, 26, 27]

"""Plain arrays: which axis is which, whose order 17 points are in, and what is no array of keypoints."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.walkers import CAMERA, SIZE, SKELETON, walker

from ampose.errors import InputError
from ampose.files.keypoints import is_keypoint_file, read_keypoints
from ampose.poses.skeletons import get_skeleton

FRAMES = 12


def seen(*starts: float) -> np.ndarray:
    """(person, frame, 17, 2) pixels of people who walk past the camera, in Human3.6M's order."""
    people = [walker((x, 5.0), (1.0, 0.3), FRAMES) for x in starts]
    return np.stack([CAMERA.project(CAMERA.to_camera(world)) for world in people])


def save(folder: Path, array: object) -> Path:
    np.save(folder / "keypoints.npy", array)
    return folder / "keypoints.npy"


def refusal(path: Path, **options) -> str:
    with pytest.raises(InputError) as error:
        read_keypoints(path, **{"image_size": SIZE, **options})
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(path))
    return str(error.value)


def test_people_before_or_after_the_frames(tmp_path: Path) -> None:
    people = seen(-1.0, 1.0)
    for array in (people, people.swapaxes(0, 1)):
        tracks = read_keypoints(save(tmp_path, array), image_size=SIZE)
        for track, person in zip(tracks, people, strict=True):
            np.testing.assert_allclose(track.pose2d.keypoints, person, atol=1e-3)


def test_as_many_people_as_frames_are_a_question(tmp_path: Path) -> None:
    people = seen(-1.0, 1.0)
    assert "more frames than people, or fewer, to tell the axes apart" in refusal(save(tmp_path, people[:, :2]))


def test_one_frame_of_one_person_is_a_picture(tmp_path: Path) -> None:
    (track,) = read_keypoints(save(tmp_path, seen(0.0)[:, :1]), image_size=SIZE)
    assert len(track.pose2d) == 1


def test_17_points_are_in_the_order_in_which_their_bones_are_short(tmp_path: Path) -> None:
    coco = get_skeleton("coco_17")
    there = SKELETON.joints.index
    of_coco = {"nose": "neck_nose", "left_eye": "head", "right_eye": "head", "left_ear": "head", "right_ear": "head"}
    columns = [there(of_coco.get(joint, joint)) for joint in coco.joints]
    for array, expected in ((seen(0.0)[0], SKELETON), (seen(0.0)[0][:, columns], coco)):
        path = save(tmp_path, array)
        assert read_keypoints(path, image_size=SIZE)[0].pose2d.skeleton is expected
        assert read_keypoints(path, image_size=SIZE, skeleton="coco_17")[0].pose2d.skeleton is coco


def test_a_point_in_the_corner_is_missing_where_nothing_else_says_so(tmp_path: Path) -> None:
    array = seen(0.0)[0]
    array[3, 5] = 0
    (track,) = read_keypoints(save(tmp_path, array), image_size=SIZE)
    assert np.argwhere(np.isnan(track.pose2d.keypoints).any(axis=-1)).tolist() == [[3, 5]]
    sure = np.concatenate([array, np.ones((FRAMES, 17, 1))], axis=-1)
    (track,) = read_keypoints(save(tmp_path, sure), image_size=SIZE)
    assert not np.isnan(track.pose2d.keypoints).any()


def test_parts_of_the_picture_become_pixels_and_anything_around_its_middle_is_a_question(tmp_path: Path) -> None:
    array = seen(0.0)[0]
    (track,) = read_keypoints(save(tmp_path, array / SIZE), image_size=SIZE)
    np.testing.assert_allclose(track.pose2d.keypoints, array, atol=1e-2)
    assert "got numbers between -1 and 1" in refusal(save(tmp_path, array / SIZE[0] * 2 - 1))


def test_a_missing_joint_may_be_anywhere_beside_parts_of_the_picture(tmp_path: Path) -> None:
    array = np.concatenate([seen(0.0)[0] / SIZE, np.ones((FRAMES, 17, 1))], axis=-1)
    array[3, 5] = -1, -1, 0
    (track,) = read_keypoints(save(tmp_path, array), image_size=SIZE)
    assert np.argwhere(np.isnan(track.pose2d.keypoints).any(axis=-1)).tolist() == [[3, 5]]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 17)), r"must have shape \(frame, joint, 2 or 3\)"),
        (np.zeros((5, 17, 4)), r"must have shape \(frame, joint, 2 or 3\)"),
        (np.zeros((0, 17, 2)), r"must have shape \(frame, joint, 2 or 3\)"),
        (np.full((5, 17, 2), np.nan), "nobody in 5 frames"),
        (np.ones((5, 12, 2)) * 100, "got 12; name it"),
        (np.full((5, 17, 2), "left"), "must be an array of numbers, got <U4"),
        (np.array([[{"x": 1.0}]], dtype=object), "the array must hold numbers, got objects"),
    ],
)
def test_what_is_no_keypoints_is_refused(tmp_path: Path, array: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_keypoints(save(tmp_path, array), image_size=SIZE)


def test_a_header_that_promises_more_than_there_is(tmp_path: Path) -> None:
    path = tmp_path / "keypoints.npy"
    with path.open("wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (10**12, 17, 2)}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(seen(0.0)[0].tobytes())
    assert "must be a whole file of the format numpy" in refusal(path)


def test_it_is_told_by_its_name_too(tmp_path: Path) -> None:
    assert is_keypoint_file(save(tmp_path, seen(0.0)[0]))


def test_an_array_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "keypoints.npy"
    np.save(path, np.ones((20, 17, 2)))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"\(fewer numbers than it states\); copy it again"):
        read_keypoints(path, image_size=(640, 480))


@pytest.mark.parametrize(("spread", "depth"), [(600, 0), (0.6, 0), (600, 4000)])
def test_3d_poses_have_no_confidences(tmp_path: Path, spread: float, depth: float) -> None:
    array = np.random.default_rng(0).normal([0, 0, depth], spread, (5, 33, 3))
    said = refusal(save(tmp_path, array))
    assert "holds 3D poses already, no 2D keypoints: its third numbers are no confidences, from" in said


@pytest.mark.parametrize("sure", [lambda rng: rng.uniform(0, 100, 17), lambda rng: rng.normal(8, 3, 17)])
def test_percents_and_logits_are_confidences(tmp_path: Path, sure: Callable[[np.random.Generator], np.ndarray]) -> None:
    confidence = np.stack([sure(np.random.default_rng(frame)) for frame in range(FRAMES)])
    array = np.concatenate([seen(0.0)[0], confidence[..., None]], axis=-1)
    array[3, :9] = -1  # that were not found
    (track,) = read_keypoints(save(tmp_path, array), image_size=SIZE)
    np.testing.assert_array_equal(np.isfinite(track.pose2d.keypoints[..., 0]), array[..., 2] > 0)

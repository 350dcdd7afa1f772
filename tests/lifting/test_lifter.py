"""The Lifter, with small untrained networks: what it computes must hold for any weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.walkers import bodies_px

import ampose
from ampose.errors import InputError
from ampose.lifting.lifter import Lifter, lift, load_model
from ampose.lifting.weights import save_weights
from ampose.models import create_model
from ampose.poses.camera import Intrinsics
from ampose.poses.pose import Pose2D
from ampose.poses.reference_frame import CAMERA_ROOT_RELATIVE
from ampose.poses.samples import Samples
from ampose.poses.skeletons import Skeleton, find_mapping, get_skeleton

SKELETON = get_skeleton("human36m_17")
SIZE = (1920, 1080)
WAYS = ("image-width", "longest-side", "person-rays")

ways = pytest.mark.parametrize("way", WAYS)


def make_lifter(way: str = "person-rays", **overrides: Any) -> Lifter:
    torch.manual_seed(0)
    settings = {"depth": 2, "channels": 16, "heads": 2, "normalisation": way, **overrides}
    return Lifter(create_model("ampose-small", **settings), name="test", weights_hash="0123456789abcdef")


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    return make_lifter()


def people(frames: int = 6, *, joints: int = 17) -> np.ndarray:
    """Pixels, float32, so that what is compared differs by no rounding; of that many joints."""
    return np.resize(bodies_px(frames).swapaxes(0, 1), (joints, frames, 2)).swapaxes(0, 1)


def in_mirror(pixels: np.ndarray, skeleton: Skeleton = SKELETON, width: int = SIZE[0]) -> np.ndarray:
    mirrored = pixels[:, skeleton.flip_order].copy()
    mirrored[..., 0] = width - mirrored[..., 0]
    return mirrored


@ways
def test_the_answer_is_root_relative_metres_in_camera_axes(way: str) -> None:
    pose = make_lifter(way).lift(people(), image_size=SIZE, fps=25.0)
    assert pose.positions.shape == (6, 17, 3)
    assert pose.positions.dtype == np.float32
    assert (pose.positions[:, SKELETON.root_index] == 0).all()
    assert np.isfinite(pose.positions).all()
    assert (pose.skeleton, pose.fps, pose.unit) == (SKELETON, 25.0, "m")
    assert pose.frame_of_reference == CAMERA_ROOT_RELATIVE


@ways
@pytest.mark.parametrize("flip", [True, False], ids=["flip", "plain"])
def test_frames_together_are_lifted_as_each_alone(way: str, flip: bool) -> None:
    lifter, pixels = make_lifter(way), people(300)  # more than one chunk
    together = lifter.lift(pixels, image_size=SIZE, flip=flip).positions
    for frame in (0, 1, 255, 256, 299):
        alone = lifter.lift(pixels[frame : frame + 1], image_size=SIZE, flip=flip).positions
        np.testing.assert_allclose(together[frame : frame + 1], alone, atol=1e-5)


@ways
def test_a_mirrored_person_is_lifted_to_the_mirrored_pose(way: str) -> None:
    lifter, pixels = make_lifter(way), people()
    plain, mirrored = (
        lifter.lift(points, image_size=SIZE, flip=True).positions for points in (pixels, in_mirror(pixels))
    )
    np.testing.assert_allclose(mirrored, plain[:, SKELETON.flip_order] * [-1, 1, 1], atol=1e-5)


def test_without_flip_an_untrained_network_does_not_know_mirrors(lifter: Lifter) -> None:
    pixels = people()
    plain, mirrored = (
        lifter.lift(points, image_size=SIZE, flip=False).positions for points in (pixels, in_mirror(pixels))
    )
    assert np.abs(mirrored - plain[:, SKELETON.flip_order] * [-1, 1, 1]).max() > 1e-3


def test_a_frame_without_the_person_stays_nan_and_touches_no_other(lifter: Lifter) -> None:
    pixels = people()
    pixels[2] = np.nan
    pose = lifter.lift(pixels, image_size=SIZE)
    others = [0, 1, 3, 4, 5]
    assert np.isnan(pose.positions[2]).all()
    np.testing.assert_array_equal(pose.missing, [False, False, True, False, False, False])
    np.testing.assert_allclose(
        pose.positions[others], lifter.lift(pixels[others], image_size=SIZE).positions, atol=1e-6
    )
    np.testing.assert_array_equal(pose.confidence, np.repeat([[1], [1], [0], [1], [1], [1]], 17, axis=1))


@pytest.mark.parametrize("frames", [0, 3], ids=["no frames", "nobody in three frames"])
@pytest.mark.parametrize("flip", [True, False], ids=["flip", "plain"])
def test_nobody_is_lifted_to_nobody(lifter: Lifter, frames: int, flip: bool) -> None:
    pose = lifter.lift(np.full((frames, 17, 2), np.nan), image_size=SIZE, skeleton="coco_17", flip=flip)
    assert pose.positions.shape == (frames, 17, 3)
    assert pose.missing.all()
    assert (pose.confidence == 0).all()


def test_coco_joints_are_lifted_as_if_mapped_by_hand(lifter: Lifter) -> None:
    """COCO: 3, 4 ears; 5, 6 shoulders; 7, 8 elbows; 9, 10 wrists; 11-16 hips, knees, ankles; left before right."""
    coco = people()
    hips, shoulders, ears = (coco[:, [a, a + 1]].mean(axis=1) for a in (11, 5, 3))
    middle = [(hips + shoulders) / 2, shoulders, ears, 1.5 * ears - 0.5 * shoulders]
    legs = [coco[:, joint] for joint in (12, 14, 16, 11, 13, 15)]
    arms = [coco[:, joint] for joint in (5, 7, 9, 6, 8, 10)]
    by_hand = np.stack([hips, *legs, *middle, *arms], axis=1)
    from_coco = lifter.lift(coco, image_size=SIZE, skeleton="coco_17")
    np.testing.assert_allclose(from_coco.positions, lifter.lift(by_hand, image_size=SIZE).positions, atol=1e-5)
    assert from_coco.provenance["made_up_joints"] == "head, hip, neck_nose, spine, thorax"


def test_a_skeleton_of_the_caller_s_own_is_taken_by_the_names_of_its_joints(lifter: Lifter) -> None:
    mine = Skeleton("sorted_by_name", dict(sorted(SKELETON.parents.items())), SKELETON.pairs)
    pixels = people()
    ours = pixels[:, [mine.index(joint) for joint in SKELETON.joints]]
    expected = lifter.lift(ours, image_size=SIZE).positions
    np.testing.assert_allclose(lifter.lift(pixels, image_size=SIZE, skeleton=mine).positions, expected, atol=1e-6)


def test_seventeen_joints_are_lifted_by_a_network_of_sixteen() -> None:
    lifter = make_lifter(skeleton="human36m_16")
    pixels = people()
    pose = lifter.lift(pixels, image_size=SIZE, skeleton="human36m_17")
    np.testing.assert_allclose(
        pose.positions, lifter.lift(np.delete(pixels, 9, axis=1), image_size=SIZE).positions, atol=1e-6
    )


def test_confidence_passes_through_the_mapping(lifter: Lifter) -> None:
    confidence = np.random.default_rng(1).uniform(0, 1, size=(6, 17, 1)).astype(np.float32)
    pose = lifter.lift(np.concatenate([people(), confidence], axis=2), image_size=SIZE, skeleton="coco_17")
    expected = find_mapping("coco_17", "human36m_17").map_confidence(confidence[..., 0])
    np.testing.assert_array_equal(pose.confidence, expected)
    assert 0 < pose.confidence.max() < 1


def test_coco_joints_are_not_taken_for_the_lifter_s_own(lifter: Lifter, coco: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"look like those of coco_17, not of human36m_17.*skeleton='coco_17'"):
        lifter.lift(coco, image_size=SIZE)
    said = lifter.lift(coco, image_size=SIZE, skeleton="human36m_17")
    assert np.isfinite(said.positions).any(), "who says it is taken at their word"
    ours = find_mapping("coco_17", SKELETON).map_points(coco)
    np.testing.assert_array_equal(
        lifter.lift(ours, image_size=SIZE).positions,
        lifter.lift(coco, image_size=SIZE, skeleton="coco_17").positions,
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32, np.int64])
def test_numbers_of_any_type_are_taken(lifter: Lifter, dtype: type) -> None:
    pixels = people().astype(dtype)
    expected = lifter.lift(pixels.astype(np.float32), image_size=SIZE).positions
    np.testing.assert_array_equal(lifter.lift(pixels, image_size=SIZE).positions, expected)


def test_the_caller_s_array_is_left_as_it_is(lifter: Lifter) -> None:
    pixels = people()
    before = pixels.copy()
    lifter.lift(pixels, image_size=SIZE)
    np.testing.assert_array_equal(pixels, before)


def test_lifting_twice_gives_the_same_and_keeps_no_graph(lifter: Lifter) -> None:
    first, second = (lifter.lift(people(), image_size=SIZE) for _ in range(2))
    np.testing.assert_array_equal(first.positions, second.positions)
    assert not lifter.network.training
    assert all(parameter.grad is None for parameter in lifter.network.parameters())


def test_a_pose_with_its_facts_is_lifted_like_its_array(lifter: Lifter) -> None:
    pose2d = Pose2D.from_array(
        people(), skeleton=SKELETON, image_size=SIZE, fps=30.0, provenance={"source": "film.mp4"}
    )
    pose = lifter.lift(pose2d)
    np.testing.assert_array_equal(pose.positions, lifter.lift(people(), image_size=SIZE).positions)
    assert (pose.fps, pose.provenance["source"]) == (30.0, "film.mp4")


def test_an_unknown_camera_sees_sixty_degrees(lifter: Lifter) -> None:
    assumed = lifter.lift(people(), image_size=SIZE)
    given = lifter.lift(people(), image_size=SIZE, intrinsics=Intrinsics.from_field_of_view(SIZE, 60.0))
    np.testing.assert_array_equal(assumed.positions, given.positions)
    assert assumed.provenance["focal_px"] == "1662.8"


def test_a_known_camera_changes_the_answer_only_where_rays_matter() -> None:
    wide = Intrinsics.from_field_of_view(SIZE, 90.0)
    for way, differs in (("person-rays", True), ("image-width", False)):
        lifter = make_lifter(way)
        assumed, given = (lifter.lift(people(), image_size=SIZE, intrinsics=c) for c in (None, wide))
        assert (np.abs(assumed.positions - given.positions).max() > 1e-3) == differs
        assert given.provenance["focal_px"] == "960.0"


def test_where_in_the_picture_somebody_stands_only_turns_the_answer(lifter: Lifter) -> None:
    """With rays, turning the camera moves the person in the picture and turns the 3D pose, no more."""
    camera = Intrinsics.from_field_of_view(SIZE)
    pixels = people()
    centred = pixels - pixels[:, [SKELETON.root_index]] + camera.centre
    angle = np.radians(10)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    rays = np.concatenate([(centred - camera.centre) / camera.focal, np.ones((6, 17, 1))], axis=2) @ turn.T
    turned = rays[..., :2] / rays[..., 2:] * camera.focal + camera.centre
    before, after = (lifter.lift(p, image_size=SIZE, flip=False).positions for p in (centred, turned))
    assert np.linalg.norm(turned - centred, axis=-1).min() > 200  # pixels
    np.testing.assert_allclose(after, before @ turn.T, atol=1e-4)


def test_samples_are_lifted_with_their_own_cameras(lifter: Lifter, generator: torch.Generator) -> None:
    pixels = torch.from_numpy(people())
    cameras = [Intrinsics.from_field_of_view(SIZE, degrees) for degrees in (40.0, 50.0, 60.0, 70.0, 80.0, 90.0)]
    names = ("focal", "centre", "image_size")
    many = Intrinsics(**{name: torch.tensor(np.stack([getattr(c, name) for c in cameras])) for name in names})
    samples = Samples(keypoints_px=pixels[:, None], positions=torch.zeros(6, 1, 17, 3), intrinsics=many)
    lifted = lifter.predict_samples(samples, flip=True)
    for row, camera in enumerate(cameras):
        alone = lifter.lift(people()[row : row + 1], image_size=SIZE, intrinsics=camera).positions
        np.testing.assert_allclose(lifted[row : row + 1].numpy(), alone, atol=1e-5)


def test_the_answer_says_where_it_came_from(lifter: Lifter) -> None:
    facts = lifter.lift(people(), image_size=SIZE).provenance
    assert (facts["model"], facts["weights"], facts["normalisation"]) == ("test", "0123456789ab", "person-rays")
    assert "mirrored" in facts["flip"]
    assert lifter.lift(people(), image_size=SIZE, flip=False).provenance["flip"] == "off"
    assert "made_up_joints" not in facts


def spoilt(frame: int, joint: str) -> np.ndarray:
    pixels = people()
    pixels[frame, get_skeleton("coco_17").index(joint)] = np.nan
    return pixels


@pytest.mark.parametrize(
    ("keypoints", "options", "message"),
    [
        pytest.param(people(), {}, "image_size must be given with an array", id="no size"),
        pytest.param(people(), {"image_size": (0, 0)}, "image_size must be positive", id="size zero"),
        pytest.param(people(), {"image_size": SIZE, "fps": 0.0}, "fps must be a positive number, got 0", id="fps"),
        pytest.param(people(joints=16), {"image_size": SIZE}, "17 joints of human36m_17, got 16", id="16 joints"),
        pytest.param(people(joints=33), {"image_size": SIZE}, "name the skeleton", id="33 joints"),
        pytest.param(people()[0], {"image_size": SIZE}, r"shape \(frame, joint, 2 or 3\)", id="one frame"),
        pytest.param(people(), {"image_size": SIZE, "skeleton": "coco"}, "did you mean 'coco_17'", id="skeleton"),
        pytest.param(
            spoilt(4, "left_wrist"),
            {"image_size": SIZE, "skeleton": "coco_17"},
            "frame 4 without left_wrist",
            id="lost joint",
        ),
        pytest.param(
            people(joints=16), {"image_size": SIZE, "skeleton": "human36m_16"}, "must come from", id="no mapping"
        ),
        pytest.param(
            people(),
            {"image_size": SIZE, "intrinsics": Intrinsics.from_field_of_view((1080, 1920))},
            r"intrinsics are of an image of 1080 x 1920, keypoints of one of 1920 x 1080",
            id="camera of another picture",
        ),
    ],
)
def test_what_cannot_be_lifted_is_refused(
    lifter: Lifter, keypoints: np.ndarray, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        lifter.lift(keypoints, **options)


@pytest.mark.parametrize("option", [{"image_size": (640, 480)}, {"skeleton": "coco_17"}, {"fps": 50.0}])
def test_a_pose_brings_its_own_facts_and_takes_no_others(lifter: Lifter, option: dict[str, Any]) -> None:
    pose = Pose2D.from_array(people(), skeleton=SKELETON, image_size=SIZE)
    with pytest.raises(InputError, match=f"{next(iter(option))} must not be given with a Pose2D"):
        lifter.lift(pose, **option)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("weights")
    save_weights(place, "ampose-small", make_lifter().network, {"data": "none"})
    return place


@pytest.mark.parametrize("as_given", [Path, str])
def test_weights_on_disk_lift_like_the_network_they_came_from(
    folder: Path, lifter: Lifter, as_given: Callable[[Path], Any]
) -> None:
    loaded = load_model(as_given(folder))
    expected = lifter.lift(people(), image_size=SIZE).positions
    pose = loaded.lift(people(), image_size=SIZE)
    np.testing.assert_array_equal(pose.positions, expected)
    assert pose.provenance["weights"] == loaded.weights_hash[:12]
    assert (loaded.name, len(loaded.weights_hash), loaded.facts) == ("ampose-small", 64, {"data": "none"})


def test_lift_is_load_and_lift(folder: Path) -> None:
    pose = lift(people(), model=folder, image_size=SIZE, flip=False)
    expected = ampose.load_model(folder).lift(people(), image_size=SIZE, flip=False)
    np.testing.assert_array_equal(pose.positions, expected.positions)


@pytest.mark.parametrize(
    ("joints", "message"),
    [
        ([9], "got frame 2 without .* \\(1 such frames\\)"),
        (list(range(5, 17)), r"\.\.\. \(1 such frames\)"),
    ],
)
def test_a_network_that_needs_every_joint_refuses_frames_without_some(
    lifter: Lifter, joints: list[int], message: str
) -> None:
    array = people()
    array[2, joints] = np.nan
    with pytest.raises(InputError, match=message):
        lifter.lift(array, image_size=SIZE)


@pytest.fixture(scope="module")
def forgiving() -> Lifter:
    return make_lifter("person-rays-scaled", missing_token=True, error_head=True)


def test_joints_that_were_not_seen_are_inferred_with_confidence_zero(forgiving: Lifter) -> None:
    array = people()
    knee = SKELETON.index("left_knee")
    array[2, knee] = np.nan
    pose = forgiving.lift(array, image_size=SIZE)
    assert np.isfinite(pose.positions).all()
    assert pose.confidence[2, knee] == 0
    assert (np.delete(pose.confidence.ravel(), 2 * 17 + knee) == 1).all()


def test_a_body_without_hips_is_lifted(forgiving: Lifter) -> None:
    array = people()
    array[:, [SKELETON.index(joint) for joint in ("hip", "left_hip", "right_hip", "left_knee", "right_ankle")]] = np.nan
    assert np.isfinite(forgiving.lift(array, image_size=SIZE).positions).all()


def test_frames_with_next_to_nothing_are_left_out(forgiving: Lifter) -> None:
    array = people()
    array[3, 5:] = np.nan
    pose = forgiving.lift(array, image_size=SIZE)
    assert pose.missing.tolist() == [frame == 3 for frame in range(6)]
    assert pose.expected_error is not None
    assert np.isnan(pose.expected_error).all(axis=1).tolist() == pose.missing.tolist()


def test_every_pose_says_how_far_off_it_expects_to_be(forgiving: Lifter, lifter: Lifter) -> None:
    pose = forgiving.lift(people(600 // 2), image_size=SIZE)
    assert pose.expected_error is not None
    assert pose.expected_error.shape == pose.confidence.shape
    assert (pose.expected_error > 0).all()
    assert lifter.lift(people(), image_size=SIZE).expected_error is None


def test_what_a_mapping_guesses_is_not_shown_to_a_network_that_can_do_without(forgiving: Lifter) -> None:
    """Lifting COCO's joints is lifting them, mapped, without the joints that the mapping makes up."""
    coco = people()
    mapping = find_mapping(get_skeleton("coco_17"), SKELETON)
    points = mapping.map_points(coco)
    points[:, SKELETON.index("spine")] = np.nan
    assert mapping.guessed == {"spine"}
    assert mapping.made_up > mapping.guessed
    direct = forgiving.lift(points, image_size=SIZE)
    np.testing.assert_allclose(
        forgiving.lift(coco, image_size=SIZE, skeleton="coco_17").positions, direct.positions, atol=1e-6
    )

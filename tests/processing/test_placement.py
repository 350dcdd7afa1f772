import numpy as np
import pytest

import ampose
from ampose.errors import InputError
from ampose.poses.camera import Intrinsics, project
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.reference_frame import CAMERA_ABSOLUTE
from ampose.poses.skeletons import get_skeleton
from ampose.processing.placement import STATURE_PARTS, height_scale, place, root_places

BODY = get_skeleton("human36m_17")
SIZE = (1920, 1080)
CAMERA = Intrinsics.from_field_of_view(SIZE, 55.0)
HEIGHT = 1.83


def person(height: float) -> np.ndarray:
    """A person with the textbook's proportions, y down, hip at the origin, knees and elbows a little bent."""
    thigh, shank, trunk = (STATURE_PARTS[part] * height for part in ("thigh", "shank", "trunk"))
    wide, arm = 0.07 * height, 0.17 * height
    places = {"hip": (0, 0, 0), "spine": (0, -trunk / 2, 0), "thorax": (0, -trunk, 0)}
    places |= {"neck_nose": (0, -trunk - 0.1, -0.05), "head": (0, -trunk - 0.22, 0)}
    for side, x in {"left": 1, "right": -1}.items():
        places |= {f"{side}_hip": (x * wide, 0, 0), f"{side}_knee": (x * wide, thigh, 0)}
        places |= {f"{side}_ankle": (x * wide, thigh + 0.96 * shank, 0.28 * shank)}
        places |= {f"{side}_shoulder": (x * wide, -trunk, 0), f"{side}_elbow": (x * (wide + arm), -trunk, 0)}
        places |= {f"{side}_wrist": (x * (wide + arm), -trunk, -arm)}
    return np.array([places[joint] for joint in BODY.joints], dtype=float)


@pytest.fixture
def walk() -> np.ndarray:
    """Somebody who walks an arc and turns, in camera metres: (frame, joint, 3)."""
    turn = np.linspace(0, 2 * np.pi, 40)
    along = np.stack([1.5 * np.sin(turn), 0.2 + 0 * turn, 5.0 + 1.5 * np.cos(turn)], axis=1)
    c, s, none = np.cos(turn), np.sin(turn), 0 * turn
    turned = np.stack([c, none, s, none, none + 1, none, -s, none, c], axis=1).reshape(-1, 3, 3)
    return np.einsum("fab,jb->fja", turned, person(HEIGHT)) + along[:, None]


def seen(walk: np.ndarray, noise: np.ndarray | float = 0.0, **options) -> Pose2D:
    pixels = project(walk, CAMERA.focal, CAMERA.centre) + noise
    return Pose2D.from_array(pixels, skeleton=BODY, image_size=SIZE, **{"fps": 25.0, **options})


def lifted(walk: np.ndarray, scale: float = 1.0) -> Pose3D:
    relative = (walk - walk[:, :1]) * scale
    return Pose3D(positions=relative, confidence=np.ones(walk.shape[:2]), skeleton=BODY, fps=25.0)


def share_off(found: np.ndarray, walk: np.ndarray) -> np.ndarray:
    """How far the root is off, by its distance."""
    return np.linalg.norm(found[:, 0] - walk[:, 0], axis=1) / np.linalg.norm(walk[:, 0], axis=1)


def test_the_true_pose_comes_back_to_its_place(walk):
    placed = place(lifted(walk), seen(walk), CAMERA)
    np.testing.assert_allclose(placed.positions, walk, atol=1e-3)  # keypoints are float32
    assert placed.frame_of_reference == CAMERA_ABSOLUTE


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.3])
def test_height_undoes_whatever_scale_the_lifter_gave(walk, scale):
    placed = place(lifted(walk, scale), seen(walk), CAMERA, height_m=HEIGHT)
    np.testing.assert_allclose(placed.positions, walk, atol=2e-3)
    assert placed.provenance["scale"] == "from a height of 1.83 m"


def test_without_a_height_distance_goes_with_size(walk):
    placed = place(lifted(walk, 1.1), seen(walk), CAMERA)
    np.testing.assert_allclose(placed.positions, 1.1 * walk, atol=2e-3)


def test_noise_in_both_stays_below_three_percent(walk, rng):
    rough = lifted(walk + rng.normal(scale=0.04, size=walk.shape) * (np.arange(17) > 0)[:, None])
    placed = place(rough, seen(walk, rng.normal(scale=4.0, size=(*walk.shape[:2], 2))), CAMERA, height_m=HEIGHT)
    assert np.median(share_off(placed.positions, walk)) < 0.03


def test_a_wrong_joint_does_not_pull_the_person_away(walk):
    noise = np.zeros((*walk.shape[:2], 2))
    noise[:, BODY.index("left_wrist")] = 400.0
    placed = place(lifted(walk), seen(walk, noise), CAMERA)
    assert share_off(placed.positions, walk).max() < 0.005


def test_gauss_newton_finds_the_least_sum_of_squares(walk, rng):
    """SciPy's own minimiser goes to the same place (errors alike in size, so that Huber's weights are all but 1)."""
    from scipy.optimize import least_squares

    body = walk[0] - walk[0, 0]
    angle = rng.uniform(0, 2 * np.pi, 17)
    pixels = project(walk[0], CAMERA.focal, CAMERA.centre) + 3 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    mine = root_places(body[None], pixels[None], np.ones((1, 17)), CAMERA)[0]
    there = least_squares(lambda t: (project(body + t, CAMERA.focal, CAMERA.centre) - pixels).ravel(), mine + 0.1).x
    np.testing.assert_allclose(mine, there, atol=2e-3)


def test_missing_joints_and_frames(walk):
    keypoints = seen(walk)
    keypoints.keypoints[3, 5:] = np.nan
    keypoints.keypoints[4, 2:] = np.nan
    keypoints.keypoints[5] = np.nan
    pose = lifted(walk)
    pose.positions[5] = np.nan
    placed = place(pose, keypoints, CAMERA)
    assert placed.missing.tolist() == [frame in (4, 5) for frame in range(40)]
    np.testing.assert_allclose(placed.positions[3], walk[3], atol=2e-3)
    assert not placed.confidence[4].any()


def test_the_shipped_lifter_and_a_height(walk):
    """The figure for ampose-small on this walk is in docs/usable-3d.md."""
    keypoints = seen(walk)
    placed = place(ampose.lift(keypoints, intrinsics=CAMERA), keypoints, CAMERA, height_m=HEIGHT)
    assert np.median(share_off(placed.positions, walk)) < 0.06


def test_a_missing_trunk_sets_no_scale(walk):
    pose = lifted(walk)
    pose.positions[:, BODY.index("left_shoulder")] = np.nan
    with pytest.raises(InputError, match="needs thigh, shank and trunk"):
        height_scale(pose, 1.8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda walk: place(lifted(walk), seen(walk), CAMERA, height_m=180.0), "between 0.3 and 3 metres, got 180"),
        (lambda walk: place(lifted(walk), seen(walk)[:5], CAMERA), "the pose's 40 frames, got 5"),
        (lambda walk: place(lifted(walk), seen(walk), Intrinsics.from_field_of_view((9, 9))), "of an image of 9 x 9"),
    ],
)
def test_what_does_not_fit_gets_one_line(walk, call, words):
    with pytest.raises(InputError, match=words):
        call(walk)

"""Virtual cameras: what they were is worked out again from what they saw."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ampose.data.synthesis.virtual_cameras import PICTURE_SIZES, VirtualCameraConfig, view
from ampose.errors import InputError
from ampose.poses.geometry import bone_lengths, root_relative
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")
ROOT = SKELETON.root_index
COUNT = 600


def draw_people(rng: np.random.Generator) -> Tensor:
    """World metres, Z up, somewhere in a hall: feet below hips below heads, limbs anywhere."""
    height = {"ankle": 0.1, "knee": 0.5, "hip": 0.95, "spine": 1.2, "thorax": 1.4, "head": 1.7}
    levels = [height.get(joint.rpartition("_")[2], 1.3) for joint in SKELETON.joints]
    body = rng.normal(scale=0.05, size=(COUNT, len(levels), 3)) + np.array(levels)[:, None] * [0, 0, 1]
    return torch.tensor(body + rng.uniform(-20, 20, size=(COUNT, 1, 3)), dtype=torch.float32)


@pytest.fixture
def people(rng: np.random.Generator) -> Tensor:
    return draw_people(rng)


def look(people: Tensor, seed: int = 0, **ranges: tuple[float, float]) -> Samples:
    generator = torch.Generator().manual_seed(seed)
    return view(people, SKELETON, VirtualCameraConfig(**ranges), generator)


def recovered_rotations(people: Tensor, samples: Samples) -> np.ndarray:
    """The matrix that turns world into camera axes, by least squares: it may turn out to be no rotation."""
    world, camera = (root_relative(p, ROOT).double() for p in (people, samples.positions))
    return torch.linalg.lstsq(world, camera).solution.mT.numpy()


def test_the_same_seed_gives_the_same_cameras_and_another_seed_others(people: Tensor) -> None:
    first, again, other = look(people, 1), look(people, 1), look(people, 2)
    for name in ("keypoints_px", "positions"):
        torch.testing.assert_close(getattr(first, name), getattr(again, name), rtol=0, atol=0)
    torch.testing.assert_close(first.intrinsics.focal, again.intrinsics.focal, rtol=0, atol=0)
    assert not torch.equal(first.positions, other.positions)


def test_the_global_generator_is_left_alone(people: Tensor) -> None:
    before = torch.get_rng_state()
    look(people)
    assert torch.equal(torch.get_rng_state(), before)


def test_where_a_pose_stands_in_the_world_does_not_matter(people: Tensor) -> None:
    moved = people + torch.tensor([3.0, -5.0, 0.5])
    torch.testing.assert_close(look(moved).positions, look(people).positions, atol=1e-4, rtol=0)


def test_the_camera_sees_the_pose_itself_and_no_mirror_image(people: Tensor) -> None:
    samples = look(people)
    bones = SKELETON.bone_indices
    in_world, in_camera = (bone_lengths(p.numpy(), bones) for p in (people, samples.positions))
    np.testing.assert_allclose(in_camera, in_world, atol=2e-5)
    rotations = recovered_rotations(people, samples)
    np.testing.assert_allclose(rotations @ rotations.swapaxes(1, 2), np.tile(np.eye(3), (COUNT, 1, 1)), atol=1e-3)
    np.testing.assert_allclose(np.linalg.det(rotations), 1, atol=1e-3)


def test_keypoints_are_the_projection_of_the_positions(people: Tensor) -> None:
    samples = look(people)
    X, Y, Z = samples.positions.double().unbind(-1)
    camera = samples.intrinsics
    u = camera.focal[:, :1] * X / Z + camera.centre[:, :1]
    v = camera.focal[:, 1:] * Y / Z + camera.centre[:, 1:]
    torch.testing.assert_close(samples.keypoints_px.double(), torch.stack([u, v], dim=-1), atol=1e-2, rtol=0)
    assert (Z > 0.5).all()


def test_distance_field_of_view_and_place_are_within_their_ranges(people: Tensor) -> None:
    ranges = {"distance_m": (3.0, 4.0), "field_of_view_degrees": (50.0, 60.0), "off_centre": (0.1, 0.3)}
    samples = look(people, **ranges)
    camera = samples.intrinsics
    longer = camera.image_size.amax(dim=1)
    found = {
        "distance_m": samples.positions[:, ROOT].norm(dim=1),
        "field_of_view_degrees": 2 * torch.arctan(longer / 2 / camera.focal[:, 0]).rad2deg(),
        "off_centre": (samples.keypoints_px[:, ROOT] - camera.centre).norm(dim=1) / (longer / 2),
    }
    for name, (low, high) in ranges.items():
        spread = 0.05 * (high - low)
        assert low - 1e-4 <= found[name].min() < low + spread, name
        assert high - spread < found[name].max() <= high + 1e-4, name


def test_angles_are_within_their_ranges_and_every_side_is_seen(people: Tensor) -> None:
    rotations = recovered_rotations(people, look(people, pitch_degrees=(-10.0, 30.0), roll_degrees=(-6.0, 4.0)))
    right, forward = rotations[:, 0], rotations[:, 2]
    pitch = np.degrees(np.arcsin(-forward[:, 2]))
    roll = np.degrees(np.arcsin(-right[:, 2] / np.cos(np.radians(pitch))))
    yaw = np.degrees(np.arctan2(forward[:, 1], forward[:, 0]))
    for angle, low, high in ((pitch, -10, 30), (roll, -6, 4), (yaw, -180, 180)):
        spread = 0.05 * (high - low)
        assert low - 0.1 <= angle.min() < low + spread
        assert high - spread < angle.max() <= high + 0.1


@pytest.mark.parametrize(("degrees", "side"), [(35.0, 1), (-35.0, -1)], ids=["looks down", "looks up"])
def test_a_camera_that_looks_down_stands_higher_than_the_person(degrees: float, side: int, people: Tensor) -> None:
    samples = look(people, pitch_degrees=(degrees, degrees), roll_degrees=(0.0, 0.0), off_centre=(0.0, 0.0))
    rotations = recovered_rotations(people, samples)
    root_in_world_axes = np.einsum("nji,nj->ni", rotations, samples.positions[:, ROOT].numpy())
    camera_above_root = -root_in_world_axes[:, 2]
    expected = np.sin(np.radians(degrees)) * samples.positions[:, ROOT].norm(dim=1).numpy()
    np.testing.assert_allclose(camera_above_root, expected, atol=0.02)
    assert (np.sign(camera_above_root) == side).all()


def test_a_standing_person_is_upright_in_the_picture(people: Tensor) -> None:
    y = look(people).keypoints_px[..., 1]
    heights = y[:, [SKELETON.index(f"{side}_ankle") for side in ("left", "right")]] - y[:, SKELETON.index("head"), None]
    assert (heights > 0).all()


def test_who_faces_the_camera_has_the_left_hand_on_the_right_of_the_picture() -> None:
    """The person faces y, so that left is at negative x; kept are cameras that look along negative y."""
    body = np.zeros((COUNT, SKELETON.num_joints, 3))
    body[:, SKELETON.index("left_wrist")] = [-0.5, 0, 0.3]
    body[:, SKELETON.index("right_wrist")] = [0.5, 0, 0.3]
    body[:, SKELETON.index("head")] = [0, 0, 0.7]
    body[:, SKELETON.index("neck_nose")] = [0, 0.4, 0.5]
    people = torch.tensor(body, dtype=torch.float32)
    samples = look(people)
    in_front = recovered_rotations(people, samples)[:, 2, 1] < -0.7
    x = samples.keypoints_px[..., 0].numpy()[in_front]
    assert len(x) > 50
    assert (x[:, SKELETON.index("left_wrist")] > x[:, SKELETON.index("right_wrist")]).all()


def test_the_root_stays_well_inside_every_kind_of_picture(people: Tensor) -> None:
    samples = look(people, off_centre=(0.9, 0.9))
    size = samples.intrinsics.image_size
    share = (samples.keypoints_px[:, ROOT] - size / 2).abs() / (size / 2)
    assert share.max() <= 0.7 + 1e-4
    drawn, counts = np.unique(size.numpy(), axis=0, return_counts=True)
    assert set(map(tuple, drawn.tolist())) == {tuple(map(float, each)) for each in PICTURE_SIZES}
    assert (counts > COUNT / 3 * 0.8).all()


def test_no_people_give_no_samples() -> None:
    assert len(look(torch.zeros(0, SKELETON.num_joints, 3))) == 0


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"roll_degrees": (5.0, -5.0)}, "roll_degrees must be .low, high., got .5.0, -5.0."),
        ({"distance_m": (0.5, 2.0)}, "distance_m must be at least 1.5, got 0.5"),
        ({"pitch_degrees": (math.nan, 10.0)}, "pitch_degrees must be .low, high."),
        ({"field_of_view_degrees": (0.0, 60.0)}, "field_of_view_degrees must be between 1 and 179"),
        ({"field_of_view_degrees": (40.0, 180.0)}, "field_of_view_degrees must be between 1 and 179"),
        ({"off_centre": (-0.1, 0.5)}, "off_centre must be at least 0"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_ranges_that_make_no_camera_are_refused(ranges: dict[str, tuple[float, float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        VirtualCameraConfig(**ranges)

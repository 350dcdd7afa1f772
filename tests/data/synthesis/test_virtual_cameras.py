"""Virtual cameras: what they were is worked out again from what they saw."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ampose.data.synthesis.detector_noise import NoiseConfig, add_noise
from ampose.data.synthesis.proportions import ProportionConfig, vary_proportions
from ampose.data.synthesis.virtual_cameras import (
    IMAGE_SIZES,
    NEAREST_M,
    VirtualCameraConfig,
    draw_cameras,
    render,
    render_frames,
)
from ampose.errors import InputError
from ampose.poses.clips import FrameIndex, cut_windows
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
    drawn = draw_cameras(len(people), VirtualCameraConfig(**ranges), generator)
    return render(people[:, None], drawn, SKELETON)


def recovered_rotations(people: Tensor, samples: Samples) -> np.ndarray:
    """The matrix that turns world into camera axes, by least squares: it may turn out to be no rotation."""
    world, camera = (root_relative(p, ROOT).double() for p in (people, samples.positions[:, 0]))
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
    in_world, in_camera = (bone_lengths(p.numpy(), bones) for p in (people, samples.positions[:, 0]))
    np.testing.assert_allclose(in_camera, in_world, atol=2e-5)
    rotations = recovered_rotations(people, samples)
    np.testing.assert_allclose(rotations @ rotations.swapaxes(1, 2), np.tile(np.eye(3), (COUNT, 1, 1)), atol=1e-3)
    np.testing.assert_allclose(np.linalg.det(rotations), 1, atol=1e-3)


def test_keypoints_are_the_projection_of_the_positions(people: Tensor) -> None:
    samples = look(people)
    X, Y, Z = samples.positions[:, 0].double().unbind(-1)
    camera = samples.intrinsics
    u = camera.focal[:, :1] * X / Z + camera.centre[:, :1]
    v = camera.focal[:, 1:] * Y / Z + camera.centre[:, 1:]
    torch.testing.assert_close(samples.keypoints_px[:, 0].double(), torch.stack([u, v], dim=-1), atol=1e-2, rtol=0)
    assert (Z > 0.5).all()


def test_distance_field_of_view_and_place_are_within_their_ranges(people: Tensor) -> None:
    ranges = {"distance_m": (3.0, 4.0), "field_of_view_degrees": (50.0, 60.0), "off_centre": (0.1, 0.3)}
    samples = look(people, **ranges)
    camera = samples.intrinsics
    longer = camera.image_size.amax(dim=1)
    found = {
        "distance_m": samples.positions[:, 0, ROOT].norm(dim=1),
        "field_of_view_degrees": 2 * torch.arctan(longer / 2 / camera.focal[:, 0]).rad2deg(),
        "off_centre": (samples.keypoints_px[:, 0, ROOT] - camera.centre).norm(dim=1) / (longer / 2),
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
    root_in_world_axes = np.einsum("nji,nj->ni", rotations, samples.positions[:, 0, ROOT].numpy())
    camera_above_root = -root_in_world_axes[:, 2]
    expected = np.sin(np.radians(degrees)) * samples.positions[:, 0, ROOT].norm(dim=1).numpy()
    np.testing.assert_allclose(camera_above_root, expected, atol=0.02)
    assert (np.sign(camera_above_root) == side).all()


def test_a_standing_person_is_upright_in_the_picture(people: Tensor) -> None:
    y = look(people).keypoints_px[:, 0, :, 1]
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
    x = samples.keypoints_px[:, 0, :, 0].numpy()[in_front]
    assert len(x) > 50
    assert (x[:, SKELETON.index("left_wrist")] > x[:, SKELETON.index("right_wrist")]).all()


def test_the_root_stays_well_inside_every_kind_of_picture(people: Tensor) -> None:
    samples = look(people, off_centre=(0.9, 0.9))
    size = samples.intrinsics.image_size
    share = (samples.keypoints_px[:, 0, ROOT] - size / 2).abs() / (size / 2)
    assert share.max() <= 0.7 + 1e-4
    drawn, counts = np.unique(size.numpy(), axis=0, return_counts=True)
    assert set(map(tuple, drawn.tolist())) == {tuple(map(float, each)) for each in IMAGE_SIZES}
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


def walkers(generator, count=40, frames=9, stride_m=0.05):
    """People whose joints swing while they walk along x and up."""
    body = 0.3 * torch.randn(count, 1, 17, 3, generator=generator)
    swing = 0.05 * torch.randn(count, frames, 17, 3, generator=generator)
    way = stride_m * torch.arange(frames)[None, :, None, None] * torch.tensor([1.0, 0.0, 0.2])
    return body + swing + way


def cameras(count):
    return draw_cameras(count, VirtualCameraConfig(), torch.Generator().manual_seed(7))


def test_the_middle_frame_is_what_a_camera_of_single_frames_sees(generator):
    windows = walkers(generator)
    rendered = render(windows, cameras(40), SKELETON)
    single = render(windows[:, 4, None], cameras(40), SKELETON)
    torch.testing.assert_close(rendered.middle.keypoints_px, single.keypoints_px)
    torch.testing.assert_close(rendered.middle.positions, single.positions)
    assert torch.equal(rendered.intrinsics.focal, single.intrinsics.focal)


def test_the_camera_stays_while_the_person_moves(generator):
    """Distances between any joint of any two frames are those of the world."""
    windows = walkers(generator, stride_m=0.01)
    rendered = render(windows, cameras(40), SKELETON)
    for seen, world in zip(rendered.positions, windows, strict=True):
        torch.testing.assert_close(torch.pdist(seen.flatten(0, 1)), torch.pdist(world.flatten(0, 1)))


def test_where_the_person_cannot_be_seen_the_window_is_padded(generator):
    windows = walkers(generator, frames=41, stride_m=0.5)  # 10 m to either side: some walk past the camera
    drawn = cameras(40)
    rendered = render(windows, drawn, SKELETON)
    assert torch.isfinite(rendered.keypoints_px).all()
    assert rendered.positions[..., 2].min() > NEAREST_M
    root = rendered.keypoints_px[:, :, SKELETON.root_index]
    assert (root >= 0).all()
    assert (root <= rendered.intrinsics.image_size[:, None]).all()
    same = (rendered.positions.diff(dim=1) == 0).flatten(2).all(dim=2)
    padded = torch.cat([same[:, :20], same[:, 20:].flip(1)], dim=1).view(-1, 20)
    assert padded.any()
    assert (padded.int().diff(dim=1) <= 0).all()  # from the edges inwards, and never after a frame that is seen


def test_what_is_around_a_sample_ends_where_its_clip_ends(generator):
    motion = walkers(generator, count=1, frames=12, stride_m=0.0)[0]
    index = FrameIndex.of_clips([0, 5, 12])[torch.tensor([4, 5, 9])]
    samples = render_frames(motion, index, cameras(3), SKELETON, 5)
    windows = render(motion[cut_windows(index, 5, "centre").rows], cameras(3), SKELETON).keypoints_px
    torch.testing.assert_close(samples.keypoints_px, windows)
    assert samples.positions.shape == (3, 1, 17, 3)
    assert torch.equal(windows[0, 2], windows[0, 3])
    assert torch.equal(windows[1, 2], windows[1, 1])


def test_noise_and_body_are_one_draw_a_window(generator):
    still = walkers(generator, count=200, frames=1).expand(-1, 9, -1, -1)
    varied = vary_proportions(still, SKELETON, ProportionConfig(height=(0.8, 1.2), bone_spread=0.05), generator)
    torch.testing.assert_close(varied, varied[:, :1].expand_as(varied))
    assert not torch.allclose(varied, still)
    pixels = 1000 * still[..., :2]
    off = (add_noise(pixels, NoiseConfig(largest=0.1), generator) - pixels).std(dim=(2, 3)) / 1000
    between, within = off.mean(dim=1).std(), off.std(dim=1).mean()
    assert between > 3 * within
    assert (add_noise(pixels, NoiseConfig(largest=0.1), generator)[:, 0] != pixels[:, 0]).all()


@pytest.mark.parametrize("frames", [1, 9])
def test_a_window_of_one_draw_is_a_sample_of_one_frame(generator, frames):
    """The same draws as without a time axis, so that single frames see what they saw before."""
    poses = walkers(generator, count=6, frames=frames)
    config = ProportionConfig(height=(0.8, 1.2), bone_spread=0.05)
    of_windows = vary_proportions(poses, SKELETON, config, torch.Generator().manual_seed(1))
    of_frames = vary_proportions(poses[:, 0], SKELETON, config, torch.Generator().manual_seed(1))
    np.testing.assert_allclose(of_windows[:, 0], of_frames)

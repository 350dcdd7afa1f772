"""From pixels to network input and back to camera axes, for portrait, landscape and square pictures."""

import numpy as np
import pytest
import torch
from torch import Tensor

from ampose.errors import InputError
from ampose.models.normalisation import (
    Normalised,
    normalisations,
    rotation_to_optical_axis,
    to_camera_axes,
    to_network_axes,
)
from ampose.models.normalisation import normalise as normalise_windows
from ampose.poses.camera import Intrinsics, project
from ampose.poses.geometry import mirror, root_relative
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")
ROOT = SKELETON.root_index
SIZES = {"landscape": (1920, 1080), "portrait": (1080, 1920), "human36m": (1000, 1002)}
WAYS = ("image-width", "longest-side", "person-rays", "person-rays-scaled")

pictures = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
ways = pytest.mark.parametrize("way", WAYS)


def camera_of(size: tuple[int, int], count: int, *, off_centre: float = 0.0) -> Intrinsics:
    """Cameras of 40 to 85 degrees; the principal point may be off the middle of the picture."""
    cameras = [Intrinsics.from_field_of_view(size, degrees) for degrees in np.linspace(40, 85, count)]
    focal = torch.tensor(np.stack([camera.focal for camera in cameras]), dtype=torch.float64)
    sizes = torch.tensor([size] * count, dtype=torch.float64)
    return Intrinsics(focal=focal * torch.tensor([1, 1.02]), centre=sizes / 2 + off_centre, image_size=sizes)


def people(rng: np.random.Generator, count: int = 12) -> Tensor:
    """Camera-space metres: bodies of the size of people, 4 to 7 m away, some near the edge of the picture."""
    body = rng.uniform(-0.8, 0.8, size=(count, SKELETON.num_joints, 3))
    place = rng.uniform([-1.0, -0.6, 4], [1.0, 0.6, 7], size=(count, 1, 3))
    return torch.from_numpy(body + place)


def normalise(way: str, pixels: Tensor, camera: Intrinsics, root: int) -> Normalised:
    """Normalise single frames: (sample, joint, 2) is a window of one frame."""
    keypoints, rotation = normalise_windows(way, pixels[:, None], camera, root)
    return Normalised(keypoints[:, 0], None if rotation is None else rotation[:, 0])


def network_axes(positions: Tensor, rotation: Tensor | None) -> Tensor:
    return to_network_axes(positions[:, None], None if rotation is None else rotation[:, None])[:, 0]


def seen(positions: Tensor, camera: Intrinsics) -> Tensor:
    return project(positions, camera.focal[:, None], camera.centre[:, None])


def test_the_ways_are_known() -> None:
    assert set(WAYS) <= set(normalisations.names())


def test_an_unknown_way_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="normalisation must be a known name, got 'image-widht'; did you mean"):
        normalise("image-widht", torch.zeros(1, 17, 2), camera_of((10, 10), 1), ROOT)


@pictures
def test_image_width_is_the_formula_of_the_human36m_papers(size: tuple[int, int], rng: np.random.Generator) -> None:
    width, height = size
    pixels = rng.uniform([0, 0], size, size=(6, 17, 2))
    expected = pixels / width * 2 - [1, height / width]
    given = normalise("image-width", torch.from_numpy(pixels), camera_of(size, 6, off_centre=30.0), ROOT)
    np.testing.assert_allclose(given.keypoints.numpy(), expected, atol=1e-12)
    assert given.rotation is None


@pictures
def test_longest_side_puts_the_whole_picture_between_minus_one_and_one(size: tuple[int, int]) -> None:
    width, height = size
    corners = torch.tensor([[[0.0, 0], [width, height]]], dtype=torch.float64)
    (low, high) = normalise("longest-side", corners, camera_of(size, 1), 0).keypoints[0].numpy()
    np.testing.assert_allclose(high, np.array(size) / max(size))
    np.testing.assert_allclose(low, -high)


@pictures
def test_person_rays_turn_the_camera_to_the_root(size: tuple[int, int], rng: np.random.Generator) -> None:
    positions, camera = people(rng), camera_of(size, 12, off_centre=25.0)
    keypoints, rotation = normalise("person-rays", seen(positions, camera), camera, ROOT)
    assert rotation is not None
    identity = torch.eye(3, dtype=torch.float64).expand(12, 3, 3)
    torch.testing.assert_close(rotation @ rotation.mT, identity)
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(12, dtype=torch.float64))
    torch.testing.assert_close(keypoints[:, ROOT], torch.zeros(12, 2, dtype=torch.float64))
    turned = network_axes(positions, rotation)
    torch.testing.assert_close(turned[..., :2] / turned[..., 2:], keypoints)
    assert (turned[:, ROOT, 2] > 0).all()


@pictures
def test_person_rays_do_not_say_where_in_the_picture_somebody_stands(
    size: tuple[int, int], rng: np.random.Generator
) -> None:
    """The same person seen by the same camera after it has been turned gives the same input and target."""
    camera = camera_of(size, 12)
    centred = people(rng)
    centred = centred - centred[:, ROOT, None] * torch.tensor([1.0, 1, 0], dtype=torch.float64)
    aims = torch.from_numpy(rng.uniform(-0.3, 0.3, size=(12, 2)))
    elsewhere = centred @ rotation_to_optical_axis(aims)  # the transpose: from the axis to the aim
    first, second = (normalise("person-rays", seen(p, camera), camera, ROOT) for p in (centred, elsewhere))
    assert (seen(elsewhere, camera) - seen(centred, camera)).abs().amax(dim=(1, 2)).min() > 20  # pixels
    torch.testing.assert_close(first.keypoints, second.keypoints)
    torch.testing.assert_close(
        network_axes(root_relative(centred, ROOT), first.rotation),
        network_axes(root_relative(elsewhere, ROOT), second.rotation),
    )


def test_person_rays_do_not_say_which_camera_it_was(rng: np.random.Generator) -> None:
    positions = people(rng)
    wide, narrow = camera_of((1920, 1080), 12), camera_of((1080, 1920), 12, off_centre=40.0)
    inputs = [normalise("person-rays", seen(positions, c), c, ROOT).keypoints for c in (wide, narrow)]
    torch.testing.assert_close(*inputs)


@ways
@pictures
def test_a_mirrored_picture_gives_the_mirrored_input(way: str, size: tuple[int, int], rng: np.random.Generator) -> None:
    camera = camera_of(size, 12)
    pixels = seen(people(rng), camera)
    middle = torch.tensor([size[0] / 2, 0.0], dtype=torch.float64)
    in_mirror = mirror(pixels - middle, SKELETON.flip_order) + middle
    plain, mirrored = (normalise(way, points, camera, ROOT) for points in (pixels, in_mirror))
    torch.testing.assert_close(mirrored.keypoints, mirror(plain.keypoints, SKELETON.flip_order))
    if plain.rotation is not None and mirrored.rotation is not None:
        flip_x = torch.diag(torch.tensor([-1.0, 1, 1], dtype=torch.float64))
        torch.testing.assert_close(mirrored.rotation, flip_x @ plain.rotation @ flip_x)


@ways
@pictures
def test_camera_axes_come_back(way: str, size: tuple[int, int], rng: np.random.Generator) -> None:
    positions, camera = people(rng), camera_of(size, 12)
    rotation = normalise(way, seen(positions, camera), camera, ROOT).rotation
    relative = root_relative(positions, ROOT)
    windows, turns = relative[:, None], None if rotation is None else rotation[:, None]
    torch.testing.assert_close(to_camera_axes(to_network_axes(windows, turns), turns), windows)


@ways
def test_each_sample_is_normalised_with_its_own_camera(way: str, rng: np.random.Generator) -> None:
    pixels = torch.from_numpy(rng.uniform(200, 900, size=(3, 17, 2)))
    parts = [camera_of(size, 1) for size in SIZES.values()]
    names = ("focal", "centre", "image_size")
    together = Intrinsics(**{name: torch.cat([getattr(part, name) for part in parts]) for name in names})
    whole = normalise(way, pixels, together, ROOT).keypoints
    for row, camera in enumerate(parts):
        alone = normalise(way, pixels[row : row + 1], camera, ROOT).keypoints
        torch.testing.assert_close(whole[row : row + 1], alone)


@ways
def test_each_frame_of_a_window_is_normalised_by_itself(way: str, rng: np.random.Generator) -> None:
    pixels = torch.from_numpy(rng.uniform(200, 900, size=(3, 5, 17, 2)))
    camera = camera_of((1920, 1080), 3)
    whole = normalise_windows(way, pixels, camera, ROOT)
    for frame in range(5):
        alone = normalise(way, pixels[:, frame], camera, ROOT)
        torch.testing.assert_close(whole.keypoints[:, frame], alone.keypoints)
        if whole.rotation is not None:
            torch.testing.assert_close(whole.rotation[:, frame], alone.rotation)


@pytest.mark.parametrize("x", [0.0, 1e-8, 0.5, 3.0, -40.0])
def test_the_rotation_is_the_shortest_one(x: float) -> None:
    rotation = rotation_to_optical_axis(torch.tensor([[x, x / 2]], dtype=torch.float64))[0]
    ray = torch.tensor([x, x / 2, 1.0], dtype=torch.float64)
    angle_turned = torch.arccos(((torch.trace(rotation) - 1) / 2).clamp(-1, 1))
    angle_between = torch.arctan2(ray[:2].norm(), ray[2])
    torch.testing.assert_close(angle_turned, angle_between, atol=1e-7, rtol=0)
    expected = torch.tensor([0, 0, 1.0], dtype=torch.float64) * ray.norm()
    torch.testing.assert_close(rotation @ ray, expected)


def test_rays_behind_the_turned_camera_stay_finite() -> None:
    pixels = torch.tensor([[[0.0, 0.0], [1e6, 0.0]]], dtype=torch.float64)
    camera = camera_of((1920, 1080), 1)
    assert torch.isfinite(normalise("person-rays", pixels, camera, 0).keypoints).all()
    assert torch.isfinite(normalise("person-rays", pixels, camera, 1).keypoints).all()


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_scaled_rays_do_not_say_how_large_somebody_is_nor_how_wide_the_camera(
    factor: float, rng: np.random.Generator
) -> None:
    """In the middle of the picture a wrong focal length only changes the size."""
    size = (1000, 1000)
    camera = camera_of(size, 12)
    body = root_relative(people(rng), ROOT) + torch.tensor([0.0, 0.0, 6.0])
    pixels = seen(body, camera)
    wrong = Intrinsics(focal=camera.focal * factor, centre=camera.centre, image_size=camera.image_size)
    right, mistaken = (normalise("person-rays-scaled", pixels, each, ROOT).keypoints for each in (camera, wrong))
    torch.testing.assert_close(mistaken, right)
    assert right.norm(dim=-1).mean(dim=1).tolist() == pytest.approx([0.5] * 12)
    larger = seen(body, camera) * 3 - 2 * camera.centre[:, None]
    torch.testing.assert_close(normalise("person-rays-scaled", larger, camera, ROOT).keypoints, right)


@pytest.mark.parametrize("way", ["person-rays", "person-rays-scaled"])
def test_missing_joints_stay_missing_and_the_others_stay_what_they_are(way: str, rng: np.random.Generator) -> None:
    camera = camera_of((1920, 1080), 12)
    pixels = seen(people(rng), camera)
    knee = SKELETON.index("left_knee")
    pixels[:, knee] = torch.nan
    keypoints = normalise(way, pixels, camera, ROOT).keypoints
    assert keypoints.isnan().all(dim=-1).sum(dim=1).tolist() == [1] * 12
    assert keypoints[:, knee].isnan().all()


@pytest.mark.parametrize("way", ["person-rays", "person-rays-scaled"])
def test_without_the_root_the_camera_turns_to_the_middle_of_the_others(way: str, rng: np.random.Generator) -> None:
    camera = camera_of((1920, 1080), 12)
    pixels = seen(people(rng), camera)
    pixels[:, ROOT] = torch.nan
    rotation = normalise(way, pixels, camera, ROOT).rotation
    assert rotation is not None
    middle = pixels.nanmean(dim=1)
    rays = torch.cat([(middle - camera.centre) / camera.focal, torch.ones(12, 1)], dim=-1)
    turned = (rotation @ rays[..., None])[..., 0]
    torch.testing.assert_close(turned[:, :2], torch.zeros(12, 2, dtype=turned.dtype), atol=1e-9, rtol=0)

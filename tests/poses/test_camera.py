"""Cameras, against a projection written here from the formulas of the Human3.6M protocol.

The camera numbers are those that come with Human3.6M (its metadata.xml).
"""

import math

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from ampose.errors import InputError
from ampose.poses.camera import Camera, Intrinsics, back_project, distort, project

LENSES = {
    "54138969": {
        "focal": (1145.0494384765625, 1143.7811279296875),
        "centre": (512.54150390625, 515.4514770507812),
        "radial": (-0.20709891617298126, 0.24777518212795258, -0.0030751503072679043),
        "tangential": (-0.0009756988729350269, -0.00142447161488235),
        "image_size": (1000, 1002),
    },
    "55011271": {
        "focal": (1149.6756591796875, 1147.5916748046875),
        "centre": (508.8486328125, 508.0649108886719),
        "radial": (-0.1942136287689209, 0.2404085397720337, 0.006819975562393665),
        "tangential": (-0.0016190266469493508, -0.0027408944442868233),
        "image_size": (1000, 1000),
    },
    "58860488": {
        "focal": (1149.1407470703125, 1148.7989501953125),
        "centre": (519.8158569335938, 501.40264892578125),
        "radial": (-0.2083381861448288, 0.25548800826072693, -0.0024604974314570427),
        "tangential": (0.0014843869721516967, -0.0007599993259645998),
        "image_size": (1000, 1000),
    },
    "60457274": {
        "focal": (1145.5113525390625, 1144.77392578125),
        "centre": (514.9682006835938, 501.88201904296875),
        "radial": (-0.198384091258049, 0.21832367777824402, -0.008947807364165783),
        "tangential": (-0.0005872055771760643, -0.0018133620033040643),
        "image_size": (1000, 1002),
    },
}

PLACES_OF_S1 = {
    "54138969": (
        (0.1407056450843811, -0.1500701755285263, -0.755240797996521, 0.6223280429840088),
        (1841.1070556640625, 4955.28466796875, 1563.4454345703125),
    ),
    "55011271": (
        (0.6157187819480896, -0.764836311340332, -0.14833825826644897, 0.11794740706682205),
        (1761.278564453125, -5078.0068359375, 1606.2650146484375),
    ),
    "58860488": (
        (0.14651472866535187, -0.14647851884365082, 0.7653023600578308, -0.6094175577163696),
        (-1846.7777099609375, 5215.04638671875, 1491.972412109375),
    ),
    "60457274": (
        (0.5834008455276489, -0.7853162288665771, 0.14548823237419128, -0.14749594032764435),
        (-1794.7896728515625, -3722.698974609375, 1574.8927001953125),
    ),
}
"""Quaternion (w, x, y, z) from camera to world, and the camera's centre in world millimetres."""


def intrinsics_of(lens: str) -> Intrinsics:
    fields = {key: np.array(LENSES[lens][key]) for key in ("focal", "centre", "image_size")}
    return Intrinsics(**fields)


def camera_of(lens: str) -> Camera:
    (w, x, y, z), centre_mm = PLACES_OF_S1[lens]
    return Camera(
        intrinsics=intrinsics_of(lens),
        rotation=Rotation.from_quat([x, y, z, w]).inv().as_matrix(),
        position=np.array(centre_mm) / 1000,
        distortion=(*LENSES[lens]["radial"], *LENSES[lens]["tangential"]),
    )


def reference_projection(points: np.ndarray, lens: str) -> np.ndarray:
    """Project in normalised screen units, as the published 2D ground truth was made; then to pixels."""
    facts = LENSES[lens]
    (k1, k2, k3), p = facts["radial"], np.array(facts["tangential"])
    width, height = facts["image_size"]
    focal_norm = np.array(facts["focal"]) / width * 2
    centre_norm = np.array(facts["centre"]) / width * 2 - [1, height / width]
    pixels = np.empty((*points.shape[:-1], 2))
    for place in np.ndindex(points.shape[:-1]):
        X, Y, Z = points[place]
        xy = np.clip([X / Z, Y / Z], -1, 1)
        r2 = float(xy @ xy)
        radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
        bent = xy * (radial + p @ xy) + p * r2
        screen = focal_norm * bent + centre_norm
        pixels[place] = (screen + np.array([1, height / width])) * width / 2
    return pixels


def points_before_the_camera(rng: np.random.Generator) -> np.ndarray:
    return np.concatenate([rng.uniform(-2, 2, size=(20, 17, 2)), rng.uniform(2.5, 7, size=(20, 17, 1))], axis=-1)


@pytest.mark.parametrize("lens", LENSES)
def test_projection_is_that_of_the_published_keypoints(lens: str, rng: np.random.Generator) -> None:
    points = points_before_the_camera(rng)
    np.testing.assert_allclose(camera_of(lens).project(points), reference_projection(points, lens), atol=1e-9)


def test_points_far_outside_the_picture_are_clipped_before_the_lens_bends_them() -> None:
    lens = "54138969"
    points = np.array([[[9.0, -9.0, 3.0], [3.0, -3.0, 3.0]]])
    pixels = camera_of(lens).project(points)
    np.testing.assert_allclose(pixels, reference_projection(points, lens), atol=1e-9)
    np.testing.assert_array_equal(pixels[0, 0], pixels[0, 1])


def test_without_a_lens_model_nothing_is_clipped() -> None:
    pixels = project(np.array([[4.0, -8.0, 2.0]]), np.array([100.0, 50.0]), np.array([7.0, 9.0]))
    np.testing.assert_array_equal(pixels, [[207, -191]])


@pytest.mark.parametrize("lens", LENSES)
def test_the_camera_stands_at_the_origin_of_its_own_axes(lens: str) -> None:
    camera = camera_of(lens)
    np.testing.assert_allclose(camera.to_camera(camera.position), np.zeros(3), atol=1e-12)


@pytest.mark.parametrize("lens", LENSES)
def test_a_person_in_the_middle_of_the_studio_stands_upright_in_every_picture(lens: str) -> None:
    camera = camera_of(lens)
    feet, head = np.array([0.0, 0, 0]), np.array([0.0, 0, 1.7])
    in_camera = camera.to_camera(np.stack([feet, head]))
    assert (in_camera[:, 2] > 3).all()  # metres away, and before the camera
    (feet_x, feet_y), (head_x, head_y) = camera.project(in_camera)
    assert head_y + 200 < feet_y
    assert abs(head_x - feet_x) < 40
    assert all(0 < pixel < 1002 for pixel in (feet_x, feet_y, head_x, head_y))


@pytest.mark.parametrize("kind", ["array", "tensor"])
def test_projecting_and_going_back_changes_nothing(kind: str, rng: np.random.Generator) -> None:
    points = points_before_the_camera(rng)
    camera = intrinsics_of("55011271")
    focal, centre = camera.focal, camera.centre
    if kind == "tensor":
        points, focal, centre = (torch.from_numpy(value) for value in (points, focal, centre))
    xy = back_project(project(points, focal, centre), points[..., 2:], focal, centre)
    np.testing.assert_allclose(xy, points[..., :2], atol=1e-12)


def test_arrays_and_tensors_are_distorted_alike_and_left_as_they_are(rng: np.random.Generator) -> None:
    xy = rng.uniform(-1.5, 1.5, size=(30, 2))
    before = xy.copy()
    lens = camera_of("58860488").distortion
    assert lens is not None
    np.testing.assert_allclose(distort(torch.from_numpy(xy), lens).numpy(), distort(xy, lens), atol=1e-14)
    np.testing.assert_array_equal(xy, before)


def test_every_sample_may_have_a_camera_of_its_own(rng: np.random.Generator) -> None:
    points = rng.uniform(1, 2, size=(2, 3, 3))
    focal, centre = np.array([[100.0, 110], [200, 220]]), np.array([[5.0, 6], [7, 8]])
    both = project(points, focal[:, None], centre[:, None])
    for sample in range(2):
        np.testing.assert_array_equal(both[sample], project(points[sample], focal[sample], centre[sample]))


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (640, 640)])
@pytest.mark.parametrize("degrees", [1.0, 40.0, 60.0, 90.0, 179.0])
def test_a_field_of_view_is_seen_across_the_longer_side(size: tuple[int, int], degrees: float) -> None:
    camera = Intrinsics.from_field_of_view(size, degrees)
    half = math.radians(degrees) / 2
    edge = project(np.array([math.tan(half), math.tan(half), 1.0]), camera.focal, camera.centre)
    longer = int(np.argmax(size))
    assert edge[longer] == pytest.approx(size[longer], rel=1e-5)
    assert camera.focal[0] == camera.focal[1]
    np.testing.assert_array_equal(camera.centre * 2, size)


@pytest.mark.parametrize("degrees", [0.0, -60.0, 180.0, math.nan, math.inf])
def test_an_impossible_field_of_view_is_refused(degrees: float) -> None:
    with pytest.raises(InputError, match="field of view must be between 1 and 179 degrees"):
        Intrinsics.from_field_of_view((1920, 1080), degrees)


@pytest.mark.parametrize("size", [(0, 1080), (1920, 0), (-1, 5)])
def test_an_impossible_picture_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="image_size must be positive"):
        Intrinsics.from_field_of_view(size)

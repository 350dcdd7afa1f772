"""Reading the landmark network, against values worked out by hand."""

import numpy as np
import pytest

from ampose.detectors.blazepose.landmark_network import Landmarks, confidence, next_regions, read_landmarks, refine
from ampose.poses.skeletons import get_skeleton


def cold() -> np.ndarray:
    return np.full((1, 1, 64, 64), -50.0, dtype=np.float32)


def test_a_joint_moves_to_the_middle_of_the_heat():
    heat = cold()
    heat[0, 0, 20, 30], heat[0, 0, 20, 32] = 50, 50
    assert refine(np.array([[[29.5 / 64, 20.2 / 64]]]), heat)[0, 0] * 64 == pytest.approx((31, 20))


def test_heat_that_is_far_or_weak_moves_nothing():
    heat = cold()
    heat[0, 0, 20, 36], heat[0, 0, 20, 30] = 50, -0.1
    point = np.array([[[32.5 / 64, 20.5 / 64]]])
    np.testing.assert_array_equal(refine(point, heat), point)


@pytest.mark.parametrize("place", [(-0.4, 0.5), (1.6, 0.5), (0.5, -7.0), (np.nextafter(1, 0), 0.0)])
def test_at_the_edge_and_outside(place):
    """Heat at the edge is not counted several times, and a joint outside stays there."""
    heat = cold()
    heat[0, 0, 0, 63] = 50
    moved = refine(np.array([[place]]), heat)[0, 0]
    assert moved * 64 == pytest.approx((63, 0) if place[1] == 0 else np.array(place) * 64)


def test_the_layout_of_the_outputs():
    values = np.zeros((2, 39, 5), dtype=np.float32)
    values[1, 3] = [128, 64, -5, np.log(4), np.log(1 / 3)]
    landmarks = read_landmarks(values.reshape(2, 195), np.array([[0.1], [0.9]]), cold().repeat(39, axis=1).repeat(2, 0))
    assert landmarks.points[1, 3] == pytest.approx((0.5, 0.25))
    assert landmarks.confidence[1, 3] == pytest.approx(0.964 / (1 + np.exp(2.06) * 4**-0.64 * 3**0.54))
    assert landmarks.person.tolist() == pytest.approx([0.1, 0.9])


def test_a_mirror_image_is_turned_back():
    """A left wrist in column 192.5 of the mirror image is a right wrist in column 62.5."""
    body = get_skeleton("blazepose_33")
    points, sure = np.full((1, 39, 2), 0.25), np.zeros((1, 39))
    points[0, body.index("left_wrist")], sure[0, body.index("left_wrist")] = (192.5 / 256, 0.4), 0.9
    found = Landmarks(points, sure, np.array([0.7])).mirrored()
    assert found.points[0, body.index("right_wrist")] == pytest.approx((62.5 / 256, 0.4))
    assert found.confidence[0, body.index("right_wrist")] == 0.9
    assert found.points[0, body.index("nose")] == pytest.approx((191 / 256, 0.25))
    mean = found.mean(Landmarks(points, sure, np.array([0.3])))
    assert mean.person.tolist() == [0.5]
    assert mean.points[0, body.index("nose")] == pytest.approx(((191 / 256 + 0.25) / 2, 0.25))


def test_confidence_grows_with_both_up_to_a_highest_value():
    """0.64 * 1 + 0.54 * 2 - 2.06 = -0.34."""
    assert confidence(np.ones(1), 2 * np.ones(1)) == pytest.approx(0.964 / (1 + np.exp(0.34)))
    assert confidence(np.array([20.0, -20.0]), np.array([20.0, 5.0])) == pytest.approx((0.964, 0), abs=1e-3)


def test_the_next_region_stands_on_the_two_extra_points():
    points = np.zeros((1, 39, 2))
    points[0, 33], points[0, 34] = (100, 200), (100, 120)
    regions = next_regions(points)
    assert regions.centre[0] == pytest.approx((100, 200))
    assert regions.size == pytest.approx(200)
    assert regions.angle == pytest.approx(0)

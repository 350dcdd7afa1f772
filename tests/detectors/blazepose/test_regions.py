"""Regions and what is cut out of them, against values worked out by hand."""

import numpy as np
import pytest

from ampose.detectors.blazepose.regions import Regions, cut_out, regions_from_points, whole_image


def test_a_person_who_lies_has_a_turned_region():
    """Head to the right: the region's up is the image's right, its right is the image's down."""
    regions = regions_from_points(np.array([[50.0, 60.0]]), np.array([[90.0, 60.0]]))
    assert regions.size == pytest.approx(100)
    assert regions.angle == pytest.approx(np.pi / 2)
    corners = regions.to_image(np.array([[[0.5, 0.5], [0.5, 0.0], [1.0, 0.5]]]))
    assert corners[0] == pytest.approx(np.array([[50, 60], [100, 60], [50, 110]]))


def test_several_are_joined_and_chosen():
    one, two = whole_image(40, 20), whole_image(30, 60)
    both = one.join(two)
    assert len(both) == 2
    assert both[np.array([False, True])].size.tolist() == [60]


def test_a_region_of_the_frame_s_own_pixels_is_copied():
    frame = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    square = Regions(np.array([[7.0, 5.0]]), np.array([8.0]), np.zeros(1))
    found = cut_out(frame, square, 8)
    np.testing.assert_array_equal(found[0], frame[1:9, 3:11].transpose(2, 0, 1))


def test_a_turn_by_a_right_angle_turns_the_pixels():
    frame = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    square = Regions(np.array([[4.0, 4.0]]), np.array([8.0]), np.full(1, np.pi / 2))
    found = cut_out(frame, square, 8)[0].transpose(1, 2, 0)
    # The region's first row runs down the frame's right side.
    np.testing.assert_allclose(found, np.rot90(frame)[:8, :8], atol=1e-3)


def test_between_pixels_and_outside():
    frame = np.array([[[0, 0, 0], [100, 10, 1]]], dtype=np.uint8)
    square = Regions(np.array([[0.5, 0.0]]), np.array([2.0]), np.zeros(1))
    assert cut_out(frame, square, 4)[0, 0, 2].tolist() == [0, 0, 50, 100]
    assert cut_out(frame, square, 4, beyond=-1.0)[0, 0].tolist()[:2] == [[-1] * 4, [-1] * 4]


def test_a_frame_of_one_pixel():
    frame = np.full((1, 1, 3), 7, dtype=np.uint8)
    assert (cut_out(frame, whole_image(1, 1), 4) == 7).all()

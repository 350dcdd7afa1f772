"""Anchors, boxes and blending against values worked out by hand."""

import numpy as np
import pytest

from ampose.detectors.blazepose.person_network import People, anchors, blend, decode


def test_anchors_cover_the_image_evenly():
    assert anchors().mean(axis=0) == pytest.approx((0.5, 0.5))
    fine, middle, coarse = np.split(anchors(), [28 * 28 * 2, 28 * 28 * 2 + 14 * 14 * 2])
    for part, cells, each in ((fine, 28, 2), (middle, 14, 2), (coarse, 7, 6)):
        assert len(part) == cells * cells * each
        assert part[0] == pytest.approx((0.5 / cells, 0.5 / cells))
        assert part[each] == pytest.approx((1.5 / cells, 0.5 / cells)), "along a row first"


def test_boxes_are_decoded_from_their_anchors():
    boxes, scores = np.zeros((2254, 12), dtype=np.float32), np.full((2254, 1), -9.0, dtype=np.float32)
    boxes[1568] = [11.2, 22.4, 44.8, 67.2, 5.6, 0, 0, -112, 0, 0, 0, 0]  # its anchor is at 8 of 224 pixels
    scores[1568], scores[5] = np.log(3), 0.0
    people = decode(boxes, scores)
    assert people.score == pytest.approx((0.75, 0.5)), "the surest first"
    assert people.box[0] * 224 == pytest.approx((19.2 - 22.4, 30.4 - 33.6, 19.2 + 22.4, 30.4 + 33.6))
    assert people.points[0, :2] * 224 == pytest.approx(np.array([[13.6, 8], [8, -104]]))


def test_one_person_is_blended_and_another_kept():
    box = np.array([[0, 0, 10, 10], [40, 0, 50, 10], [0, 0, 10, 8], [100, 0, 100, 0]], dtype=float)
    points = np.arange(4.0).repeat(8).reshape(4, 4, 2)
    people = blend(People(box, points, np.array([0.9, 0.8, 0.6, 0.5])))
    assert people.score == pytest.approx((0.9, 0.8, 0.5))
    assert people.box[0] == pytest.approx((0, 0, 10, 10 * 0.6 + 8 * 0.4))
    assert people.points[0, 0] == pytest.approx((0.8, 0.8)), "0 and 2, weighted by 0.9 and 0.6"
    assert people.points[1] == pytest.approx(points[1])
    assert people.box[2] == pytest.approx(box[3]), "an empty box is not lost"


def test_nobody():
    nobody = blend(decode(np.zeros((2254, 12), dtype=np.float32), np.full((2254, 1), -5.0, dtype=np.float32)))
    assert nobody.box.shape == (0, 4)
    assert nobody.points.shape == (0, 4, 2)
    assert nobody.score.shape == (0,)

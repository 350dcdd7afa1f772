"""The ultralytics adapter on the package's own result types; its models are not ours to ship (AGPL-3.0)."""

import numpy as np
import pytest
import torch

from ampose.detectors import create_detector
from ampose.detectors.ultralytics import people_in
from ampose.errors import InputError

results = pytest.importorskip("ultralytics.engine.results", reason="ultralytics is not installed", exc_type=ImportError)


def result(keypoints: torch.Tensor | None) -> object:
    count = 0 if keypoints is None else len(keypoints)
    return results.Results(
        orig_img=np.zeros((480, 640, 3), dtype=np.uint8),
        path="frame.jpg",
        names={0: "person"},
        boxes=torch.rand(count, 6),
        keypoints=keypoints,
    )


def test_people_with_joints_that_were_not_found():
    rows = torch.rand(2, 17, 3) * torch.tensor([600.0, 400.0, 1.0]) + torch.tensor([1.0, 1.0, 0.0])
    rows[1, 9] = 0.0  # what ultralytics writes for a joint that was not found
    first, second = people_in(result(rows))
    np.testing.assert_allclose(first.keypoints, rows[0, :, :2].numpy(), rtol=1e-6)
    np.testing.assert_allclose(first.confidence, rows[0, :, 2].numpy(), rtol=1e-6)
    assert np.isnan(second.keypoints[9]).all()
    assert second.confidence[9] == 0
    assert np.isfinite(np.delete(second.keypoints, 9, axis=0)).all()


def test_nobody():
    assert people_in(result(torch.zeros(0, 17, 3))) == []


def test_a_model_that_is_none_for_people():
    with pytest.raises(InputError, match="take a -pose model"):
        people_in(result(None))
    with pytest.raises(InputError, match="must have COCO's 17 joints, got 21"):
        people_in(result(torch.rand(1, 21, 3)))


def test_a_model_file_must_be_there():
    with pytest.raises(InputError, match=r"must be a local file, got 'yolo11n-pose.pt'; fetch one.*AGPL-3\.0"):
        create_detector("ultralytics", tracking=False, options={"model": "yolo11n-pose.pt"})

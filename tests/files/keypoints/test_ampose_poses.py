"""Our own poses as a keypoint file: at another rate, and without who is unsure."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.files.keypoints import samples
from tests.files.keypoints.samples import FRAMES, make_people

from ampose.errors import InputError
from ampose.files import poses as formats
from ampose.files.keypoints import read_keypoints


def with_times(path: Path) -> Path:
    """Our own poses of a clip that begins at a second."""
    people = [
        replace(
            one,
            pose2d=replace(one.pose2d, times=1 + np.arange(FRAMES) / 25),
            pose3d=replace(one.pose3d, times=1 + np.arange(FRAMES) / 25),
        )
        for one in formats.read(path)
    ]
    formats.write(path, people)
    return path


def test_another_rate_of_poses_with_times(tmp_path: Path) -> None:
    path = with_times(samples.ampose_npz(tmp_path, make_people("coco_17")))
    assert read_keypoints(path)[0].pose2d.seconds == pytest.approx(1 + np.arange(FRAMES) / 25)
    pose = read_keypoints(path, fps=50.0)[0].pose2d
    assert pose.fps == 50
    assert pose.seconds == pytest.approx(1 + np.arange(FRAMES) / 50)


def test_a_least_score_of_poses(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    people = make_people("coco_17")
    people[1, 1, :, 2] = 0.25
    path = samples.ampose_npz(tmp_path, people)
    assert read_keypoints(path, min_score=0.3)[1].pose2d.missing.tolist() == [False, True, False, True, True]
    assert "1 of 8 detections have a score under 0.3" in caplog.text
    with pytest.raises(InputError, match="the least score must leave somebody, but the best is"):
        read_keypoints(path, min_score=5.0)

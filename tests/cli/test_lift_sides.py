"""``ampose lift`` on keypoints of which left and right are exchanged for a while."""

import json
from pathlib import Path

import numpy as np
import pytest

from ampose.cli import main
from ampose.files import poses as formats
from ampose.poses.skeletons import get_skeleton

BODY_25 = get_skeleton("body_25")
WRONG = [5, 6, 7, 9]


@pytest.fixture
def exchanged(tmp_path: Path) -> Path:
    """One person as OpenPose writes it, hardly moving, sides exchanged in some frames."""
    folder = tmp_path / "clip"
    folder.mkdir()
    rng = np.random.default_rng(0)
    points = rng.uniform(100, 400, (25, 2)) + rng.normal(0, 2, (16, 25, 2))
    points[WRONG] = points[WRONG][:, BODY_25.flip_order]
    for frame, pixels in enumerate(points):
        person = {"pose_keypoints_2d": np.column_stack([pixels, np.full(25, 0.8)]).ravel().tolist()}
        (folder / f"clip_{frame:012d}_keypoints.json").write_text(json.dumps({"version": 1.3, "people": [person]}))
    return folder


def lift(source: Path, out: Path, *options: str) -> np.ndarray:
    said = ("--image-size", "640x480", "--fps", "25")
    assert main(["lift", str(source), "-o", str(out), *said, *options]) == 0
    (person,) = formats.read(out / "poses.json")
    assert person.pose2d is not None
    return person.pose2d.keypoints


def test_they_are_exchanged_back_and_the_summary_says_so(exchanged, tmp_path, capsys):
    keypoints = lift(exchanged, tmp_path / "out")
    assert np.abs(np.diff(keypoints, axis=0)).max() < 15
    assert (
        "left and right exchanged back in 4 frames: the detector had taken one for the other" in capsys.readouterr().out
    )


def test_they_stay_as_they_are_if_asked_for(exchanged, tmp_path, capsys):
    keypoints = lift(exchanged, tmp_path / "out", "--no-fix-left-right-swaps")
    assert np.abs(np.diff(keypoints, axis=0)).max() > 50
    assert "exchanged" not in capsys.readouterr().out

"""The journey in the wild: frames to 3D, nothing invented."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ampose.detect import create_detector
from ampose.errors import InputError
from ampose.lifter import Lifter
from ampose.media import open_media
from ampose.media.writing import writing_video
from ampose.models import create_model
from ampose.pipeline import lift_media

CLIP = Path(__file__).parents[1] / "examples" / "balance_beam.mp4"

pytestmark = pytest.mark.detector


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    """An untrained network: what flows through is tested here, not how good it is."""
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    torch.manual_seed(0)
    return Lifter(create_model("ampose-small"), name="untrained", weights_hash="0" * 64)


@pytest.fixture(scope="module")
def blinking(tmp_path_factory) -> Path:
    """The clip's first 20 frames with 5 black ones in the middle, in which nobody can be."""
    path = tmp_path_factory.mktemp("clip") / "blinking.mp4"
    media = open_media(CLIP)
    with writing_video(path, image_size=media.image_size, fps=30.0) as video:
        for number, frame in zip(range(20), media, strict=False):
            video.write(np.zeros_like(frame) if 8 <= number < 13 else frame)
    return path


def test_a_person_is_lifted_and_missing_frames_stay_missing(lifter, blinking):
    calls = []
    lifted = lift_media(blinking, lifter, report=lambda *call: calls.append(call))
    assert lifted.num_frames == len(lifted.pose2d) == len(lifted.pose3d) == 20
    assert lifted.pose2d.skeleton.name == "blazepose_33"
    assert lifted.pose3d.skeleton.name == "human36m_17"
    assert lifted.pose3d.fps == pytest.approx(30)
    assert lifted.pose2d.missing[8:13].all()
    assert not lifted.pose2d.missing[:8].any()
    assert lifted.pose2d.missing.tolist() == lifted.pose3d.missing.tolist()
    assert lifted.num_found == 20 - lifted.pose2d.missing.sum() >= 13
    assert (lifted.pose3d.confidence[lifted.pose3d.missing] == 0).all()
    assert np.isfinite(lifted.pose3d.positions[~lifted.pose3d.missing]).all()
    assert [call[0] for call in calls] == list(range(1, 21))
    assert calls[-1][:2] == (20, 20)
    facts = lifted.pose3d.provenance
    assert (facts["source"], facts["detector"], facts["model"]) == ("blinking.mp4", "mediapipe", "untrained")
    assert min(vars(lifted.seconds).values()) > 0


def test_the_pipeline_is_detector_then_lifter_and_nothing_else(lifter, blinking):
    """An open detector and media give the same; so does lifting the 2D pose by hand."""
    media = open_media(blinking)
    with create_detector("mediapipe", tracking=True) as detector:
        one = lift_media(media, lifter, detector)
    other = lift_media(blinking, lifter)
    np.testing.assert_array_equal(one.pose2d.keypoints, other.pose2d.keypoints)
    by_hand = lifter.lift(one.pose2d)
    np.testing.assert_allclose(by_hand.positions, one.pose3d.positions, atol=1e-6)


def test_field_of_view_and_flip_reach_the_lifter(lifter, blinking):
    plain = lift_media(blinking, lifter)
    other = lift_media(blinking, lifter, field_of_view=30.0, flip=False)
    assert other.pose3d.provenance["flip"] == "off"
    for lifted, degrees in ((plain, 60), (other, 30)):
        focal = 640 / np.tan(np.radians(degrees) / 2)
        assert float(lifted.pose3d.provenance["focal_px"]) == pytest.approx(focal, abs=0.1)


def test_nobody_in_a_black_video(lifter, tmp_path):
    with writing_video(tmp_path / "night.mp4", image_size=(160, 120), fps=25.0) as video:
        for _ in range(6):
            video.write(np.zeros((120, 160, 3), dtype=np.uint8))
    with pytest.raises(InputError, match=r"night\.mp4: .* found nobody in 6 frames"):
        lift_media(tmp_path / "night.mp4", lifter)


def test_a_field_of_view_that_is_none(lifter):
    with pytest.raises(InputError, match="field of view"):
        lift_media(CLIP, lifter, field_of_view=0.0)

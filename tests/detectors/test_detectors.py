"""Every registered detector keeps its promises; the default one on a real person."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ampose.detectors import Detector, create_detector, detectors
from ampose.errors import InputError, MissingExtraError
from ampose.media import open_media
from ampose.poses.skeletons import Skeleton, find_mapping

ROOT = Path(__file__).parents[2]
CLIP = ROOT / "examples" / "balance_beam.mp4"
BUST = ROOT.parent / "shared" / "media" / "grace_hopper.jpg"

NEED_FILES = ("rtmlib", "transformers", "ultralytics")
"""Without local files they would fetch something, or say that they have none."""


@pytest.fixture(scope="module")
def clip() -> list[np.ndarray]:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    return list(open_media(CLIP))[:40]


@pytest.mark.parametrize("name", detectors.names())
def test_contract(name):
    """It knows its skeleton, which leads to the lifters' joints, and finds nobody in an empty room."""
    entry = detectors.get(name)
    assert entry.facts.licence
    if name in NEED_FILES:
        pytest.skip(f"{name} needs files of its own: see its own tests")
    try:
        detector = create_detector(name, tracking=False)
    except MissingExtraError:
        pytest.skip(f"{name} is not installed")
    with detector:
        assert isinstance(detector, Detector)
        assert detector.name == name
        assert isinstance(detector.skeleton, Skeleton)
        find_mapping(detector.skeleton.name, "human36m_17")
        assert list(detector.detect(np.zeros((120, 160, 3), dtype=np.uint8))) == []


def test_unknown_detector_gets_a_hint():
    with pytest.raises(InputError, match="did you mean 'blazepose'"):
        create_detector("blaze-pose", tracking=True)


@pytest.mark.detector
def test_a_real_person_is_found_and_followed(clip):
    height, width, _ = clip[0].shape
    with create_detector("blazepose", tracking=True) as detector:
        people = [detector.detect(frame) for frame in clip]
        index = detector.skeleton.index
    found = [alone for (alone,) in people]
    keypoints = np.stack([detection.keypoints for detection in found])
    confidence = np.stack([detection.confidence for detection in found])
    assert ((keypoints > 0) & (keypoints < (width, height))).all(), "the whole person is in the picture"
    assert confidence.min() >= 0
    assert 0.8 < confidence.mean() <= 1
    # He faces the camera: his left is on the right of the picture. His head is above his feet.
    for joint in ("shoulder", "hip"):
        assert (keypoints[:, index(f"left_{joint}"), 0] > keypoints[:, index(f"right_{joint}"), 0]).all()
    assert (keypoints[:, index("nose"), 1] < keypoints[:, index("left_ankle"), 1]).all()
    # No frame jumps: a detector that loses the person would.
    assert np.linalg.norm(np.diff(keypoints, axis=0), axis=2).mean(axis=1).max() < 0.02 * height


@pytest.mark.detector
def test_pixels_follow_the_picture(clip):
    """The same person shifted by 40 columns is found about 40 pixels further right."""
    shifted = np.zeros_like(clip[0])
    shifted[:, 40:] = clip[0][:, :-40]
    with create_detector("blazepose", tracking=False) as detector:
        (here,), (there,) = detector.detect(clip[0]), detector.detect(shifted)
    moved = np.median(there.keypoints - here.keypoints, axis=0)
    assert moved == pytest.approx((40, 0), abs=6)


@pytest.mark.detector
def test_unseen_legs_are_not_sure():
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    if not BUST.exists():
        pytest.skip("the half-body picture is not here")
    with create_detector("blazepose", tracking=False) as detector:
        (detection,) = detector.detect(next(iter(open_media(BUST))))
        index = detector.skeleton.index
    assert detection.confidence[index("nose")] > 0.9
    assert detection.confidence[[index("left_ankle"), index("right_ankle")]].max() < 0.1


@pytest.mark.detector
def test_start_up_says_nothing(clip, capfd):
    with create_detector("blazepose", tracking=True) as detector:
        for frame in clip[:3]:
            detector.detect(frame)
    captured = capfd.readouterr()
    assert captured.err == ""
    assert captured.out == ""


@pytest.mark.parametrize("name", ["rtmlib", "ultralytics", "transformers"])
def test_each_adapter_names_its_command(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'ampose\[{name}\]'"):
        create_detector(name, tracking=True)


def test_an_option_that_is_none():
    with pytest.raises(InputError, match="got 'speed'; blazepose has people, box, network, flip"):
        create_detector("blazepose", tracking=True, options={"speed": "fast"})

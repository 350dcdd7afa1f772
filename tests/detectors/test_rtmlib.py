"""The rtmlib adapter on the real rtmlib and ONNX Runtime, with tiny networks of the right shape."""

from pathlib import Path

import numpy as np
import pytest

from ampose.detectors import create_detector
from ampose.errors import InputError
from ampose.poses.skeletons import get_skeleton

pytest.importorskip("rtmlib", reason="rtmlib is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from tests.detectors import onnx_stand_ins as stand_in

JOINTS = get_skeleton("halpe_26").num_joints
PLACES = np.stack([np.linspace(4, 20, JOINTS), np.linspace(4, 28, JOINTS)], axis=1).round()
BOXES = [[8.0, 8.0, 24.0, 40.0], [40.0, 16.0, 56.0, 48.0]]

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture(scope="module")
def networks(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("networks")
    person = stand_in.write_person(folder / "person.onnx", BOXES)
    return {"person": str(person), "pose": str(stand_in.write_pose(folder / "pose.onnx", PLACES))}


def picture(colour: tuple[int, int, int], scale: int = 4) -> np.ndarray:
    return np.full((64 * scale, 64 * scale, 3), colour, dtype=np.uint8)


def test_several_people_in_pixels_of_the_picture(networks, capfd):
    with create_detector("rtmlib", tracking=True, options=networks) as detector:
        people = detector.detect(picture(WHITE, scale=4))
    assert detector.skeleton == get_skeleton("halpe_26")
    assert len(people) == 2
    for (x1, y1, x2, y2), person in zip(BOXES, people, strict=True):
        # RTMPose cuts out the box with a quarter of room, widened to its own shape (24 x 32).
        centre, size = 4 * np.array([x1 + x2, y1 + y2]) / 2, 4 * 1.25 * np.array([x2 - x1, y2 - y1])
        size = np.array([max(size[0], size[1] * 24 / 32), max(size[1], size[0] * 32 / 24)])
        expected = PLACES / (24, 32) * size + centre - size / 2
        np.testing.assert_allclose(person.keypoints, expected, atol=0.01)
        assert (person.confidence > 0.5).all()
        assert person.confidence.max() <= 1
    assert capfd.readouterr().out == "", "rtmlib's own messages stay off the screen"


def test_nobody_is_nobody(networks):
    """rtmlib's own Body would take the whole picture for a person."""
    with create_detector("rtmlib", tracking=False, options=networks) as detector:
        assert detector.detect(np.zeros((120, 160, 3), dtype=np.uint8)) == []


def test_each_network_gets_the_colours_that_it_was_trained_with(networks):
    """The stand-in for YOLOX looks at its channel 0 as blue, the one for RTMPose at its channel 0 as red."""
    with create_detector("rtmlib", tracking=False, options=networks) as detector:
        assert detector.detect(picture(RED)) == []
        blue, violet = detector.detect(picture(BLUE)), detector.detect(picture((255, 0, 255)))
    assert blue[0].confidence.max() < 0.1
    assert violet[0].confidence.min() > 0.5


def test_a_pose_model_of_another_skeleton(networks):
    detector = create_detector("rtmlib", tracking=False, options={**networks, "skeleton": "coco_17"})
    with detector, pytest.raises(InputError, match="17 joints of coco_17, got one with 26"):
        detector.detect(picture(WHITE))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"skeleton": "coco_18"}, "must be halpe_26 or coco_17, got 'coco_18'"),
        ({"person": "nowhere.onnx"}, "nowhere.onnx: must be an ONNX file, but there is no such file"),
        ({"person": __file__}, "must be an ONNX file that runs on 'cpu'"),
        ({"device": "abacus"}, "runs on 'abacus'"),
        ({"model": "x"}, "got 'model'; rtmlib has skeleton, person, pose, device"),
    ],
)
def test_wrong_options(networks, options, message):
    with pytest.raises(InputError, match=message):
        create_detector("rtmlib", tracking=False, options={**networks, **options})


def test_without_files_it_says_what_would_be_fetched(tmp_path, monkeypatch, caplog):
    """No network here: a port of this machine at which nobody listens takes its place."""
    module = pytest.importorskip("ampose.detectors.rtmlib")
    monkeypatch.setenv("AMPOSE_CACHE", str(tmp_path))
    away = {"url": "http://127.0.0.1:9/person.zip"}
    monkeypatch.setattr(module, "_PERSON", module.WeightsFile(**{**vars(module._PERSON), **away}))
    with pytest.raises(InputError, match=r"must be fetched from http://127\.0\.0\.1:9/person\.zip, got:"):
        create_detector("rtmlib", tracking=False)
    (said,) = [record.getMessage() for record in caplog.records]
    for part in ("yolox_m_8xb8-300e_humanart-c2c7a14a.onnx", "101 MB", "Apache-2.0", "127.0.0.1", str(tmp_path)):
        assert part in said
    assert [path for path in Path(tmp_path).rglob("*") if path.is_file()] == []

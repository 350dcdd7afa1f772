"""The transformers adapter on the real package, with tiny networks of random weights: offline."""

import numpy as np
import pytest
import torch

from ampose.detectors import create_detector
from ampose.errors import InputError

transformers = pytest.importorskip("transformers", reason="transformers is not installed")


@pytest.fixture(scope="module")
def networks(tmp_path_factory) -> dict[str, str]:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("networks")
    person = transformers.YolosConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=[64, 64],
        patch_size=16, num_detection_tokens=3, num_labels=1, use_mid_position_embeddings=False,
    )  # fmt: skip
    transformers.YolosForObjectDetection(person).save_pretrained(folder / "person")
    transformers.YolosImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(folder / "person")
    backbone = transformers.VitPoseBackboneConfig(
        image_size=[32, 24], patch_size=[8, 8], hidden_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    for joints in (17, 21):
        pose = transformers.VitPoseConfig(backbone_config=backbone, num_labels=joints, use_simple_decoder=True)
        transformers.VitPoseForPoseEstimation(pose).save_pretrained(folder / f"pose{joints}")
        size = {"height": 32, "width": 24}
        transformers.VitPoseImageProcessorPil(size=size).save_pretrained(folder / f"pose{joints}")
    return {"person": str(folder / "person"), "pose": str(folder / "pose17"), "other": str(folder / "pose21")}


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)


def test_several_people_in_pixels(networks):
    options = {name: networks[name] for name in ("person", "pose")}
    with create_detector("transformers", tracking=True, options=options) as detector:
        people = detector.detect(picture())
        again = detector.detect(picture())
    assert 1 <= len(people) <= 3, "each of the detector's three tokens is a person at most"
    for person, same in zip(people, again, strict=True):
        assert person.keypoints.shape == (17, 2)
        assert np.isfinite(person.keypoints).all()
        assert np.ptp(person.keypoints, axis=0).max() > 4, "pixels of the picture, not shares of it"
        assert ((person.confidence >= 0) & (person.confidence <= 1)).all()
        np.testing.assert_array_equal(person.keypoints, same.keypoints)


def test_other_joints_are_refused(networks):
    options = {"person": networks["person"], "pose": networks["other"]}
    detector = create_detector("transformers", tracking=False, options=options)
    with detector, pytest.raises(InputError, match="COCO's 17 joints, got 21"):
        detector.detect(picture())


def test_what_is_not_there_is_named_with_its_command(networks):
    with pytest.raises(InputError, match=r"someone/no-such-model: must be a folder .* hf download someone/no-such"):
        create_detector(
            "transformers", tracking=False, options={**networks_of(networks), "pose": "someone/no-such-model"}
        )


def networks_of(networks: dict[str, str]) -> dict[str, str]:
    return {name: networks[name] for name in ("person", "pose")}

"""The converted networks answer what the originals answer (``tools/blazepose/original_outputs.py``)."""

from pathlib import Path

import numpy as np
import pytest
from tests.detectors.blazepose.heavy import HEAVY, needs_heavy

from ampose.detectors.blazepose import landmark_network, person_network
from ampose.detectors.blazepose.networks import load_network, read_landmark_network

ORIGINAL = np.load(Path(__file__).with_name("original_outputs.npz"), allow_pickle=False)
EVERY = 8

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def enlarged(side: int) -> np.ndarray:
    """Return the image as a network sees it, (1, channel, row, column), 0 to 255."""
    image = ORIGINAL["image"].repeat(4, axis=0).repeat(4, axis=1)[:side, :side]
    return image.transpose(2, 0, 1)[None].astype(np.float32)


def test_the_person_detector():
    boxes, scores = load_network("person")(enlarged(person_network.SIDE) / 127.5 - 1)
    np.testing.assert_allclose(scores[0], ORIGINAL["scores"], atol=1e-3)
    np.testing.assert_allclose(boxes[0, ::EVERY], ORIGINAL["boxes"], atol=2e-3)


@pytest.mark.parametrize("prefix", ["", pytest.param("heavy_", marks=needs_heavy)])
def test_a_landmark_network_alone_and_for_several(prefix):
    """In pixels of 256, logits, and metres; who else is looked at makes no difference."""
    network = read_landmark_network(HEAVY) if prefix else load_network("landmarks")
    man = enlarged(landmark_network.SIDE) / 255
    for images in (man, np.concatenate([man[..., ::-1], man])):
        landmarks, presence, heat_maps, world = network(np.ascontiguousarray(images))
        np.testing.assert_allclose(landmarks[-1], ORIGINAL[f"{prefix}landmarks"], atol=5e-3)
        np.testing.assert_allclose(presence[-1], ORIGINAL[f"{prefix}presence"], atol=1e-5)
        np.testing.assert_allclose(heat_maps[-1, :, ::EVERY, ::EVERY], ORIGINAL[f"{prefix}heat_maps"], atol=2e-3)
        np.testing.assert_allclose(world[-1], ORIGINAL[f"{prefix}world"], atol=1e-4)

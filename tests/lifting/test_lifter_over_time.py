"""The Lifter with networks that look at several frames: gaps, edges, and what a clip's answer depends on."""

from typing import Any

import numpy as np
import pytest
import torch
from tests.walkers import bodies_px

from ampose.lifting.engines import Runners
from ampose.lifting.engines.engine import is_installed
from ampose.lifting.lifter import Lifter
from ampose.models import create_model

SIZE = (1920, 1080)
NETWORKS = {
    "videopose3d": {"widths": (3, 3), "channels": 16},
    "mixste": {"receptive_field": 5, "channels": 8, "heads": 2, "depth": 1},
}


@pytest.fixture(params=NETWORKS)
def lifter(request: Any) -> Lifter:
    torch.manual_seed(0)
    network = create_model(request.param, **NETWORKS[request.param], normalisation="person-rays")
    return Lifter(network, name=request.param, weights_hash="0123456789abcdef")


def lift(lifter: Lifter, keypoints: np.ndarray) -> np.ndarray:
    return lifter.lift(keypoints, image_size=SIZE, fps=25.0).positions


def test_a_window_ends_where_the_person_was_not_found(lifter: Lifter) -> None:
    keypoints = bodies_px(30)
    keypoints[[0, 8, 9, 20]] = np.nan
    lifted = lift(lifter, keypoints)
    assert np.isnan(lifted[[0, 8, 9, 20]]).all()
    for run in (slice(1, 8), slice(10, 20), slice(21, 30)):
        np.testing.assert_allclose(lifted[run], lift(lifter, keypoints[run]), atol=1e-5)


def test_edges_are_repeated(lifter: Lifter) -> None:
    """One frame alone is a window of that frame: a still person has the same pose all along."""
    one = bodies_px(1)
    still = lift(lifter, np.repeat(one, 7, axis=0))
    np.testing.assert_allclose(still, np.repeat(lift(lifter, one), 7, axis=0), atol=1e-5)


def test_frames_matter_within_the_receptive_field_only(lifter: Lifter) -> None:
    keypoints = bodies_px(40)
    changed = keypoints.copy()
    changed[20] += 50
    moved = np.abs(lift(lifter, changed) - lift(lifter, keypoints)).max(axis=(1, 2)) > 1e-6
    reach = 4 if lifter.network.output == "centre" else 5
    assert moved[20]
    assert moved.sum() > 1
    assert not moved[: 20 - reach].any()
    assert not moved[21 + reach :].any()


def test_nobody_in_any_frame_is_nobody(lifter: Lifter) -> None:
    assert np.isnan(lift(lifter, np.full((4, 17, 2), np.nan, dtype=np.float32))).all()


@pytest.mark.parametrize("engine", ["torch", "onnxruntime", "openvino"])
def test_every_engine_lifts_windows_alike(lifter: Lifter, engine: str) -> None:
    """Engines that are built for the window get windows, where PyTorch gets whole clips."""
    if not is_installed(engine):
        pytest.skip(f"the package of {engine} is not installed")
    other = Lifter(lifter.network, name=lifter.name, runners=Runners(lifter.network, engine))
    pose = other.lift(bodies_px(12), image_size=SIZE)
    assert pose.provenance["engine"] == f"{engine}, fp32"
    np.testing.assert_allclose(pose.positions, lift(lifter, bodies_px(12)), atol=1e-5)

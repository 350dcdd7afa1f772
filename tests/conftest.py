"""What several test files need: seeded randomness, and the real data beside the repository."""

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

# One thread a process, before NumPy and torch start theirs: the tests run in several processes.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAY_worker_niceness", "0")  # else its workers wait for all other tests

import numpy as np
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

SHARED = Path(__file__).resolve().parents[2] / "shared"

# The same examples in every run, and no stop-watch: a busy machine is no bug.
settings.register_profile("ampose", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("ampose")


# Who starts the tests in the background (nohup, a shell's &) has them ignore these signals, and all that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _forget_skeletons(monkeypatch: pytest.MonkeyPatch) -> "Iterator[None]":
    """What a test makes known is not known to the tests after it."""
    from ampose.poses import skeletons

    monkeypatch.setattr(skeletons, "_RECIPES", dict(skeletons._RECIPES))
    monkeypatch.setattr(skeletons._SKELETONS, "_entries", dict(skeletons._SKELETONS._entries))
    yield
    skeletons.find_mapping.cache_clear()


@pytest.fixture
def little_room() -> "Iterator[None]":
    """No file may grow beyond 4000 bytes: what a full disk does, without filling one."""
    resource = pytest.importorskip("resource", reason="Windows has no limit of a file's size")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def rng() -> np.random.Generator:
    """A new one for each test, so that no test's numbers depend on which tests ran before it."""
    return np.random.default_rng(20230604)


@pytest.fixture
def generator() -> "torch.Generator":
    """The same for torch."""
    import torch

    return torch.Generator().manual_seed(20230604)


@pytest.fixture(scope="session")
def coco() -> np.ndarray:
    """(frame, joint, 2) pixels: what a detector of COCO's joints sees of a person who moves, from the real video."""
    from ampose.files import poses as formats
    from ampose.poses.skeletons import find_mapping

    (person,) = formats.read(Path(__file__).parents[1] / "examples" / "balance_beam.npz")
    assert person.pose2d is not None
    return find_mapping(person.pose2d.skeleton, "coco_17").map_points(person.pose2d.keypoints)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real data and media, where there is one."""
    if not SHARED.is_dir():
        pytest.skip("no folder ../shared with real data beside the repository")
    return SHARED

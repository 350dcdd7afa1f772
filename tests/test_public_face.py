"""What ``import ampose`` gives, and what it does not load."""

import importlib.metadata
import subprocess
import sys

import pytest

import ampose
from ampose.errors import InputError


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ampose.__all__)
def test_every_public_name_is_there(name: str) -> None:
    thing = getattr(ampose, name)
    assert thing.__name__ in (name, name.removesuffix("_poses"))
    assert thing.__doc__
    assert name in dir(ampose)


def test_a_star_import_gives_the_public_names() -> None:
    space: dict[str, object] = {}
    exec("from ampose import *", space)
    assert set(ampose.__all__) <= set(space)


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'ampose' has no attribute 'lifft'"):
        _ = ampose.lifft


def test_the_version_is_that_of_the_package() -> None:
    assert ampose.__version__ == importlib.metadata.version("ampose")


@pytest.mark.parametrize(
    ("use", "unloaded"),
    [
        ("", ("torch", "numpy", "tyro", "rich", "pydantic")),
        ("ampose.Pose2D, ampose.Pose3D, ampose.Skeleton", ("torch", "tyro", "rich", "pydantic")),
        (
            "__import__('ampose.pipeline.video')",
            ("scipy.signal", "scipy.stats"),
        ),  # a second, for a filter that few ask for
    ],
    ids=["the package", "poses and skeletons", "the pipeline"],
)
def test_light_names_load_nothing_heavy(use: str, unloaded: tuple[str, ...]) -> None:
    done = run(f"import sys, ampose\n{use}\nprint(sorted(set({unloaded!r}) & set(sys.modules)))")
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_models_are_listed_and_made_by_name() -> None:
    assert {"ampose", "ampose-full", "ampose-base", "ampose-small"} <= set(ampose.list_models())
    assert ampose.list_models("ampose-f*") == ["ampose-full"]
    network = ampose.create_model("ampose-small", depth=1, channels=16, heads=2)
    assert network.config.skeleton == "human36m_17"


def test_an_unknown_model_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="model must be a known name, got 'ampose-smal'; did you mean 'ampose-small'"):
        ampose.create_model("ampose-smal")


def test_unknown_weights_are_refused_with_what_would_do() -> None:
    with pytest.raises(InputError, match=r"weights must be a name \(.*\) or a folder with config\.json, got 'nobody'"):
        ampose.load_model("nobody")

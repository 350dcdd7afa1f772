"""The bundled weights' recipe from prepared motion to weights that can be measured and used, in miniature.

The motion is made up and the network tiny, so the errors mean nothing; that the one command still makes weights of it,
with every ingredient of the data engine, and twice the same ones, does.
"""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from tests.data.synthesis.bodies import SKELETON, different
from tests.walkers import SIZE, bodies_px

import ampose
from ampose.cli import main
from ampose.data.motion_capture import MotionCapture, write_motion
from ampose.training.config import DataConfig
from ampose.training.recipe import read_recipe

pytestmark = pytest.mark.filterwarnings(
    "ignore:The `srun` command is available:UserWarning", "ignore:.*NVML.*:UserWarning"
)

RECIPE = read_recipe("wild-small")
BRIEF = (
    *("--model.channels", "16", "--model.depth", "1", "--model.heads", "2", "--batch-size", "32", "--epochs", "3"),
    *("--data.samples-per-epoch", "320", "--data.validation-samples", "64"),
    *("--optimiser.learning-rate", "1e-2", "--optimiser.warmup-steps", "5"),
)
INGREDIENTS = ("cameras", "augmentation", "proportions", "definitions", "noise", "missing", "focal_mistake", "balance")


def stand_in(subjects: tuple[str, ...], names: tuple[str, ...], frames: int, seed: int) -> MotionCapture:
    count = len(subjects) * frames
    return MotionCapture(
        positions=different(count, seed).numpy(),
        skeleton=SKELETON,
        clip_starts=np.arange(0, count + 1, frames),
        subjects=subjects,
        actions=("walking",) * len(subjects),
        names=names,
        fps=np.full(len(subjects), 30.0),
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as the recipe wants it: with the subjects that it holds out."""
    home = tmp_path_factory.mktemp("prepared")
    subjects = ("01", "03", *RECIPE.data.held_out_subjects)
    write_motion(stand_in(subjects, tuple(f"{subject}_01" for subject in subjects), 40, 0), home / "cmu.npz")
    return home / "cmu.npz"


@pytest.fixture(scope="module")
def run(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(prepared, tmp_path_factory.mktemp("run"))


def train(prepared: Path, folder: Path, recipe: str = "wild-small", *more: str) -> Path:
    assert main(["train", recipe, *BRIEF, *more, "--data.files", str(prepared), "-o", str(folder)]) == 0
    return folder


def test_the_recipe_has_every_ingredient() -> None:
    default = DataConfig()
    assert {name for name in INGREDIENTS if getattr(RECIPE.data, name) != getattr(default, name)} == set(INGREDIENTS)
    steps = RECIPE.data.augmentation
    assert all(getattr(steps, field.name) > 0 for field in fields(steps))


def test_training_learns(run: Path) -> None:
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert rows[-1]["step"] == 30


def test_the_engine_at_full_strength_differs_in_what_it_says_and_in_nothing_else() -> None:
    strong, settings = read_recipe("wild-strong"), RECIPE.data
    assert strong.model == RECIPE.model
    stronger = {name: getattr(strong.data, name) for name in ("proportions", "definitions", "noise")}
    assert strong.data == replace(settings, **stronger)
    assert all(
        value == 2 * getattr(settings.definitions, name) for name, value in vars(strong.data.definitions).items()
    )


def test_the_training_ends_from_where_it_was(run: Path, prepared: Path, tmp_path: Path) -> None:
    more = ("--start-from", str(run / "last"), "--optimiser.learning-rate", "1e-4", "--epochs", "1")
    end = train(prepared, tmp_path / "end", "wild-small", "--seed", "1", *more)
    first, last = ([json.loads(line) for line in (of / "log.jsonl").read_text().splitlines()] for of in (end, run))
    assert first[0]["validation_mpjpe_mm"] == pytest.approx(last[-1]["validation_mpjpe_mm"], rel=0.1)


def test_the_weights_can_be_measured(run: Path, prepared: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert main(["evaluate", str(run / "last"), str(prepared), "-o", str(report)]) == 0
    assert '"mpjpe"' in report.read_text()


def test_the_weights_lift_a_body_without_its_feet(run: Path) -> None:
    keypoints = bodies_px(2)
    keypoints[:, [SKELETON.index("left_ankle"), SKELETON.index("right_ankle")]] = np.nan
    pose = ampose.load_model(run / "last").lift(keypoints, image_size=SIZE)
    assert np.isfinite(pose.positions).all()
    assert pose.expected_error is not None
    assert (pose.expected_error > 0).all()


def test_the_same_command_makes_the_same_weights(run: Path, prepared: Path, tmp_path: Path) -> None:
    again = train(prepared, tmp_path / "again")
    assert (again / "last" / "model.safetensors").read_bytes() == (run / "last" / "model.safetensors").read_bytes()

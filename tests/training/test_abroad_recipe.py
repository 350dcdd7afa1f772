"""The recipe for use elsewhere: a short version of it, and whom it trains on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ampose.data.motion_capture import MotionCapture, write_motion
from ampose.poses.skeletons import get_skeleton
from ampose.training.lifter_stage import read_data
from ampose.training.recipe import read_recipe
from ampose.training.session import train

from ..data.synthesis.bodies import different

pytestmark = pytest.mark.filterwarnings(
    "ignore:The `srun` command is available:UserWarning", "ignore:.*NVML.*:UserWarning"
)


def clips(actions: dict[str, str]) -> MotionCapture:
    """Return a clip of 20 frames for each name, of the subject that it begins with."""
    count = len(actions)
    return MotionCapture(
        positions=different(20 * count).numpy().astype(np.float32),
        skeleton=get_skeleton("human36m_17"),
        clip_starts=20 * np.arange(count + 1),
        subjects=tuple(name.split("_")[0] for name in actions),
        actions=tuple(actions.values()),
        names=tuple(actions),
        fps=np.full(count, 120.0),
    )


def test_it_trains_on_named_trials_of_people_who_are_not_held_out():
    data = read_recipe("abroad-small").data
    people = {clip.split("_")[0] for clip in data.train_clips}
    assert len(data.train_clips) == len(set(data.train_clips)) == 210
    assert not people & set(data.held_out_subjects)
    assert "135" in data.held_out_subjects


def test_its_end_sees_other_samples_of_the_same_people():
    first, end = (read_recipe(name) for name in ("abroad-small", "abroad-small-end"))
    assert (first.start_from, end.start_from) == ("", "runs/abroad-small/last")
    assert first.seed != end.seed
    assert first.model == end.model
    assert first.data.train_clips == end.data.train_clips


def test_a_short_version_trains_with_more_of_the_database_in_the_file(tmp_path: Path):
    motion = clips({"01_01": "climb", "14_06": "jumping jacks", "14_99": "not in the recipe", "135_06": "kick"})
    write_motion(motion, tmp_path / "cmu.npz")
    recipe = read_recipe("abroad-small")
    short = replace(
        recipe,
        start_from="",
        epochs=1,
        batch_size=32,
        model=replace(recipe.model, channels=8, heads=2, depth=1),
        data=replace(
            recipe.data,
            files=(str(tmp_path / "cmu.npz"),),
            train_clips=("01_01", "14_06"),
            held_out_subjects=("135",),
            samples_per_epoch=64,
            validation_samples=8,
        ),
    )
    outcome = train(short, tmp_path / "run")
    assert (outcome.train_frames, outcome.validation_frames) == (40, 8)
    assert (tmp_path / "run" / "last" / "model.safetensors").is_file()


def test_clips_that_are_left_out_do_not_validate(tmp_path: Path):
    motion = clips({"01_01": "climb", "135_06": "kick", "135_07": "kick"})
    write_motion(motion, tmp_path / "cmu.npz")
    recipe = read_recipe("abroad-small")
    data = replace(
        recipe.data,
        files=(str(tmp_path / "cmu.npz"),),
        train_clips=(),
        held_out_subjects=("135",),
        left_out_clips=("135_07",),
    )
    assert len(read_data(replace(recipe, data=data)).validation) == 20

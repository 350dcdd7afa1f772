"""The measures of the data engine are right: coverage of the sphere, kinds of poses, and the tables of the ablation."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
from tests.data.synthesis.bodies import SKELETON, different, standing

from ampose.data.motion_capture import MotionCapture
from ampose.models import create_model
from ampose.training.recipe import read_recipe


def test_even_directions_fill_all_cells_alike():
    from research import coverage

    directions = np.random.default_rng(0).normal(size=(400_000, 3))
    shares = coverage.cells(directions / np.linalg.norm(directions, axis=1, keepdims=True))
    assert shares.sum() == pytest.approx(1)
    assert shares * shares.size == pytest.approx(1, abs=0.25)
    assert coverage.share_reached(shares) == 1


def test_the_limbs_of_a_standing_body_point_down_alike_on_both_sides():
    from research import coverage

    left, right = coverage.limb_directions(standing(1), SKELETON, "thigh")
    assert left == pytest.approx(right, abs=1e-5)
    assert left[2] < -0.99
    assert left[0] > 0  # its knees stand a little wider than its hips


def test_angles_and_kinds_of_a_standing_and_a_lying_body():
    from research import coverage

    upright = standing(1)
    lying = upright[..., [0, 2, 1]]
    both = torch.cat([upright, lying])
    assert coverage.trunk_tilt(both, SKELETON) == pytest.approx([0, 90], abs=1e-3)
    found = coverage.kinds(both, SKELETON)
    assert {kind: which.tolist() for kind, which in found.items()} == {
        "sitting": [False, False],
        "bending over": [False, False],
        "lying": [False, True],
        "reaching up": [False, False],
    }


def test_a_right_angle_at_the_elbow():
    from research import coverage

    body = standing(1)
    shoulder = torch.tensor([-0.2, 0.0, 1.4])
    for joint, place in (("shoulder", (0, 0, 0)), ("elbow", (0, 0, -0.3)), ("wrist", (0, 0.25, -0.3))):
        body[0, SKELETON.index(f"left_{joint}")] = shoulder + torch.tensor(place)
    assert coverage.flexion(body, SKELETON, ("shoulder", "elbow", "wrist"))[0] == pytest.approx(90, abs=1e-3)


def test_each_variant_changes_one_thing():
    from research import ablation

    recipe = read_recipe(ablation.RECIPE)
    whole = _leaves(asdict(recipe))
    differ = {}
    for name, change in ablation.VARIANTS.items():
        changed = _leaves(asdict(change(recipe)))
        differ[name] = {".".join(key.split(".")[:3]) for key in whole if whole[key] != changed[key]}
    parts = {
        name: {key.rsplit(".", 1)[0] if key.count(".") > 1 else key for key in keys} for name, keys in differ.items()
    }
    assert parts.pop("everything") == set()
    assert len(parts.pop("nothing")) == 7
    assert parts.pop("gentler: as wild-small") == {"data.definitions", "data.proportions", "data.noise"}
    assert all(len(keys) == 1 for keys in parts.values()), parts
    assert differ["no tilt"] == {"data.augmentation.tilt"}


def _leaves(table, prefix=""):
    found = {}
    for key, value in table.items():
        found |= _leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def test_the_table_pairs_runs_by_seed():
    from research import ablation_page

    def run(variant, seed, value):
        return {"variant": variant, "seed": seed, "scores": {"wide": {"mpjpe_mm": value}}}

    runs = [run("everything", 0, 100.0), run("less", 0, 103.0), run("everything", 1, 110.0), run("less", 1, 117.0)]
    lines = ablation_page.table([*runs, run("less", 2, 0.0)], "mpjpe_mm").splitlines()
    assert lines[2].split() == ["|", "everything", "|", "2", "|", "105.0", "±", "7.1", "|"]
    assert lines[3].split() == ["|", "less", "|", "2", "|", "+5.0", "±", "2.8", "|"]


def test_all_held_out_sets_are_judged_and_repeat():
    from research import held_out_sets

    motion = MotionCapture(
        positions=different(40).numpy(),
        skeleton=SKELETON,
        clip_starts=np.array([0, 40]),
        subjects=("02",),
        actions=("walk",),
        names=("02_01",),
        fps=np.array([30.0]),
    )
    recipe = read_recipe("wild-strong")
    first, second = (held_out_sets.held_out_sets(motion, recipe.data, 16) for _ in range(2))
    for name, held_out in first.items():
        assert torch.equal(held_out.truth, second[name].truth)
        torch.testing.assert_close(
            held_out.seen.keypoints_px, second[name].seen.keypoints_px, rtol=0, atol=0, equal_nan=True
        )
    scores = held_out_sets.judge(
        create_model("ampose-small", missing_token=True, normalisation="person-rays-scaled"), first
    )
    assert set(scores) == set(first)
    assert all(score["mpjpe_mm"] > score["p_mpjpe_mm"] > 0 for score in scores.values())
    assert scores["wide cameras"] != scores["wide, focal x 2"]

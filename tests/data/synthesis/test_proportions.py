"""Body proportions: directions stay, lengths change, both sides alike."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ampose.data.synthesis.proportions import ProportionConfig, vary_proportions
from ampose.errors import InputError
from ampose.poses.geometry import bone_lengths
from ampose.poses.skeletons import get_skeleton

COUNT = 400
VARIED = ProportionConfig(height=(0.85, 1.12), bone_spread=0.05)

names = pytest.mark.parametrize("name", ["human36m_17", "human36m_16", "halpe_26"])


def poses(name: str) -> Tensor:
    shape = (COUNT, get_skeleton(name).num_joints, 3)
    return torch.tensor(np.random.default_rng(0).normal(size=shape), dtype=torch.float32)


def factors(name: str, before: Tensor, after: Tensor) -> np.ndarray:
    bones = get_skeleton(name).bone_indices
    return bone_lengths(after.numpy(), bones) / bone_lengths(before.numpy(), bones)


def test_the_default_gives_the_bodies_as_recorded(generator: torch.Generator) -> None:
    before = poses("human36m_17")
    state = generator.get_state()
    assert vary_proportions(before, get_skeleton("human36m_17"), ProportionConfig(), generator) is before
    assert torch.equal(generator.get_state(), state)


@names
def test_bones_keep_their_directions_and_the_root_its_place(name: str, generator: torch.Generator) -> None:
    skeleton, before = get_skeleton(name), poses(name)
    kept = before.clone()
    after = vary_proportions(before, skeleton, VARIED, generator)
    torch.testing.assert_close(before, kept, rtol=0, atol=0)
    torch.testing.assert_close(after[:, skeleton.root_index], before[:, skeleton.root_index], rtol=0, atol=0)
    parents, joints = skeleton.bone_indices.T
    bones = [torch.nn.functional.normalize(p[:, joints] - p[:, parents], dim=-1) for p in (before, after)]
    torch.testing.assert_close(*bones, atol=1e-4, rtol=0)


@names
def test_left_and_right_change_alike(name: str, generator: torch.Generator) -> None:
    skeleton, before = get_skeleton(name), poses(name)
    changed = factors(name, before, vary_proportions(before, skeleton, VARIED, generator))
    place = {joint: column for column, (_, joint) in enumerate(skeleton.bones)}
    for left, right in skeleton.pairs:
        np.testing.assert_allclose(changed[:, place[left]], changed[:, place[right]], rtol=1e-3)


def test_height_alone_scales_the_whole_body(generator: torch.Generator) -> None:
    before = poses("human36m_17")
    config = ProportionConfig(height=(0.8, 1.2))
    changed = factors("human36m_17", before, vary_proportions(before, get_skeleton("human36m_17"), config, generator))
    np.testing.assert_allclose(changed, changed[:, :1].repeat(changed.shape[1], axis=1), rtol=1e-3)
    assert 0.8 <= changed.min() + 1e-3 < 0.82
    assert 1.18 < changed.max() - 1e-3 <= 1.2


def test_bones_differ_by_the_spread_that_was_asked_for(generator: torch.Generator) -> None:
    before = poses("human36m_17")
    config = ProportionConfig(bone_spread=0.1)
    changed = factors("human36m_17", before, vary_proportions(before, get_skeleton("human36m_17"), config, generator))
    assert changed.mean() == pytest.approx(1, abs=0.01)
    assert changed.std() == pytest.approx(0.1, rel=0.05)
    assert abs(changed - 1).max() <= 0.3 + 1e-3


def test_the_same_seed_gives_the_same_bodies() -> None:
    first, again, other = (
        vary_proportions(poses("human36m_17"), get_skeleton("human36m_17"), VARIED, torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"height": (0.0, 1.0)}, "height must be"),
        ({"height": (1.2, 1.0)}, "height must be"),
        ({"height": (1.0, math.inf)}, "height must be"),
        ({"bone_spread": -0.1}, "bone_spread must be in"),
        ({"bone_spread": 0.25}, "bone_spread must be in"),
        ({"bone_spread": math.nan}, "bone_spread must be in"),
    ],
)
def test_impossible_bodies_are_refused(fields: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ProportionConfig(**fields)

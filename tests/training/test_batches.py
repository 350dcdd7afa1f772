"""Orders and batches: functions of (seed, epoch, step), with the right content."""

import numpy as np
import pytest
import torch

from ampose.data.synthesis.joint_definitions import DefinitionConfig
from ampose.data.synthesis.missing_joints import MissingConfig
from ampose.data.synthesis.pose_augmentation import AugmentationConfig
from ampose.data.synthesis.proportions import ProportionConfig
from ampose.errors import InputError
from ampose.poses.geometry import mirror
from ampose.poses.skeletons import get_skeleton
from ampose.training.batches import InputSpec, VirtualCameraBatches, validation_samples
from ampose.training.config import DataConfig
from ampose.training.recipe import read_recipe
from ampose.training.sampler import seed_for

SKELETON = get_skeleton("human36m_17")


def source(motion, seed=0, **settings):
    return VirtualCameraBatches(motion, DataConfig(**settings), InputSpec(SKELETON, "person-rays"), seed)


def test_an_epoch_has_every_frame_once(motion):
    batches = source(motion)
    orders = [batches.sampler.order(epoch) for epoch in (0, 1)]
    for order in orders:
        assert sorted(order.tolist()) == list(range(len(motion)))
    assert not torch.equal(*orders)


def test_an_epoch_longer_than_the_data_repeats_it(motion):
    order = source(motion, samples_per_epoch=250).sampler.order(0)
    counts = torch.bincount(order)
    assert len(order) == 250
    assert set(counts.tolist()) == {2, 3}


def test_square_root_balance_draws_each_action_by_the_root_of_its_length(motion):
    order = source(motion, balance="square-root", samples_per_epoch=30_000).sampler.order(0).numpy()
    groups = np.char.add(motion.frame_subjects, motion.frame_actions)[order]
    names, counts = np.unique(groups, return_counts=True)
    lengths = {"Awalk": 50, "Arun": 20, "Bwalk": 30}
    roots = np.sqrt([lengths[name] for name in names])
    np.testing.assert_allclose(counts / counts.sum(), roots / roots.sum(), atol=0.01)


def test_a_batch_is_a_function_of_seed_epoch_and_step(motion):
    rows = torch.arange(8)
    first = source(motion).batch(rows, 2, 3)
    for a, b in zip(first, source(motion).batch(rows, 2, 3), strict=True):
        assert torch.equal(a, b)
    for other in (source(motion, seed=1).batch(rows, 2, 3), source(motion).batch(rows, 3, 2)):
        assert not torch.equal(first[0], other[0])


def test_the_whole_data_engine_works_on_the_device_that_it_is_given(motion, elsewhere):
    recipe = read_recipe("wild-small").data
    batches = VirtualCameraBatches(motion, recipe, InputSpec(SKELETON, "person-rays-scaled"), 0)
    batches.to(elsewhere)
    keypoints, target = batches.batch(torch.arange(8), 0, 0)
    assert keypoints.device == target.device == elsewhere
    assert (keypoints.shape, target.shape) == ((8, 1, 17, 2), (8, 1, 17, 3))


def test_input_and_target_agree(motion):
    """With person-rays the target, put at its distance, projects to the input."""
    keypoints, target = source(motion, flip=True).batch(torch.arange(64), 0, 0)
    assert keypoints.shape == (64, 1, 17, 2)
    assert target[:, :, SKELETON.root_index].abs().max() < 1e-6
    # x = (X + 0) / (Z + d): one unknown d for each sample, from its joint farthest from the axis
    x, big_x, z = keypoints[:, 0, :, 0], target[:, 0, :, 0], target[:, 0, :, 2]
    widest = x.abs().argmax(dim=1, keepdim=True)
    distance = big_x.gather(1, widest) / x.gather(1, widest) - z.gather(1, widest)
    torch.testing.assert_close(big_x / (z + distance), x, rtol=1e-3, atol=1e-4)
    assert (distance > 2).all()
    assert (distance < 9).all()


def test_half_of_the_samples_are_mirrored(motion):
    rows = torch.arange(100)
    plain = source(motion, flip=False).batch(rows, 0, 0)[0]
    mixed = source(motion, flip=True).batch(rows, 0, 0)[0]
    same = (mixed == plain).flatten(1).all(dim=1)
    assert 30 < same.sum() < 70
    torch.testing.assert_close(mirror(mixed[~same], SKELETON.flip_order), plain[~same])


@pytest.mark.parametrize("stream", range(4))
def test_seeds_of_streams_and_positions_differ(stream):
    seeds = {seed_for(seed, stream, epoch) for seed in range(5) for epoch in range(5)}
    assert len(seeds) == 25
    assert seeds.isdisjoint(seed_for(0, other, 0) for other in range(4) if other != stream)


def test_validation_samples_are_always_the_same(motion):
    a, b = (validation_samples(motion, DataConfig(validation_samples=10)) for _ in range(2))
    assert torch.equal(a.keypoints_px, b.keypoints_px)
    assert len(a) == 10


def test_a_wrong_focal_length_changes_half_of_the_inputs_and_no_target(motion):
    rows = torch.arange(64)
    right, wrong = (source(motion, flip=False, focal_mistake=factor).batch(rows, 0, 0) for factor in (1.0, 2.0))
    changed = (right[0] - wrong[0]).abs().amax(dim=(1, 2, 3)) > 1e-6
    assert 0.3 < changed.float().mean() < 0.7
    assert torch.equal(right[1], wrong[1])


def test_missing_joints_are_missing_in_the_input_alone(motion):
    keypoints, target = source(motion, missing=MissingConfig(share=1.0)).batch(torch.arange(64), 0, 0)
    assert keypoints.isnan().any(dim=-1).any(dim=-1).all()
    assert target.isfinite().all()


def test_new_poses_are_what_the_input_shows(motion):
    """Augmented, with other proportions and definitions: the input is still the picture of the target."""
    settings = {
        "augmentation": AugmentationConfig(exchange=0.5, turn=0.3, free_arms=0.5, tilt=0.5),
        "proportions": ProportionConfig(height=(0.8, 1.2), bone_spread=0.1),
        "definitions": DefinitionConfig(joint_m=0.01, trunk_m=0.02),
    }
    keypoints, target = source(motion, **settings).batch(torch.arange(64), 0, 0)
    x, big_x, z = keypoints[:, 0, :, 0], target[:, 0, :, 0], target[:, 0, :, 2]
    widest = x.abs().argmax(dim=1, keepdim=True)
    distance = big_x.gather(1, widest) / x.gather(1, widest) - z.gather(1, widest)
    torch.testing.assert_close(x * (z + distance), big_x, atol=2e-3, rtol=1e-3)


def test_a_run_without_validation_is_refused():
    with pytest.raises(InputError, match="validation_samples must be positive, got 0"):
        DataConfig(validation_samples=0)

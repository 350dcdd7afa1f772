"""Batches of fixed cameras: every sample once, the target that belongs to its input, and the split by subjects."""

import shutil
import signal
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests import recordings_stand_in as stand_in

import ampose
from ampose.data import Recordings, write_motion
from ampose.data.recordings import write_recordings
from ampose.data.synthesis.detector_noise import NoiseConfig
from ampose.data.synthesis.joint_definitions import DefinitionConfig
from ampose.data.synthesis.missing_joints import MissingConfig
from ampose.data.synthesis.pose_augmentation import AugmentationConfig
from ampose.data.synthesis.proportions import ProportionConfig
from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig
from ampose.errors import InputError
from ampose.poses.geometry import mirror, root_relative
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton
from ampose.training.batches import FixedCameraBatches, InputSpec
from ampose.training.config import DataConfig, TrainConfig
from ampose.training.lifter_stage import read_data
from ampose.training.recipe import read_recipe
from ampose.training.refinement_stage import mirror_samples
from ampose.training.session import train
from ampose.training.subject_split import evenly_spread, read_split

pytestmark = pytest.mark.filterwarnings(
    "ignore:The `srun` command is available:UserWarning", "ignore:.*NVML.*:UserWarning"
)

SKELETON = get_skeleton("human36m_17")
ROOT = SKELETON.root_index


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("prepared") / "human36m"


@pytest.fixture(scope="module")
def views(folder) -> Recordings:
    return stand_in.write_human36m(folder)


@pytest.fixture(scope="module")
def samples(views) -> Samples:
    return views.samples("gt")


def data(folder: Path, **settings) -> DataConfig:
    return DataConfig(**{"files": (str(folder),), "held_out_subjects": ("S9", "S11"), **settings})


def source(samples: Samples, seed: int = 0, normalisation: str = "image-width", **settings) -> FixedCameraBatches:
    return FixedCameraBatches(samples, DataConfig(**settings), InputSpec(SKELETON, normalisation), seed)


def test_it_is_a_batch_source_and_an_epoch_has_every_sample_once(samples):
    batches = source(samples)
    orders = [batches.sampler.order(epoch) for epoch in (0, 1)]
    for order in orders:
        assert sorted(order.tolist()) == list(range(len(samples)))
    assert not torch.equal(*orders)
    assert torch.equal(orders[1], source(samples).sampler.order(1))


def test_batches_are_made_on_the_device_that_they_are_asked_for(samples, elsewhere):
    batches = source(samples, normalisation="person-rays", noise=NoiseConfig(largest=0.02, outliers=0.1, swaps=0.1))
    batches.to(elsewhere)
    keypoints, target = batches.batch(torch.arange(4), 0, 0)
    assert keypoints.device == target.device == elsewhere


def test_an_epoch_may_be_shorter_or_longer(samples):
    assert len(source(samples, samples_per_epoch=10).sampler.order(0)) == 10
    counts = torch.bincount(source(samples, samples_per_epoch=3 * len(samples)).sampler.order(0))
    assert set(counts.tolist()) == {3}


def test_a_batch_is_the_samples_that_were_asked_for(samples):
    rows = torch.tensor([5, 0, 700])
    keypoints, target = source(samples, flip=False).batch(rows, 0, 0)
    size = torch.tensor(stand_in.SIZE)
    expected = (samples.keypoints_px[rows, 0] / size[0] * 2) - torch.tensor([1.0, float(size[1] / size[0])])
    torch.testing.assert_close(keypoints[:, 0], expected)
    torch.testing.assert_close(target[:, 0], root_relative(samples.positions[rows, 0], ROOT))


@pytest.mark.parametrize("normalisation", ["image-width", "person-rays"])
def test_half_of_the_samples_are_mirrored_input_and_target_alike(samples, normalisation):
    rows = torch.arange(200)
    plain = source(samples, normalisation=normalisation, flip=False).batch(rows, 0, 0)
    mixed = source(samples, normalisation=normalisation, flip=True).batch(rows, 0, 0)
    same = (mixed[0] == plain[0]).flatten(1).all(dim=1)
    assert 70 < same.sum() < 130
    for a, b in zip(mixed, plain, strict=True):
        assert torch.equal(a[same], b[same])
        assert torch.equal(mirror(a[~same], SKELETON.flip_order), b[~same])


def test_a_batch_is_a_function_of_seed_epoch_and_step(samples):
    rows = torch.arange(32)
    first = source(samples).batch(rows, 2, 3)
    assert all(torch.equal(a, b) for a, b in zip(first, source(samples).batch(rows, 2, 3), strict=True))
    for other in (source(samples, seed=1).batch(rows, 2, 3), source(samples).batch(rows, 3, 2)):
        assert not torch.equal(first[0], other[0])


OF_THE_DATA_ENGINE = {
    "balance": "square-root",
    "cameras": VirtualCameraConfig(roll_degrees=(-20.0, 20.0)),
    "focal_mistake": 2.0,
    "augmentation": AugmentationConfig(turn=0.2),
    "proportions": ProportionConfig(bone_spread=0.1),
    "definitions": DefinitionConfig(joint_m=0.01),
    "missing": MissingConfig(share=0.3),
    "train_clips": ("01_01",),
    "left_out_clips": ("01_01",),
}


@pytest.mark.parametrize("name", OF_THE_DATA_ENGINE)
def test_settings_of_the_data_engine_are_refused(samples, name):
    with pytest.raises(InputError, match=rf"data.{name} must be left out with fixed cameras"):
        source(samples, **{name: OF_THE_DATA_ENGINE[name]})


def test_every_setting_is_either_used_or_refused(samples):
    """A setting that is new in the config must not be ignored in silence."""
    used = {"files", "keypoints", "held_out_subjects", "train_subjects", "exclude_takes", "samples_per_epoch"}
    used |= {"validation_samples", "flip", "noise"}
    assert {field.name for field in fields(DataConfig)} - used == set(OF_THE_DATA_ENGINE)


def test_sides_are_mistaken_in_the_input_alone(samples):
    rows = torch.arange(200)
    plain, swapped = (
        source(samples, flip=False, noise=NoiseConfig(swaps=share)).batch(rows, 0, 0) for share in (0.0, 1.0)
    )
    assert torch.equal(plain[1], swapped[1])
    assert (plain[0] != swapped[0]).flatten(1).any(dim=1).float().mean() > 0.9
    torch.testing.assert_close(plain[0].sum(dim=2), swapped[0].sum(dim=2))  # the same points, in another order


def test_mirroring_a_sample_mirrors_its_camera(samples):
    """A mirrored camera sees the mirrored person at the mirrored pixels."""
    few = samples[:6]
    chosen = torch.tensor([True, False] * 3)
    mirrored = mirror_samples(few, chosen, SKELETON)
    assert torch.equal(mirrored.positions[~chosen], few.positions[~chosen])
    assert torch.equal(mirrored.intrinsics.centre[~chosen], few.intrinsics.centre[~chosen])
    camera = mirrored.intrinsics
    xy = mirrored.positions[..., :2] / mirrored.positions[..., 2:]
    seen = xy * camera.focal[:, None, None] + camera.centre[:, None, None]
    torch.testing.assert_close(seen, mirrored.keypoints_px, rtol=0, atol=2e-3)
    twice = mirror_samples(mirrored, chosen, SKELETON)
    torch.testing.assert_close(twice.keypoints_px, few.keypoints_px, rtol=0, atol=1e-3)
    assert torch.equal(twice.positions, few.positions)


def test_the_split_is_by_whole_subjects(folder, views):
    training, validation, hashes = read_split(data(folder, validation_samples=100_000), "human36m_17")
    whole = {subject: len(views.select(subjects=[subject])) for subject in set(views.subjects)}
    assert len(validation) == whole["S9"] + whole["S11"]
    assert len(training) == len(views) - len(validation)
    assert hashes == {str(folder): views.fingerprint(DataConfig().keypoints)}
    some = read_split(data(folder, train_subjects=("S1", "S8")), "human36m_17")[0]
    expected = views.select(subjects=["S1", "S8"]).samples("gt")
    assert torch.equal(some.positions, expected.positions)


def test_the_2d_source_is_the_named_one(folder, views):
    training = read_split(data(folder, keypoints="cpn"), "human36m_17")[0]
    expected = views.select(exclude=["S9", "S11"]).samples("cpn")
    assert torch.equal(training.keypoints_px, expected.keypoints_px)


def test_16_joints_are_a_subset_by_name(folder, views):
    training = read_split(data(folder), "human36m_17")[0]
    fewer = read_split(data(folder), "human36m_16")[0]
    kept = [number for number, joint in enumerate(SKELETON.joints) if joint != "neck_nose"]
    assert torch.equal(fewer.positions, training.positions[:, :, kept])
    assert torch.equal(fewer.keypoints_px, training.keypoints_px[:, :, kept])


def test_takes_that_the_data_has_not_cannot_be_left_out(tmp_path):
    stand_in.write_3dhp_test(tmp_path / "3dhp")
    config = DataConfig(files=(str(tmp_path / "3dhp"),), exclude_takes=("S9 Greeting",))
    with pytest.raises(InputError, match=r"data\.exclude_takes must be some that the data has, got S9 Greeting"):
        read_split(config, "mpi_inf_3dhp_17")


def test_takes_are_left_out_only_when_asked(folder, views):
    kept = read_split(data(folder, validation_samples=100_000), "human36m_17")[1]
    without = read_split(data(folder, validation_samples=100_000, exclude_takes=("S9 Greeting",)), "human36m_17")[1]
    assert len(kept) - len(without) == 2 * stand_in.FRAMES


def test_evenly_spread_takes_first_and_last(samples):
    some = evenly_spread(samples, 7)
    assert torch.equal(some.positions[[0, -1]], samples.positions[[0, -1]])
    assert len(some) == 7
    assert len(evenly_spread(samples, 10**6)) == len(samples)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"held_out_subjects": ("S3",)}, "subjects must be some that the data has, got S3; it has S1"),
        ({"train_subjects": ("S9",)}, "train_subjects must not be held out, got both for S9"),
        ({"keypoints": "hrnet"}, "2D source must be one of gt, cpn, got 'hrnet'"),
        ({"held_out_subjects": ()}, "must leave samples for validation"),
        ({"held_out_subjects": ("S1", "S5", "S6", "S7", "S8", "S9", "S11")}, "must leave samples for training"),
    ],
)
def test_mistakes_are_named(folder, views, settings, message):
    with pytest.raises(InputError, match=message):
        read_split(data(folder, **settings), "human36m_17")


def test_two_folders_are_joined_and_must_hold_one_annotation(tmp_path):
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    first, second = stand_in.write_3dhp_train(one), stand_in.write_3dhp_test(two)
    stand_in.write_3dhp_test(other, target="annot3")
    config = DataConfig(files=(str(one), str(two)), held_out_subjects=tuple(stand_in.SCENES))
    training, validation, hashes = read_split(config, "mpi_inf_3dhp_17")
    assert len(training) == len(first)
    assert len(validation) == second.valid.sum() < len(second)
    assert len(hashes) == 2
    with pytest.raises(InputError, match="must be of one 3D annotation, got annot3 and univ_annot3"):
        read_split(replace(config, files=(str(one), str(other))), "mpi_inf_3dhp_17")


def tiny(folder: Path, **settings) -> TrainConfig:
    recipe = read_recipe("h36m-cpn-17")
    model = replace(recipe.model, channels=8, heads=2, depth=1)
    optimiser = replace(recipe.optimiser, learning_rate=3e-3)
    files = replace(recipe.data, files=(str(folder),))
    return replace(recipe, model=model, data=files, optimiser=optimiser, **settings)


def test_a_run_learns_and_goes_on_bit_for_bit(folder, views, tmp_path):
    config = tiny(folder, epochs=4)
    outcome = train(config, tmp_path / "whole")
    assert outcome.done
    assert (outcome.train_frames, outcome.validation_frames) == (5 * 15 * 2 * 5, 2 * 15 * 2 * 5)

    def stop(done: int, total: int | None, note: str) -> None:
        if done == 9:
            signal.raise_signal(signal.SIGINT)

    assert not train(config, tmp_path / "parts", report=stop).done
    train(config, tmp_path / "parts", resume=True)
    results = [ampose.load_model(tmp_path / name / "last").weights_hash for name in ("whole", "parts")]
    assert results[0] == results[1]


def test_a_run_does_not_go_on_with_other_keypoints(folder, views, tmp_path):
    """The positions, and so their hash, are the same; what was learnt from is not."""
    again = tmp_path / "data"
    write_recordings(views, again)

    def stop(done: int, total: int | None, note: str) -> None:
        signal.raise_signal(signal.SIGINT)

    train(tiny(again, epochs=2), tmp_path / "run", report=stop)
    source = tiny(again).data.keypoints
    moved = {name: points + (100 if name == source else 0) for name, points in views.keypoints.items()}
    shutil.rmtree(again)
    write_recordings(replace(views, keypoints=moved), again)
    with pytest.raises(InputError, match="must belong to a run of this recipe and data"):
        train(tiny(again, epochs=2), tmp_path / "run", resume=True)


def test_a_run_learns(folder, views, tmp_path):
    """It must beat the mean pose of the people that it was trained on."""
    config = tiny(folder, epochs=4)
    config = replace(
        config,
        model=replace(config.model, channels=32),
        data=replace(config.data, samples_per_epoch=12_000),
    )
    outcome = train(config, tmp_path / "run")
    training, held_out = (views.select(**chosen).samples("gt") for chosen in (
        {"exclude": ["S9", "S11"]}, {"subjects": ["S9", "S11"]}
    ))  # fmt: skip
    mean = root_relative(training.positions, ROOT).mean(dim=0)
    mean_pose_mm = 1000 * (root_relative(held_out.positions, ROOT) - mean).norm(dim=-1).mean().item()
    assert outcome.run_state.best_mpjpe_mm < mean_pose_mm / 2


def test_motion_and_views_do_not_mix(folder, views, motion, tmp_path):
    write_motion(motion, tmp_path / "motion.npz")
    config = tiny(folder)
    with pytest.raises(InputError, match="all files of motion or all folders with their own cameras"):
        read_data(replace(config, data=replace(config.data, files=(str(folder), str(tmp_path / "motion.npz")))))
    with pytest.raises(InputError, match="keypoints must be left out with motion and virtual cameras, got cpn"):
        read_data(replace(config, data=replace(config.data, files=(str(tmp_path / "motion.npz"),))))


def test_tensors_are_contiguous(folder, views):
    training = read_split(data(folder), "human36m_16")[0]
    assert training.positions.is_contiguous()
    assert training.keypoints_px.is_contiguous()
    assert np.isfinite(training.positions.numpy()).all()

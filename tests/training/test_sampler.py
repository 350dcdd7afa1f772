"""Batches of windows: what is in them, and runs of networks over time from the first step to their use."""

import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests import recordings_stand_in as stand_in

import ampose
from ampose.data import Recordings
from ampose.data.synthesis.detector_noise import NoiseConfig
from ampose.errors import InputError
from ampose.poses.geometry import mirror, root_relative
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton
from ampose.training.batches import FixedCameraBatches, InputSpec, VirtualCameraBatches
from ampose.training.config import DataConfig
from ampose.training.lifter_stage import read_data
from ampose.training.recipe import read_recipe
from ampose.training.session import train

pytestmark = pytest.mark.filterwarnings(
    "ignore:The `srun` command is available:UserWarning", "ignore:.*NVML.*:UserWarning"
)
SKELETON = get_skeleton("human36m_17")
CLIPS = (50, 20, 30)  # of the made-up motion


def see(output="centre", targets=None, normalisation="image-width", frames=9):
    return InputSpec(SKELETON, normalisation, frames, output, targets or output)


def moving(motion, normalise_as, seed=0, **settings):
    return VirtualCameraBatches(motion, DataConfig(**settings), normalise_as, seed)


@pytest.fixture(scope="module")
def views(tmp_path_factory) -> Recordings:
    return stand_in.write_human36m(tmp_path_factory.mktemp("prepared") / "human36m")


@pytest.fixture(scope="module")
def samples(views) -> Samples:
    return views.samples("gt")


def test_every_frame_has_a_window_around_it(motion):
    source = moving(motion, see())
    assert len(source.sampler) == sum(CLIPS)
    assert sorted(source.sampler.order(0).tolist()) == list(range(sum(CLIPS)))


def test_windows_of_sequences_show_every_frame_once_or_a_little_more(motion):
    source = moving(motion, see("sequence"))
    assert len(source.sampler) == sum(-(-length // 9) for length in CLIPS)
    seen = source.sampler.rows(source.sampler.order(0))
    assert set(seen.flatten().tolist()) == set(range(sum(CLIPS)))
    assert seen.numel() - sum(CLIPS) <= 9 * len(CLIPS)


@pytest.mark.parametrize("output", ["centre", "sequence"])
def test_windows_are_made_on_the_device_that_they_are_asked_for(motion, samples, output, elsewhere):
    normalise_as = see(output, normalisation="person-rays")
    sources = moving(motion, normalise_as), FixedCameraBatches(samples, DataConfig(), normalise_as, 0)
    for source in sources:
        source.to(elsewhere)
        keypoints, target = source.batch(torch.arange(4), 0, 0)
        assert keypoints.device == target.device == elsewhere


@pytest.mark.parametrize("normalisation", ["image-width", "person-rays"])
def test_the_middle_of_a_window_is_the_sample_of_single_frames(motion, normalisation):
    rows = torch.tensor([0, 7, 49, 50, 99])
    plain = InputSpec(SKELETON, normalisation)
    keypoints, target = VirtualCameraBatches(motion, DataConfig(), plain, 0).batch(rows, 1, 2)
    windows, answers = moving(motion, see(normalisation=normalisation)).batch(rows, 1, 2)
    assert (windows.shape, answers.shape) == ((5, 9, 17, 2), (5, 1, 17, 3))
    torch.testing.assert_close(windows[:, 4], keypoints[:, 0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(answers, target, rtol=1e-4, atol=1e-5)


def test_targets_of_all_frames_have_the_answers_target_in_the_middle(motion):
    rows = torch.tensor([3, 55])
    answer, of_all = (moving(motion, see(targets=which)).batch(rows, 0, 0)[1] for which in ("centre", "sequence"))
    assert of_all.shape == (2, 9, 17, 3)
    assert torch.equal(of_all[:, 4, None], answer)


def test_a_window_is_mirrored_as_a_whole(motion):
    rows = torch.arange(60)
    plain, mixed = (moving(motion, see("sequence"), flip=flip).batch(rows % 12, 0, 0) for flip in (False, True))
    same = (plain[0] == mixed[0]).flatten(1).all(dim=1)
    assert 15 < same.sum() < 45
    for a, b in zip(mixed, plain, strict=True):
        assert torch.equal(a[~same], mirror(b[~same], SKELETON.flip_order))


def test_a_batch_is_a_function_of_seed_epoch_and_step(motion, samples):
    rows = torch.arange(8)
    fixed = FixedCameraBatches(samples, DataConfig(), see(), 0)
    for source in (moving(motion, see()), fixed):
        first = source.batch(rows, 2, 3)
        assert all(torch.equal(a, b) for a, b in zip(first, source.batch(rows, 2, 3), strict=True))
        assert not torch.equal(first[0], source.batch(rows, 3, 2)[0])


def test_balance_is_by_the_action_of_the_middle_frame(motion):
    source = moving(motion, see("sequence"), balance="square-root", samples_per_epoch=20_000)
    share = torch.bincount(source.sampler.order(0), minlength=source.sampler.windows).double() / 20_000
    groups = np.repeat(["Awalk", "Arun", "Bwalk"], [-(-length // 9) for length in CLIPS])
    weights = np.array([{"Awalk": 50, "Arun": 20, "Bwalk": 30}[group] ** -0.5 for group in groups])
    np.testing.assert_allclose(share, weights / weights.sum(), atol=0.01)


def test_fixed_cameras_show_the_frames_of_one_view(samples):
    source = FixedCameraBatches(samples, DataConfig(flip=False), see(targets="sequence", frames=3), 0)
    rows = torch.tensor([0, 3, 4, 5])
    keypoints, target = source.batch(rows, 0, 0)
    width = stand_in.SIZE[0]
    for window, poses, row in zip(keypoints, target, rows, strict=True):
        first = int(row) // stand_in.FRAMES * stand_in.FRAMES
        frames = (row + torch.arange(-1, 2)).clamp(first, first + stand_in.FRAMES - 1)
        expected = samples.keypoints_px[frames, 0] * 2 / width - torch.tensor([1.0, stand_in.SIZE[1] / width])
        torch.testing.assert_close(window, expected, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(poses, root_relative(samples.positions[frames, 0], SKELETON.root_index))


def test_some_frames_of_clips_are_no_windows_to_train_on(samples):
    with pytest.raises(InputError, match="must be all frames of their clips"):
        FixedCameraBatches(samples[:7], DataConfig(), see(), 0)


TINY = {
    "videopose3d": "widths = [3, 3]\nchannels = 16",
    "mixste": "receptive_field = 5\nchannels = 8\nheads = 2\ndepth = 1",
    "mhformer": "receptive_field = 9\nchannels = 8\nhidden = 8\nheads = 2\ngeneration_depth = 1",
    "p-stmo": "strides = [3, 3]\nchannels = 16\nhidden = 16\nheads = 2\ndepth = 2",
}
LOSS = {"videopose3d": "mpjpe", "mixste": "mixste", "mhformer": "mpjpe-of-window", "p-stmo": "p-stmo"}


def tiny(recipe: Path, model: str, **changes):
    """The recipe of the tests with another model."""
    text = recipe.read_text()
    start, end = text.index('name = "ampose-small"'), text.index("normalisation")
    recipe.write_text(f'{text[:start]}name = "{model}"\n{TINY[model]}\n{text[end:]}')
    return replace(read_recipe(str(recipe)), loss=LOSS[model], **changes)


@pytest.mark.parametrize("model", TINY)
def test_a_run_goes_on_bit_for_bit_and_its_weights_lift_a_clip(recipe, tmp_path, model):
    config = tiny(recipe, model, epochs=2)
    outcome = train(config, tmp_path / "whole")
    assert outcome.done

    def stop(done: int, total: int | None, note: str) -> None:
        if done == 1:
            signal.raise_signal(signal.SIGINT)

    assert not train(config, tmp_path / "parts", report=stop).done
    train(config, tmp_path / "parts", resume=True)
    lifters = [ampose.load_model(tmp_path / name / "last") for name in ("whole", "parts")]
    assert lifters[0].weights_hash == lifters[1].weights_hash
    keypoints = np.random.default_rng(0).uniform(200, 800, size=(12, 17, 2))
    assert np.isfinite(lifters[0].lift(keypoints, image_size=(1000, 1000)).positions).all()


def test_validation_samples_are_the_same_for_all_networks(recipe):
    plain = read_data(read_recipe(str(recipe))).validation
    over_time = read_data(tiny(recipe, "videopose3d")).validation
    assert torch.equal(plain.keypoints_px, over_time.middle.keypoints_px)
    assert over_time.keypoints_px.shape[1] == 9


def test_a_run_learns_from_fixed_cameras(views, tmp_path):
    config = read_recipe("h36m-videopose3d")
    model = replace(config.model, widths=(3,), channels=64)
    data = replace(config.data, files=(str(_folder(views, tmp_path)),), samples_per_epoch=8_000)
    outcome = train(replace(config, model=model, data=data, batch_size=64, epochs=3), tmp_path / "run")
    training, held_out = (views.select(**chosen).samples("gt") for chosen in (
        {"exclude": ["S9", "S11"]}, {"subjects": ["S9", "S11"]}
    ))  # fmt: skip
    mean = root_relative(training.positions, SKELETON.root_index).mean(dim=0)
    error = (root_relative(held_out.positions, SKELETON.root_index) - mean).norm(dim=-1).mean().item()
    assert outcome.run_state.best_mpjpe_mm < 1000 * error / 2


def _folder(views: Recordings, tmp_path: Path) -> Path:
    stand_in.write_human36m(tmp_path / "human36m")
    return tmp_path / "human36m"


def test_p_stmo_is_trained_in_two_stages(recipe, tmp_path):
    config = tiny(recipe, "p-stmo")
    first = replace(config, loss="p-stmo-pretraining", epochs=6, model=replace(config.model, stage="pretraining"))
    train(first, tmp_path / "pretraining")
    rows = (tmp_path / "pretraining" / "log.jsonl").read_text().splitlines()
    losses = [float(row.partition('"loss": ')[2].partition(",")[0]) for row in rows]
    assert losses[-1] < 0.9 * losses[0]
    second = replace(config, start_from=str(tmp_path / "pretraining" / "last"), epochs=1)
    train(second, tmp_path / "lifting")
    before, after = (ampose.load_model(tmp_path / name / "last").network for name in ("pretraining", "lifting"))
    fresh = ampose.create_model("p-stmo", strides=(3, 3), channels=16, hidden=16, heads=2, depth=2)
    near, far = ((after.position - other.position).abs().mean() for other in (before, fresh))
    assert near < far / 10
    with pytest.raises(InputError, match="weights must be a name"):
        train(replace(second, start_from="nowhere"), tmp_path / "other")


def test_a_loss_of_another_model_is_refused(recipe, tmp_path):
    with pytest.raises(InputError, match=r"loss must be one of mse, .* for videopose3d, got 'p-stmo'"):
        train(replace(tiny(recipe, "videopose3d"), loss="p-stmo"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_sides_are_mistaken_in_all_frames_of_a_window_alike(motion):
    plain, swapped = (
        moving(motion, see(), flip=False, noise=NoiseConfig(swaps=share)).batch(torch.arange(60), 0, 0)[0]
        for share in (0.0, 1.0)
    )
    assert (plain != swapped).flatten(1).any(dim=1).float().mean() > 0.9
    moved = (plain != swapped).any(dim=-1)
    assert torch.equal(moved, moved[:, :1].expand_as(moved))

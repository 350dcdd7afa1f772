"""Samples as datasets of PyTorch: what an item holds, and a training loop that is not ours."""

import pytest
import torch
from torch.utils.data import DataLoader

import ampose
from ampose.data.synthesis.detector_noise import NoiseConfig
from ampose.data.synthesis.virtual_cameras import draw_cameras, render
from ampose.errors import InputError
from ampose.models.normalisation import normalise, to_network_axes
from ampose.poses.camera import Intrinsics
from ampose.poses.geometry import root_relative
from ampose.poses.samples import Samples
from ampose.training.config import DataConfig
from ampose.training.torch_datasets import RecordedSamples, SyntheticViews


def project(item: dict[str, torch.Tensor]) -> torch.Tensor:
    """Where a pinhole camera sees the item's positions, by hand."""
    positions = item["positions"]
    return positions[..., :2] / positions[..., 2:] * item["focal_px"] + item["centre_px"]


def test_a_view_is_what_the_camera_sees(motion) -> None:
    item = SyntheticViews(motion)[3]
    assert {name: tuple(value.shape) for name, value in item.items()} == {
        "keypoints_px": (1, 17, 2),
        "true_keypoints_px": (1, 17, 2),
        "positions": (1, 17, 3),
        "focal_px": (2,),
        "centre_px": (2,),
        "image_size": (2,),
    }
    torch.testing.assert_close(item["true_keypoints_px"], project(item), rtol=1e-4, atol=0.01)
    torch.testing.assert_close(item["keypoints_px"], item["true_keypoints_px"])


def test_a_detector_s_mistakes_are_in_the_keypoints_alone(motion) -> None:
    item = SyntheticViews(motion, DataConfig(noise=NoiseConfig(largest=0.05)))[0]
    torch.testing.assert_close(item["true_keypoints_px"], project(item), rtol=1e-4, atol=0.01)
    assert (item["keypoints_px"] - item["true_keypoints_px"]).abs().max() > 1


def test_an_epoch_is_the_same_again_and_another_is_not(motion) -> None:
    def first_batch(epoch: int) -> torch.Tensor:
        views = SyntheticViews(motion, frames=3)
        views.set_epoch(epoch)
        batch = next(iter(DataLoader(views, batch_size=8)))
        assert batch["keypoints_px"].shape == (8, 3, 17, 2)
        return batch["keypoints_px"]

    assert torch.equal(first_batch(1), first_batch(1))
    assert not torch.equal(first_batch(1), first_batch(2))


def recorded(motion, count: int = 20) -> Samples:
    cameras = draw_cameras(count, DataConfig().cameras, torch.Generator().manual_seed(0))
    return render(torch.from_numpy(motion.positions[:count, None]), cameras, motion.skeleton)


def test_recorded_samples_are_items_too(motion) -> None:
    samples = recorded(motion)
    batch = next(iter(DataLoader(RecordedSamples(samples), batch_size=20)))
    torch.testing.assert_close(batch["keypoints_px"], samples.keypoints_px)
    torch.testing.assert_close(batch["positions"], samples.positions)
    with pytest.raises(InputError, match="must be frames of whole clips"):
        RecordedSamples(samples, frames=9)


def test_a_network_learns_in_a_loop_of_ones_own(motion) -> None:
    torch.manual_seed(0)
    network = ampose.create_model("simple-baseline", channels=64)
    root = motion.skeleton.root_index
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    losses = []
    for _ in range(30):
        for item in DataLoader(SyntheticViews(motion), batch_size=50):
            camera = Intrinsics(focal=item["focal_px"], centre=item["centre_px"], image_size=item["image_size"])
            keypoints, rotation = normalise("person-rays", item["keypoints_px"], camera, root)
            target = to_network_axes(root_relative(item["positions"], root), rotation)
            loss = (network(keypoints) - target).norm(dim=-1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]

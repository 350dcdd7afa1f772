"""Noise of a detector: its size follows the person's, and zero is none."""

import math

import pytest
import torch
from torch import Tensor

from ampose.data.synthesis.detector_noise import NoiseConfig, add_noise, swap_left_right
from ampose.errors import InputError
from ampose.poses.skeletons import get_skeleton

COUNT, JOINTS = 4000, 17


def keypoints() -> Tensor:
    """Everybody is 300 pixels high and 100 wide, each somewhere else."""
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(COUNT, JOINTS, 2, generator=generator) * torch.tensor([100.0, 300.0])
    points[:, 0], points[:, 1] = torch.tensor([0.0, 0.0]), torch.tensor([100.0, 300.0])
    return points + 1000 * torch.rand(COUNT, 1, 2, generator=generator)


def noise(points: Tensor, largest: float, seed: int = 1) -> Tensor:
    config = NoiseConfig(largest=largest)
    return add_noise(points, config, torch.Generator().manual_seed(seed)) - points


def test_zero_is_no_noise() -> None:
    points = keypoints()
    assert torch.equal(add_noise(points, NoiseConfig(), torch.Generator()), points)


def test_the_size_is_as_documented() -> None:
    """A sample's deviation is uniform in [0, L]: then E[e^2] = L^2 / 3 and E|e| = L / 2 * sqrt(2 / pi)."""
    error = noise(keypoints(), 0.05).double() / 300
    assert error.mean().item() == pytest.approx(0, abs=3e-4)
    assert error.square().mean().sqrt().item() == pytest.approx(0.05 / math.sqrt(3), rel=0.03)
    assert error.abs().mean().item() == pytest.approx(0.05 / 2 * math.sqrt(2 / math.pi), rel=0.03)


def test_x_and_y_and_all_joints_are_off_alike() -> None:
    error = noise(keypoints(), 0.05).double() / 300
    rms = error.square().mean(dim=0).sqrt()
    torch.testing.assert_close(rms, torch.full_like(rms, 0.05 / math.sqrt(3)), rtol=0.08, atol=0)
    x, y = error.unbind(-1)
    assert abs((x * y).mean() / (0.05**2 / 3)) < 0.05


def test_clean_samples_stay_among_the_noisy_ones() -> None:
    spread = noise(keypoints(), 0.05).flatten(1).std(dim=1) / 300
    assert spread.min() < 0.001
    assert (spread < 0.025).float().mean().item() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("scale", [0.25, 2.0])
def test_noise_grows_with_the_person_and_not_with_the_place(scale: float) -> None:
    points = keypoints()
    torch.testing.assert_close(noise(points * scale, 0.05), noise(points, 0.05) * scale, atol=1e-2, rtol=0)
    torch.testing.assert_close(noise(points + 512, 0.05), noise(points, 0.05), atol=1e-2, rtol=0)


def test_the_longer_side_counts_for_those_who_lie() -> None:
    points = keypoints()
    torch.testing.assert_close(noise(points.flip(-1), 0.05), noise(points, 0.05), atol=1e-2, rtol=0)


def test_the_same_seed_gives_the_same_noise() -> None:
    points = keypoints()
    assert torch.equal(noise(points, 0.05, 3), noise(points, 0.05, 3))
    assert not torch.equal(noise(points, 0.05, 3), noise(points, 0.05, 4))


@pytest.mark.parametrize("largest", [-0.01, 0.2, math.nan])
def test_impossible_noise_is_refused(largest: float) -> None:
    with pytest.raises(InputError, match=r"largest must be in \[0, 0.2\), got"):
        NoiseConfig(largest=largest)


def test_outliers_are_five_times_as_far_off() -> None:
    config = NoiseConfig(largest=0.05, outliers=0.2)
    points = keypoints()
    error = (add_noise(points, config, torch.Generator().manual_seed(1)) - points).double() / 300
    # E[e^2] = L^2 / 3 (0.8 + 0.2 * 25)
    assert error.square().mean().sqrt().item() == pytest.approx(0.05 / math.sqrt(3) * math.sqrt(5.8), rel=0.05)


def test_clean_samples_are_exactly_clean() -> None:
    points = keypoints()
    noisy = add_noise(points, NoiseConfig(largest=0.05, clean=0.4), torch.Generator().manual_seed(1))
    assert (noisy == points).all(dim=(1, 2)).float().mean().item() == pytest.approx(0.4, abs=0.03)


def test_sides_are_mistaken_for_whole_ends_of_limbs() -> None:
    skeleton, points = get_skeleton("human36m_17"), keypoints()
    swapped = swap_left_right(points, skeleton, NoiseConfig(swaps=0.5), torch.Generator().manual_seed(1))
    changed = (swapped != points).any(dim=-1)
    assert changed.any(dim=1).float().mean().item() == pytest.approx(0.5, abs=0.03)
    at = {joint: changed[:, number] for number, joint in enumerate(skeleton.joints)}
    for start, end in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
        assert (at[f"left_{end}"] | ~at[f"left_{start}"]).all()
    mirrored = points[:, skeleton.flip_order]
    assert torch.equal(swapped[changed], mirrored[changed])
    assert not changed[:, skeleton.index("head")].any()

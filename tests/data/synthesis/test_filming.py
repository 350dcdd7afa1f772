"""Filming: the middle frame is the sample of a single-frame camera, and the camera stays."""

import numpy as np
import pytest
import torch

from ampose.data.synthesis.detector_noise import NoiseConfig, add_noise
from ampose.data.synthesis.filming import NEAREST_M, film, film_around
from ampose.data.synthesis.proportions import ProportionConfig, vary_proportions
from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig, draw_cameras, view
from ampose.poses.clips import Moments, cut_windows
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")
CONFIG = VirtualCameraConfig()


def walkers(generator, count=40, frames=9, stride_m=0.05):
    """People whose joints swing while they walk along x and up."""
    body = 0.3 * torch.randn(count, 1, 17, 3, generator=generator)
    swing = 0.05 * torch.randn(count, frames, 17, 3, generator=generator)
    way = stride_m * torch.arange(frames)[None, :, None, None] * torch.tensor([1.0, 0.0, 0.2])
    return body + swing + way


def cameras(count):
    return draw_cameras(count, CONFIG, torch.Generator().manual_seed(7))


def test_the_middle_frame_is_what_a_camera_of_single_frames_sees(generator):
    windows = walkers(generator)
    filmed = film(windows, cameras(40), SKELETON)
    single = view(windows[:, 4], SKELETON, CONFIG, torch.Generator().manual_seed(7))
    torch.testing.assert_close(filmed.keypoints_px[:, 4], single.keypoints_px)
    torch.testing.assert_close(filmed.positions[:, 4], single.positions)
    assert torch.equal(filmed.intrinsics.focal, single.intrinsics.focal)


def test_the_camera_stays_while_the_person_moves(generator):
    """Distances between any joint of any two frames are those of the world."""
    windows = walkers(generator, stride_m=0.01)
    filmed = film(windows, cameras(40), SKELETON)
    for seen, world in zip(filmed.positions, windows, strict=True):
        torch.testing.assert_close(torch.pdist(seen.flatten(0, 1)), torch.pdist(world.flatten(0, 1)))


def test_where_the_person_cannot_be_seen_the_window_is_padded(generator):
    windows = walkers(generator, frames=41, stride_m=0.5)  # 10 m to either side: some walk past the camera
    drawn = cameras(40)
    filmed = film(windows, drawn, SKELETON)
    assert torch.isfinite(filmed.keypoints_px).all()
    assert filmed.positions[..., 2].min() > NEAREST_M
    root = filmed.keypoints_px[:, :, SKELETON.root_index]
    assert (root >= 0).all()
    assert (root <= filmed.intrinsics.image_size[:, None]).all()
    same = (filmed.positions.diff(dim=1) == 0).flatten(2).all(dim=2)
    padded = torch.cat([same[:, :20], same[:, 20:].flip(1)], dim=1).view(-1, 20)
    assert padded.any()
    assert (padded.int().diff(dim=1) <= 0).all()  # from the edges inwards, and never after a frame that is seen


def test_what_is_around_a_sample_ends_where_its_clip_ends(generator):
    motion = walkers(generator, count=1, frames=12, stride_m=0.0)[0]
    moments = Moments.of_clips([0, 5, 12])[torch.tensor([4, 5, 9])]
    footage = film_around(motion, moments, cameras(3), SKELETON, 5)
    windows = film(motion[cut_windows(moments, 5, "centre").rows], cameras(3), SKELETON).keypoints_px
    torch.testing.assert_close(footage.keypoints_px.view(3, 5, 17, 2), windows)
    assert torch.equal(windows[0, 2], windows[0, 3])
    assert torch.equal(windows[1, 2], windows[1, 1])


def test_noise_and_body_are_one_draw_a_window(generator):
    still = walkers(generator, count=200, frames=1).expand(-1, 9, -1, -1)
    varied = vary_proportions(still, SKELETON, ProportionConfig(height=(0.8, 1.2), bone_spread=0.05), generator)
    torch.testing.assert_close(varied, varied[:, :1].expand_as(varied))
    assert not torch.allclose(varied, still)
    pixels = 1000 * still[..., :2]
    off = (add_noise(pixels, NoiseConfig(largest=0.1), generator) - pixels).std(dim=(2, 3)) / 1000
    between, within = off.mean(dim=1).std(), off.std(dim=1).mean()
    assert between > 3 * within
    assert (add_noise(pixels, NoiseConfig(largest=0.1), generator)[:, 0] != pixels[:, 0]).all()


@pytest.mark.parametrize("frames", [1, 9])
def test_a_window_of_one_draw_is_a_sample_of_one_frame(generator, frames):
    """The same draws as without a time axis, so that single frames see what they saw before."""
    poses = walkers(generator, count=6, frames=frames)
    config = ProportionConfig(height=(0.8, 1.2), bone_spread=0.05)
    of_windows = vary_proportions(poses, SKELETON, config, torch.Generator().manual_seed(1))
    of_frames = vary_proportions(poses[:, 0], SKELETON, config, torch.Generator().manual_seed(1))
    np.testing.assert_allclose(of_windows[:, 0], of_frames)

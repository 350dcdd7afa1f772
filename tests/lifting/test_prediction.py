"""Prediction over time, with a network whose answer can be written out: a weighted sum of its window's frames."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from ampose.errors import InputError
from ampose.lifting.prediction import predict, predict_clips, predict_samples
from ampose.models import LifterConfig, LifterNetwork, create_model
from ampose.poses.camera import Intrinsics
from ampose.poses.clips import Clips, FrameIndex
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")
FRAMES = 5
WEIGHTS = torch.tensor([0.1, -0.4, 1.0, 0.3, 0.2])
LENGTHS = (7, 2, 12)


class ConfigOverTime(LifterConfig):
    receptive_field = FRAMES


class Middle(LifterNetwork):
    """x, y: the weighted sum; z: what the first frame has as x."""

    def forward(self, keypoints):
        xy = torch.einsum("f,bfjc->bjc", WEIGHTS.to(keypoints), keypoints)
        return torch.cat([xy, keypoints[:, 0, :, :1]], dim=-1)[:, None]


class Sequence(LifterNetwork):
    """Every frame's answer holds the first and the last frame of the window."""

    output = "sequence"

    def forward(self, keypoints):
        first, last = keypoints[:, :1, :, :1], keypoints[:, -1:, :, :1]
        return torch.cat([keypoints, (first - 2 * last).expand_as(keypoints[..., :1])], dim=-1)


def make(generator, kind, normalisation="image-width"):
    network = kind(ConfigOverTime(normalisation=normalisation)).eval()
    count = sum(LENGTHS)
    keypoints = 500 + 100 * torch.randn(count, 17, 2, generator=generator)
    ones = torch.ones(count, 2)
    camera = Intrinsics(focal=1100 * ones, centre=500 * ones, image_size=1000 * ones)
    clips = Clips(keypoints_px=keypoints, index=FrameIndex.of_clips(np.cumsum([0, *LENGTHS])))
    return network, clips, camera


def bounds(row):
    ends = np.cumsum(LENGTHS)
    clip = int(np.searchsorted(ends, row, side="right"))
    return int(ends[clip]) - LENGTHS[clip], int(ends[clip]) - 1


def test_the_middle_is_answered_from_the_padded_window(generator):
    network, clips, camera = make(generator, Middle)
    lifted = predict_clips(network, clips, camera, flip=False, keep_root=True).positions
    x = clips.keypoints_px / 500 - 1
    for row in range(sum(LENGTHS)):
        first, last = bounds(row)
        frames = [min(max(row + step, first), last) for step in range(-2, 3)]
        xy = sum(float(w) * x[frame] for w, frame in zip(WEIGHTS, frames, strict=True))
        torch.testing.assert_close(lifted[row, :, :2], xy, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(lifted[row, :, 2], x[frames[0], :, 0], rtol=1e-5, atol=1e-5)


def test_a_sequence_is_answered_window_by_window(generator):
    network, clips, camera = make(generator, Sequence)
    lifted = predict_clips(network, clips, camera, flip=False, keep_root=True).positions
    x = clips.keypoints_px / 500 - 1
    torch.testing.assert_close(lifted[..., :2], x)
    for row in range(sum(LENGTHS)):
        first, last = bounds(row)
        start = max(first, min(first + (row - first) // FRAMES * FRAMES, last + 1 - FRAMES))
        z = x[start, :, 0] - 2 * x[min(start + FRAMES - 1, last), :, 0]
        torch.testing.assert_close(lifted[row, :, 2], z, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", [Middle, Sequence])
@pytest.mark.parametrize("normalisation", ["image-width", "person-rays"])
@pytest.mark.parametrize("flip", [True, False], ids=["flip", "plain"])
def test_chunks_and_the_choice_of_samples_do_not_matter(generator, monkeypatch, kind, normalisation, flip):
    network, clips, camera = make(generator, kind, normalisation)
    whole = predict_clips(network, clips, camera, flip=flip).positions
    assert whole[:, SKELETON.root_index].abs().max() == 0
    monkeypatch.setattr("ampose.lifting.prediction.FRAMES", 2 * FRAMES)
    chosen = torch.tensor([20, 3, 8, 9, 3])
    few = Intrinsics(focal=camera.focal[chosen], centre=camera.centre[chosen], image_size=camera.image_size[chosen])
    torch.testing.assert_close(predict_clips(network, clips[chosen], few, flip=flip).positions, whole[chosen])


@pytest.mark.parametrize("kind", [Middle, Sequence])
@pytest.mark.parametrize("normalisation", ["image-width", "person-rays"])
def test_a_mirrored_clip_is_lifted_to_the_mirrored_poses(generator, kind, normalisation):
    network, clips, camera = make(generator, kind, normalisation)
    pixels = clips.keypoints_px[:, SKELETON.flip_order]
    pixels[..., 0] = 1000 - pixels[..., 0]
    mirrored = Clips(keypoints_px=pixels, index=clips.index)
    plain, other = (predict_clips(network, which, camera, flip=True).positions for which in (clips, mirrored))
    sign = torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(other, plain[:, SKELETON.flip_order] * sign, rtol=1e-4, atol=1e-5)


CLIPS = (40, 9, 21)
"""Frames; the second clip is shorter than the window of 27."""


def film(generator, normalisation):
    network = create_model("videopose3d", widths=(3, 3, 3), channels=32, normalisation=normalisation).eval()
    keypoints = 500 + 100 * torch.randn(sum(CLIPS), 17, 2, generator=generator)
    ones = torch.ones(sum(CLIPS), 2)
    camera = Intrinsics(focal=1100 * ones, centre=500 * ones, image_size=1000 * ones)
    clips = Clips(keypoints_px=keypoints, index=FrameIndex.of_clips(np.cumsum([0, *CLIPS])))
    return network, clips, camera


def work(network, *given, **how):
    """The answer, and the multiply-adds that it took."""
    with FlopCounterMode(display=False) as counter:
        answer = predict_clips(network, *given, **how).positions
    return answer, counter.get_total_flops() / 2


@pytest.mark.parametrize("normalisation", ["image-width", "person-rays"])
@pytest.mark.parametrize("flip", [True, False], ids=["flip", "plain"])
def test_whole_clips_are_lifted_as_window_by_window_with_less_work(generator, monkeypatch, normalisation, flip):
    network, clips, camera = film(generator, normalisation)
    whole, little = work(network, clips, camera, flip=flip, keep_root=True)
    monkeypatch.setattr("ampose.lifting.prediction.FRAMES", 16)  # stretches are cut
    in_parts, _ = work(network, clips, camera, flip=flip, keep_root=True)
    monkeypatch.setattr(type(network), "dilates", False)
    windows, much = work(network, clips, camera, flip=flip, keep_root=True)
    torch.testing.assert_close(whole, windows, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(in_parts, windows, rtol=1e-4, atol=1e-5)
    assert little < much / 2


def test_samples_out_of_order_and_of_several_cameras_are_lifted_as_they_were(generator):
    network, clips, camera = film(generator, "image-width")
    whole = predict_clips(network, clips, camera, flip=False).positions
    chosen = torch.tensor([*range(4, 20), 60, 2, *range(41, 49), 5])
    few = Intrinsics(focal=camera.focal[chosen], centre=camera.centre[chosen], image_size=camera.image_size[chosen])
    torch.testing.assert_close(predict_clips(network, clips[chosen], few, flip=False).positions, whole[chosen])
    zoomed = Intrinsics(focal=camera.focal, centre=camera.centre, image_size=camera.image_size.clone())
    zoomed.image_size[7:] = 800
    other = predict_clips(network, clips, zoomed, flip=False).positions
    torch.testing.assert_close(other[:7], whole[:7])
    assert (other[7:] - whole[7:]).abs().amax(dim=(1, 2)).min() > 1e-4


def test_a_single_frame_is_a_still(generator):
    network, clips, camera = make(generator, Middle)
    lifted = predict(network, clips.keypoints_px[:, None], camera, flip=False, keep_root=True).positions
    x = clips.keypoints_px / 500 - 1
    torch.testing.assert_close(lifted[..., :2], WEIGHTS.sum() * x, rtol=1e-4, atol=1e-5)


def test_samples_need_windows_only_where_the_network_looks_at_them(generator):
    network, clips, camera = make(generator, Middle)
    nothing = torch.zeros(sum(LENGTHS), 1, 17, 3)
    single_frames = Samples(keypoints_px=clips.keypoints_px[:, None], positions=nothing, intrinsics=camera)
    with pytest.raises(InputError, match="must be windows of 5 frames, the network's receptive field, or frames of"):
        predict_samples(network, single_frames, flip=False)
    single = create_model("ampose-small", depth=1, channels=8, heads=1).eval()
    expected = predict(single, clips.keypoints_px[:, None], camera, flip=True).positions
    assert torch.equal(predict_samples(single, single_frames, flip=True).positions, expected)


@pytest.mark.parametrize("kind", [Middle, Sequence])
def test_windows_are_lifted_as_if_each_were_a_clip(generator, kind):
    network, _, _ = make(generator, kind)
    windows = 500 + 100 * torch.randn(6, FRAMES, 17, 2, generator=generator)
    ones = torch.ones(6, 2)
    camera = Intrinsics(focal=1100 * ones, centre=500 * ones, image_size=1000 * ones)
    samples = Samples(keypoints_px=windows, positions=torch.zeros(6, 1, 17, 3), intrinsics=camera)
    index = FrameIndex.of_clips(range(0, 6 * FRAMES + 1, FRAMES))[FRAMES // 2 :: FRAMES]
    clips = Clips(keypoints_px=windows.flatten(0, 1), index=index)
    whole = predict_clips(network, clips, camera, flip=True).positions
    torch.testing.assert_close(predict_samples(network, samples, flip=True).positions, whole)


@pytest.mark.parametrize("normalisation", ["image-width", "person-rays-scaled"])
def test_the_expected_error_is_the_networks_own_and_how_far_it_is_from_its_answer_in_the_mirror(
    generator, normalisation
):
    torch.manual_seed(0)
    network = create_model("ampose-small", depth=1, error_head=True, normalisation=normalisation).eval()
    keypoints = 500 + 100 * torch.randn(5, 1, 17, 2, generator=generator)
    ones = torch.ones(5, 2)
    camera = Intrinsics(focal=1100 * ones, centre=500 * ones, image_size=1000 * ones)
    order, mirrored = SKELETON.flip_order, keypoints[:, :, SKELETON.flip_order].clone()
    mirrored[..., 0] = 1000 - mirrored[..., 0]
    both = predict(network, keypoints, camera, flip=True)
    plain, other = (predict(network, points, camera, flip=False) for points in (keypoints, mirrored))
    turned_back = other.positions[:, order] * torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(both.positions, (plain.positions + turned_back) / 2, rtol=1e-4, atol=1e-6)
    apart = (plain.positions - turned_back).norm(dim=-1)
    own = (plain.expected_error + other.expected_error[:, order]) / 2
    torch.testing.assert_close(both.expected_error, own + apart, rtol=1e-4, atol=1e-6)


def test_a_network_without_an_error_head_expects_nothing(generator):
    network, clips, camera = make(generator, Middle)
    assert predict_clips(network, clips, camera, flip=True).expected_error is None


def test_no_samples_are_no_poses(generator):
    network, clips, camera = make(generator, Middle)
    none = slice(0, 0)
    assert predict_clips(network, clips[none], camera[none], flip=True).positions.shape == (0, 17, 3)

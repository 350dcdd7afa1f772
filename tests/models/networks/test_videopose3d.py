"""VideoPose3D against its published sizes and a literal writing of its convolutions, and its two forms."""

import numpy as np
import pytest
import torch
from tests.models.literal import array, batch_norm, count, relu, shake

from ampose.errors import InputError
from ampose.models import create_model
from ampose.models.cost import measure_cost

WIDTHS = [(1,), (1, 1), (3,), (3, 3), (3, 1, 3), (5, 3)]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("videopose3d-1", 8_494_131), ("videopose3d-27", 8_555_571), ("videopose3d-243", 16_952_371)],
)
def test_counts_are_the_published_ones(name, parameters):
    with torch.device("meta"):
        network = create_model(name)
    assert count(network) == parameters  # 8.49 M and 16.95 M are published
    assert network.receptive_field == int(name.rsplit("-", 1)[1])


def test_cost_of_a_pose_is_that_of_the_strided_form():
    c, joints = 8, 17
    network = create_model("videopose3d", widths=(3, 3, 3), channels=c)
    first = 9 * 3 * (2 * joints) * c
    blocks = (3 + 1) * (3 * c * c + c * c)
    assert measure_cost(network, depth=0)[0].macs == first + blocks + c * 3 * joints


def window(frames, batch=2, seed=6):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, frames, 17, 2, dtype=torch.float64, generator=generator)


def convolve(x, weight, dilation):
    """(frame, channel), one output and one tap at a time."""
    out_channels, _, width = weight.shape
    out = np.zeros((len(x) - (width - 1) * dilation, out_channels))
    for t in range(len(out)):
        for tap in range(width):
            out[t] += weight[:, :, tap] @ x[t + tap * dilation]
    return out


def lift(network, clip):
    x = relu(batch_norm(convolve(clip.reshape(len(clip), -1), array(network.expand.weight), 1), network.expand_norm))
    dilation = network.config.widths[0]
    for block, width in zip(network.blocks, network.config.widths[1:], strict=True):
        y = relu(batch_norm(convolve(x, array(block.over_time.weight), dilation), block.over_time_norm))
        y = relu(batch_norm(convolve(y, array(block.each.weight), 1), block.each_norm))
        lost = (width - 1) * dilation // 2
        x = x[lost : len(x) - lost] + y
        dilation *= width
    answer = convolve(x, array(network.shrink.weight), 1) + array(network.shrink.bias)
    return answer.reshape(len(answer), -1, 3)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_network_computes_the_papers_convolutions(widths):
    network = shake(create_model("videopose3d", widths=widths, channels=6))
    clip = window(network.receptive_field + 3)
    for sample, answer in zip(clip, array(network(clip)), strict=True):
        np.testing.assert_allclose(answer, lift(network, sample.numpy()), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_strided_and_dilated_forms_agree(widths):
    network = shake(create_model("videopose3d", widths=widths, channels=6))
    frames = network.receptive_field
    clip = window(frames + 7)
    dilated = network(clip)
    assert dilated.shape == (2, 8, 17, 3)
    for start in range(8):
        strided = network(clip[:, start : start + frames])
        torch.testing.assert_close(strided, dilated[:, start : start + 1])


def test_training_needs_no_more_than_the_strided_form():
    """A weight of the first convolution moves by what the window's own frames say: all taps get gradients."""
    network = create_model("videopose3d", widths=(3, 3), channels=6)
    network(window(9).float()).sum().backward()
    assert (network.expand.weight.grad.abs().sum(dim=(0, 1)) > 0).all()


@pytest.mark.parametrize("widths", [(), (2,), (3, 0)], ids=str)
def test_widths_without_a_middle_are_refused(widths):
    with pytest.raises(InputError, match="widths must be odd"):
        create_model("videopose3d", widths=widths)

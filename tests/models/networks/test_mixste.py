"""MixSTE against its measured sizes and costs, and a literal writing of its two kinds of attention."""

import numpy as np
import pytest
import torch
from tests.models.literal import array, count, encode, layer_norm, linear, shake

from ampose.models import create_model
from ampose.models.cost import measure_cost


@pytest.mark.parametrize(
    ("frames", "parameters"), [(1, 33_659_907), (27, 33_673_219), (81, 33_700_867), (243, 33_783_811)]
)
def test_counts_are_those_of_the_public_code(frames, parameters):
    with torch.device("meta"):
        network = create_model(f"mixste-{frames}")
    assert count(network) == parameters  # 33.66 M to 33.78 M
    assert network.receptive_field == frames


@pytest.mark.parametrize(("frames", "millions"), [(1, 573.0), (27, 576.6)])
def test_cost_of_a_pose_is_the_measured_one(frames, millions):
    assert round(measure_cost(create_model(f"mixste-{frames}"), depth=0)[0].macs / 1e6, 1) == millions


def lift(network, window):
    heads = network.config.heads
    z = linear(window, network.embedding) + array(network.joint_position)
    for layer, (spatial, temporal) in enumerate(zip(network.spatial, network.temporal, strict=True)):
        for frame in range(len(z)):
            z[frame] = layer_norm(encode(z[frame], spatial, heads), network.spatial_norm)
        for joint in range(z.shape[1]):
            over_time = z[:, joint] + (array(network.frame_position) if layer == 0 else 0)
            z[:, joint] = layer_norm(encode(over_time, temporal, heads), network.temporal_norm)
    return linear(layer_norm(z, network.head[0]), network.head[1])


@pytest.mark.parametrize("frames", [1, 4])
def test_network_computes_the_papers_layers(frames):
    network = shake(create_model("mixste", receptive_field=frames, channels=12, heads=3, depth=2))
    windows = torch.randn(2, frames, 17, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    for window, answer in zip(windows.numpy(), array(network(windows)), strict=True):
        np.testing.assert_allclose(answer, lift(network, window), rtol=1e-7, atol=1e-9)


def test_windows_side_by_side_do_not_see_each_other():
    network = shake(create_model("mixste", receptive_field=3, channels=8, heads=2, depth=1))
    clip = torch.randn(2, 6, 17, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    alone = torch.cat([network(clip[:, :3]), network(clip[:, 3:])], dim=1)
    torch.testing.assert_close(network(clip), alone)


def test_branches_are_left_out_more_often_in_later_layers():
    network = create_model("mixste", receptive_field=1, channels=8, heads=1, depth=5)
    rates = [encoder.drop_path.rate for encoder in network.spatial]
    np.testing.assert_allclose(rates, [0, 0.025, 0.05, 0.075, 0.1])

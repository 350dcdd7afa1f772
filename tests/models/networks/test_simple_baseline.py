"""SimpleBaseline against its published size and a literal writing of it."""

import numpy as np
import pytest
import torch
from tests.models.literal import agree, array, batch_norm, count, linear, relu

from ampose.models import create_model
from ampose.models.cost import measure_cost
from ampose.models.layers.batch_norm import PoseBatchNorm
from ampose.models.layers.constrained_linear import ConstrainedLinear


def test_counts_are_those_of_the_table_of_semgcn():
    assert count(create_model("simple-baseline", skeleton="human36m_16")) == 4_291_632  # printed: 4.29 M
    assert count(create_model("simple-baseline")) == 4_296_755


def test_layers_over_the_whole_body_are_counted_once_a_pose():
    whole = measure_cost(create_model("simple-baseline"), depth=0)[0]
    assert whole.macs == 34 * 1024 + 4 * 1024**2 + 1024 * 51
    assert whole.weight_macs == whole.macs + 5 * 2 * 1024  # thop counts two for BatchNorm


@pytest.mark.parametrize("max_norm", [1.0, None])
def test_network_computes_the_papers_figure(max_norm):
    network = create_model("simple-baseline", channels=24, max_norm=max_norm)

    def hidden(x, layer, norm):
        weight = array(layer.weight)
        length = np.sqrt(sum(float(w) ** 2 for w in weight.ravel()))
        if max_norm is not None and length > max_norm:
            weight = weight / length * max_norm
        return relu(batch_norm(weight @ x + array(layer.bias), norm))

    def lift(pose):
        first, norm, _, _, *blocks, last = network.layers
        x = hidden(pose.ravel(), first, norm)
        for block in blocks:
            a, norm_a, _, _, b, norm_b, _, _ = block.layers
            x = x + hidden(hidden(x, a, norm_a), b, norm_b)
        return linear(x, last).reshape(-1, 3)

    agree(network, lift)


def test_norm_of_the_weights_is_held():
    layer = ConstrainedLinear(8, 6, max_norm=0.5)
    assert layer.weight.norm() > 0.5
    assert layer.effective_weight().norm().item() == pytest.approx(0.5)
    with torch.no_grad():
        layer.weight *= 0.1 / layer.weight.norm()
    torch.testing.assert_close(layer.effective_weight(), layer.weight)


def test_batch_of_one_is_trained_with_the_running_statistics():
    norm, same = PoseBatchNorm(3), PoseBatchNorm(3).eval()
    one = torch.tensor([[1.0, 2.0, 3.0]])
    torch.testing.assert_close(norm(one), same(one))
    assert norm.running_mean.tolist() == [0, 0, 0]

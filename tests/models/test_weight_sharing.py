"""The sharing schemes against the published size and the equations, joint by joint."""

import numpy as np
import pytest
from tests.models.literal import agree, array, batch_norm, count, neighbours, relu

from ampose.models import create_model
from ampose.skeletons import get_skeleton


def test_count_is_that_of_the_table():
    assert count(create_model("weight-sharing")) == 4_218_243  # printed: 4.22 M


def affinity(skeleton):
    bones = neighbours(skeleton)
    a = np.zeros((len(bones), len(bones)))
    for i, others in enumerate(bones):
        for j in [i, *others]:
            a[i, j] = 1 / np.sqrt((1 + len(others)) * (1 + len(bones[j])))
    return a


def convolution(x, layer, a, sharing):
    """y_i = sum_j a_ij x_j W + b; W of sender j, receiver i, or all; another for i itself if decoupled."""
    weight = array(layer.weight)
    out = np.tile(array(layer.bias), (len(x), 1))
    for i in range(len(x)):
        for j in range(len(x)):
            sets = weight[0] if len(weight) == 1 or i == j else weight[1]
            out[i] += a[i, j] * x[j] @ sets[{"full": 0, "pre-aggregation": j, "post-aggregation": i}[sharing]]
    return out


@pytest.mark.parametrize("sharing", ["full", "pre-aggregation", "post-aggregation"])
@pytest.mark.parametrize("decoupled", [True, False])
def test_network_computes_the_papers_equations(sharing, decoupled):
    network = create_model("weight-sharing", channels=6, depth=1, sharing=sharing, decoupled=decoupled)
    a = affinity(get_skeleton("human36m_16"))

    def hidden(x, layer):
        return relu(batch_norm(convolution(x, layer[0], a, sharing), layer[1]))

    def lift(pose):
        first, *blocks, last = network.layers
        x = hidden(pose, first)
        for block in blocks:
            x = x + hidden(hidden(x, block.layers[0]), block.layers[1])
        return convolution(x, last, a, sharing)

    agree(network, lift)

"""The sharing schemes against the published size and the equations, joint by joint."""

import numpy as np
import pytest
import torch
from tests.models.literal import agree, array, batch_norm, count, neighbours, relu

from ampose.errors import InputError
from ampose.models import create_model
from ampose.poses.skeletons import get_skeleton

SCHEMES = [
    *((sharing, apart) for sharing in ("full", "pre-aggregation", "post-aggregation") for apart in (True, False)),
    ("none", True),
    ("convolution", True),
]
"""All eight of the study."""


@pytest.mark.parametrize(("sharing", "decoupled"), SCHEMES)
def test_counts_follow_from_how_many_matrices_a_layer_has(sharing, decoupled):
    """16 joints, 15 bones: 46 edges with a direction, loops included."""
    sets = {"full": 1, "pre-aggregation": 16, "post-aggregation": 16, "none": 46, "convolution": 3}[sharing]
    kinds = 2 if decoupled and sharing not in ("none", "convolution") else 1
    expected = sets * kinds * (2 * 128 + 8 * 128**2 + 128 * 3) + 9 * (128 + 2 * 128) + 3
    assert count(create_model("weight-sharing", sharing=sharing, decoupled=decoupled)) == expected


def test_count_is_that_of_the_table():
    assert count(create_model("weight-sharing")) == 4_218_243  # printed: 4.22 M


def affinity(skeleton):
    bones = neighbours(skeleton)
    a = np.zeros((len(bones), len(bones)))
    for i, others in enumerate(bones):
        for j in [i, *others]:
            a[i, j] = 1 / np.sqrt((1 + len(others)) * (1 + len(bones[j])))
    return a


def towards_root(skeleton):
    """The next joint on the way to the root, by name; the root has none."""
    return {child: parent for parent, child in skeleton.bones}


def matrix_for(i, j, weight, sharing, skeleton):
    """W of sender j, receiver i, or all, and another for i itself if decoupled; of the edge; or of its direction."""
    if sharing == "none":
        links = neighbours(skeleton)
        before = sum(1 + len(links[k]) for k in range(i))
        return weight[before + sorted([i, *links[i]]).index(j)]
    if sharing == "convolution":
        if i == j:
            return weight[0]
        return weight[1 if towards_root(skeleton).get(skeleton.joints[i]) == skeleton.joints[j] else 2]
    sets = weight[0] if len(weight) == 1 or i == j else weight[1]
    return sets[{"full": 0, "pre-aggregation": j, "post-aggregation": i}[sharing]]


def convolution(x, layer, a, sharing):
    """y_i = sum_j a_ij x_j W_ij + b, with what the scheme says is W_ij."""
    skeleton = get_skeleton("human36m_16")
    weight = array(layer.weight)
    out = np.tile(array(layer.bias), (len(x), 1))
    for i in range(len(x)):
        for j in range(len(x)):
            if a[i, j]:
                out[i] += a[i, j] * x[j] @ matrix_for(i, j, weight, sharing, skeleton)
    return out


@pytest.mark.parametrize(("sharing", "decoupled"), SCHEMES)
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


@pytest.mark.parametrize("sharing", ["none", "convolution"])
def test_weights_of_edges_learn_and_are_exported(sharing, tmp_path):
    network = create_model("weight-sharing", channels=6, depth=1, sharing=sharing)
    x = torch.randn(8, 1, 16, 2, generator=torch.Generator().manual_seed(0))
    network(x).square().mean().backward()
    assert all((p.grad.abs().flatten(1).sum(dim=1) > 0).all() for p in network.parameters() if p.ndim == 3)
    program = torch.export.export(network.eval(), (x,))
    torch.testing.assert_close(program.module()(x), network(x))


@pytest.mark.parametrize("sharing", ["none", "convolution"])
def test_weights_of_edges_are_always_decoupled(sharing):
    with pytest.raises(InputError, match=f"decoupled must be true for sharing '{sharing}', got false"):
        create_model("weight-sharing", sharing=sharing, decoupled=False)

"""GraFormer against its published sizes and a literal writing of its equations."""

import numpy as np
import pytest
from tests.models.literal import agree, array, attention, count, layer_norm, linear, neighbours, relu

from ampose.models import create_model
from ampose.models.networks.graformer import GraphNet
from ampose.poses.skeletons import get_skeleton


@pytest.mark.parametrize(("name", "parameters"), [("graformer", 654_179), ("graformer-small", 293_187)])
def test_counts_are_those_of_the_public_code(name, parameters):
    assert count(create_model(name)) == parameters


def laplacian(skeleton):
    """L_ij = 1 on the diagonal, -1 / sqrt(d_i d_j) on bones."""
    bones = neighbours(skeleton)
    matrix = np.eye(skeleton.num_joints)
    for i, others in enumerate(bones):
        for j in others:
            matrix[i, j] = -1 / np.sqrt(len(others) * len(bones[j]))
    return matrix


def chebyshev(x, layer, skeleton):
    """sum_k T_k(L) X Theta_k + b, with T_2 = 2 L^2 - I."""
    L = laplacian(skeleton)
    thetas = np.split(array(layer.transform.weight).T, 3)
    parts = [np.eye(len(L)) @ x @ thetas[0], L @ x @ thetas[1], (2 * L @ L - np.eye(len(L))) @ x @ thetas[2]]
    return sum(parts) + array(layer.transform.bias)


def graph_net(x, layer):
    """Two convolutions over the learned adjacency, joint by joint."""
    A = array(layer.adjacency)
    degree = [sum(abs(A[i, j]) for i in range(len(A))) + 1e-5 for j in range(len(A))]

    def collect(y):
        return np.stack(
            [sum(A[i, j] / np.sqrt(degree[i] * degree[j]) * y[j] for j in range(len(A))) for i in range(len(A))]
        )

    return linear(collect(relu(linear(collect(x), layer.first))), layer.second)


@pytest.mark.parametrize("joints", ["human36m_16", "human36m_17"])
def test_network_computes_the_papers_equations(joints):
    network = create_model("graformer", channels=8, depth=2, heads=2, skeleton=joints)
    skeleton = get_skeleton(joints)

    def lift(pose):
        x = chebyshev(pose, network.embedding, skeleton)
        for layer, block in zip(network.layers[::2], network.layers[1::2], strict=True):
            x = x + attention(layer_norm(x, layer.attention_norm), layer.attention, heads=2)
            x = x + graph_net(layer_norm(x, layer.graph_norm), layer.graph)
            y = relu(chebyshev(x, block.layers[0], skeleton))
            x = x + relu(chebyshev(y, block.layers[3], skeleton))
        return chebyshev(x, network.head, skeleton)

    agree(network, lift)


def test_negative_learned_entries_give_numbers():
    layer = GraphNet(4, 3)
    layer.adjacency.data.fill_(-1.0)
    assert np.isfinite(array(layer.normalised_adjacency())).all()

"""Modulated GCN against its published sizes and a literal writing of its equation."""

import numpy as np
import pytest
from tests.models.literal import agree, array, batch_norm, count, neighbours, non_local, relu

from ampose.models import create_model
from ampose.poses.skeletons import get_skeleton


@pytest.mark.parametrize(("name", "parameters"), [("modulated-gcn-gt", 287_923), ("modulated-gcn", 2_731_840)])
def test_counts_are_those_of_the_public_code(name, parameters):
    assert count(create_model(name)) == parameters


def modulated(x, layer, skeleton):
    """out_i = sum_j sym(A + Q)_ij (m_j o W x_j) + b: W0 where i is j, W1 elsewhere."""
    bones = neighbours(skeleton)
    joints = len(bones)
    A = np.zeros((joints, joints))
    for i, others in enumerate(bones):
        for j in [i, *others]:
            A[i, j] = 1 / (1 + len(others))
    A = A + array(layer.adjacency_modulation)
    W0, W1 = np.split(array(layer.transform.weight), 2)
    M = array(layer.modulation)
    out = np.zeros((joints, W0.shape[0]))
    for i in range(joints):
        for j in range(joints):
            out[i] += (A[i, j] + A[j, i]) / 2 * M[j] * ((W0 if i == j else W1) @ x[j])
    return out + array(layer.bias)


@pytest.mark.parametrize(("name", "joints"), [("modulated-gcn", "human36m_17"), ("modulated-gcn-gt", "human36m_16")])
def test_network_computes_the_papers_equations(name, joints):
    network = create_model(name, channels=8, depth=2)
    skeleton = get_skeleton(joints)

    def layer(x, part):
        return relu(batch_norm(modulated(x, part[0], skeleton), part[1]))

    def lift(pose):
        first, *blocks, mix, last = network.layers
        x = layer(pose, first)
        for block in blocks:
            x = x + layer(layer(x, block.first), block.second)
        return modulated(non_local(x, mix) if name == "modulated-gcn" else x, last, skeleton)

    agree(network, lift)

"""The three groups of neighbours and the readings of the degree matrix."""

import numpy as np
import pytest

from ampose.models.layers.graph_convolution import neighbour_groups, normalise_groups
from ampose.poses.skeletons import get_skeleton, list_skeletons


@pytest.mark.parametrize("name", list_skeletons())
def test_groups_partition_the_neighbourhood(name):
    skeleton = get_skeleton(name)
    itself, nearer, farther = neighbour_groups(skeleton)
    np.testing.assert_array_equal(itself, np.eye(skeleton.num_joints))
    np.testing.assert_array_equal(farther, nearer.T)
    np.testing.assert_array_equal(itself + nearer + farther, neighbour_groups(skeleton, "none")[0])
    for joint, parent in enumerate(skeleton.parent_indices):
        expected = np.zeros(skeleton.num_joints)
        if joint != skeleton.root_index:
            expected[parent] = 1
        np.testing.assert_array_equal(nearer[joint], expected)


def test_group_sizes_of_the_17_joints():
    assert neighbour_groups(get_skeleton("human36m_17")).sum(axis=(1, 2)).tolist() == [17, 16, 16]


def test_rowcol_keeps_every_message_with_spectral_norm_1():
    groups = neighbour_groups(get_skeleton("human36m_17"))
    normalised = normalise_groups(groups, "rowcol")
    np.testing.assert_array_equal(normalised > 0, groups > 0)
    np.testing.assert_allclose([np.linalg.norm(group, 2) for group in normalised], 1)


def test_literal_reading_loses_the_messages_of_root_and_leaves():
    skeleton = get_skeleton("human36m_17")
    _, nearer, farther = normalise_groups(neighbour_groups(skeleton), "literal")
    leaves = [j for j in range(skeleton.num_joints) if j not in skeleton.parent_indices]
    assert nearer[:, skeleton.root_index].sum() == 0
    assert farther[:, leaves].sum() == 0


def test_stgcn_reading_is_the_mean_over_the_neighbourhood():
    normalised = normalise_groups(neighbour_groups(get_skeleton("human36m_17")), "stgcn")
    np.testing.assert_allclose(normalised.sum(axis=(0, 2)), 1)


def test_vanilla_reading_is_kipfs_symmetric_normalisation():
    adjacency = neighbour_groups(get_skeleton("human36m_17"), "none")[0]
    degree = np.diag(adjacency.sum(axis=1) ** -0.5)
    np.testing.assert_allclose(normalise_groups(adjacency[None], "rowcol")[0], degree @ adjacency @ degree, atol=1e-12)

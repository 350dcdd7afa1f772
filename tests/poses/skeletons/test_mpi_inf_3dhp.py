"""MPI-INF-3DHP's skeletons and their mappings, against the index tables of the field written down a second time."""

import numpy as np
import pytest

from ampose.poses.skeletons import find_mapping, get_skeleton

# facts: official MATLAB (1-based parents there), EvoSkeleton issue 75, PoseAug.
PARENTS_28 = [3, 1, 4, 5, 5, 2, 6, 7, 6, 9, 10, 11, 12, 6, 14, 15, 16, 17, 5, 19, 20, 21, 22, 5, 24, 25, 26, 27]
PARENTS_17 = [16, 15, 1, 2, 3, 1, 5, 6, 14, 8, 9, 14, 11, 12, 14, 14, 1]
RELEVANT = [7, 5, 14, 15, 16, 9, 10, 11, 23, 24, 25, 18, 19, 20, 4, 3, 6]
LEFT, RIGHT = [5, 6, 7, 11, 12, 13], [2, 3, 4, 8, 9, 10]
TO_HUMAN36M = {
    "mpi_inf_3dhp_17": [14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4],
    "mpi_inf_3dhp_28": [4, 23, 24, 25, 18, 19, 20, 3, 5, 6, 7, 9, 10, 11, 14, 15, 16],
}


def test_the_trees_are_the_official_ones() -> None:
    assert (get_skeleton("mpi_inf_3dhp_28").parent_indices + 1).tolist() == PARENTS_28
    assert get_skeleton("mpi_inf_3dhp_17").parent_indices.tolist() == PARENTS_17


def test_the_root_is_joint_14_of_the_relevant_ones() -> None:
    skeleton = get_skeleton("mpi_inf_3dhp_17")
    assert (skeleton.root, skeleton.root_index) == ("hip", 14)
    assert get_skeleton("mpi_inf_3dhp_28").root_index == 4


def test_left_and_right_are_the_field_s_lists() -> None:
    skeleton = get_skeleton("mpi_inf_3dhp_17")
    assert skeleton.flip_order[LEFT].tolist() == RIGHT
    assert [i for i, joint in enumerate(skeleton.joints) if skeleton.side_of(joint) == "left"] == LEFT


def test_the_28_joints_map_to_the_relevant_17_by_name() -> None:
    points = np.arange(28 * 3, dtype=np.float32).reshape(1, 28, 3)
    mapped = find_mapping("mpi_inf_3dhp_28", "mpi_inf_3dhp_17").map_points(points)
    np.testing.assert_array_equal(mapped, points[:, RELEVANT])


@pytest.mark.parametrize("source", TO_HUMAN36M)
@pytest.mark.parametrize("target", ["human36m_17", "human36m_16"])
def test_they_map_to_human36m_as_the_field_does(source: str, target: str) -> None:
    mapping = find_mapping(source, target)
    order = [index for place, index in enumerate(TO_HUMAN36M[source]) if target == "human36m_17" or place != 9]
    np.testing.assert_array_equal(mapping.weights, np.eye(mapping.source.num_joints)[order])
    assert mapping.made_up == frozenset()


@pytest.mark.parametrize("target", ["human36m_17", "human36m_16"])
def test_mapping_a_mirror_image_gives_the_mirror_image(target: str, rng: np.random.Generator) -> None:
    mapping = find_mapping("mpi_inf_3dhp_17", target)
    points = rng.normal(size=(3, 17, 3))
    np.testing.assert_array_equal(
        mapping.map_points(points[:, mapping.source.flip_order]),
        mapping.map_points(points)[:, mapping.target.flip_order],
    )

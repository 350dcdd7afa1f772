"""What is derived from joints, parents and pairs, against an independent graph library."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import shortest_path

from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton

ARM = {"shoulder": None, "elbow": "shoulder", "wrist": "elbow"}


Tree = tuple[dict[str, str | None], list[tuple[str, str]]]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Parents and pairs: random trees, in which a parent may come after its child."""
    count = draw(st.integers(1, 12))
    parents: dict[str, str | None] = {"j0": None}
    for joint in range(1, count):
        parents[f"j{joint}"] = f"j{draw(st.integers(0, joint - 1))}"
    order = draw(st.permutations(sorted(parents)))
    shuffled = draw(st.permutations(sorted(parents)))
    pairs = list(zip(shuffled[::2], shuffled[1::2], strict=False))
    return {joint: parents[joint] for joint in order}, pairs


@given(trees())
def test_hops_and_adjacency_are_those_of_the_tree(tree: Tree) -> None:
    skeleton = Skeleton("random", *tree)
    adjacency = skeleton.adjacency
    assert (adjacency == adjacency.T).all()
    assert adjacency.sum() == 2 * (skeleton.num_joints - 1)
    distances = shortest_path(adjacency.astype(float), unweighted=True)
    np.testing.assert_array_equal(skeleton.hops, distances[skeleton.root_index])


@given(trees())
def test_every_joint_comes_after_its_parent_in_topological_order(tree: Tree) -> None:
    skeleton = Skeleton("random", *tree)
    order = skeleton.topological_order
    assert sorted(order) == list(range(skeleton.num_joints))
    assert order[0] == skeleton.root_index
    place = {joint: position for position, joint in enumerate(order)}
    assert all(place[parent] < place[joint] for parent, joint in skeleton.bone_indices.tolist())


@given(trees())
def test_parents_and_bones_say_the_same(tree: Tree) -> None:
    skeleton = Skeleton("random", *tree)
    parents = skeleton.parent_indices
    assert parents[skeleton.root_index] == skeleton.root_index
    from_parents = {(int(parents[j]), j) for j in range(skeleton.num_joints) if j != skeleton.root_index}
    assert set(map(tuple, skeleton.bone_indices.tolist())) == from_parents
    assert skeleton.bone_indices.shape == (skeleton.num_joints - 1, 2)


@given(trees())
def test_flipping_twice_changes_nothing_and_once_exchanges_the_pairs(tree: Tree) -> None:
    skeleton = Skeleton("random", *tree)
    order = skeleton.flip_order
    np.testing.assert_array_equal(order[order], np.arange(skeleton.num_joints))
    for left, right in skeleton.pairs:
        assert order[skeleton.index(left)] == skeleton.index(right)
        assert (skeleton.side_of(left), skeleton.side_of(right)) == ("left", "right")
    unmoved = [joint for place, joint in enumerate(skeleton.joints) if order[place] == place]
    assert all(skeleton.side_of(joint) == "middle" for joint in unmoved)


@given(trees())
def test_a_skeleton_survives_json(tree: Tree) -> None:
    skeleton = Skeleton("random", *tree)
    again = Skeleton.from_dict(json.loads(json.dumps(skeleton.as_dict())))
    assert again == skeleton
    assert again.joints == skeleton.joints


def test_the_order_of_joints_is_part_of_a_skeleton() -> None:
    backwards = dict(reversed(ARM.items()))
    assert Skeleton("arm", ARM) != Skeleton("arm", backwards)


def test_equal_skeletons_are_one_in_a_set() -> None:
    assert len({Skeleton("arm", ARM), Skeleton("arm", dict(ARM)), Skeleton("leg", ARM)}) == 2


@pytest.mark.parametrize(
    ("parents", "pairs", "message"),
    [
        pytest.param({}, (), "exactly one root, got none", id="no joints"),
        pytest.param({"a": "b", "b": "a"}, (), "exactly one root, got none", id="no root"),
        pytest.param({"a": None, "b": None}, (), r"exactly one root, got \['a', 'b'\]", id="two roots"),
        pytest.param({"a": None, "b": "c"}, (), "parent of b must be a joint, got 'c'", id="unknown parent"),
        pytest.param({"r": None, "a": "b", "b": "a"}, (), "must be a tree, got a cycle through 'a'", id="cycle"),
        pytest.param(ARM, [("wrist", "hand")], "a pair must name joints, got 'hand'", id="unknown pair"),
        pytest.param(ARM, [("wrist", "wrist")], "in one pair at most", id="pair of one joint"),
        pytest.param(ARM, [("wrist", "elbow"), ("shoulder", "wrist")], "in one pair at most", id="in two pairs"),
    ],
)
def test_what_is_no_tree_with_pairs_is_refused(
    parents: dict[str, str | None], pairs: list[tuple[str, str]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Skeleton("bad", parents, pairs)


def test_an_unknown_joint_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="joint of arm must be one of shoulder, elbow, wrist, got 'hand'"):
        Skeleton("arm", ARM).index("hand")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("arm", id="a string"),
        pytest.param(["arm"], id="a list"),
        pytest.param(None, id="nothing"),
        pytest.param({"name": "arm"}, id="no parents"),
        pytest.param({"name": "arm", "parents": "shoulder"}, id="parents are a string"),
        pytest.param({"name": "arm", "parents": {"shoulder": None, "elbow": ["shoulder"]}}, id="parent is a list"),
        pytest.param({"name": "arm", "parents": ARM, "pairs": None}, id="pairs are nothing"),
        pytest.param({"name": "arm", "parents": ARM, "pairs": [["wrist", "elbow", "shoulder"]]}, id="pair of three"),
        pytest.param({"name": "arm", "parents": ARM, "pairs": [1]}, id="pair is a number"),
    ],
)
def test_plain_data_that_is_no_skeleton_is_refused(data: Any) -> None:
    with pytest.raises(InputError, match="skeleton"):
        Skeleton.from_dict(data)

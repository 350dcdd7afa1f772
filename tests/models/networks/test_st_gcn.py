"""ST-GCN against the size of the public code and a literal writing of its blocks."""

import numpy as np
import pytest
from tests.models.literal import agree, batch_norm, count, linear, neighbours, non_local, relu

from ampose.errors import InputError
from ampose.models import create_model
from ampose.models.networks.st_gcn import joint_kinds
from ampose.poses.skeletons import get_skeleton


def test_count_is_that_of_the_public_code():
    assert count(create_model("st-gcn")) == 3_627_847  # 3.628 M


def kind_of(skeleton, i, j):
    """0 itself, 1 nearer to the spine, 2 farther from it, 3 mirror partner, None for no neighbour."""
    if i == j:
        return 0
    if skeleton.flip_order[i] == j:
        return 3
    if j not in neighbours(skeleton)[i]:
        return None
    return 1 if distance(skeleton, j) < distance(skeleton, i) else 2


def distance(skeleton, joint):
    """Bones to the spine, by walking."""
    edge, steps = {skeleton.index("spine")}, 0
    while joint not in edge:
        edge = edge | {k for at in edge for k in neighbours(skeleton)[at]}
        steps += 1
    return steps


def graph_convolution(x, layer, kinds):
    """The mean over the neighbours of all kinds, each transformed by the weights of its kind."""
    groups = np.split(linear(x, layer.transform), 4, axis=-1)
    out = []
    for i in range(len(x)):
        messages = [groups[kinds[i][j]][j] for j in range(len(x)) if kinds[i][j] is not None]
        out.append(sum(messages) / len(messages))
    return np.stack(out)


def block(x, layer, kinds):
    convolution, norm, _, _, pointwise, norm2 = layer.main
    y = batch_norm(linear(relu(batch_norm(graph_convolution(x, convolution, kinds), norm)), pointwise), norm2)
    if not layer.residual:
        return relu(y)
    return relu(y + (x if x.shape == y.shape else batch_norm(linear(x, layer.skip[0]), layer.skip[1])))


PARTS = (
    ("hip", "spine", "thorax", "neck_nose", "head"),
    ("right_hip", "right_knee", "right_ankle"),
    ("left_hip", "left_knee", "left_ankle"),
    ("left_shoulder", "left_elbow", "left_wrist"),
    ("right_shoulder", "right_elbow", "right_wrist"),
)
PART_KINDS = (  # trunk; right leg; left leg; left arm; right arm
    (0, 2, 2, 2, 2),
    (1, 0, 3, None, None),
    (1, 3, 0, None, None),
    (1, None, None, 0, 3),
    (1, None, None, 3, 0),
)


@pytest.mark.parametrize("joints", ["human36m_17", "human36m_16"])
def test_network_computes_the_papers_figure(joints):
    network = create_model("st-gcn", channels=(6, 8, 10), skeleton=joints)
    skeleton = get_skeleton(joints)
    kinds = [[kind_of(skeleton, i, j) for j in range(len(skeleton.joints))] for i in range(len(skeleton.joints))]

    def lift(pose):
        x = batch_norm(pose.ravel(), network.input_norm).reshape(pose.shape)
        for layer in network.joint_blocks:
            x = block(x, layer, kinds)
        own = [[skeleton.index(joint) for joint in part if joint in skeleton.joints] for part in PARTS]
        parts = np.stack([x[members].max(axis=0) for members in own])
        for layer in network.part_blocks:
            parts = block(parts, layer, PART_KINDS)
        whole = relu(batch_norm(linear(parts.max(axis=0), network.body[0]), network.body[1]))
        joined = np.stack([np.concatenate([part, whole]) for part in parts])
        joined = relu(batch_norm(linear(joined, network.join[0]), network.join[1]))
        full = np.stack(
            [np.concatenate([x[j], joined[next(p for p, m in enumerate(own) if j in m)]]) for j in range(len(x))]
        )
        return linear(non_local(full, network.head[0]), network.head[2])

    agree(network, lift)


def test_centre_may_be_another_joint_of_the_skeleton():
    skeleton = get_skeleton("human36m_17")
    assert not np.array_equal(joint_kinds(skeleton, "spine"), joint_kinds(skeleton, "hip"))
    with pytest.raises(InputError, match="joint of human36m_17 must be one of"):
        create_model("st-gcn", centre="navel")

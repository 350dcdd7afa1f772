"""Graph Stacked Hourglass against its sizes and a literal writing of pooling, skips and squeeze-and-excitation."""

import numpy as np
import pytest
from tests.models.literal import agree, array, batch_norm, count, linear, relu, sigmoid
from tests.models.networks.test_weight_sharing import affinity, convolution

from ampose.errors import InputError
from ampose.models import create_model
from ampose.poses.skeletons import get_skeleton

EIGHT = (
    ("hip", "spine"), ("right_hip", "left_hip"), ("thorax", "neck_nose", "head"), ("left_shoulder", "right_shoulder"),
    ("right_knee", "right_ankle"), ("left_knee", "left_ankle"),
    ("left_elbow", "left_wrist"), ("right_elbow", "right_wrist"),
)  # fmt: skip
FOUR = ((0, 1), (2, 3), (4, 5), (6, 7))
EIGHT_BONES = ((0, 1), (0, 2), (2, 3), (1, 4), (1, 5), (3, 6), (3, 7))
FOUR_BONES = ((0, 1), (0, 2), (1, 3))


def test_counts_are_those_of_the_re_implementation():
    assert count(create_model("stacked-hourglass")) == 3_685_899  # 3.686 M; printed by the paper: 3.70
    assert count(create_model("stacked-hourglass", decoupled=False)) == 1_848_843  # 1.849 M


def symmetric(bones, nodes):
    """D^-1/2 (A + I) D^-1/2 of a list of bones."""
    linked = np.eye(nodes)
    for a, b in bones:
        linked[a, b] = linked[b, a] = 1
    return linked / np.sqrt(np.outer(linked.sum(0), linked.sum(0)))


@pytest.mark.parametrize("joints", ["human36m_16", "human36m_17"])
def test_network_computes_the_papers_figure(joints):
    network = create_model("stacked-hourglass", channels=(8, 10, 12), stacks=2, read_channels=4, skeleton=joints)
    skeleton = get_skeleton(joints)
    eight = [[skeleton.index(joint) for joint in group if joint in skeleton.joints] for group in EIGHT]
    own = {16: affinity(skeleton), 8: symmetric(EIGHT_BONES, 8), 4: symmetric(FOUR_BONES, 4)}

    def hidden(x, layer, scale):
        return relu(batch_norm(convolution(x, layer[0], own[scale], "pre-aggregation"), layer[1]))

    def pool(x, groups):
        return np.stack([x[list(group)].max(axis=0) for group in groups])

    def unpool(x, groups):
        members = sum(map(len, groups))
        return np.stack([x[next(g for g, group in enumerate(groups) if node in group)] for node in range(members)])

    def hourglass(x, glass):
        top = hidden(x, glass.down_joints, 16)
        middle = hidden(pool(top, eight), glass.down_eight, 8)
        bottom = hidden(pool(middle, FOUR), glass.bottom, 4)
        middle = hidden(middle + unpool(bottom, FOUR), glass.up_eight, 8)
        return hidden(top + unpool(middle, eight), glass.up_joints, 16)

    def lift(pose):
        x, read = hidden(pose, network.embedding, 16), []
        for glass, reading in zip(network.hourglasses, network.readings, strict=True):
            x = hourglass(x, glass)
            read.append(linear(x, reading))
        features = np.concatenate(read, axis=-1)
        squeeze, excite = network.head[0].layers[0], network.head[0].layers[2]
        features = features * sigmoid(linear(relu(linear(features.mean(axis=0), squeeze)), excite))
        return linear(features, network.head[1])

    agree(network, lift)
    assert array(network.head[1].weight).shape == (3, 8)


def test_other_bodies_are_refused():
    with pytest.raises(InputError, match="must have the joints of human36m_17 or human36m_16, got coco_17"):
        create_model("stacked-hourglass", skeleton="coco_17")

"""SRNet against the size of the public code and a literal writing of split and recombine."""

import numpy as np
import pytest
from tests.models.literal import agree, array, batch_norm, count, linear, sigmoid

from ampose.models import create_model
from ampose.poses.skeletons import get_skeleton

GROUPS = (
    ("hip", "right_hip", "right_knee", "right_ankle"),
    ("hip", "left_hip", "left_knee", "left_ankle"),
    ("hip", "spine", "thorax", "neck_nose", "head"),
    ("hip", "left_shoulder", "left_elbow", "left_wrist"),
    ("hip", "right_shoulder", "right_elbow", "right_wrist"),
)


def test_count_is_that_of_the_public_code():
    network = create_model("srnet")
    assert count(network) == 899_255  # 0.899 M
    assert network.layers[-1].inputs == [195, 195, 244, 195, 195]


def gated(groups, layer):
    """Each group: times one number that the others decide, then its own weights."""
    out = []
    for g, group in enumerate(groups):
        others = np.concatenate([other for o, other in enumerate(groups) if o != g])
        gate = sigmoid(batch_norm(linear(others, layer.gates[g]), layer.gate_norms[g]))
        out.append(linear(gate * group, layer.transforms[g]))
    return out


def hidden(groups, layer):
    gates, norm, _, _ = layer
    features = batch_norm(np.concatenate(gated(groups, gates)), norm)
    features = np.where(features > 0, features, 0.01 * features)
    return np.split(features, np.cumsum([t.out_features for t in gates.transforms])[:-1])


@pytest.mark.parametrize("joints", ["human36m_17", "human36m_16"])
def test_network_computes_the_papers_figure(joints):
    network = create_model("srnet", channels=30, skeleton=joints)
    skeleton = get_skeleton(joints)
    groups = [[skeleton.index(joint) for joint in group if joint in skeleton.joints] for group in GROUPS]

    def lift(pose):
        first, *blocks, last = network.layers
        x = hidden([pose[group].ravel() for group in groups], first)
        for block in blocks:
            y = hidden(hidden(x, block.layers[0]), block.layers[1])
            x = [a + b for a, b in zip(x, y, strict=True)]
        answers = [[] for _ in skeleton.joints]
        for group, part in zip(groups, gated(x, last), strict=True):
            for joint, xyz in zip(group, part.reshape(-1, 3), strict=True):
                answers[joint].append(xyz)
        assert [len(said) for said in answers] == [5] + [1] * (len(answers) - 1)
        return np.stack([sum(said) / len(said) for said in answers])

    agree(network, lift)


def test_a_new_gate_lets_a_half_of_everything_pass():
    layer = create_model("srnet", channels=30).eval().layers[-1]
    groups = [np.ones((2, width)) for width in layer.inputs]
    import torch

    values = layer.gate_values([torch.tensor(group, dtype=torch.float32) for group in groups])
    np.testing.assert_array_equal(array(values), 0.5)

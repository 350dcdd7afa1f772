"""LCN against the size of the public code and a literal writing of the mask."""

import numpy as np
import pytest
from tests.models.literal import agree, array, batch_norm, count, neighbours

from ampose.errors import InputError
from ampose.models import create_model
from ampose.poses.skeletons import get_skeleton


def test_hidden_layers_have_the_weights_of_the_public_code():
    network = create_model("lcn")
    square = [p for p in network.parameters() if p.shape == (17 * 64, 17 * 64)]
    assert sum(p.numel() for p in square) == 6 * (17 * 64) ** 2  # 7.1 M
    assert count(network) == 7_203_507


def near(skeleton):
    """Joints at most three links away, by walking."""
    links = neighbours(skeleton)
    for other in ("left_hip", "right_hip", "left_shoulder", "right_shoulder"):
        links[skeleton.index("spine")].append(skeleton.index(other))
        links[skeleton.index(other)].append(skeleton.index("spine"))
    reached = []
    for joint in range(len(links)):
        edge = {joint}
        for _ in range(3):
            edge = edge | {k for at in edge for k in links[at]}
        reached.append(edge)
    return reached


@pytest.mark.parametrize("target", ["metres", "image-plane"])
@pytest.mark.parametrize("joints", ["human36m_17", "human36m_16"])
def test_network_computes_the_papers_equation(joints, target):
    network = create_model("lcn", channels=4, depth=2, skeleton=joints, target=target)
    reached = near(get_skeleton(joints))

    def local(x, layer, max_norm):
        """y_i = sum of W_ij x_j over near joints j."""
        n, inputs = x.shape
        weight = array(layer.linear.weight).reshape(n, -1, n, inputs)
        seen = [(i, j) for i in range(n) for j in reached[i]]
        length = np.sqrt(sum((weight[i, :, j] ** 2).sum() for i, j in seen))
        scale = min(1, max_norm / length) if max_norm else 1
        out = array(layer.linear.bias).reshape(n, -1).copy()
        for i, j in seen:
            out[i] += scale * weight[i, :, j] @ x[j]
        return out

    def hidden(x, layer):
        y = batch_norm(local(x, layer[0], 1.0), layer[1])
        return np.where(y > 0, y, 0.2 * y)

    def lift(pose):
        first, *blocks, last = network.layers
        x = hidden(pose, first)
        for block in blocks:
            x = x + hidden(hidden(x, block.layers[0]), block.layers[1])
        if target == "metres":
            return local(x, last, None)
        return local(x, last, 1.0) + np.concatenate([pose, np.zeros((len(pose), 1))], axis=1)

    agree(network, lift)


def test_the_image_plane_is_in_the_units_of_its_input():
    with pytest.raises(InputError, match="normalisation must be image-width for the target image-plane"):
        create_model("lcn", target="image-plane", normalisation="person-rays")

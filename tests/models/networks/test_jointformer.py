"""JointFormer against the sizes of the public code, a literal writing of its stages, and its loss by hand."""

import numpy as np
import pytest
import torch
from tests.models.literal import agree, array, attention, count, layer_norm, linear, relu

from ampose.models import create_model, find_loss


def test_counts_are_those_of_the_public_code():
    assert count(create_model("jointformer")) == 1_478_104  # 1.478 M
    assert count(create_model("jointformer", skeleton="human36m_16")) == 1_400_768  # 1.401 M
    assert count(create_model("jointformer-refined").refinement) == 2_335_283  # 2.335 M


def encoder(x, layer, heads):
    x = layer_norm(x + attention(x, layer.attention, heads), layer.attention_norm)
    return layer_norm(x + linear(relu(linear(x, layer.mlp[0])), layer.mlp[2]), layer.mlp_norm)


def head(x, layer):
    return linear(layer_norm(x.ravel(), layer.layers[0]), layer.layers[2]).reshape(-1, 3)


@pytest.mark.parametrize("refine", [False, True])
@pytest.mark.parametrize("joints", ["human36m_17", "human36m_16"])
def test_network_computes_the_papers_figure(refine, joints):
    settings = {"channels": 6, "heads": 2, "head_width": 5, "hidden": 7, "refine_channels": 8, "depth": 2}
    network = create_model("jointformer", refine=refine, skeleton=joints, **settings)

    def lift(pose):
        x = layer_norm(linear(pose, network.embedding[0]), network.embedding[1])
        for stage in network.stages:
            encoded = encoder(x, stage.encoder, heads=2)
            lifted = head(encoded, stage.pose)
            known = encoded + linear(lifted.ravel(), stage.embedding).reshape(encoded.shape)
            error = head(known, stage.error)
            x = relu(x + known)
        if not refine:
            return lifted
        tokens = np.concatenate([pose, lifted, error], axis=1)
        embedding, norm = network.refinement.embedding
        tokens = layer_norm(linear(tokens, embedding), norm)
        for layer in network.refinement.encoders:
            tokens = relu(tokens + encoder(tokens, layer, heads=2))
        return head(tokens, network.refinement.pose)

    agree(network, lift)


@pytest.mark.parametrize("refine", [False, True])
def test_loss_is_that_of_every_stage(refine):
    torch.manual_seed(0)
    network = create_model("jointformer", refine=refine, refine_channels=16).eval()
    keypoints, target = torch.randn(3, 1, 17, 2), torch.randn(3, 1, 17, 3)
    poses, errors, refined = network.every_layer(keypoints)
    stages = []
    for pose, error in zip(array(poses), array(errors), strict=True):
        off = np.abs(pose - target.numpy())
        stages.append((np.mean(off**2) + np.mean((array(torch.tensor(error)) - off) ** 2)) / 2)
    expected = np.mean(stages) + (np.mean((array(refined) - target.numpy()) ** 2) if refine else 0)
    loss = find_loss("jointformer", "jointformer").compute(network, keypoints, target)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(network(keypoints), refined if refine else poses[-1])


def test_loss_of_the_second_stage_is_the_refined_poses():
    torch.manual_seed(0)
    network = create_model("jointformer-refined", refine_channels=16).eval()
    keypoints, target = torch.randn(3, 1, 17, 2), torch.randn(3, 1, 17, 3)
    expected = np.mean((array(network(keypoints)) - target.numpy()) ** 2)
    loss = find_loss("jointformer", "jointformer-refinement").compute(network, keypoints, target)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_refinement_does_not_pull_at_the_lifter():
    network = create_model("jointformer-refined", refine_channels=16)
    network(torch.randn(2, 1, 17, 2)).square().sum().backward()
    assert all(parameter.grad is None for parameter in network.stages.parameters())
    assert all(parameter.grad is not None for parameter in network.refinement.parameters())

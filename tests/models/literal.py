"""Layers written out in NumPy, slowly and from their definitions, to check networks against."""

import math

import numpy as np
import torch
from torch import nn


def array(tensor):
    return tensor.detach().numpy()


def linear(x, layer):
    y = x @ array(layer.weight).T
    return y if layer.bias is None else y + array(layer.bias)


def layer_norm(x, norm):
    scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + norm.eps)
    return scaled * array(norm.weight) + array(norm.bias)


def batch_norm(x, norm):
    scaled = (x - array(norm.running_mean)) / np.sqrt(array(norm.running_var) + norm.eps)
    return scaled * array(norm.weight) + array(norm.bias)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def relu(x):
    return np.maximum(x, 0)


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def attention(x, layer, heads):
    """One head at a time."""
    query, key, value = np.split(linear(x, layer.qkv), 3, axis=-1)
    width = query.shape[-1] // heads
    mixed = []
    for head in range(heads):
        part = slice(head * width, (head + 1) * width)
        weights = softmax(query[:, part] @ key[:, part].T / math.sqrt(width))
        mixed.append(weights @ value[:, part])
    return linear(np.concatenate(mixed, axis=-1), layer.out)


def encode(x, encoder, heads):
    """A Transformer encoder on (token, channel)."""
    x = x + attention(layer_norm(x, encoder.attention_norm), encoder.attention, heads)
    hidden = gelu(linear(layer_norm(x, encoder.mlp_norm), encoder.mlp[0]))
    return x + linear(hidden, encoder.mlp[3])


def non_local(x, block):
    """One joint at a time."""
    out = np.empty_like(x)
    theta, phi, g = linear(x, block.theta), linear(x, block.phi), linear(x, block.g)
    for i in range(len(x)):
        weights = softmax(np.array([theta[i] @ phi[j] for j in range(len(x))]))
        out[i] = linear(sum(w * g[j] for j, w in enumerate(weights)), block.out)
    return x + batch_norm(out, block.norm)


def neighbours(skeleton):
    """The joints at the other ends of each joint's bones."""
    found = [[] for _ in skeleton.joints]
    for parent, child in skeleton.bones:
        found[skeleton.index(parent)].append(skeleton.index(child))
        found[skeleton.index(child)].append(skeleton.index(parent))
    return found


def shake(network):
    """Move weights and statistics off their first values, where much is 0 or 1; double precision, evaluation."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.normal_(generator=generator)
                module.running_var.uniform_(0.5, 2.0, generator=generator)
    return network.double().eval()


def poses(joints, number=2):
    return torch.randn(number, 1, joints, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(6))


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def agree(network, lift):
    """The network's answer for each pose is that of ``lift``, a function of one (joint, 2) array."""
    network = shake(network)
    joints = poses(17 if network.config.skeleton == "human36m_17" else 16)
    lifted = network(joints)[:, 0]
    for pose, answer in zip(joints[:, 0].numpy(), array(lifted), strict=True):
        np.testing.assert_allclose(answer, lift(pose), rtol=1e-5, atol=2e-6)  # adjacencies are float32

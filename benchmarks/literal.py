"""AMPose as its equations read, which is how such networks are commonly written: what the fast forms are held against.

Queries, keys and values have a projection each (eqs. 1-3), PyTorch's own attention kernel mixes them, and each group of
a graph convolution has a linear layer and a product with its adjacency matrix of its own (eq. 9).
"""

import copy

import torch
from torch import nn

from ampose.models import LifterNetwork
from ampose.models.layers.attention import MultiHeadSelfAttention
from ampose.models.layers.graph_convolution import GraphConvolution


class LiteralAttention(nn.Module):
    """Three projections, and PyTorch's kernel."""

    def __init__(self, attention: MultiHeadSelfAttention) -> None:
        super().__init__()
        self.heads = attention.heads
        self.projections = nn.ModuleList(_parts(attention.qkv, 3))
        self.out = attention.out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Mix the tokens."""
        query, key, value = (part(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.projections)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        return self.out(mixed.transpose(1, 2).flatten(-2))


class LiteralGraphConvolution(nn.Module):
    """The sum over the groups of A_k X Theta_k."""

    def __init__(self, convolution: GraphConvolution) -> None:
        super().__init__()
        groups = convolution.groups
        self.linears = nn.ModuleList(_parts(convolution.transform, groups))
        joints = len(convolution.adjacency)
        self.register_buffer("adjacency", convolution.adjacency.unflatten(1, (joints, groups)).permute(2, 0, 1).clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add up what comes from the neighbours."""
        return sum(adjacency @ linear(x) for adjacency, linear in zip(self.adjacency, self.linears, strict=True))


def literal(network: LifterNetwork) -> LifterNetwork:
    """Return the same function, written literally."""
    written = copy.deepcopy(network)
    _replace(written)
    return written


def _replace(module: nn.Module) -> None:
    forms = {MultiHeadSelfAttention: LiteralAttention, GraphConvolution: LiteralGraphConvolution}
    for name, layer in module.named_children():
        if type(layer) in forms:
            setattr(module, name, forms[type(layer)](layer))
        else:
            _replace(layer)


def _parts(linear: nn.Linear, count: int) -> list[nn.Linear]:
    weights, biases = linear.weight.detach().chunk(count), linear.bias.detach().chunk(count)
    parts = []
    for weight, bias in zip(weights, biases, strict=True):
        part = nn.Linear(weight.shape[1], weight.shape[0])
        part.weight, part.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())
        parts.append(part)
    return parts

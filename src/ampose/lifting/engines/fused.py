"""The fast form of a network, derived from the readable one: the same function with less work around its products.

A LayerNorm's scale and shift go into the linear layer after it, the root of the head's width into the query's weights,
and a graph convolution gathers the neighbours first, so that all its groups are one matrix product, whose bias is the
sum of what the groups' biases bring to each joint. Layers that have no fast form, and everything that a model
does around its layers, stay as they are.
"""

import copy
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from ampose.models import LifterNetwork
from ampose.models.layers.attention import TransformerEncoder
from ampose.models.layers.graph_convolution import GraphConvolution


class FusedEncoder(nn.Module):
    """A Transformer encoder whose norms have no parameters and whose queries come scaled."""

    def __init__(self, encoder: TransformerEncoder) -> None:
        super().__init__()
        attention, (expand, _, _, shrink, _) = encoder.attention, encoder.mlp
        self.heads = attention.heads
        qkv = _after_norm(encoder.attention_norm, attention.qkv)
        # The first third of the rows makes queries; they take over the scale.
        scales = torch.ones(3, qkv.in_features, dtype=torch.float64)
        scales[0] = attention.scale
        rows = scales.flatten().to(qkv.weight.device)
        self.qkv = _linear(qkv.weight.double() * rows[:, None], qkv.bias.double() * rows, qkv.weight.dtype)
        self.out = attention.out
        self.expand = _after_norm(encoder.mlp_norm, _as_linear(expand))
        self.shrink = _as_linear(shrink)
        self.eps = encoder.attention_norm.eps, encoder.mlp_norm.eps

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint channel"]:
        """Transform the features of all joints."""
        dtype = self.qkv.weight.dtype
        qkv = self.qkv(functional.layer_norm(x, x.shape[-1:], eps=self.eps[0]).to(dtype))
        query, key, value = qkv.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        weights = (query @ key.mT).to(x.dtype).softmax(dim=-1).to(dtype)
        x = x + self.out((weights @ value).transpose(1, 2).flatten(-2))
        hidden = self.expand(functional.layer_norm(x, x.shape[-1:], eps=self.eps[1]).to(dtype))
        return x + self.shrink(functional.gelu(hidden))


class FusedGraphConvolution(nn.Module):
    """Gather from the neighbours, then one matrix product for all groups: (joint, K C) x (K C, C')."""

    gather: Tensor
    bias: Tensor

    def __init__(self, convolution: GraphConvolution) -> None:
        super().__init__()
        groups, linear = convolution.groups, convolution.transform
        per_group = linear.weight.detach().reshape(groups, -1, linear.in_features)  # group out in
        self.transform = nn.Linear(groups * linear.in_features, per_group.shape[1], bias=False)
        self.transform.weight = _fixed(per_group.transpose(0, 1).flatten(1))
        adjacency = convolution.adjacency.reshape(-1, convolution.adjacency.shape[0], groups)  # joint from group
        self.register_buffer("gather", adjacency.transpose(1, 2).flatten(0, 1).contiguous())
        brought = adjacency.sum(dim=1).to(linear.weight) @ linear.bias.detach().reshape(groups, -1)
        self.register_buffer("bias", brought)

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint out"]:
        """Add up what comes from the neighbours."""
        gathered = (self.gather @ x).reshape(x.shape[0], x.shape[1], -1)
        return self.transform(gathered.to(self.transform.weight.dtype)) + self.bias


def fuse(network: LifterNetwork) -> LifterNetwork:
    """Return the fast form of a network, for inference; the network itself is not changed.

    Example:
        >>> from ampose.models import create_model
        >>> network = create_model("ampose-small", depth=1).eval()
        >>> x = torch.randn(2, 1, 17, 2)
        >>> torch.allclose(fuse(network)(x), network(x), atol=1e-5)
        True
    """
    fused = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
    _replace_layers(fused)
    return fused


def to_bfloat16(fused: LifterNetwork) -> LifterNetwork:
    """Take the matrix products of the fused layers in bfloat16, in place.

    The sums along the residual path stay in float32, and so do the first and the last layer: eight bits are too few
    for coordinates.
    """
    for layer in fused.modules():
        if isinstance(layer, FusedEncoder | FusedGraphConvolution):
            for linear in (part for part in layer.modules() if isinstance(part, nn.Linear)):
                linear.bfloat16()
    return fused


def _replace_layers(module: nn.Module) -> None:
    for name, layer in module.named_children():
        form = _FAST_FORMS.get(type(layer))
        if form is None:
            _replace_layers(layer)
        else:
            setattr(module, name, form(layer))


def _after_norm(norm: nn.LayerNorm, linear: nn.Linear) -> nn.Linear:
    """Return a linear layer that does what the norm's scale and shift and then the layer did."""
    weight = linear.weight.detach().double()
    bias = weight @ norm.bias.detach().double()
    if linear.bias is not None:
        bias = bias + linear.bias.detach().double()
    return _linear(weight * norm.weight.detach().double(), bias, linear.weight.dtype)


def _linear(weight: Tensor, bias: Tensor, dtype: torch.dtype) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.weight, linear.bias = _fixed(weight.to(dtype)), _fixed(bias.to(dtype))
    return linear


def _as_linear(layer: nn.Module) -> nn.Linear:
    assert isinstance(layer, nn.Linear)  # noqa: S101 (the layout of Mlp)
    return layer


def _fixed(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values.contiguous(), requires_grad=False)


_FAST_FORMS: dict[type[nn.Module], Callable[..., nn.Module]] = {
    TransformerEncoder: FusedEncoder,
    GraphConvolution: FusedGraphConvolution,
}

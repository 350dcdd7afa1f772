"""A network of GraFormer's size and make, to compare speeds with: untrained, written from its description.

GraFormer (Zhao, Wang and Tian, CVPR 2022): a Chebyshev convolution from 2 to 96 channels; five times an attention layer
with 4 heads, a feed-forward graph convolution 96 -> 192 -> 96 with a learned adjacency, both with a norm before and a
residual around, and a residual block of two Chebyshev convolutions; then a Chebyshev convolution to 3. A Chebyshev
convolution of order 2 has three matrices: of a joint, its neighbours and theirs.
"""

import torch
from torch import nn

from ampose.poses.skeletons import get_skeleton


class ChebyshevConvolution(nn.Module):
    """Sum over k of T_k(L) X W_k, k = 0, 1, 2."""

    def __init__(self, into: int, out: int, laplacian: torch.Tensor) -> None:
        super().__init__()
        identity = torch.eye(len(laplacian))
        polynomials = torch.stack([identity, laplacian, 2 * laplacian @ laplacian - identity])
        self.register_buffer("polynomials", polynomials)
        self.weight = nn.Parameter(torch.empty(3, 1, into, out))
        nn.init.xavier_normal_(self.weight)
        self.bias = nn.Parameter(torch.zeros(out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve (batch, joint, channel)."""
        gathered = self.polynomials.unsqueeze(1) @ x  # order batch joint channel
        return (gathered @ self.weight).sum(dim=0) + self.bias


class LearnedGraphConvolution(nn.Module):
    """A linear layer, then a product with a learned, normalised adjacency."""

    def __init__(self, into: int, out: int, joints: int) -> None:
        super().__init__()
        self.adjacency = nn.Parameter(torch.eye(joints) + 0.1)
        self.linear = nn.Linear(into, out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Mix the joints."""
        degree = self.adjacency.sum(dim=1).clamp_min(1e-5).rsqrt()
        return self.linear((degree[:, None] * self.adjacency * degree[None]) @ x)


class Attention(nn.Module):
    """Multi-head attention with a projection each for queries, keys and values."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.projections = nn.ModuleList(nn.Linear(channels, channels) for _ in range(3))
        self.out = nn.Linear(channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Mix the joints."""
        query, key, value = (part(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.projections)
        weights = ((query @ key.mT) / query.shape[-1] ** 0.5).softmax(dim=-1)
        return self.out((weights @ value).transpose(1, 2).contiguous().flatten(-2))


class Layer(nn.Module):
    """Attention, graph feed-forward, and the block of two Chebyshev convolutions."""

    def __init__(self, channels: int, laplacian: torch.Tensor) -> None:
        super().__init__()
        joints = len(laplacian)
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(2))
        self.attention = Attention(channels, heads=4)
        self.expand = LearnedGraphConvolution(channels, 2 * channels, joints)
        self.shrink = LearnedGraphConvolution(2 * channels, channels, joints)
        self.convolutions = nn.ModuleList(ChebyshevConvolution(channels, channels, laplacian) for _ in range(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Transform the joints' features."""
        x = x + self.attention(self.norms[0](x))
        x = x + self.shrink(self.expand(self.norms[1](x)).relu())
        hidden = x
        for convolution in self.convolutions:
            hidden = convolution(hidden).relu()
        return x + hidden


class GraFormer(nn.Module):
    """Lifts (batch, joint, 2) to (batch, joint, 3)."""

    def __init__(self, channels: int = 96, depth: int = 5, skeleton: str = "human36m_17") -> None:
        super().__init__()
        adjacency = torch.from_numpy(get_skeleton(skeleton).adjacency).float()
        root = adjacency.sum(dim=1).rsqrt()
        laplacian = torch.eye(len(adjacency)) - root[:, None] * adjacency * root[None]
        self.first = ChebyshevConvolution(2, channels, laplacian)
        self.layers = nn.Sequential(*(Layer(channels, laplacian) for _ in range(depth)))
        self.last = ChebyshevConvolution(channels, 3, laplacian)

    def forward(self, keypoints: torch.Tensor) -> torch.Tensor:
        """Lift."""
        return self.last(self.layers(self.first(keypoints)))

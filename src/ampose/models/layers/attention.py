"""Multi-head self-attention over joints, the MLP, and the pre-norm Transformer encoder they make.

Equations are those of AMPose (ICASSP 2023), which are those of ViT.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class MultiHeadSelfAttention(nn.Module):
    """Every token looks at every token (eqs. 1-3).

    The paper divides by sqrt(N_d) while each head has N_d / N_h channels; like all its siblings this
    divides by the root of the head's own width, so that heads do not get flatter as their number grows.
    Attention is written out as in eq. 2: for 17 tokens PyTorch's fused kernel is slower on a CPU. The softmax is
    never taken in bfloat16, in which short rows are slow: a fifth of a training step under autocast.

    Args:
        channels: N_d.
        heads: N_h; divides ``channels``.
        qkv_bias: Whether the three projections have a bias.
        dropout: On the attention weights and on the output.
    """

    def __init__(self, channels: int, heads: int, *, qkv_bias: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (channels // heads) ** -0.5
        self.qkv = nn.Linear(channels, 3 * channels, bias=qkv_bias)
        self.out = nn.Linear(channels, channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint channel"]:
        """Mix the tokens."""
        split = self.qkv(x).unflatten(-1, (3, self.heads, -1))  # batch joint 3 head width
        query, key, value = split.permute(2, 0, 3, 1, 4)  # 3 x (batch head joint width)
        scores = (query * self.scale) @ key.mT
        weights = scores.softmax(dim=-1, dtype=torch.promote_types(scores.dtype, torch.float32)).type_as(value)
        heads = self.dropout(weights) @ value
        return self.dropout(self.out(heads.transpose(1, 2).flatten(-2)))


class Mlp(nn.Sequential):
    """Linear, GELU, linear, on each token alone (eq. 4)."""

    def __init__(
        self, channels: int, hidden: int, *, dropout: float = 0.0, linear: type[nn.Linear] = nn.Linear
    ) -> None:
        super().__init__(
            linear(channels, hidden), nn.GELU(), nn.Dropout(dropout), linear(hidden, channels), nn.Dropout(dropout)
        )


class DropPath(nn.Module):
    """Leave a residual branch out for whole samples in training (stochastic depth)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint channel"]:
        """Drop the branch of a share of the samples and scale up the others."""
        if not self.training or self.rate == 0:
            return x
        kept = x.new_empty(len(x), 1, 1).bernoulli_(1 - self.rate)
        return x * kept / (1 - self.rate)


class TransformerEncoder(nn.Module):
    """Z'' = MSA(LN(Z')) + Z';  Z1 = MLP(LN(Z'')) + Z'' (eqs. 6-7). Eq. 5, the position, is the model's."""

    def __init__(
        self, channels: int, heads: int, mlp_ratio: float, *, qkv_bias: bool, dropout: float, drop_path: float
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(channels)
        self.attention = MultiHeadSelfAttention(channels, heads, qkv_bias=qkv_bias, dropout=dropout)
        self.mlp_norm = nn.LayerNorm(channels)
        self.mlp = Mlp(channels, int(channels * mlp_ratio), dropout=dropout)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint channel"]:
        """Transform the features of all joints."""
        x = x + self.drop_path(self.attention(self.attention_norm(x)))
        return x + self.drop_path(self.mlp(self.mlp_norm(x)))

"""A Transformer encoder that shortens the sequence, of the Strided Transformer (Li et al., 2022)."""

from jaxtyping import Float
from torch import Tensor, nn

from ampose.models.layers.attention import MultiHeadSelfAttention


class StridedEncoder(nn.Module):
    """Z' = Z + MSA(LN(Z));  out = every s-th of Z' + Conv_{3,s}(ReLU(Conv_1(LN(Z')))).

    The second convolution joins three frames around every s-th one, the first at the edge. The residual is a max
    pooling with a window of one frame, which takes every s-th frame as it is.

    Args:
        channels: Of a frame.
        hidden: Between the two convolutions.
        heads: Attention heads.
        stride: s; a sequence of n frames comes out with n / s.
        dropout: On attention, between the convolutions and on both branches.
    """

    def __init__(self, channels: int, hidden: int, heads: int, *, stride: int, dropout: float) -> None:
        super().__init__()
        self.stride = stride
        self.attention_norm = nn.LayerNorm(channels)
        self.attention = MultiHeadSelfAttention(channels, heads, dropout=dropout)
        self.convolution_norm = nn.LayerNorm(channels)
        self.convolutions = nn.Sequential(
            nn.Conv1d(channels, hidden, 1),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv1d(hidden, channels, 3, stride=stride, padding=1),
            nn.Dropout(dropout),
        )

    def forward(self, x: Float[Tensor, "batch frame channel"]) -> Float[Tensor, "batch out_frame channel"]:
        """Let all frames see each other, and keep every s-th."""
        x = x + self.attention(self.attention_norm(x))
        return x[:, :: self.stride] + self.convolutions(self.convolution_norm(x).mT).mT

"""The embedded-Gaussian non-local block over joints (Wang et al., CVPR 2018, eqs. 1, 4 and 6).

Modulated GCN and ST-GCN have it before their output.
"""

from jaxtyping import Float
from torch import Tensor, nn

from ampose.models.layers.batch_norm import JointBatchNorm


class NonLocalBlock(nn.Module):
    """Each joint adds what it finds at all joints: z = x + BN(W y), y = softmax(theta(x) phi(x)^T) g(x).

    The gain of the last normalisation starts at 0, so that the block starts as the identity (section 4.1 there).

    Args:
        channels: In and out; the block's inner width is half of it.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // 2
        self.theta = nn.Linear(channels, inner)
        self.phi = nn.Linear(channels, inner)
        self.g = nn.Linear(channels, inner)
        self.out = nn.Linear(inner, channels)
        self.norm = JointBatchNorm(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint channel"]:
        """Mix all joints."""
        weights = (self.theta(x) @ self.phi(x).mT).softmax(dim=-1)
        return x + self.norm(self.out(weights @ self.g(x)))

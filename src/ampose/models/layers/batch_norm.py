"""Batch normalisation of whole poses and of joints."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class PoseBatchNorm(nn.BatchNorm1d):
    """BatchNorm over the features of (batch, feature) or (batch, feature, frame).

    In training a batch of one has no spread, which PyTorch refuses; here such a batch (the last of an epoch, say)
    is normalised by the running statistics and leaves them as they are.
    """

    def forward(self, input: Float[Tensor, "batch feature *frame"]) -> Float[Tensor, "batch feature *frame"]:  # noqa: A002
        """Normalise each feature over the samples and frames."""
        if not self.training or input.numel() > self.num_features:
            return super().forward(input)
        return functional.batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


class JointBatchNorm(nn.BatchNorm1d):
    """BatchNorm over the channels of (batch, joint, channel)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (the base class's name)
        """Normalise each channel over samples and joints."""
        return super().forward(input.flatten(0, 1)).view_as(input)

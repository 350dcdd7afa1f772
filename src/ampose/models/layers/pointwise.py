"""A 1x1 convolution over joints."""

from torch import nn


class PointwiseConvolution(nn.Linear):
    """A linear layer by another name.

    It computes what a linear layer computes. The name is kept because the counting tools of the papers' day
    count the bias of a convolution and not that of a linear layer, and published figures show the difference.
    """

"""Graph convolution on a skeleton: vanilla (eq. 8) and with three groups by distance to the root (eq. 9).

The groups of a joint's neighbours are: itself, the neighbours nearer to the root (its parent), and the
neighbours farther from the root (its children). A skeleton is a tree, so there are no others.
"""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ampose.models.layers.pointwise import PointwiseConvolution
from ampose.poses.skeletons import Skeleton

Partition = Literal["hops", "none"]
DegreeNorm = Literal["rowcol", "stgcn", "literal"]


def neighbour_groups(skeleton: Skeleton, partition: Partition = "hops") -> Float[np.ndarray, "group joint joint"]:
    """Return the adjacency matrices A_k, before normalisation.

    Args:
        skeleton: The joints and bones.
        partition: ``"hops"`` gives self, nearer and farther, with A_1 + A_2 + A_3 = A + I (eq. 9);
            ``"none"`` gives A + I alone (eq. 8).
    """
    itself = np.eye(skeleton.num_joints)
    joined = skeleton.adjacency.astype(float)
    if partition == "none":
        return (joined + itself)[None]
    hops = skeleton.hops
    nearer = joined * (hops[None, :] < hops[:, None])
    farther = joined * (hops[None, :] > hops[:, None])
    return np.stack([itself, nearer, farther])


def normalise_groups(
    groups: Float[np.ndarray, "group joint joint"], norm: DegreeNorm = "rowcol"
) -> Float[np.ndarray, "group joint joint"]:
    """Return D_k^-1/2 A_k D_k^-1/2 in one of three readings of the paper's D_k.

    Read literally, eq. 9 takes the row degree of A_k on both sides. The groups are one-sided, so a root has no
    nearer and a leaf no farther neighbour: their degree is 0, and every message from or to them is lost.

    Args:
        groups: The matrices A_k.
        norm: ``"rowcol"`` takes the row degree on the left and the column degree on the right, 0 where empty;
            each A_k then has spectral norm 1 and no message is lost. ``"stgcn"`` is what the code of ST-GCN's
            family does: the mean over a joint and all its neighbours, split into the groups afterwards.
            ``"literal"`` is the equation's letter, with 0 where empty.
    """
    if norm == "stgcn":
        return groups / groups.sum(axis=0).sum(axis=1, keepdims=True)[None]
    rows = groups.sum(axis=2)
    columns = rows if norm == "literal" else groups.sum(axis=1)
    return _inverse_root(rows)[:, :, None] * groups * _inverse_root(columns)[:, None, :]


def _inverse_root(degree: Float[np.ndarray, "group joint"]) -> Float[np.ndarray, "group joint"]:
    return np.where(degree > 0, np.maximum(degree, 1e-12) ** -0.5, 0.0)


class GraphConvolution(nn.Module):
    """Z = sum_k A_k X Theta_k: each group has a transformation of its own (eq. 9).

    The transformation of all groups is one linear map C -> K C' with a bias, which is the only layout
    whose count fits the paper's published parameters and FLOPs.

    Args:
        in_channels: C.
        out_channels: C'.
        adjacency: The normalised matrices A_k; fixed, not learned.
    """

    adjacency: Tensor

    def __init__(self, in_channels: int, out_channels: int, adjacency: Float[np.ndarray, "group joint joint"]) -> None:
        super().__init__()
        groups, joints, _ = adjacency.shape
        self.groups = groups
        self.transform = PointwiseConvolution(in_channels, groups * out_channels)
        # joint x (joint, group), so that aggregation is one product with the transformed features
        flat = adjacency.transpose(1, 2, 0).reshape(joints, joints * groups)
        self.register_buffer("adjacency", torch.tensor(flat, dtype=torch.float32), persistent=False)

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint out"]:
        """Transform each joint once per group, then add up what comes from the neighbours."""
        messages = self.transform(x).unflatten(-1, (self.groups, -1))  # batch joint group out
        return self.adjacency @ messages.flatten(1, 2)

"""How far off a network expects each joint to be."""

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.camera import Intrinsics
from ampose.models.contract import LifterNetwork
from ampose.normalisation import normalise
from ampose.skeletons import get_skeleton


@torch.inference_mode()
def expect_error(
    network: LifterNetwork, keypoints_px: Float[Tensor, "sample joint 2"], intrinsics: Intrinsics
) -> Float[Tensor, "sample joint"]:
    """Return the expected distance of each joint from the truth, root-relative, in metres.

    It is asked for the picture as it is, not for its mirror image.

    Args:
        network: In evaluation mode, one that ``tells_error``.
        keypoints_px: Pixels of the network's skeleton.
        intrinsics: One camera a sample; fields of shape (sample, 2).
    """
    root = get_skeleton(network.config.skeleton).root_index
    parts = [keypoints_px.new_zeros(0, keypoints_px.shape[1])]
    for start in range(0, len(keypoints_px), network.chunk):
        rows = slice(start, start + network.chunk)
        seen = normalise(network.config.normalisation, keypoints_px[rows], intrinsics[rows], root).keypoints
        parts.append(network.with_expected_error(seen[:, None])[1][:, 0])
    return torch.cat(parts)

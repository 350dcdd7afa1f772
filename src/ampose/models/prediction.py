"""From pixels to camera-space metres: normalise, run the network (twice with flip), turn back.

Validation in training, evaluation and use all come through here, so that what is measured is what is shipped.
"""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ampose.camera import Intrinsics
from ampose.geometry import mirror, root_relative
from ampose.models.contract import LifterNetwork
from ampose.normalisation import normalise
from ampose.skeletons import Skeleton, get_skeleton
from ampose.targets import decode, needs_root_depth

LEAST_JOINTS = 6
"""Frames in which the model is shown fewer joints than this are left out: what is there fits nearly any pose."""


def has_enough_joints(keypoints_px: Float[Tensor, "sample joint 2"]) -> Bool[Tensor, " sample"]:
    """Say in which samples at least ``LEAST_JOINTS`` were seen; the others are NaN."""
    return (~keypoints_px.isnan().any(dim=2)).sum(dim=1) >= LEAST_JOINTS


@torch.inference_mode()
def predict(
    network: LifterNetwork,
    keypoints_px: Float[Tensor, "sample joint 2"],
    intrinsics: Intrinsics,
    *,
    flip: bool,
    keep_root: bool = False,
    root_depth: Float[Tensor, " sample"] | None = None,
) -> Float[Tensor, "sample joint 3"]:
    """Lift single frames; see ``ampose.models.window_prediction`` for frames of a video.

    Args:
        network: In evaluation mode.
        keypoints_px: Pixels of the network's skeleton.
        intrinsics: One camera a sample; fields of shape (sample, 2).
        flip: Average with the mirrored prediction for the mirrored input (test-time flip).
        keep_root: Leave the root where the network puts it, for protocols that measure it there. A network that
            answers in the image plane has none to leave: it is told where the root is.
        root_depth: True distance of the root, metres; only for networks whose target needs it.

    Returns:
        Metres in camera axes. The predicted root is subtracted from all joints, so it is 0, unless it is kept.

    Raises:
        InputError: The network's target needs the root's distance, and it is not known.
    """
    lifted = keypoints_px.new_empty(*keypoints_px.shape[:2], 3)
    for start in range(0, len(keypoints_px), network.chunk):
        rows = slice(start, start + network.chunk)
        depth = None if root_depth is None else root_depth[rows]
        lifted[rows] = predict_chunk(
            network, keypoints_px[rows], intrinsics[rows], flip=flip, keep_root=keep_root, root_depth=depth
        )
    return lifted


def predict_chunk(
    network: LifterNetwork,
    keypoints_px: Float[Tensor, "sample joint 2"],
    intrinsics: Intrinsics,
    *,
    flip: bool,
    keep_root: bool = False,
    root_depth: Float[Tensor, " sample"] | None = None,
) -> Float[Tensor, "sample joint 3"]:
    """Do the same with all samples at once."""
    skeleton = get_skeleton(network.config.skeleton)
    normalised = normalise(network.config.normalisation, keypoints_px, intrinsics, skeleton.root_index)
    if flip:
        lifted = average_mirrored(partial(_forward, network), normalised.keypoints, skeleton)
    else:
        lifted = _forward(network, normalised.keypoints)
    target = network.config.target
    if needs_root_depth(target):
        return root_relative(decode(target, lifted, intrinsics, root_depth=root_depth), skeleton.root_index)
    if not keep_root:
        lifted = root_relative(lifted, skeleton.root_index)
    return decode(target, lifted, intrinsics, normalised.rotation)


def _forward(network: LifterNetwork, keypoints: Float[Tensor, "sample joint 2"]) -> Float[Tensor, "sample joint 3"]:
    """A frame without neighbours is a still: the window of a network over time is that frame, repeated."""
    still = keypoints[:, None].expand(-1, network.receptive_field, -1, -1)
    lifted: Tensor = network(still)
    return lifted[:, lifted.shape[1] // 2]


def average_mirrored(
    forward: Callable[[Tensor], Tensor], keypoints: Float[Tensor, "sample *frame joint 2"], skeleton: Skeleton
) -> Float[Tensor, "sample *out_frame joint 3"]:
    """Average the prediction with the mirrored prediction for the mirrored input, in one batch."""
    order = skeleton.flip_order
    both = forward(torch.cat([keypoints, mirror(keypoints, order)]))
    # Neither chunk nor len: exporters would fix the number of samples there.
    plain, mirrored = both.reshape(2, keypoints.shape[0], *both.shape[1:])
    return (plain + mirror(mirrored, order)) / 2

"""From pixels to camera-space metres: normalise, run the network (twice with flip), turn back.

Validation in training, evaluation and use all come through here, so that what is measured is what is shipped.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ampose.models.lifter_network import LifterConfig, LifterNetwork
from ampose.models.normalisation import Normalised, normalise
from ampose.models.output_space import decode, needs_root_depth
from ampose.poses.camera import Intrinsics
from ampose.poses.geometry import mirror, root_relative
from ampose.poses.skeletons import Skeleton, get_skeleton

Forward = Callable[[Tensor], Tensor]
"""Normalised keypoints -> the network's answer."""

Order = Int[np.ndarray, " joint"]
"""``Skeleton.flip_order``."""

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
    """Lift single frames; see ``ampose.lifting.window_prediction`` for frames of a video.

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
    for rows in _chunks(network, len(keypoints_px)):
        depth = None if root_depth is None else root_depth[rows]
        lifted[rows] = predict_chunk(
            network, keypoints_px[rows], intrinsics[rows], flip=flip, keep_root=keep_root, root_depth=depth
        )
    return lifted


@torch.inference_mode()
def predict_with_error(
    network: LifterNetwork, keypoints_px: Float[Tensor, "sample joint 2"], intrinsics: Intrinsics, *, flip: bool
) -> tuple[Float[Tensor, "sample joint 3"], Float[Tensor, "sample joint"]]:
    """Lift single frames, and say how far off each joint is expected to be; the network runs no more often for it.

    Args:
        network: In evaluation mode, one that ``tells_error``.
        keypoints_px: Pixels of the network's skeleton.
        intrinsics: One camera a sample; fields of shape (sample, 2).
        flip: Average the pose with the mirrored prediction. The error is asked for the picture as it is.

    Returns:
        What ``predict`` returns, and the expected distance of each joint from the truth, root-relative, in metres.
    """
    lifted = keypoints_px.new_empty(*keypoints_px.shape[:2], 3)
    error = keypoints_px.new_empty(keypoints_px.shape[:2])
    for rows in _chunks(network, len(keypoints_px)):
        lifted[rows], error[rows] = predict_chunk_with_error(network, keypoints_px[rows], intrinsics[rows], flip=flip)
    return lifted, error


def _chunks(network: LifterNetwork, count: int) -> Iterator[slice]:
    """Say which samples go through together."""
    return (slice(start, start + network.chunk) for start in range(0, count, network.chunk))


def predict_chunk(
    network: LifterNetwork,
    keypoints_px: Float[Tensor, "sample joint 2"],
    intrinsics: Intrinsics,
    *,
    flip: bool,
    keep_root: bool = False,
    root_depth: Float[Tensor, " sample"] | None = None,
) -> Float[Tensor, "sample joint 3"]:
    """Do what ``predict`` does with all samples at once."""
    normalised = _normalised(network, keypoints_px, intrinsics)
    answer = _answer(partial(_forward, network), normalised.keypoints[:, 0], network.config, flip=flip)
    return _in_camera_axes(network.config, answer, normalised, intrinsics, keep_root=keep_root, root_depth=root_depth)


def predict_chunk_with_error(
    network: LifterNetwork, keypoints_px: Float[Tensor, "sample joint 2"], intrinsics: Intrinsics, *, flip: bool
) -> tuple[Float[Tensor, "sample joint 3"], Float[Tensor, "sample joint"]]:
    """Do what ``predict_with_error`` does with all samples at once."""
    normalised = _normalised(network, keypoints_px, intrinsics)
    keypoints, order = normalised.keypoints[:, 0], get_skeleton(network.config.skeleton).flip_order
    asked = _with_mirrored(keypoints, order) if flip else keypoints
    lifted, error = (answer[:, 0] for answer in network.with_expected_error(asked[:, None]))
    if flip:
        lifted, error = _averaged(lifted, order), _halves(error)[0]
    return _in_camera_axes(network.config, lifted, normalised, intrinsics), error


def _normalised(
    network: LifterNetwork, keypoints_px: Float[Tensor, "sample joint 2"], intrinsics: Intrinsics
) -> Normalised:
    root = get_skeleton(network.config.skeleton).root_index
    return normalise(network.config.normalisation, keypoints_px[:, None], intrinsics, root)


def _answer(
    forward: Forward, keypoints: Float[Tensor, "sample joint 2"], config: LifterConfig, *, flip: bool
) -> Float[Tensor, "sample joint 3"]:
    return average_mirrored(forward, keypoints, get_skeleton(config.skeleton)) if flip else forward(keypoints)


def _in_camera_axes(
    config: LifterConfig,
    answer: Float[Tensor, "sample joint 3"],
    normalised: Normalised,
    intrinsics: Intrinsics,
    *,
    keep_root: bool = False,
    root_depth: Float[Tensor, " sample"] | None = None,
) -> Float[Tensor, "sample joint 3"]:
    """Turn what a network answers into metres in camera axes."""
    root = get_skeleton(config.skeleton).root_index
    if needs_root_depth(config.target):
        depth = None if root_depth is None else root_depth[:, None]
        return root_relative(decode(config.target, answer[:, None], intrinsics, root_depth=depth), root)[:, 0]
    if not keep_root:
        answer = root_relative(answer, root)
    return decode(config.target, answer[:, None], intrinsics, normalised.rotation)[:, 0]


def _forward(network: LifterNetwork, keypoints: Float[Tensor, "sample joint 2"]) -> Float[Tensor, "sample joint 3"]:
    """A frame without neighbours is a still: the window of a network over time is that frame, repeated."""
    still = keypoints[:, None].expand(-1, network.receptive_field, -1, -1)
    lifted: Tensor = network(still)
    return lifted[:, lifted.shape[1] // 2]


def average_mirrored(
    forward: Forward, keypoints: Float[Tensor, "sample *frame joint 2"], skeleton: Skeleton
) -> Float[Tensor, "sample *out_frame joint 3"]:
    """Average the prediction with the mirrored prediction for the mirrored input, in one batch."""
    order = skeleton.flip_order
    return _averaged(forward(_with_mirrored(keypoints, order)), order)


def _with_mirrored(
    keypoints: Float[Tensor, "sample *frame joint 2"], order: Order
) -> Float[Tensor, "twice *frame joint 2"]:
    return torch.cat([keypoints, mirror(keypoints, order)])


def _averaged(both: Float[Tensor, "twice *frame joint 3"], order: Order) -> Float[Tensor, "sample *frame joint 3"]:
    plain, mirrored = _halves(both)
    return (plain + mirror(mirrored, order)) / 2


def _halves(both: Float[Tensor, "twice *rest"]) -> Float[Tensor, "2 sample *rest"]:
    # Neither chunk nor len: exporters would fix the number of samples there.
    return both.reshape(2, both.shape[0] // 2, *both.shape[1:])

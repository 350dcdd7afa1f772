"""From pixels over time to camera-space metres, for networks that look at several frames.

Each frame is normalised by itself, as ``ampose.lifting.prediction`` does it, so a window may be padded and cut
anywhere.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.lifting.prediction import average_mirrored, predict
from ampose.models.lifter_network import LifterNetwork
from ampose.models.normalisation import normalise, to_camera_axes
from ampose.models.output_space import needs_root_depth
from ampose.poses.camera import Intrinsics
from ampose.poses.clips import Footage, around_stretch, cut_windows, stretches
from ampose.poses.geometry import root_relative
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton

FRAMES = 2048
"""Frames a forward pass: bounds the memory that long windows need."""

LEAST = 8
"""Samples in a row from which on a network that dilates is given the whole stretch: less work than so many windows."""


def predict_samples(
    network: LifterNetwork, samples: Samples, *, flip: bool, keep_root: bool = False
) -> Float[Tensor, "sample joint 3"]:
    """Lift samples with the cameras that they state, and with the frames around them if the network looks there.

    Of the samples' positions the distance of the root is looked at, by networks whose target needs it.

    Args:
        network: In evaluation mode.
        samples: Of the network's skeleton.
        flip: Average with the mirrored prediction for the mirrored input (test-time flip).
        keep_root: Leave the root where the network puts it.

    Raises:
        InputError: The network needs frames that the samples do not have, or the distance of the root.
    """
    if network.receptive_field == 1:
        depth = None
        if needs_root_depth(network.config.target):
            depth = samples.positions[:, get_skeleton(network.config.skeleton).root_index, 2]
        return predict(
            network, samples.keypoints_px, samples.intrinsics, flip=flip, keep_root=keep_root, root_depth=depth
        )
    if samples.footage is None:
        raise InputError(
            f"samples must have footage for a network with a receptive field of {network.receptive_field} frames, "
            "got single pictures; view the motion over time"
        )
    return predict_footage(network, samples.footage, samples.intrinsics, flip=flip, keep_root=keep_root)


@torch.inference_mode()
def predict_footage(
    network: LifterNetwork, footage: Footage, intrinsics: Intrinsics, *, flip: bool, keep_root: bool = False
) -> Float[Tensor, "sample joint 3"]:
    """Lift the samples of a footage; the answer for one does not depend on which others are asked for.

    A network that dilates is given samples that follow each other in one piece, with the frames around them.

    Args:
        network: In evaluation mode.
        footage: Of the network's skeleton.
        intrinsics: One camera a sample; fields of shape (sample, 2), on the network's device.
        flip: Average with the mirrored prediction for the mirrored input (test-time flip).
        keep_root: Leave the root where the network puts it.

    Returns:
        Metres in camera axes; the predicted root is 0 unless it is kept.
    """
    lifted = intrinsics.focal.new_zeros(len(footage.moments), footage.keypoints_px.shape[1], 3)
    alone = torch.ones(len(lifted), dtype=torch.bool)
    for run in stretches(footage.moments, LEAST, FRAMES) if network.dilates else []:
        if _one_camera(intrinsics[run]):
            lifted[run] = _lift_stretch(network, footage[run], intrinsics[run], flip=flip)
            alone[run] = False
    rest = torch.nonzero(alone)[:, 0]
    lifted[rest] = _lift_windows(network, footage[rest], intrinsics[rest], flip=flip)
    root = get_skeleton(network.config.skeleton).root_index
    return lifted if keep_root else root_relative(lifted, root)


def _one_camera(intrinsics: Intrinsics) -> bool:
    return all(bool((field == field[:1]).all()) for field in vars(intrinsics).values())


def _lift_stretch(
    network: LifterNetwork, footage: Footage, intrinsics: Intrinsics, *, flip: bool
) -> Float[Tensor, "sample joint 3"]:
    """Lift samples that follow each other, seen by one camera, in one piece."""
    rows = around_stretch(footage.moments, network.receptive_field)
    keypoints_px = footage.keypoints_px[rows].to(intrinsics.focal.device)
    return _lift(network, keypoints_px[None], intrinsics[:1], flip=flip)[0]


def _lift_windows(
    network: LifterNetwork, footage: Footage, intrinsics: Intrinsics, *, flip: bool
) -> Float[Tensor, "sample joint 3"]:
    """Lift samples window by window."""
    windows = cut_windows(footage.moments, network.receptive_field, network.output)
    lifted = intrinsics.focal.new_zeros(len(footage.moments), footage.keypoints_px.shape[1], 3)
    step = max(1, FRAMES // network.receptive_field)
    for start in range(0, len(windows), step):
        part = slice(start, start + step)
        keypoints_px = footage.keypoints_px[windows.rows[part]].to(lifted.device)
        answers = _lift(network, keypoints_px, intrinsics[windows.sample[part]], flip=flip)
        samples = torch.nonzero((windows.window >= start) & (windows.window < start + step))[:, 0]
        lifted[samples] = answers[windows.window[samples] - start, windows.place[samples]]
    return lifted


def _lift(
    network: LifterNetwork, keypoints_px: Float[Tensor, "window frame joint 2"], intrinsics: Intrinsics, *, flip: bool
) -> Float[Tensor, "window out_frame joint 3"]:
    """Lift whole windows or longer stretches, each with one camera; the answer is in camera axes."""
    skeleton = get_skeleton(network.config.skeleton)
    count, frames = keypoints_px.shape[:2]
    each = torch.arange(count).repeat_interleave(frames)
    normalised = normalise(
        network.config.normalisation, keypoints_px.flatten(0, 1), intrinsics[each], skeleton.root_index
    )
    windows = normalised.keypoints.reshape(keypoints_px.shape)
    lifted: Tensor = average_mirrored(network, windows, skeleton) if flip else network(windows)
    rotation = normalised.rotation
    if rotation is None:
        return lifted
    rotation = rotation.reshape(count, frames, 3, 3)
    if network.output == "centre":
        middle = network.receptive_field // 2
        rotation = rotation[:, middle : middle + lifted.shape[1]]
    return to_camera_axes(lifted.flatten(0, 1), rotation.flatten(0, 1)).reshape(lifted.shape)

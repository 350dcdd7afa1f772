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
from ampose.poses.clips import Clips, cut_windows, frames_around_run, runs
from ampose.poses.geometry import root_relative
from ampose.poses.samples import Samples, middle_frame
from ampose.poses.skeletons import get_skeleton

FRAMES = 2048
"""Frames a forward pass: bounds the memory that long windows need."""

LEAST = 8
"""Samples in a row from which on a network that dilates is given the whole run: less work than so many windows."""


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
        depth, single = None, samples.middle
        if needs_root_depth(network.config.target):
            depth = single.positions[:, 0, get_skeleton(network.config.skeleton).root_index, 2]
        return predict(
            network, single.keypoints_px[:, 0], samples.intrinsics, flip=flip, keep_root=keep_root, root_depth=depth
        )
    if samples.clips is not None:
        return predict_clips(network, samples.clips, samples.intrinsics, flip=flip, keep_root=keep_root)
    if samples.keypoints_px.shape[1] != network.receptive_field:
        raise InputError(
            f"samples must be windows of {network.receptive_field} frames, the network's receptive field, or frames of "
            f"clips, got windows of {samples.keypoints_px.shape[1]}"
        )
    lifted = _lift_windows(network, samples.keypoints_px, samples.intrinsics, flip=flip)
    root = get_skeleton(network.config.skeleton).root_index
    return lifted if keep_root else root_relative(lifted, root)


@torch.inference_mode()
def predict_clips(
    network: LifterNetwork, clips: Clips, intrinsics: Intrinsics, *, flip: bool, keep_root: bool = False
) -> Float[Tensor, "sample joint 3"]:
    """Lift frames of clips; the answer for one does not depend on which others are asked for.

    A network that dilates is given samples that follow each other in one piece, with the frames around them.

    Args:
        network: In evaluation mode.
        clips: Of the network's skeleton.
        intrinsics: One camera a sample; fields of shape (sample, 2), on the network's device.
        flip: Average with the mirrored prediction for the mirrored input (test-time flip).
        keep_root: Leave the root where the network puts it.

    Returns:
        Metres in camera axes; the predicted root is 0 unless it is kept.
    """
    lifted = intrinsics.focal.new_zeros(len(clips.index), clips.keypoints_px.shape[1], 3)
    alone = torch.ones(len(lifted), dtype=torch.bool)
    for run in runs(clips.index, LEAST, FRAMES) if network.dilates else []:
        if _one_camera(intrinsics[run]):
            lifted[run] = _lift_run(network, clips[run], intrinsics[run], flip=flip)
            alone[run] = False
    rest = torch.nonzero(alone)[:, 0]
    lifted[rest] = _lift_cut(network, clips[rest], intrinsics[rest], flip=flip)
    root = get_skeleton(network.config.skeleton).root_index
    return lifted if keep_root else root_relative(lifted, root)


def _one_camera(intrinsics: Intrinsics) -> bool:
    return all(bool((field == field[:1]).all()) for field in vars(intrinsics).values())


def _lift_run(
    network: LifterNetwork, clips: Clips, intrinsics: Intrinsics, *, flip: bool
) -> Float[Tensor, "sample joint 3"]:
    """Lift samples that follow each other, seen by one camera, in one piece."""
    rows = frames_around_run(clips.index, network.receptive_field)
    keypoints_px = clips.keypoints_px[rows].to(intrinsics.focal.device)
    return _lift(network, keypoints_px[None], intrinsics[:1], flip=flip)[0]


def _lift_cut(
    network: LifterNetwork, clips: Clips, intrinsics: Intrinsics, *, flip: bool
) -> Float[Tensor, "sample joint 3"]:
    """Cut clips into windows, and lift samples window by window."""
    windows = cut_windows(clips.index, network.receptive_field, network.output)
    lifted = intrinsics.focal.new_zeros(len(clips.index), clips.keypoints_px.shape[1], 3)
    step = max(1, FRAMES // network.receptive_field)
    for start in range(0, len(windows), step):
        part = slice(start, start + step)
        keypoints_px = clips.keypoints_px[windows.rows[part]].to(lifted.device)
        answers = _lift(network, keypoints_px, intrinsics[windows.sample[part]], flip=flip)
        samples = torch.nonzero((windows.window >= start) & (windows.window < start + step))[:, 0]
        lifted[samples] = answers[windows.window[samples] - start, windows.place[samples]]
    return lifted


@torch.inference_mode()
def _lift_windows(
    network: LifterNetwork, keypoints_px: Float[Tensor, "sample frame joint 2"], intrinsics: Intrinsics, *, flip: bool
) -> Float[Tensor, "sample joint 3"]:
    """Lift the middle frame of each window."""
    step = max(1, FRAMES // network.receptive_field)
    parts = [slice(start, start + step) for start in range(0, len(keypoints_px), step)]
    answers = [middle_frame(_lift(network, keypoints_px[part], intrinsics[part], flip=flip)) for part in parts]
    return torch.cat(answers)[:, 0]


def _lift(
    network: LifterNetwork, keypoints_px: Float[Tensor, "window frame joint 2"], intrinsics: Intrinsics, *, flip: bool
) -> Float[Tensor, "window out_frame joint 3"]:
    """Lift whole windows or longer runs, each with one camera; the answer is in camera axes."""
    skeleton = get_skeleton(network.config.skeleton)
    windows, rotation = normalise(network.config.normalisation, keypoints_px, intrinsics, skeleton.root_index)
    lifted: Tensor = average_mirrored(network, windows, skeleton) if flip else network(windows)
    if rotation is not None and network.output == "centre":
        # One answer of a window, or as many as a dilating network gives of a run: those after half a receptive field.
        middle = network.receptive_field // 2
        rotation = rotation[:, middle : middle + lifted.shape[1]]
    return to_camera_axes(lifted, rotation)

"""The one way from pixels to metres: normalise, run the network (twice with flip), turn back.

Validation in training, evaluation, exported programs and use all come through here, so that what is measured is what is
shipped. A sample is a frame together with the frames around it that the network looks at, its window; for a network of
single frames the window has length 1. Four entries, each built on the one before:

``predict_chunk``
    Whole windows at once, with an answer for each frame that the network answers for. What is exported.
``predict_clips``
    Samples that lie in clips, as the frames of a video do: windows are cut from the clips, part by part.
``predict``
    Samples whose windows are cut already.
``predict_samples``
    Samples of a dataset, with the cameras that they state: what validation and evaluation call.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ampose.errors import InputError
from ampose.lifting import LEAST_JOINTS
from ampose.models.lifter_network import LifterNetwork
from ampose.models.normalisation import normalise
from ampose.models.output_space import decode, needs_root_depth
from ampose.poses.camera import Intrinsics
from ampose.poses.clips import Clips, FrameIndex, cut_windows, frames_around_run, runs
from ampose.poses.geometry import mirror, root_relative
from ampose.poses.samples import Samples

FRAMES = 2048
"""About so many frames a forward pass: bounds the memory that long windows need."""

_LEAST_RUN = 8
"""A network that dilates is given so many samples in a row, or more, as one run; fewer go window by window, which
networks compute by strides instead of dilation."""


@dataclass(frozen=True)
class Prediction:
    """What a network makes of some samples.

    Args:
        positions: Metres in camera axes (x right, y down, z away). The root is 0 unless it was kept.
        expected_error: How far each joint is expected to be from the truth, root-relative, metres; None if the network
            does not predict it. With flip, how far its two answers lie apart is added.
    """

    positions: Float[Tensor, "sample *frame joint 3"]
    expected_error: Float[Tensor, "sample *frame joint"] | None = None


def has_enough_joints(keypoints_px: Float[Tensor, "*batch joint 2"]) -> Bool[Tensor, "*batch"]:
    """Say in which frames at least ``LEAST_JOINTS`` are known; a joint that is not known is NaN."""
    return (~keypoints_px.isnan().any(dim=-1)).sum(dim=-1) >= LEAST_JOINTS


def predict_samples(network: LifterNetwork, samples: Samples, *, flip: bool, keep_root: bool = False) -> Prediction:
    """Lift samples with the cameras that they state, and with the frames around them if the network looks there.

    The root's depth (z) is read from the samples' positions by networks whose target needs it; nothing else is.

    Args:
        network: In evaluation mode.
        samples: Of the network's skeleton.
        flip: Average with the mirrored prediction for the mirrored input (test-time flip).
        keep_root: Leave the root where the network puts it.

    Raises:
        InputError: The network needs frames that the samples do not have, or the root's depth.
    """
    if network.receptive_field == 1:
        samples = samples.middle
    elif samples.clips is not None:
        return predict_clips(network, samples.clips, samples.intrinsics, flip=flip, keep_root=keep_root)
    if samples.keypoints_px.shape[1] != network.receptive_field:
        raise InputError(
            f"samples must be windows of {network.receptive_field} frames, the network's receptive field, or frames of "
            f"clips, got windows of {samples.keypoints_px.shape[1]}"
        )
    depth = None
    if needs_root_depth(network.config.target):
        depth = samples.middle.positions[:, 0, network.skeleton.root_index, 2]  # (sample,): z away from the camera
    return predict(network, samples.keypoints_px, samples.intrinsics, flip=flip, keep_root=keep_root, root_depth=depth)


def predict(
    network: LifterNetwork,
    keypoints_px: Float[Tensor, "sample frame joint 2"],
    intrinsics: Intrinsics[Tensor],
    *,
    flip: bool,
    keep_root: bool = False,
    root_depth: Float[Tensor, " sample"] | None = None,
) -> Prediction:
    """Lift the middle frame of each window; the arguments are those of ``predict_clips``.

    A window that is shorter than the network's is padded by repeating its ends, so a single frame is lifted as a still.

    Example:
        >>> from ampose.models import create_model
        >>> ones = torch.ones(4, 2)
        >>> cameras = Intrinsics(focal=1100 * ones, centre=500 * ones, image_size=1000 * ones)
        >>> frames = 500 + 100 * torch.randn(4, 1, 17, 2)  # four samples of one frame
        >>> predict(create_model("ampose-small").eval(), frames, cameras, flip=True).positions.shape
        torch.Size([4, 17, 3])
    """
    count, frames = keypoints_px.shape[:2]
    first = frames * torch.arange(count)  # every window is a clip of its own
    # Indices of frames once samples are laid end to end; ``last`` still belongs to the clip.
    index = FrameIndex(frame=first + frames // 2, first=first, last=first + frames - 1)
    clips = Clips(keypoints_px=keypoints_px.flatten(0, 1), index=index)  # (sample * frame, joint, xy)
    return predict_clips(network, clips, intrinsics, flip=flip, keep_root=keep_root, root_depth=root_depth)


@torch.inference_mode()
def predict_clips(
    network: LifterNetwork,
    clips: Clips,
    intrinsics: Intrinsics[Tensor],
    *,
    flip: bool,
    keep_root: bool = False,
    root_depth: Float[Tensor, " sample"] | None = None,
) -> Prediction:
    """Lift samples that lie in clips; the answer for one does not depend on which others are asked for.

    Args:
        network: In evaluation mode.
        clips: Pixels of the network's skeleton, and which frames are the samples.
        intrinsics: One camera a sample; fields of shape (sample, 2), on the network's device.
        flip: Average with the mirrored prediction for the mirrored input (test-time flip).
        keep_root: Leave the root where the network puts it, for protocols that measure it there. A network that
            answers in the image plane has none to leave: it is given the root's depth.
        root_depth: True depth of the root (z), metres; only for networks whose target needs it.

    Returns:
        Positions (sample, joint, 3) and, if the network predicts it, the expected error (sample, joint).

    Raises:
        InputError: The network's target needs the root's depth, and it is not known.
    """
    samples, joints = len(clips.index), clips.keypoints_px.shape[1]
    positions = intrinsics.focal.new_zeros(samples, joints, 3)
    error = intrinsics.focal.new_zeros(samples, joints) if network.config.predicts_error else None

    def lift(windows: Tensor, chosen: Tensor | slice) -> Prediction:
        """Lift windows, indices of frames (window, frame), each by the camera, and at the root's depth, of one sample.

        So a window needs one camera; and a network whose target needs the depth must look at single frames.
        """
        pixels = clips.keypoints_px[windows].to(positions.device)  # window frame joint xy
        depth = None if root_depth is None else root_depth[chosen]
        return predict_chunk(network, pixels, intrinsics[chosen], flip=flip, keep_root=keep_root, root_depth=depth)

    def store(chosen: Tensor | slice, answer: Prediction, window: Tensor | int, frame: Tensor | slice) -> None:
        """Keep one frame of the answer (window, out_frame, joint, 3) for each chosen sample."""
        positions[chosen] = answer.positions[window, frame]
        if error is not None and answer.expected_error is not None:
            error[chosen] = answer.expected_error[window, frame]

    # A network that dilates is given samples that follow each other, seen by one camera, in one piece with the frames
    # around them: neighbouring windows share nearly all of their work.
    alone = torch.ones(samples, dtype=torch.bool)
    for run in runs(clips.index, _LEAST_RUN, FRAMES) if network.dilates else []:
        # A zoom or a cut to another camera within the run leaves it to the windows below.
        if all(bool((field == field[:1]).all()) for field in vars(intrinsics[run]).values()):
            frames = frames_around_run(clips.index[run], network.receptive_field)
            # One window, seen by the camera that all share; it answers for exactly the run's samples, in order.
            store(run, lift(frames[None], slice(run.start, run.start + 1)), 0, slice(None))
            alone[run] = False

    # All others window by window. A window of a network that answers for all its frames may hold several samples.
    rest = torch.nonzero(alone)[:, 0]  # indices of samples
    windows = cut_windows(clips.index[rest], network.receptive_field, network.output)
    # Windows a forward pass: at most what the network asks for, and FRAMES in all, but always one.
    step = max(1, min(network.chunk, FRAMES // network.receptive_field))
    for start in range(0, len(windows), step):
        part = slice(start, start + step)
        answer = lift(windows.rows[part], rest[windows.sample[part]])
        # Which of the rest are answered in these windows; counted from the first of them below.
        held = torch.nonzero((windows.window >= start) & (windows.window < start + step))[:, 0]
        store(rest[held], answer, windows.window[held] - start, windows.place[held])
    return Prediction(positions, error)


def predict_chunk(
    network: LifterNetwork,
    keypoints_px: Float[Tensor, "sample frame joint 2"],
    intrinsics: Intrinsics[Tensor],
    *,
    flip: bool,
    keep_root: bool = False,
    root_depth: Float[Tensor, " sample"] | None = None,
) -> Prediction:
    """Lift whole windows, or longer clips of a network that dilates, all at once; see ``predict_clips``.

    Returns:
        For every frame that the network answers for: positions (sample, out_frame, joint, 3), and the expected error
        (sample, out_frame, joint).
    """
    config, skeleton = network.config, network.skeleton
    # Every frame by itself, so that a window may be padded and cut anywhere.
    seen = normalise(config.normalisation, keypoints_px, intrinsics, skeleton.root_index)
    # (2 * sample, frame, joint, 2) with flip: one pass for both, the mirrored behind the plain ones.
    x = torch.cat([seen.keypoints, mirror(seen.keypoints, skeleton.flip_order)]) if flip else seen.keypoints
    answer, error = network.with_expected_error(x) if network.config.predicts_error else (network(x), None)
    if flip:
        plain, mirrored = _halves(answer)
        mirrored = mirror(mirrored, skeleton.flip_order)  # back, while still in the axes in which it was mirrored
        answer = (plain + mirrored) / 2
        if error is not None:
            # What the network expects does not know how far its two answers for the same person lie apart, which says
            # as much about the true error (docs/adr/0010-scaled-rays-and-missing-joints.md). Both are metres. Added
            # whole, for the rank of the errors: in the mean the sum may be off.
            own, mirror_error = _halves(error)
            apart = root_relative(plain - mirrored, skeleton.root_index).norm(dim=-1)
            # An error is a distance, so there is no x to mirror: left and right change places, and that is all.
            error = (own + mirror_error[..., skeleton.flip_order]) / 2 + apart
    if needs_root_depth(config.target):  # absolute once decoded, at the depth that is given; the input was not turned
        depth = None if root_depth is None else root_depth[:, None].expand(answer.shape[:2])  # (sample, out_frame)
        absolute = decode(config.target, answer, intrinsics, root_depth=depth)
        return Prediction(root_relative(absolute, skeleton.root_index), error)
    rotation = seen.rotation  # sample frame 3 3, of the frames that went in; turned back are those that came out
    if rotation is not None and network.output == "centre":
        first = network.receptive_field // 2  # at either end, so many frames get no answer
        rotation = rotation[:, first : first + answer.shape[1]]
    if not keep_root:
        answer = root_relative(answer, skeleton.root_index)
    return Prediction(decode(config.target, answer, intrinsics, rotation), error)


def _halves(both: Float[Tensor, "twice *rest"]) -> Float[Tensor, "2 sample *rest"]:
    # Neither chunk nor len: exporters would fix the number of samples there.
    return both.reshape(2, both.shape[0] // 2, *both.shape[1:])

"""The frames of one person through a network in PyTorch, or on an engine that is built from it."""

import numpy as np
import torch
from jaxtyping import Bool, Float

from ampose.lifting.engines import COMPARED, Runners
from ampose.lifting.prediction import predict_clips
from ampose.models.normalisation import normalise
from ampose.poses.camera import Intrinsics
from ampose.poses.clips import Clips, FrameIndex, clip_starts


def run_network(
    runners: Runners,
    points: Float[np.ndarray, "sample joint xy"],
    present: Bool[np.ndarray, " frame"],
    cameras: Intrinsics,
    *,
    flip: bool,
    passes: int,
) -> tuple[Float[np.ndarray, "sample joint 3"], Float[np.ndarray, "sample joint"] | None, str]:
    """Lift the frames in which somebody is.

    Args:
        runners: The network on its engines.
        points: Pixels.
        present: In which of all frames somebody is: the clips of a network over time end where nobody is.
        cameras: One a sample; fields of shape (sample, 2).
        flip: Average with the mirrored prediction.
        passes: How many poses the engine is chosen by.

    Returns:
        Positions, metres; the expected error, if the network predicts it; and the engine in words.
    """
    pixels = torch.from_numpy(points)
    seen_by = cameras.map(lambda field: torch.tensor(field, dtype=torch.float32))
    clips = Clips(keypoints_px=pixels, index=FrameIndex.of_clips(clip_starts(present)))
    answer = predict_clips(runners.get(passes), clips, seen_by, flip=flip)
    error = None if answer.expected_error is None else answer.expected_error.numpy()
    inputs = None
    if runners.precision != "fp32":  # compared with float64 on the first of these poses
        first, network = slice(COMPARED), runners.network
        way, root = network.config.normalisation, network.skeleton.root_index
        inputs = normalise(way, pixels[first, None], seen_by[first], root).keypoints
    return answer.positions.numpy(), error, runners.describe(passes, inputs)

"""Samples as datasets of PyTorch, for training loops of one's own.

Every item is a dictionary of tensors, which a ``DataLoader`` stacks:

``keypoints_px`` (frame, joint, 2)
    Pixels, what a network gets; NaN where a detector found nothing.
``true_keypoints_px`` (frame, joint, 2)
    Pixels, where the joints truly are in the image; of synthetic views alone.
``positions`` (frame, joint, 3)
    Metres in camera axes (x right, y down, z away), absolute. Of recordings: those of the middle frame alone.
``focal_px``, ``centre_px``, ``image_size`` (2,)
    The camera, as it is taken to be.

A single frame is a window of one. ``ampose.models.normalisation.normalise`` turns pixels into a network's input.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ampose.data.motion_capture import MotionCapture
from ampose.errors import InputError
from ampose.poses.camera import Intrinsics
from ampose.poses.clips import cut_windows
from ampose.poses.samples import Samples
from ampose.training.batches import InputSpec, VirtualCameraBatches
from ampose.training.config import DataConfig
from ampose.training.sampler import BATCH, generator_for

Item = dict[str, Tensor]


class RecordedSamples(Dataset[Item]):
    """Samples of recordings, as ``ampose.evaluation`` and training read them: see the top of this file.

    Args:
        samples: As ``ampose.training.subject_split.read_split`` or a dataset's own reader returns them.
        frames: Of each window; ``samples`` must be frames of whole clips for more than one.

    Raises:
        InputError: Windows of several frames are asked for, and the samples are not of whole clips.
    """

    def __init__(self, samples: Samples, frames: int = 1) -> None:
        if frames > 1 and samples.clips is None:
            raise InputError("samples must be frames of whole clips for windows of several frames")
        self.samples, self.frames = samples, frames

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, row: int) -> Item:
        return self.__getitems__([row])[0]

    def __getitems__(self, rows: Sequence[int]) -> list[Item]:
        """Return several items at once, as a ``DataLoader`` asks for them."""
        samples = self.samples[torch.as_tensor(rows)].middle
        keypoints = samples.keypoints_px
        if samples.clips is not None and self.frames > 1:
            keypoints = samples.clips.keypoints_px[cut_windows(samples.clips.index, self.frames, "centre").rows]
        return _items(samples.intrinsics, keypoints_px=keypoints, positions=samples.positions)


class SyntheticViews(Dataset[Item]):
    """Recorded motion as virtual cameras see it, with all that the data engine varies: see the top of this file.

    An item is a new body, camera and detector each time an epoch comes to it, and the same for the same
    (seed, epoch, items asked for together): ``set_epoch`` before each epoch.

    Args:
        motion: What to look at; ``ampose.data.motion_capture.read_motion`` reads it.
        config: What varies: bodies, cameras, noise... ``ampose.training.recipe`` reads one from a recipe.
        frames: Of each window.
        seed: Of everything that is drawn.

    Raises:
        InputError: Windows have several frames, and a setting is given that makes single poses.
    """

    def __init__(
        self, motion: MotionCapture, config: DataConfig | None = None, *, frames: int = 1, seed: int = 0
    ) -> None:
        spec = InputSpec(motion.skeleton, "person-rays", frames=frames)  # items are not normalised: any way will do
        self.engine = VirtualCameraBatches(motion, config or DataConfig(), spec, seed)
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Draw which frames the items show, and all else, anew."""
        self.epoch, self.order = epoch, self.engine.sampler.order(epoch)

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, row: int) -> Item:
        return self.__getitems__([row])[0]

    def __getitems__(self, rows: Sequence[int]) -> list[Item]:
        """Return several items at once, as a ``DataLoader`` asks for them: drawn together, which is fast."""
        chosen = torch.as_tensor(rows)
        generator = generator_for(self.engine.seed, BATCH, self.epoch, int(chosen[0]))
        truth, keypoints, camera = self.engine.views(self.engine.sampler.rows(self.order[chosen]), generator)
        return _items(camera, keypoints_px=keypoints, true_keypoints_px=truth.keypoints_px, positions=truth.positions)


def _items(camera: Intrinsics[Tensor], **columns: Tensor) -> list[Item]:
    """Return one item for each row."""
    columns |= {"focal_px": camera.focal, "centre_px": camera.centre, "image_size": camera.image_size}
    return [{name: column[row] for name, column in columns.items()} for row in range(len(camera.focal))]

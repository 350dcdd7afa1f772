"""Samples of the lifting task: what a camera saw, and where the joints truly were."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.poses.camera import Intrinsics
from ampose.poses.clips import Clips


@dataclass(frozen=True, kw_only=True)
class Samples:
    """2D and 3D of the same frames, in contiguous tensors. A sample is a window of frames; a single frame is one of 1.

    Args:
        keypoints_px: Pixels. The frame that a sample is about is the middle one.
        positions: Metres in camera axes, absolute: the root joint keeps its distance to the camera. Of all frames of
            the window, or of the middle one alone.
        intrinsics: One camera a sample; each field has the shape (sample, 2).
        clips: Where windows of any length can be cut from, because the samples are frames of whole clips; None if the
            samples are all there is.
    """

    keypoints_px: Float[Tensor, "sample frame joint 2"]
    positions: Float[Tensor, "sample out_frame joint 3"]
    intrinsics: Intrinsics[Tensor]
    clips: Clips | None = None

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def middle(self) -> "Samples":
        """The middle frame of each window alone: what a network of single frames looks at, and what is measured."""
        return Samples(
            keypoints_px=middle_frame(self.keypoints_px),
            positions=middle_frame(self.positions),
            intrinsics=self.intrinsics,
            clips=self.clips,
        )

    def to(self, device: torch.device) -> "Samples":
        """Return the samples on another device; the clips stay where they are, for they may be large."""
        return Samples(
            keypoints_px=self.keypoints_px.to(device),
            positions=self.positions.to(device),
            intrinsics=self.intrinsics.map(lambda field: field.to(device)),
            clips=self.clips,
        )

    def __getitem__(self, rows: "Tensor | slice") -> "Samples":
        """Return some of the samples."""
        return Samples(
            keypoints_px=self.keypoints_px[rows],
            positions=self.positions[rows],
            intrinsics=self.intrinsics[rows],
            clips=self.clips and self.clips[rows],
        )

    @classmethod
    def concatenate(cls, parts: "list[Samples]") -> "Samples":
        """Join samples of the same skeleton one after the other; clips are kept if all have them."""
        clips = [part.clips for part in parts if part.clips is not None]
        return cls(
            keypoints_px=torch.cat([part.keypoints_px for part in parts]),
            positions=torch.cat([part.positions for part in parts]),
            intrinsics=Intrinsics(
                focal=torch.cat([part.intrinsics.focal for part in parts]),
                centre=torch.cat([part.intrinsics.centre for part in parts]),
                image_size=torch.cat([part.intrinsics.image_size for part in parts]),
            ),
            clips=Clips.concatenate(clips) if len(clips) == len(parts) else None,
        )


def middle_frame(window: Float[Tensor, "sample frame *rest"]) -> Float[Tensor, "sample 1 *rest"]:
    """Return the middle frame of each window, as a window of one.

    Example:
        >>> middle_frame(torch.arange(6.0).reshape(2, 3)).tolist()
        [[1.0], [4.0]]
    """
    middle = window.shape[1] // 2
    return window[:, middle : middle + 1]

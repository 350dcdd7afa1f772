"""Samples of the lifting task: what a camera saw, and what was there."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.poses.camera import Intrinsics
from ampose.poses.clips import Footage


@dataclass(frozen=True, kw_only=True)
class Samples:
    """2D and 3D of the same moments, in contiguous tensors.

    Args:
        keypoints_px: Pixels.
        positions: Metres in camera axes, absolute: the root joint keeps its distance to the camera.
        intrinsics: One camera a sample; each field has the shape (sample, 2).
        footage: The frames before and after, for networks that look at several; None for single pictures.
    """

    keypoints_px: Float[Tensor, "sample joint 2"]
    positions: Float[Tensor, "sample joint 3"]
    intrinsics: Intrinsics
    footage: Footage | None = None

    def __len__(self) -> int:
        return len(self.positions)

    def to(self, device: torch.device) -> "Samples":
        """Return the samples on another device; the footage stays where it is, for it may be large."""
        camera = self.intrinsics
        return Samples(
            keypoints_px=self.keypoints_px.to(device),
            positions=self.positions.to(device),
            intrinsics=Intrinsics(
                focal=camera.focal.to(device),
                centre=camera.centre.to(device),
                image_size=camera.image_size.to(device),
            ),
            footage=self.footage,
        )

    def __getitem__(self, rows: "Tensor | slice") -> "Samples":
        """Return some of the samples."""
        return Samples(
            keypoints_px=self.keypoints_px[rows],
            positions=self.positions[rows],
            intrinsics=self.intrinsics[rows],
            footage=self.footage and self.footage[rows],
        )

    @classmethod
    def concatenate(cls, parts: "list[Samples]") -> "Samples":
        """Join samples of the same skeleton one after the other; footage is kept if all have it."""
        footage = [part.footage for part in parts if part.footage is not None]
        return cls(
            keypoints_px=torch.cat([part.keypoints_px for part in parts]),
            positions=torch.cat([part.positions for part in parts]),
            intrinsics=Intrinsics(
                focal=torch.cat([part.intrinsics.focal for part in parts]),
                centre=torch.cat([part.intrinsics.centre for part in parts]),
                image_size=torch.cat([part.intrinsics.image_size for part in parts]),
            ),
            footage=Footage.concatenate(footage) if len(footage) == len(parts) else None,
        )

"""Pose refinement of Cai et al.: a second stage that mixes a lifted pose with what the 2D says at its depth.

Yujun Cai et al., "Exploiting spatial-temporal relationships for 3D pose estimation via graph convolutional
networks", ICCV 2019. Written from its description, for the rows of AMPose's Table 1 that are marked "refinement".

It is no lifter: it needs the *true* distance of the root joint and the camera's intrinsics, also when it is used,
so every refined figure is labelled "uses GT root depth". With ground-truth 2D the back-projection is nearly the
answer itself; refinement is meant for detected 2D.

What differs from the public code, on purpose: dropout is off when it is used (there it stays on), a mirrored sample has
a mirrored camera, and the lifted root is subtracted before the second stage sees the pose. There the lifted pose goes
in with the root where the lifter put it, and the refined root is set to zero, which is the same for a lifter that
answers zero there.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ampose.errors import InputError
from ampose.poses.camera import Intrinsics, back_project
from ampose.poses.geometry import root_relative
from ampose.poses.skeletons import get_skeleton

CHUNK = 4096
"""Samples a forward pass."""


@dataclass(frozen=True, kw_only=True)
class RefinementConfig:
    """What makes one refinement different from another."""

    skeleton: str = "human36m_17"
    """Name of the skeleton; the lifter's."""

    width: int = 1024
    """Hidden units. Cai et al. and Modulated GCN: 1024 (140,322 parameters at 17 joints); GraphMLP: 1536."""

    dropout: float = 0.5
    """In training only."""

    def __post_init__(self) -> None:
        if self.width < 1 or not 0 <= self.dropout < 1:
            raise InputError(
                f"width must be positive and dropout in [0, 1), got width={self.width}, dropout={self.dropout}"
            )


class PoseRefinement(nn.Module):
    """Decides for each joint how far to trust the lifted x and y, and how far the back-projected ones.

    Example:
        >>> sum(parameter.numel() for parameter in PoseRefinement(RefinementConfig()).parameters())
        140322
    """

    def __init__(self, config: RefinementConfig) -> None:
        super().__init__()
        self.config = config
        joints = get_skeleton(config.skeleton).num_joints
        self.score = nn.Sequential(
            nn.Linear(6 * joints, config.width),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.width, 2 * joints),
            nn.Sigmoid(),
        )

    def forward(
        self, lifted: Float[Tensor, "sample joint 3"], seen: Float[Tensor, "sample joint 3"]
    ) -> Float[Tensor, "sample joint 3"]:
        """Mix two root-relative poses in camera axes, metres; z stays the lifted one.

        Args:
            lifted: What the lifter says.
            seen: What ``back_project_pose`` makes of the 2D at the lifted depth.
        """
        score = self.score(torch.cat([lifted.flatten(1), seen.flatten(1)], dim=1)).unflatten(1, (-1, 2))
        xy = score * lifted[..., :2] + (1 - score) * seen[..., :2]
        return torch.cat([xy, lifted[..., 2:]], dim=-1)


def back_project_pose(
    lifted: Float[Tensor, "sample joint 3"],
    keypoints_px: Float[Tensor, "sample joint 2"],
    intrinsics: Intrinsics[Tensor],
    root_depth: Float[Tensor, " sample"],
    root_index: int,
) -> Float[Tensor, "sample joint 3"]:
    """Put each keypoint at its lifted depth in front of the camera.

    Lens distortion is ignored, as by Cai et al.

    Args:
        lifted: Root-relative metres, camera axes.
        keypoints_px: Pixels.
        intrinsics: One camera a sample; fields of shape (sample, 2).
        root_depth: The true distance of the root along the optical axis, metres.
        root_index: ``Skeleton.root_index``.

    Returns:
        Root-relative metres in camera axes; the root is 0.
    """
    # The root's own lifted depth does not count: it stands at the true distance.
    depth = root_relative(lifted, root_index)[..., 2:] + root_depth[:, None, None]
    xy = back_project(keypoints_px, depth, intrinsics.focal[:, None], intrinsics.centre[:, None])
    return root_relative(torch.cat([xy, depth], dim=-1), root_index)


@torch.inference_mode()
def refine(
    refinement: PoseRefinement,
    lifted: Float[Tensor, "sample joint 3"],
    keypoints_px: Float[Tensor, "sample joint 2"],
    intrinsics: Intrinsics[Tensor],
    root_depth: Float[Tensor, " sample"],
) -> Float[Tensor, "sample joint 3"]:
    """Refine lifted poses, dropout off; for the arguments see ``back_project_pose``."""
    root = get_skeleton(refinement.config.skeleton).root_index
    seen = back_project_pose(lifted, keypoints_px, intrinsics, root_depth, root)
    refinement.eval()
    parts = [refinement(*pair) for pair in zip(torch.split(lifted, CHUNK), torch.split(seen, CHUNK), strict=True)]
    return torch.cat(parts)

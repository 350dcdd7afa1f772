"""What a network answers in: metres, or the plane of the picture.

``metres``
    Root-relative metres. What all lifters answer in, and the only answer that needs no ground truth.
``image-plane``
    LCN's (Ci et al., ICCV 2019, as in their public code): where each joint is in the picture, and how far it is behind
    the root, in the picture's scale. With a joint's place (X, Y, Z) and the root's distance Z0 in camera axes, focal
    length (fx, fy), centre (cx, cy) and picture size (w, h)::

        x = 2 (fx X / Z + cx) / w - 1      y = (2 (fy Y / Z + cy) - h) / w      z = 2 r (Z - Z0) / w

    Pixels a metre, r, are those of a box of 2 m about the root: its width is 2 fx / Z0 pixels, one more as pixels are
    counted, so r = (2 fx / Z0 + 1) / 2. To be metres again, all three coordinates need the *true* distance Z0 of the
    root. A figure that was reached this way is labelled "uses GT root depth".
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.camera import Intrinsics, back_project, project
from ampose.errors import InputError
from ampose.geometry import root_relative
from ampose.normalisation import normalise, to_camera_axes, to_network_axes

Target = Literal["metres", "image-plane"]

USES_GT_ROOT_DEPTH = "uses GT root depth"
"""What every figure is labelled with that needs the true distance of the root."""

PLANE_INPUT = "image-width"
"""The normalisation of the 2D in whose units x and y of the image plane are."""


def needs_root_depth(target: Target) -> bool:
    """Whether an answer becomes metres only with the true distance of the root."""
    return target == "image-plane"


def said_of(target: Target) -> str:
    """Return what must stand behind every error of a network with this target, in brackets; "" for nothing."""
    return f" ({USES_GT_ROOT_DEPTH})" if needs_root_depth(target) else ""


def encode(
    target: Target,
    positions: Float[Tensor, "sample joint 3"],
    intrinsics: Intrinsics,
    root_index: int,
    rotation: Float[Tensor, "sample 3 3"] | None = None,
) -> Float[Tensor, "sample joint 3"]:
    """Return what a network should answer.

    Args:
        target: In what it answers.
        positions: Camera axes, metres, absolute.
        intrinsics: One camera a sample; fields of shape (sample, 2).
        root_index: Of the skeleton.
        rotation: From camera axes to the axes in which the network answers, if they differ.
    """
    if target == "metres":
        return to_network_axes(root_relative(positions, root_index), rotation)
    pixels = project(positions, intrinsics.focal[:, None], intrinsics.centre[:, None])
    xy = normalise(PLANE_INPUT, pixels, intrinsics, root_index).keypoints
    depth = positions[..., 2:]
    return torch.cat([xy, (depth - depth[:, root_index, None]) * _scale(intrinsics, depth[:, root_index, 0])], dim=-1)


def decode(
    target: Target,
    answer: Float[Tensor, "sample joint 3"],
    intrinsics: Intrinsics,
    rotation: Float[Tensor, "sample 3 3"] | None = None,
    root_depth: Float[Tensor, " sample"] | None = None,
) -> Float[Tensor, "sample joint 3"]:
    """Return an answer in metres and camera axes: what ``encode`` was given, but for where the root is.

    From metres they are root-relative; from the image plane absolute, at the distance that is told.

    Raises:
        InputError: The answer is in the image plane, and the root's distance is not known.
    """
    if target == "metres":
        return to_camera_axes(answer, rotation)
    if root_depth is None or bool(root_depth.isnan().any()):
        raise InputError(
            "model must answer in metres where the true distance of the root is not known, got one that answers in "
            "the image plane; measure it with ampose evaluate, or train it with --model.target metres"
        )
    width = intrinsics.image_size[:, None, :1]
    pixels = (answer[..., :2] * width + intrinsics.image_size[:, None]) / 2
    depth = answer[..., 2:] / _scale(intrinsics, root_depth) + root_depth[:, None, None]
    xy = back_project(pixels, depth, intrinsics.focal[:, None], intrinsics.centre[:, None])
    return torch.cat([xy, depth], dim=-1)


def _scale(intrinsics: Intrinsics, root_depth: Float[Tensor, " sample"]) -> Float[Tensor, "sample 1 1"]:
    """Return the image plane's units a metre at the root."""
    pixels_a_metre = (2 * intrinsics.focal[:, 0] / root_depth + 1) / 2
    return (2 * pixels_a_metre / intrinsics.image_size[:, 0])[:, None, None]

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

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.models.normalisation import normalise, to_camera_axes, to_network_axes
from ampose.poses.camera import Intrinsics, back_project, project
from ampose.poses.geometry import root_relative

Target = Literal["metres", "image-plane"]

USES_GT_ROOT_DEPTH = "uses GT root depth"
"""What every figure is labelled with that needs the true distance of the root."""

PLANE_INPUT = "image-width"
"""The normalisation of the 2D in whose units x and y of the image plane are."""


def encode(
    target: Target,
    positions: Float[Tensor, "sample frame joint 3"],
    intrinsics: Intrinsics,
    root_index: int,
    rotation: Float[Tensor, "sample frame 3 3"] | None = None,
) -> Float[Tensor, "sample frame joint 3"]:
    """Return what a network should answer.

    Args:
        target: In what it answers.
        positions: Camera axes, metres, absolute.
        intrinsics: One camera a sample; fields of shape (sample, 2).
        root_index: Of the skeleton.
        rotation: From camera axes to the axes in which the network answers, if they differ.

    Example:
        >>> square = torch.tensor([[1000.0, 1000.0]])
        >>> camera = Intrinsics(focal=square, centre=square / 2, image_size=square)
        >>> encode("image-plane", torch.tensor([[[[0.0, 0.0, 4.0], [0.0, 0.0, 5.0]]]]), camera, 0)[0, 0, 1].tolist()
        [0.0, 0.0, 0.5009999871253967]
    """
    answer: Tensor = TARGETS[target].encode(positions, intrinsics, root_index, rotation)
    return answer


def decode(
    target: Target,
    answer: Float[Tensor, "sample frame joint 3"],
    intrinsics: Intrinsics,
    rotation: Float[Tensor, "sample frame 3 3"] | None = None,
    root_depth: Float[Tensor, "sample frame"] | None = None,
) -> Float[Tensor, "sample frame joint 3"]:
    """Return an answer in metres and camera axes: what ``encode`` was given, but for where the root is.

    From metres they are root-relative; from the image plane absolute, at the distance that is told.

    Raises:
        InputError: The target needs the root's distance, and it is not known.
    """
    if needs_root_depth(target) and (root_depth is None or bool(root_depth.isnan().any())):
        raise InputError(
            f"model must answer in metres where the true distance of the root is not known, got the target {target}; "
            "measure it on data with true positions, or train it with model.target = metres"
        )
    positions: Tensor = TARGETS[target].decode(answer, intrinsics, rotation, root_depth)
    return positions


def needs_root_depth(target: Target) -> bool:
    """Whether an answer becomes metres only with the true distance of the root."""
    return TARGETS[target].needs_root_depth


def said_of(target: Target) -> str:
    """Return what must stand behind every error of a network with this target, in brackets; "" for nothing.

    Example:
        >>> said_of("image-plane"), said_of("metres")
        (' (uses GT root depth)', '')
    """
    return f" ({USES_GT_ROOT_DEPTH})" if needs_root_depth(target) else ""


class Coding(NamedTuple):
    """A target: the way from absolute positions, and the way back."""

    encode: Callable[[Tensor, Intrinsics, int, Tensor | None], Tensor]
    """(positions, intrinsics, root index, rotation) -> what the network should answer."""
    decode: Callable[[Tensor, Intrinsics, Tensor | None, Tensor | None], Tensor]
    """(answer, intrinsics, rotation, the root's distance) -> metres in camera axes."""
    needs_root_depth: bool
    """Whether the way back needs the true distance of the root."""


def _to_metres(positions: Tensor, intrinsics: Intrinsics, root_index: int, rotation: Tensor | None) -> Tensor:
    return to_network_axes(root_relative(positions, root_index), rotation)


def _from_metres(answer: Tensor, intrinsics: Intrinsics, rotation: Tensor | None, depth: Tensor | None) -> Tensor:
    return to_camera_axes(answer, rotation)


def _to_plane(positions: Tensor, intrinsics: Intrinsics, root_index: int, rotation: Tensor | None) -> Tensor:
    pixels = project(positions, intrinsics.focal[:, None, None], intrinsics.centre[:, None, None])
    xy = normalise(PLANE_INPUT, pixels, intrinsics, root_index).keypoints
    behind = root_relative(positions, root_index)[..., 2:]
    return torch.cat([xy, behind * _scale(intrinsics, positions[..., root_index, 2])], dim=-1)


def _from_plane(answer: Tensor, intrinsics: Intrinsics, rotation: Tensor | None, depth: Tensor | None) -> Tensor:
    assert depth is not None  # noqa: S101 (decode asks for it)
    # One camera a sample: (sample, 2) against (sample, frame, joint, 2).
    focal, centre, size = (field[:, None, None] for field in vars(intrinsics).values())
    pixels = (answer[..., :2] * size[..., :1] + size) / 2
    z = answer[..., 2:] / _scale(intrinsics, depth) + depth[..., None, None]
    xy = back_project(pixels, z, focal, centre)
    return torch.cat([xy, z], dim=-1)


def _scale(intrinsics: Intrinsics, root_depth: Float[Tensor, "sample frame"]) -> Float[Tensor, "sample frame 1 1"]:
    """Return the image plane's units a metre at the root."""
    pixels_a_metre = (2 * intrinsics.focal[:, :1] / root_depth + 1) / 2
    return (2 * pixels_a_metre / intrinsics.image_size[:, :1])[..., None, None]


TARGETS: dict[Target, Coding] = {
    "metres": Coding(_to_metres, _from_metres, needs_root_depth=False),
    "image-plane": Coding(_to_plane, _from_plane, needs_root_depth=True),
}
"""By the name in a model's config. A system with a target of its own adds it here."""

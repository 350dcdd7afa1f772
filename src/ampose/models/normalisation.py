"""How pixels become the input of a network, and its output becomes camera space again.

The way is part of a model's config and is saved with its weights, so that use cannot disagree with
training. Four ways, by name:

``image-width``
    The paper's (and its siblings'): x and y divided by half the image's *width*, the middle of the image
    at 0; x spans [-1, 1]. A portrait image leaves the range in y.
``longest-side``
    The same by the longer side: portrait and landscape both stay in [-1, 1].
``person-rays``
    Pixels become rays (with the camera's intrinsics, or with an assumed field of view), the camera is
    turned so that the ray through the root joint is the optical axis, and the rays are cut at depth 1.
    It takes away where the person stands in the image and which camera it was, and works alike for
    portrait and landscape. The predicted pose is turned back.
``person-rays-scaled``
    The same, and divided by the mean distance of the joints from the root: how large the person appears says
    nothing, so neither a wrong field of view nor a child is taken for somebody far away.

A joint that is NaN stays NaN. Where the root is, the mean of the other joints stands for it.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.poses.camera import Intrinsics
from ampose.registry import Registry


class Normalised(NamedTuple):
    """Network input, and the rotation from camera axes to the axes in which the network answers."""

    keypoints: Float[Tensor, "sample frame joint 2"]
    rotation: Float[Tensor, "sample frame 3 3"] | None


Normalisation = Callable[[Tensor, Intrinsics[Tensor], int], Normalised]
"""(keypoints in pixels (sample, frame, joint, 2), intrinsics with fields (sample, 2), root index) -> Normalised."""

normalisations = Registry[Normalisation]("normalisation")


def normalise(
    name: str, keypoints_px: Float[Tensor, "sample frame joint 2"], intrinsics: Intrinsics[Tensor], root_index: int
) -> Normalised:
    """Normalise each frame by itself with the way called ``name``; raises InputError if there is no such way.

    Because no frame knows of the others, a window may be padded and cut anywhere.
    """
    return normalisations.get(name).target(keypoints_px, intrinsics, root_index)


def to_network_axes(
    positions: Float[Tensor, "sample frame joint 3"], rotation: Float[Tensor, "sample frame 3 3"] | None
) -> Float[Tensor, "sample frame joint 3"]:
    """Turn root-relative positions from camera axes into the axes in which the network answers."""
    return positions if rotation is None else positions @ rotation.mT


def to_camera_axes(
    positions: Float[Tensor, "sample frame joint 3"], rotation: Float[Tensor, "sample frame 3 3"] | None
) -> Float[Tensor, "sample frame joint 3"]:
    """Undo ``to_network_axes``."""
    return positions if rotation is None else positions @ rotation


@normalisations.register("image-width")
def image_width(
    keypoints_px: Float[Tensor, "sample frame joint 2"], intrinsics: Intrinsics[Tensor], root_index: int
) -> Normalised:
    """Divide by half the width (Human3.6M convention of VideoPose3D and its siblings)."""
    return _centred(keypoints_px, intrinsics, intrinsics.image_size[..., 0])


@normalisations.register("longest-side")
def longest_side(
    keypoints_px: Float[Tensor, "sample frame joint 2"], intrinsics: Intrinsics[Tensor], root_index: int
) -> Normalised:
    """Divide by half the longer side, as if the image were padded to a square."""
    return _centred(keypoints_px, intrinsics, intrinsics.image_size.amax(dim=-1))


def _centred(keypoints_px: Tensor, intrinsics: Intrinsics[Tensor], side: Tensor) -> Normalised:
    # One camera a sample: (sample, 2) and (sample,) against (sample, frame, joint, 2).
    middle = intrinsics.image_size[:, None, None] / 2
    return Normalised((keypoints_px - middle) * 2 / side[:, None, None, None], None)


@normalisations.register("person-rays")
def person_rays(
    keypoints_px: Float[Tensor, "sample frame joint 2"], intrinsics: Intrinsics[Tensor], root_index: int
) -> Normalised:
    """Turn the camera towards the root joint and cut the rays at depth 1."""
    xy = (keypoints_px - intrinsics.centre[:, None, None]) / intrinsics.focal[:, None, None]
    root = xy[..., root_index, :]
    # Where the root is not known, the mean of the joints that are stands for it.
    rotation = rotation_to_optical_axis(torch.where(root.isnan(), xy.nanmean(dim=-2), root))
    rays = torch.cat([xy, torch.ones_like(xy[..., :1])], dim=-1) @ rotation.mT  # sample frame joint 3
    # A ray more than 90 degrees off the root's has no point at depth 1; no real person spans that.
    return Normalised(rays[..., :2] / rays[..., 2:].clamp_min(1e-3), rotation)


@normalisations.register("person-rays-scaled")
def person_rays_scaled(
    keypoints_px: Float[Tensor, "sample frame joint 2"], intrinsics: Intrinsics[Tensor], root_index: int
) -> Normalised:
    """Turn the camera towards the root joint, and make the mean distance from it 1/2."""
    keypoints, rotation = person_rays(keypoints_px, intrinsics, root_index)
    size = keypoints.norm(dim=-1).nanmean(dim=-1).clamp_min(1e-6)  # (sample, frame)
    return Normalised(keypoints / (2 * size[..., None, None]), rotation)


def rotation_to_optical_axis(xy: Float[Tensor, "*any 2"]) -> Float[Tensor, "*any 3 3"]:
    """Return the shortest rotation that turns the ray through (x, y, 1) into (0, 0, 1).

    Rodrigues' formula for the axis ray x (0, 0, 1). With the ray's direction (a, b, c) the axis is (b, -a, 0), of
    length sin, and c is cos, so that R = I + K + K K / (1 + c), written out below. No angle is taken, so it is exact
    and smooth where the ray is the optical axis, and any exporter can write it.
    """
    ray = torch.nn.functional.normalize(torch.cat([xy, torch.ones_like(xy[..., :1])], dim=-1), dim=-1)
    a, b, c = ray.unbind(-1)
    k = 1 / (1 + c)
    rows = [1 - a * a * k, -a * b * k, -a, -a * b * k, 1 - b * b * k, -b, a, b, c]
    return torch.stack(rows, dim=-1).reshape(*xy.shape[:-1], 3, 3)

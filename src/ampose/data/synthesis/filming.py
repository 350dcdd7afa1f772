"""A virtual camera that stays while the person moves: windows over time instead of single poses.

A camera stands where ``ampose.data.synthesis.virtual_cameras`` puts it for the window's middle frame, so that the
middle frame of a window is the very sample that a network of single frames gets. Where the person walks out of
the picture, or too near to the camera, the window is padded, as a real video's is where nobody was found.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ampose.data.synthesis.virtual_cameras import VirtualCameras
from ampose.poses.camera import Intrinsics, project
from ampose.poses.clips import Footage, Moments, around_centre, cut_windows
from ampose.poses.skeletons import Skeleton

NEAREST_M = 0.5
"""A person with a joint nearer to the camera than this is not found."""

_CHUNK = 1024


@dataclass(frozen=True, kw_only=True)
class Film:
    """What one camera a window saw.

    Args:
        keypoints_px: Pixels.
        positions: Metres in camera axes, absolute.
        intrinsics: One camera a window; fields of shape (window, 2).
    """

    keypoints_px: Float[Tensor, "window frame joint 2"]
    positions: Float[Tensor, "window frame joint 3"]
    intrinsics: Intrinsics


def film(positions: Float[Tensor, "window frame joint 3"], cameras: VirtualCameras, skeleton: Skeleton) -> Film:
    """Look at windows of motion.

    Args:
        positions: World metres, Z up. Where the middle frame's pose stands does not matter.
        cameras: One a window.
        skeleton: Names the root joint, at which the cameras aim in the middle frame.
    """
    camera, root = cameras.intrinsics, skeleton.root_index
    aim = positions[:, positions.shape[1] // 2, root, None]
    in_camera = (positions - aim[:, None]) @ cameras.rotation.mT[:, None] + cameras.root[:, None, None]
    taken = around_centre(_in_sight(in_camera, camera, root))
    in_camera = in_camera[torch.arange(len(taken))[:, None], taken]
    pixels = project(in_camera, camera.focal[:, None, None], camera.centre[:, None, None])
    return Film(keypoints_px=pixels, positions=in_camera, intrinsics=camera)


def _in_sight(
    positions: Float[Tensor, "window frame joint 3"], camera: Intrinsics, root: int
) -> Bool[Tensor, "window frame"]:
    """Whether the root is in the picture and no joint too near."""
    x, depth = positions[:, :, root, :2], positions[:, :, root, 2:]
    in_picture = (x * camera.focal[:, None]).abs() <= camera.image_size[:, None] / 2 * depth
    return in_picture.all(dim=2) & (positions[..., 2] > NEAREST_M).all(dim=2)


def film_around(
    positions: Float[Tensor, "frame joint 3"],
    moments: Moments,
    cameras: VirtualCameras,
    skeleton: Skeleton,
    frames: int,
) -> Footage:
    """Show what each sample's camera saw around it.

    Args:
        positions: World metres of whole clips.
        moments: Which of the frames the samples are.
        cameras: One a sample.
        skeleton: Names the root joint.
        frames: Of each window; the receptive field of the network.
    """
    parts = []
    for start in range(0, len(moments), _CHUNK):
        some = slice(start, start + _CHUNK)
        windows = cut_windows(moments[some], frames, "centre")
        parts.append(film(positions[windows.rows], cameras[some], skeleton).keypoints_px)
    return Footage.of_windows(torch.cat(parts))

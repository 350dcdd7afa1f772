"""Virtual cameras: draw random ones, and render what they see of recorded motion.

Every sample has a camera of its own, which stays where it is for all frames of its window. All of it is vectorised, and
the same generator state gives the same cameras.
"""

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.data.synthesis.draws import uniform
from ampose.errors import InputError
from ampose.poses.camera import Intrinsics, project
from ampose.poses.clips import FrameIndex, around_centre, cut_windows
from ampose.poses.samples import Samples, middle_frame
from ampose.poses.skeletons import Skeleton

IMAGE_SIZES = ((1920, 1080), (1080, 1920), (1000, 1000))
"""Landscape, portrait, square: each is drawn equally often."""

NEAREST_M = 0.5
"""A person with a joint nearer to the camera than this is not detected: of a window. The root of a single pose is at
least 1.5 m away."""

_CHUNK = 1024
"""Windows that are rendered at a time, because long ones need memory."""

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class VirtualCameraConfig:
    """From which ranges the cameras are drawn, uniformly."""

    pitch_degrees: Range = (-20.0, 40.0)
    """How far the optical axis points down; negative points up."""

    roll_degrees: Range = (-8.0, 8.0)
    """Rotation about the optical axis: a camera held askew."""

    distance_m: Range = (2.5, 8.0)
    """From the camera to the person's root joint."""

    field_of_view_degrees: Range = (40.0, 85.0)
    """Across the longer side of the image."""

    off_centre: Range = (0.0, 0.5)
    """How far the root joint is from the middle of the image, as a share of half the longer side."""

    def __post_init__(self) -> None:
        for name, (low, high) in vars(self).items():
            if not (math.isfinite(low) and math.isfinite(high) and low <= high):
                raise InputError(f"{name} must be (low, high), got ({low}, {high})")
        if self.distance_m[0] < 1.5:
            raise InputError(f"distance_m must be at least 1.5, got {self.distance_m[0]}; nearer cameras cut limbs off")
        low, high = self.field_of_view_degrees
        if not 1 <= low <= high <= 179:
            raise InputError(f"field_of_view_degrees must be between 1 and 179, got ({low}, {high})")
        if self.off_centre[0] < 0:
            raise InputError(f"off_centre must be at least 0, got {self.off_centre[0]}")


@dataclass(frozen=True, kw_only=True)
class DrawnCameras:
    """Cameras that were drawn.

    Args:
        intrinsics: Fields of shape (sample, 2).
        rotation: World to camera.
        root: Where the root joint is in camera axes, metres.
    """

    intrinsics: Intrinsics[Tensor]
    rotation: Float[Tensor, "sample 3 3"]
    root: Float[Tensor, "sample 3"]

    def __getitem__(self, rows: slice) -> "DrawnCameras":
        """Return some of the cameras."""
        return DrawnCameras(intrinsics=self.intrinsics[rows], rotation=self.rotation[rows], root=self.root[rows])


def render(positions: Float[Tensor, "sample frame joint 3"], cameras: DrawnCameras, skeleton: Skeleton) -> Samples:
    """Look at windows of motion, or at single poses, which are windows of one frame.

    Where the person walks out of the image, or too near to the camera, the window is padded, as a real video's is where
    nobody was detected.

    Args:
        positions: World metres, Z up. Where the middle frame's pose stands does not matter.
        cameras: One a sample.
        skeleton: Names the root joint, at which the cameras aim in the middle frame.

    Returns:
        Pixels and camera-space metres of all frames.
    """
    root, frames = skeleton.root_index, positions.shape[1]
    camera = cameras.intrinsics
    # The middle frame's root goes where the camera wants it; the other frames move with it: (sample, 1, 1, xyz).
    aim = positions[:, frames // 2, root][:, None, None]
    # A point is a row: row @ rotation.T is rotation @ column. (sample, frame, joint, 3) @ (sample, 1, 3, 3).
    in_camera = (positions - aim) @ cameras.rotation.mT[:, None] + cameras.root[:, None, None]
    if frames > 1:  # a single pose has no frames to be padded with, and stands where the camera aims
        xy, depth = in_camera[:, :, root, :2], in_camera[:, :, root, 2:]  # (sample, frame, 2) and (sample, frame, 1)
        # |f x / z| <= size / 2, times z: a person behind the camera (z < 0) is out of the image, too.
        in_image = (xy * camera.focal[:, None]).abs() <= camera.image_size[:, None] / 2 * depth
        in_sight = in_image.all(dim=2) & (in_camera[..., 2] > NEAREST_M).all(dim=2)
        taken = around_centre(in_sight)  # (sample, frame)
        in_camera = in_camera[torch.arange(len(taken))[:, None], taken]  # of each sample its own frames
    pixels = project(in_camera, camera.focal[:, None, None], camera.centre[:, None, None])
    return Samples(keypoints_px=pixels, positions=in_camera, intrinsics=camera)


def render_frames(
    positions: Float[Tensor, "frame joint 3"],
    index: FrameIndex,
    cameras: DrawnCameras,
    skeleton: Skeleton,
    frames: int = 1,
) -> Samples:
    """Render chosen frames of whole clips, each with the frames around it.

    Args:
        positions: World metres of whole clips.
        index: Which of the frames the samples are.
        cameras: One a sample.
        skeleton: Names the root joint.
        frames: Of each window: the receptive field of the network that will look at it.

    Returns:
        Windows of pixels; of the positions the middle frame alone, because that is what is measured.
    """
    parts = []
    for start in range(0, len(index), _CHUNK):
        some = slice(start, start + _CHUNK)
        windows = cut_windows(index[some], frames, "centre")
        rendered = render(positions[windows.rows], cameras[some], skeleton)
        parts.append(replace(rendered, positions=middle_frame(rendered.positions)))
    return Samples.concatenate(parts)


def draw_cameras(count: int, config: VirtualCameraConfig, generator: torch.Generator) -> DrawnCameras:
    """Draw cameras from the config's ranges."""
    sizes = torch.tensor(IMAGE_SIZES, dtype=torch.float32)
    size = sizes[torch.randint(len(sizes), (count,), generator=generator)]  # (camera, 2)
    # tan(angle / 2) = (longer side / 2) / focal; pixels are square, so fx = fy.
    angle = torch.deg2rad(uniform((count,), config.field_of_view_degrees, generator))
    focal = size.amax(dim=1) / 2 / torch.tan(angle / 2)
    intrinsics = Intrinsics(focal=focal[:, None].expand(-1, 2), centre=size / 2, image_size=size)
    rotation = _draw_rotations(count, config, generator)
    root = _draw_root_positions(intrinsics, config, generator)
    return DrawnCameras(intrinsics=intrinsics, rotation=rotation, root=root)


def mistake_focal(camera: Intrinsics[Tensor], largest: float, generator: torch.Generator) -> Intrinsics[Tensor]:
    """Make half of the focal lengths wrong by a factor of up to ``largest``, as those of unknown cameras are."""
    if largest == 1:
        return camera
    draw = torch.rand(len(camera.focal), 2, generator=generator)  # whether it is wrong, and by how much
    # Evenly on a logarithmic scale: half the focal length is as likely as twice.
    factor = torch.where(draw[:, 0] < 0.5, (math.log(largest) * (2 * draw[:, 1] - 1)).exp(), 1.0)
    return replace(camera, focal=camera.focal * factor[:, None])


def _draw_rotations(count: int, config: VirtualCameraConfig, generator: torch.Generator) -> Float[Tensor, "sample 3 3"]:
    """World to camera: any yaw, pitch and roll from the config. Rows: right, down, forward."""
    yaw = uniform((count,), (0.0, 360.0), generator).deg2rad()
    pitch = uniform((count,), config.pitch_degrees, generator).deg2rad()
    roll = uniform((count,), config.roll_degrees, generator).deg2rad()
    level = torch.zeros(count)
    # The camera looks along yaw, tilted down by pitch; right is level and at right angles to it, world z being up:
    # forward x up. Right, down, forward is right-handed, so down is forward x right.
    right = torch.stack([yaw.sin(), -yaw.cos(), level], dim=-1)
    forward = torch.stack([pitch.cos() * yaw.cos(), pitch.cos() * yaw.sin(), -pitch.sin()], dim=-1)
    down = torch.linalg.cross(forward, right)
    # Roll turns right and down about the optical axis.
    cos, sin = roll.cos()[:, None], roll.sin()[:, None]
    return torch.stack([cos * right + sin * down, cos * down - sin * right, forward], dim=1)


def _draw_root_positions(
    intrinsics: Intrinsics[Tensor], config: VirtualCameraConfig, generator: torch.Generator
) -> Float[Tensor, "sample 3"]:
    """Put the root at a random place of the image and a random distance; metres in camera axes.

    The offset is cut at 70 % of each half side: the middle of the body stays well inside the image.
    """
    count = len(intrinsics.focal)
    angle = uniform((count,), (0.0, 360.0), generator).deg2rad()
    # Evenly in distance from the centre, not in area: people are filmed near the middle.
    share = uniform((count,), config.off_centre, generator) * intrinsics.image_size.amax(dim=1) / 2
    offset = torch.stack([angle.cos(), angle.sin()], dim=-1) * share[:, None]
    limit = 0.35 * intrinsics.image_size  # (sample, 2): 70 % of half the width, of half the height
    ray = torch.cat([offset.clamp(-limit, limit) / intrinsics.focal, torch.ones(count, 1)], dim=-1)
    # Along the ray, not along the optical axis: off centre the depth is less than the distance.
    distance = uniform((count,), config.distance_m, generator)
    return torch.nn.functional.normalize(ray, dim=-1) * distance[:, None]

"""A pinhole camera with Human3.6M's lens model: intrinsics, distortion, where it stands, projection.

Camera axes: x right, y down, z away from the camera. Pixels: (0, 0) is the upper left corner. The
functions work on NumPy arrays and on tensors, for one camera and for one camera a sample.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
from jaxtyping import Float
from typing_extensions import TypeVar

from ampose.errors import InputError

Points = TypeVar("Points", bound=Any)
Array = TypeVar("Array", bound=Any, default=np.ndarray)

DEFAULT_FIELD_OF_VIEW = 60.0
"""Degrees across the longer side of the image, assumed when nothing is known about the camera.

Phones film at about 65 degrees, MPI-INF-3DHP's outdoor camera at 59, its studio cameras at 68,
Human3.6M's at 47.
"""


@dataclass(frozen=True, kw_only=True)
class Intrinsics(Generic[Array]):
    """Focal length, principal point and image size, in pixels, of one camera or of one a sample.

    ``Intrinsics`` alone are NumPy arrays, ``Intrinsics[Tensor]`` tensors.

    Args:
        focal: (..., 2) fx, fy.
        centre: (..., 2) cx, cy.
        image_size: (..., 2) width, height.
    """

    focal: Array
    centre: Array
    image_size: Array

    def __getitem__(self, rows: Any) -> "Intrinsics[Array]":
        """Return the cameras of some samples, where there is one a sample."""
        return self.map(lambda field: field[rows])

    def map(self, function: Callable[[Array], Any]) -> "Intrinsics[Any]":
        """Return the cameras with each field put through a function: another device, type or shape."""
        return Intrinsics(
            focal=function(self.focal), centre=function(self.centre), image_size=function(self.image_size)
        )

    def check_images(self, image_size: tuple[int, int]) -> None:
        """Raise InputError for images of another size than the camera's: their pixels are not the camera's pixels."""
        width, height = (int(side) for side in self.image_size)
        if (width, height) != tuple(image_size):
            expected = " x ".join(map(str, image_size))
            raise InputError(
                f"intrinsics are of an image of {width} x {height}, keypoints of one of {expected}; scale focal and "
                "centre"
            )

    @staticmethod
    def from_field_of_view(image_size: tuple[int, int], degrees: float = DEFAULT_FIELD_OF_VIEW) -> "Intrinsics":
        """Return a camera that sees ``degrees`` across its longer side, with the centre in the middle.

        Raises:
            InputError: The size is not positive, or the angle is not between 1 and 179 degrees.
        """
        width, height = image_size
        if width <= 0 or height <= 0:
            raise InputError(f"image_size must be positive (width, height), got {image_size}")
        check_field_of_view(degrees)
        focal = max(width, height) / 2 / math.tan(math.radians(degrees) / 2)
        return Intrinsics(
            focal=np.array([focal, focal], dtype=np.float32),
            centre=np.array([width / 2, height / 2], dtype=np.float32),
            image_size=np.array([width, height], dtype=np.float32),
        )


def check_field_of_view(degrees: float) -> None:
    """Raise InputError if no camera has this field of view."""
    if not 1 <= degrees <= 179:
        raise InputError(f"field of view must be between 1 and 179 degrees, got {degrees:g}", field="field_of_view")


def field_of_view(image_size: tuple[int, int], focal: float) -> float:
    """Return how many degrees a camera of this focal length, in pixels, sees across its longer side.

    Example:
        >>> round(field_of_view((1000, 800), float(Intrinsics.from_field_of_view((1000, 800), 50.0).focal[0])), 3)
        50.0
    """
    return math.degrees(2 * math.atan(max(image_size) / 2 / focal))


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A calibrated camera in the world.

    Args:
        intrinsics: Focal length, centre, image size.
        rotation: (3, 3), world to camera: ``camera = rotation @ (world - position)``.
        position: (3,) camera centre in world metres.
        distortion: k1, k2, k3, p1, p2 of ``distort``; None for a perfect lens.
    """

    intrinsics: Intrinsics
    rotation: Float[np.ndarray, "3 3"]
    position: Float[np.ndarray, " 3"]
    distortion: tuple[float, float, float, float, float] | None = None

    def to_camera(self, world: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """World metres to camera metres."""
        return (world - self.position) @ self.rotation.T

    def project(self, points: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 2"]:
        """Camera metres to pixels, lens distortion included."""
        return project(points, self.intrinsics.focal, self.intrinsics.centre, self.distortion)


def project(
    points: Points, focal: Any, centre: Any, distortion: tuple[float, float, float, float, float] | None = None
) -> Points:
    """Project camera-space points to pixels.

    Args:
        points: (..., 3) metres in front of the camera.
        focal: Broadcasts against (..., 2), pixels.
        centre: Broadcasts against (..., 2), pixels.
        distortion: See ``distort``.
    """
    xy = points[..., :2] / points[..., 2:3]
    if distortion is not None:
        xy = distort(xy, distortion)
    return xy * focal + centre


def back_project(keypoints_px: Points, depth: Any, focal: Any, centre: Any) -> Points:
    """Return the xy of camera-space points that are seen at these pixels at this depth.

    Args:
        keypoints_px: (..., 2) pixels of a camera without distortion.
        depth: (..., 1) metres along the optical axis.
        focal: Broadcasts against (..., 2), pixels.
        centre: Broadcasts against (..., 2), pixels.
    """
    return (keypoints_px - centre) / focal * depth


def distort(xy: Points, distortion: tuple[float, float, float, float, float]) -> Points:
    """Apply Human3.6M's lens model to points at depth 1.

    Radial k1, k2, k3 as in OpenCV; the tangential terms p1, p2 lack OpenCV's factor 2 on the cross and
    square terms. That is how the published Human3.6M 2D ground truth was made, so it is kept.
    Points are clipped to [-1, 1] first, where the polynomial still means something.
    """
    k1, k2, k3, p1, p2 = distortion
    xy = xy.clip(-1, 1)
    x, y = xy[..., 0:1], xy[..., 1:2]
    r2 = x * x + y * y
    scale = 1 + r2 * (k1 + r2 * (k2 + r2 * k3)) + p1 * x + p2 * y
    distorted = xy * scale
    distorted[..., 0:1] += p1 * r2
    distorted[..., 1:2] += p2 * r2
    return distorted

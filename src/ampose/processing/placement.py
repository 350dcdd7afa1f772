"""Where in front of the camera a person stands: absolute position from one camera.

A lifted pose has its root at the origin. In each frame, the root's place is the one from which the pose, seen through
the camera, falls on the keypoints. Distance and size go together: a person twice as large and twice as far away gives
the same image. So the person's height sets the scale, or else the size that the lifter gave.
"""

import logging
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from ampose.errors import InputError
from ampose.poses.camera import Intrinsics
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.reference_frame import CAMERA_ABSOLUTE
from ampose.poses.skeletons import find_mapping
from ampose.processing.bone_lengths import clip_lengths, constant_bone_lengths

STATURE_PARTS = {"thigh": 0.245, "shank": 0.246, "trunk": 0.288}
"""Lengths by a person's height: Drillis and Contini 1966, as in Winter, Biomechanics and Motor Control of Human
Movement, 2009, figure 4.1. The trunk is the line from between the hips to between the shoulders."""

_LOG = logging.getLogger(__name__)
_LEAST_JOINTS = 3
_STEPS = 12
_TUNING = 1.345 * 1.4826
"""Huber's constant for 95 % efficiency, times what makes a median absolute residual a standard deviation."""

_LEAST_PX = 0.1
"""Residuals below this are never taken for outliers: rounding is no error."""


def place(pose: Pose3D, keypoints: Pose2D, intrinsics: Intrinsics, *, height_m: float | None = None) -> Pose3D:
    """Move a lifted pose to where the camera sees it.

    Each frame starts from the linear least squares solution, weighted by confidence, and takes a few Gauss-Newton
    steps on the distance in pixels with Huber's weights, so that single wrong joints do not pull the person away.
    In a clip, bones keep one length (their median): else the lifter's breathing would become steps to and fro.

    Args:
        pose: Root-relative, camera axes; what ``Lifter.lift`` returns.
        keypoints: What it was lifted from.
        intrinsics: The camera. A wrong focal length makes the distance wrong by the same factor.
        height_m: How tall the person is. None: the lifter's size stands, that of who it was trained on.

    Returns:
        Metres from the camera. A frame with fewer than three joints, or whose best place lies behind the camera,
        is missing.

    Raises:
        InputError: The two poses have different numbers of frames, the camera is of another image, the height is
            not positive, or the legs and the trunk that would set the scale are in no frame.

    Example:
        >>> import ampose
        >>> from ampose.poses.skeletons import get_skeleton
        >>> body = get_skeleton("human36m_17")
        >>> standing = np.random.default_rng(0).uniform(300, 700, (1, 17, 2))
        >>> seen = Pose2D.from_array(standing, skeleton=body, image_size=(1000, 1000))
        >>> camera = Intrinsics.from_field_of_view((1000, 1000))
        >>> bool(place(ampose.lift(seen), seen, camera).positions[0, 0, 2] > 1)
        True
    """
    if len(pose) != len(keypoints):
        raise InputError(f"keypoints must have the pose's {len(pose)} frames, got {len(keypoints)}")
    intrinsics.check_images(keypoints.image_size)
    # Distance follows from size: bones that breathe by a percent would move somebody at 5 m to and fro by 5 cm.
    clip = pose if pose.seconds is None else constant_bone_lengths(pose, symmetric=False)
    factor = 1.0 if height_m is None else height_scale(clip, height_m)
    mapping = find_mapping(keypoints.skeleton, pose.skeleton)
    points, body = mapping.map_points(keypoints.keypoints.astype(np.float64)), clip.positions.astype(float) * factor
    weights = np.clip(mapping.map_confidence(keypoints.confidence.astype(np.float64)), 0, 1)
    shift = root_places(body, points, weights, intrinsics)
    lost = np.isnan(shift).any(axis=1) & ~pose.missing
    if lost.any():
        _LOG.warning("%d of %d frames could not be placed and are left out", lost.sum(), len(pose))
    error = clip.expected_error
    scale = "as the lifter gave it" if height_m is None else f"from a height of {height_m:g} m"
    facts = {"placement": "least reprojection error", "focal_px": f"{intrinsics.focal[0]:.1f}", "scale": scale}
    return replace(
        clip,
        positions=(body + shift[:, None]).astype(pose.positions.dtype),
        confidence=np.where(lost[:, None], 0, clip.confidence).astype(clip.confidence.dtype),
        expected_error=None if error is None else np.where(lost[:, None], np.nan, error * factor).astype(error.dtype),
        frame_of_reference=CAMERA_ABSOLUTE,
        focal_px=float(intrinsics.focal[0]),
        provenance={**clip.provenance, **facts},
    )


def check_height(height_m: float) -> None:
    """Refuse what is no person's height in metres; raises InputError."""
    if not 0.3 <= height_m <= 3:
        raise InputError(
            f"height must be between 0.3 and 3 metres, got {height_m:g}; 1.80 is a metre and 80", field="height"
        )


def height_scale(pose: Pose3D, height_m: float) -> float:
    """Return the factor that makes a pose's legs and trunk those of a person of this height.

    Of the three parts of ``STATURE_PARTS``, the median length over the clip counts, left and right together. People's
    own proportions vary by a few percent, and the result with them.

    Raises:
        InputError: The height is not between 0.3 and 3 m, or no frame has a thigh, a shank and a trunk.
    """
    check_height(height_m)
    lengths, skeleton = clip_lengths(pose), pose.skeleton
    joints = ("left_knee", "left_ankle", "left_hip", "right_hip", "left_shoulder", "right_shoulder")
    thigh, shank, *corners = (skeleton.index(joint) for joint in joints)
    middles = [pose.positions[:, corners[at : at + 2]].mean(axis=1) for at in (0, 2)]
    trunks = np.linalg.norm(middles[1] - middles[0], axis=1)
    trunk = float(np.median(trunks[np.isfinite(trunks)])) if np.isfinite(trunks).any() else 0.0
    parts = (float(lengths[thigh]), float(lengths[shank]), trunk)
    if min(parts) <= 0:
        raise InputError("height needs thigh, shank and trunk in some frame to set the scale, got none; leave it out")
    return height_m * sum(STATURE_PARTS.values()) / sum(parts)


def root_places(
    body: Float[np.ndarray, "frame joint 3"],
    points_px: Float[np.ndarray, "frame joint 2"],
    weights: Float[np.ndarray, "frame joint"],
    intrinsics: Intrinsics,
) -> Float[np.ndarray, "frame 3"]:
    """Return the shift of each frame's body under which it projects nearest to the points; NaN where there is none.

    Args:
        body: Metres, camera axes; NaN for joints that are missing.
        points_px: Pixels; NaN for joints that are missing.
        weights: 0 to 1.
        intrinsics: Of one camera without distortion.
    """
    focal, centre = np.asarray(intrinsics.focal, dtype=float), np.asarray(intrinsics.centre, dtype=float)
    usable = np.isfinite(body).all(axis=2) & np.isfinite(points_px).all(axis=2) & (weights > 0)  # (frame, joint)
    # What cannot be used gets weight 0 and numbers that do no harm, so that all frames are solved at once.
    weights, rays = np.where(usable, weights, 0.0), np.where(usable[..., None], (points_px - centre) / focal, 0.0)
    body = np.where(usable[..., None], body, 0.0)
    enough = usable.sum(axis=1) >= _LEAST_JOINTS
    shift = _linear_shift(body, rays, weights)
    enough &= shift[:, 2] > 0
    shift[~enough] = (0.0, 0.0, 100.0)  # any place in front of the camera: the result is thrown away
    for _ in range(_STEPS):
        shift = _improved_shift(body, rays, weights, shift, focal)
    behind = (np.where(usable, body[..., 2], np.inf).min(axis=1) + shift[:, 2]) <= 0
    shift[~enough | behind | ~np.isfinite(shift).all(axis=1)] = np.nan
    return shift


def _linear_shift(
    body: Float[np.ndarray, "frame joint 3"],
    rays: Float[np.ndarray, "frame joint 2"],
    weights: Float[np.ndarray, "frame joint"],
) -> Float[np.ndarray, "frame 3"]:
    """Solve X + tx = u (Z + tz), Y + ty = v (Z + tz) for all joints at once: linear in the shift (tx, ty, tz).

    It minimises distances in metres, not pixels, and a wrong joint pulls as hard as any: good enough to start from.
    """
    rows = np.zeros((*rays.shape, 3))  # (frame, joint, xy, shift): two equations for each joint
    rows[..., 0, 0] = rows[..., 1, 1] = 1
    rows[..., 2] = -rays
    right = rays * body[..., 2:] - body[..., :2]
    return _solve(rows, right, np.broadcast_to(weights[..., None], rays.shape))


def _improved_shift(
    body: Float[np.ndarray, "frame joint 3"],
    rays: Float[np.ndarray, "frame joint 2"],
    weights: Float[np.ndarray, "frame joint"],
    shift: Float[np.ndarray, "frame 3"],
    focal: Float[np.ndarray, "2"],
) -> Float[np.ndarray, "frame 3"]:
    """Take one Gauss-Newton step on the distances in pixels, weighted by Huber's function."""
    points = body + shift[:, None]
    depth = np.maximum(points[..., 2:], 0.05)  # a joint at the camera would be infinitely far off in the image
    projected = points[..., :2] / depth
    residual = (rays - projected) * focal
    # The derivative of (fx X/Z, fy Y/Z) by the shift: (fx/Z, 0, -fx X/Z^2) and (0, fy/Z, -fy Y/Z^2).
    rows = np.zeros((*rays.shape, 3))
    rows[..., 0, 0], rows[..., 1, 1] = (focal[axis] / depth[..., 0] for axis in (0, 1))
    rows[..., 2] = -projected * focal / depth
    trust = weights * _huber(np.linalg.norm(residual, axis=-1), weights > 0)
    step = _solve(rows, residual, np.broadcast_to(trust[..., None], rays.shape))
    # Far from the answer the depth of a linear step may leap behind the camera: at most halve or double the distance.
    step[:, 2] = np.clip(step[:, 2], -0.5 * shift[:, 2], shift[:, 2])
    return shift + step


def _huber(
    error: Float[np.ndarray, "frame joint"], used: Bool[np.ndarray, "frame joint"]
) -> Float[np.ndarray, "frame joint"]:
    """Return 1 for errors up to a frame's usual one, falling as 1/error beyond: outliers pull with constant force."""
    with np.errstate(invalid="ignore"):
        # The median of the used joints estimates the spread; a frame without any takes all, to stay a number.
        middle = np.nanmedian(np.where(used | ~used.any(axis=1, keepdims=True), error, np.nan), axis=1, keepdims=True)
    limit = np.maximum(_TUNING * middle, _LEAST_PX)
    return limit / np.maximum(error, limit)


def _solve(
    rows: Float[np.ndarray, "frame joint 2 3"],
    right: Float[np.ndarray, "frame joint 2"],
    weights: Float[np.ndarray, "frame joint 2"],
) -> Float[np.ndarray, "frame 3"]:
    """Solve the weighted normal equations of each frame; a frame without any gets a solution of no meaning."""
    normal = np.einsum("fjax,fja,fjay->fxy", rows, weights, rows)  # sum over joints and image axes
    moment = np.einsum("fjax,fja,fja->fx", rows, weights, right)
    # A hair of damping: a frame without joints has a matrix of zeros, and would stop all others.
    damping = 1e-9 * np.trace(normal, axis1=1, axis2=2)[:, None, None] + 1e-12
    return np.linalg.solve(normal + damping * np.eye(3), moment[..., None])[..., 0]

"""Level axes and the floor: from how a camera is tilted, or from where a walking person's feet come to rest.

A camera does not know where up is. Either somebody states it (``camera_tilt``), or the person shows it: while a foot
carries weight it rests, and the places where feet rested lie on the floor.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import scipy  # scipy.spatial loads when it is first used
from jaxtyping import Float

from ampose.errors import InputError
from ampose.poses.pose import Pose3D
from ampose.poses.reference_frame import CAMERA_ABSOLUTE, ON_FLOOR
from ampose.poses.skeletons.joint_sides import stem_of
from ampose.processing.smoothing import unbroken_runs

ANKLE_HEIGHT_M = 0.07
"""Of the ankle joint above the sole: 0.039 of a person's height (Drillis and Contini 1966, see ``placement``)."""

_FEET = ("ankle", "foot", "toe", "heel", "foot_index", "big_toe", "small_toe")
_RESTING_M_S = 0.4
"""A foot slower than this may rest; a swinging one moves at several metres a second."""

_NEAR_M = 0.04
"""How far from the floor a resting foot may be: about what placed ankles err by."""

_TRIES = 300
"""Planes that are tried. If half of the contacts are right, three of them are in one try of eight."""

_LEAST_CONTACTS = 8
_LEAST_WIDTH_M = 0.15
"""What the contacts must spread across the line that they lie along: less does not say how the floor is tilted."""

_STEEP_DEGREES = 60.0
"""A plane tilted by more than this against the image is a wall."""

_LEAN_DEGREES = 25.0
"""Who walks about holds the trunk upright, on average over a clip: by more than this from it the plane is no floor."""


@dataclass(frozen=True, kw_only=True)
class Floor:
    """A plane in camera axes: ``up . point = -height`` for points on the floor.

    Args:
        up: Unit vector away from the floor.
        height: Of the camera above the floor, in metres.
        contacts: From how many resting feet it was found; 0 if the tilt was stated.
    """

    up: Float[np.ndarray, "3"]
    height: float
    contacts: int = 0

    @property
    def camera_tilt(self) -> float:
        """How far the camera looks down, in degrees; negative when it looks up."""
        return math.degrees(math.asin(float(np.clip(-self.up[2], -1, 1))))

    @property
    def camera_roll(self) -> float:
        """How far the image is turned clockwise from upright, in degrees."""
        return math.degrees(math.atan2(float(self.up[0]), float(-self.up[1])))


def check_tilt(camera_tilt: float) -> None:
    """Refuse what is no angle of a camera.

    Raises:
        InputError: It is not between -90 and 90 degrees.
    """
    if not -90 <= camera_tilt <= 90:
        raise InputError(f"camera tilt must be between -90 and 90 degrees, got {camera_tilt:g}", field="camera_tilt")


def level_rotation(camera_tilt: float) -> Float[np.ndarray, "3 3"]:
    """Return the rotation from camera axes to level ones; it multiplies columns.

    Args:
        camera_tilt: How far the camera looks down, in degrees; negative when it looks up.

    Example:
        >>> (level_rotation(90.0) @ [0.0, 0.0, 1.0]).round(6).tolist()
        [0.0, 1.0, 0.0]
    """
    # About x, which points right: down (y) turns away from the camera (z) where it looks down.
    return np.asarray(scipy.spatial.transform.Rotation.from_rotvec([-math.radians(camera_tilt), 0.0, 0.0]).as_matrix())


def upright(pose: Pose3D, camera_tilt: float | None = None) -> Pose3D:
    """Turn a pose from camera axes to level ones; one that is level already, as on a floor, stays as it is.

    Args:
        pose: In camera axes.
        camera_tilt: How far the camera looks down, in degrees; negative when it looks up. None: the pose's own
            (``pose.camera_tilt``); without one it stays as it is.

    Raises:
        InputError: The tilt is not between -90 and 90 degrees.
    """
    tilt = pose.camera_tilt if camera_tilt is None else camera_tilt
    if tilt is None:
        return pose
    check_tilt(tilt)
    if pose.frame_of_reference.level:
        return pose
    turn = level_rotation(tilt).astype(np.float32)
    # Rows of positions are multiplied from the right: (frame, joint, xyz) @ (xyz, level xyz).
    return replace(
        pose,
        positions=pose.positions @ turn.T,
        frame_of_reference=replace(pose.frame_of_reference, level=True),
        camera_tilt=tilt,
    )


def standing(positions: Float[np.ndarray, "*frame joint 3"]) -> Float[np.ndarray, "*frame joint 3"]:
    """Lower or lift each frame so that its lowest joint is at height 0; joints may be missing."""
    y = positions[..., 1]  # points down: the lowest joint has the largest y
    lowest = np.where(np.isfinite(y), y, -np.inf).max(axis=-1)
    shift = np.zeros((*lowest.shape, 1, 3), dtype=positions.dtype)
    shift[..., 0, 1] = np.where(np.isfinite(lowest), lowest, 0.0)
    return np.asarray(positions - shift)


def floor_from_tilt(pose: Pose3D, camera_tilt: float) -> Floor:
    """Return the floor of a placed pose when the camera's tilt is known and it is not rolled.

    Its height is that of the lowest resting feet: the tenth percentile from below, as single frames err.

    Raises:
        InputError: The pose is not placed, the tilt is not between -89 and 89 degrees, or no foot is ever seen.
    """
    if not -89 <= camera_tilt <= 89:
        raise InputError(f"camera tilt must be between -89 and 89 degrees, got {camera_tilt:g}")
    up = level_rotation(camera_tilt).T @ np.array([0.0, -1.0, 0.0])  # back from level axes to the camera's
    soles = _soles(pose, up, resting=False)
    if not len(soles):
        raise InputError("the floor needs a foot or an ankle in some frame, got none; leave the floor out")
    return Floor(up=up, height=-float(np.percentile(soles @ up, 10)))


def find_floor(pose: Pose3D) -> Floor:
    """Return the plane on which a walking person's feet rest (RANSAC: Fischler and Bolles 1981).

    Args:
        pose: Placed in front of the camera, over time; smooth it first.

    Raises:
        InputError: The pose is not placed or has no times, the feet rest in too few places (on a line, any tilt
            fits), or the body leans on what was found.
    """
    if pose.seconds is None:
        raise InputError("the floor is found from motion, got single images; give the camera's tilt")
    ankles = _soles(pose, np.zeros(3), resting=True)
    if len(ankles) < _LEAST_CONTACTS:
        raise InputError(
            f"the floor must be touched in {_LEAST_CONTACTS} frames at least, got {len(ankles)}; give the camera's tilt"
        )
    best = _consensus(ankles, np.random.default_rng(0))
    middle = ankles[best].mean(axis=0)
    # Principal axes of the contacts: along the walk, across it, and (the least spread) the floor's normal.
    spreads, axes = np.linalg.svd(ankles[best] - middle, full_matrices=False)[1:]
    across = spreads[1] / math.sqrt(best.sum())  # a standard deviation, in metres
    if across < _LEAST_WIDTH_M / 2:
        raise InputError(
            f"feet must rest in places that span a floor, got a strip {2 * across:.2f} m wide; give the camera's tilt"
        )
    normal = axes[2] * (1.0 if axes[2][1] < 0 else -1.0)  # of its two directions the one that points up in the image
    steep = math.degrees(math.acos(float(np.clip(-normal[1], -1, 1))))
    if steep > _STEEP_DEGREES:
        raise InputError(f"the floor must be below the camera, got one tilted by {steep:.0f} degrees; give the tilt")
    lean = _lean(pose, normal)
    if lean > _LEAN_DEGREES:
        raise InputError(
            f"feet must rest in places that span a floor, got some on which the body leans by {lean:.0f} degrees; "
            "give the camera's tilt"
        )
    ankle = _ankle_height(pose)
    return Floor(up=normal, height=-float(middle @ normal) + ankle, contacts=int(best.sum()))


def _lean(pose: Pose3D, up: Float[np.ndarray, "3"]) -> float:
    """Return how far the trunk leans from a direction, in degrees, over the clip; 0 if no trunk is visible."""
    joints = pose.skeleton.joints
    if not {"left_hip", "right_hip", "left_shoulder", "right_shoulder"} <= set(joints):
        return 0.0
    hips, shoulders = (
        np.mean([pose.positions[:, joints.index(f"{side}_{part}")] for side in ("left", "right")], axis=0)
        for part in ("hip", "shoulder")
    )
    trunk = (shoulders - hips).astype(np.float64)  # (frame, xyz)
    trunk = trunk[np.isfinite(trunk).all(axis=1)]
    # The mean of directions, not of angles: leaning to and fro cancels out.
    mean = (trunk / np.linalg.norm(trunk, axis=1, keepdims=True).clip(1e-9)).sum(axis=0)
    size = float(np.linalg.norm(mean))
    return math.degrees(math.acos(float(np.clip(mean @ up / size, -1, 1)))) if size > 0 else 0.0


def on_floor(pose: Pose3D, floor: Floor) -> Pose3D:
    """Turn a placed pose into level camera axes with the floor at height 0 and the origin below the camera.

    Args:
        pose: Placed, camera axes.
        floor: What ``find_floor`` or ``floor_from_tilt`` returns.

    Raises:
        InputError: The pose is not placed.

    Example:
        >>> from ampose.poses.skeletons import Skeleton
        >>> foot = Skeleton("foot", {"left_heel": None})
        >>> pose = Pose3D(positions=np.array([[[0.5, 1.5, 4.0]]]), confidence=np.ones((1, 1)), skeleton=foot,
        ...     frame_of_reference=CAMERA_ABSOLUTE)
        >>> on_floor(pose, floor_from_tilt(pose, 0.0)).positions.round(6).tolist()
        [[[0.5, 0.0, 4.0]]]
    """
    _check_placed(pose)
    # What is down becomes y, and the camera's heading stays along z: z without its part along the vertical.
    down = -floor.up
    away = np.array([0.0, 0.0, 1.0]) - down[2] * down
    away /= np.linalg.norm(away)
    level = np.stack([np.cross(down, away), down, away])  # its rows are the level axes, written in the camera's
    raised = pose.positions.astype(np.float64) @ level.T - np.array([0.0, floor.height, 0.0])
    how = f"feet at rest in {floor.contacts} places" if floor.contacts else "the stated tilt and the lowest feet"
    return replace(
        pose,
        positions=raised.astype(pose.positions.dtype),
        frame_of_reference=ON_FLOOR,
        provenance={
            **pose.provenance,
            "floor": f"from {how}: the camera is {floor.height:.2f} m above it and looks down by "
            f"{floor.camera_tilt:.1f} degrees" + (f", rolled by {floor.camera_roll:.1f}" if floor.contacts else ""),
        },
    )


def _consensus(points: Float[np.ndarray, "contact 3"], rng: np.random.Generator) -> np.ndarray:
    """Return the points near the plane that most of them are near."""
    best, largest = np.ones(len(points), dtype=bool), 0.0  # all of them, should every try be degenerate
    for _ in range(_TRIES):
        a, b, c = points[rng.choice(len(points), 3, replace=False)]
        normal = np.cross(b - a, c - a)
        size = np.linalg.norm(normal)
        if size < 1e-6:  # three contacts on a line
            continue
        off = np.abs((points - a) @ normal / size)
        score = float(np.clip(1 - (off / _NEAR_M) ** 2, 0, None).sum())  # MSAC: nearer points count for more
        if score > largest:
            best, largest = off < _NEAR_M, score
    return best


def _feet(pose: Pose3D) -> list[int]:
    names = [joint for joint in pose.skeleton.joints if stem_of(joint) in _FEET]
    below = [name for name in names if not name.endswith("ankle")]  # toes and heels touch the floor themselves
    return [pose.skeleton.index(name) for name in below or names]


def _ankle_height(pose: Pose3D) -> float:
    """Return how far above the floor a resting foot's joint is: where the skeleton has feet, they are at the floor."""
    return ANKLE_HEIGHT_M if all(pose.skeleton.joints[at].endswith("ankle") for at in _feet(pose)) else 0.0


def _soles(pose: Pose3D, up: Float[np.ndarray, "3"], *, resting: bool) -> Float[np.ndarray, "contact 3"]:
    """Return where the feet are, lowered by what the ankle stands above the floor along ``up``."""
    _check_placed(pose)
    pose = pose.without_inferred()  # a guess is no floor
    places = [np.zeros((0, 3))]
    for foot in _feet(pose):
        points = pose.positions[:, foot].astype(np.float64)  # (frame, xyz)
        usable = np.asarray(np.isfinite(points).all(axis=1))
        if resting and pose.seconds is not None:
            speed = np.full(len(points), np.inf)
            for run in unbroken_runs(usable, pose.seconds):
                if run.stop - run.start > 2:  # a gradient needs neighbours
                    speed[run] = np.linalg.norm(np.gradient(points[run], pose.seconds[run], axis=0), axis=1)
            usable = speed < _RESTING_M_S
        places.append(points[usable])
    return np.concatenate(places) - _ankle_height(pose) * up


def _check_placed(pose: Pose3D) -> None:
    if pose.frame_of_reference != CAMERA_ABSOLUTE:
        raise InputError(
            f"the floor needs a pose with its origin at the camera, got {pose.frame_of_reference}; place it first"
        )

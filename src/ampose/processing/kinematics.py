"""From joint positions to joint rotations on bones of constant length, and back.

Axes: x to the body's left at rest, y up, z to the front. At rest a body stands in T-pose and no joint is turned.

A bone's direction says two of its three angles. The third, the twist about itself, is what other joints show: the line
from right to left where a joint has children on both sides (pelvis, chest), the side to which the next joint is bent
(thigh, upper arm), and otherwise the shortest turn from the parent. It is measured against a frame that moves with the
bone and never twists by itself, averaged over time by how well it is defined, and kept from leaping: a straight limb,
whose twist nothing shows, keeps that of the moments before and after.

A joint turns all its children alike. Where there are several, all but one hang on a *pivot*, a joint in the same place
that turns that child alone; so the rotations give back every direction.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton
from ampose.poses.skeletons.joint_sides import stem_of

PIVOT = "_pivot"
"""The end of a pivot's name; before it stands the child's."""

_X, _Y, _Z = np.eye(3)
_REST = {  # of a bone by the name of its end; the rest point up, or to their side
    **dict.fromkeys(("knee", "ankle"), -_Y),
    **dict.fromkeys(("foot_index", "big_toe", "small_toe"), _Z),
    "heel": -_Z,
}
_STEP = np.radians(15.0)
"""The twist's largest change between two frames beside what the bones' directions ask for."""

_PRIOR = 0.05  # weight of the shortest turn from the parent beside what the bend of a joint shows
_MEMORY_S = 0.2  # over which the twist is averaged


@dataclass(frozen=True)
class Rig:
    """Joints with pivots, where they are at rest.

    Args:
        names: Joints and pivots, each after its parent, the root first.
        parents: Number of each one's parent; -1 for the root.
        offsets: Metres from the parent at rest.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Float[np.ndarray, "joint 3"]

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Numbers of each joint's children."""
        return tuple(
            tuple(at for at, parent in enumerate(self.parents) if parent == number) for number in range(len(self.names))
        )


@dataclass(frozen=True)
class Motion:
    """A rig over time.

    Args:
        rig: The joints.
        rotations: Of each joint against its parent, as matrices that multiply columns.
        root: Metres, where the root is.
    """

    rig: Rig
    rotations: Float[np.ndarray, "frame joint 3 3"]
    root: Float[np.ndarray, "frame 3"]

    @cached_property
    def positions(self) -> Float[np.ndarray, "frame joint 3"]:
        """Where the rig's joints are, in metres (forward kinematics)."""
        turned, places = np.empty_like(self.rotations), np.empty((*self.rotations.shape[:2], 3))
        for number, parent in enumerate(self.rig.parents):
            if parent < 0:
                turned[:, number], places[:, number] = self.rotations[:, number], self.root
                continue
            turned[:, number] = turned[:, parent] @ self.rotations[:, number]
            places[:, number] = places[:, parent] + turned[:, parent] @ self.rig.offsets[number]
        return places


def solve(positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton, fps: float) -> Motion:
    """Return the motion whose joints have the directions of these positions and each bone's median length.

    A missing joint (NaN) keeps its last place beside its parent, or its first one if there was none before.

    Args:
        positions: Metres, y up.
        skeleton: Of the positions.
        fps: Frames per second.

    Raises:
        InputError: A joint is missing in all frames.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> leg = Skeleton("leg", {"hip": None, "knee": "hip", "ankle": "knee"})
        >>> bent = np.array([[[0, 1.0, 0], [0, 0.6, 0], [0, 0.6, -0.4]]])
        >>> solve(bent, leg, fps=30.0).positions.round(6).tolist() == bent.tolist()
        True
    """
    root, directions, lengths = _bones(positions.astype(np.float64), skeleton)
    frames = _Frames(skeleton, directions, fps).all()
    return _rigged(skeleton, frames, directions, lengths, root)


def constant_length_positions(
    positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton
) -> Float[np.ndarray, "frame joint 3"]:
    """Return positions with the same directions, in which each bone has its median length; gaps are held as in solve.

    Example:
        >>> arm = Skeleton("arm", {"elbow": None, "wrist": "elbow"})
        >>> ends = np.array([[[0, 0, 0], [0, 1.0, 0]], [[0, 0, 0], [0, 1.0, 0]], [[0, 0, 0], [4.0, 0, 0]]])
        >>> constant_length_positions(ends, arm)[2].tolist()
        [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    root, directions, lengths = _bones(positions.astype(np.float64), skeleton)
    places = np.empty_like(directions)
    for joint in skeleton.topological_order:
        parent = skeleton.parent_indices[joint]
        places[:, joint] = root if joint == parent else places[:, parent] + directions[:, joint] * lengths[joint]
    return places


def median_lengths(positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton) -> Float[np.ndarray, " joint"]:
    """Return each joint's median distance from its parent; 0 for the root, and where the two were never seen together.

    Example:
        >>> arm = Skeleton("arm", {"elbow": None, "wrist": "elbow"})
        >>> median_lengths(np.array([[[0, 0, 0], [0, 2.0, 0]], [[np.nan] * 3, [0, 2.0, 0]]]), arm).tolist()
        [0.0, 2.0]
    """
    distances = np.linalg.norm(positions - positions[:, skeleton.parent_indices], axis=2)
    seen = [of[np.isfinite(of)] for of in distances.T]
    return np.array([np.median(of) if len(of) else 0.0 for of in seen])


def rest_direction(skeleton: Skeleton, joint: str) -> Float[np.ndarray, "3"]:
    """Return where the bone that ends in a joint points in T-pose.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> rest_direction(get_skeleton("human36m_17"), "left_wrist").tolist()
        [1.0, 0.0, 0.0]
    """
    side, stem = skeleton.side_of(joint), stem_of(joint)
    if stem == "hip" and "shoulder" in (skeleton.parents[joint] or ""):
        return -_Y
    return _REST.get(stem, {"left": _X, "right": -_X, "middle": _Y}[side]).copy()


def _bones(
    positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton
) -> tuple[Float[np.ndarray, "frame 3"], Float[np.ndarray, "frame joint 3"], Float[np.ndarray, " joint"]]:
    """Return the root's place, and each joint's direction and median distance from its parent, without gaps."""
    never = np.isnan(positions).any(axis=2).all(axis=0)
    if never.all():
        raise InputError("poses must have somebody in at least one frame, got nobody; there is nothing to turn")
    if never.any():
        names = ", ".join(joint for joint, gone in zip(skeleton.joints, never, strict=True) if gone)
        raise InputError(f"joints must be there in one frame at least to be turned, got none with {names}")
    vectors = positions - positions[:, skeleton.parent_indices]
    distances = np.linalg.norm(vectors, axis=2)
    lengths, directions = median_lengths(positions, skeleton), np.empty_like(vectors)
    for number, joint in enumerate(skeleton.joints):
        points = distances[:, number] > 1e-9  # False for NaN too
        unit = vectors[:, number] / np.where(points, distances[:, number], 1.0)[:, None]
        directions[:, number] = _held(unit, points, rest_direction(skeleton, joint))
    root = positions[:, skeleton.root_index]
    return _held(root, np.isfinite(root).all(axis=1), np.zeros(3)), directions, lengths


def _held(
    values: Float[np.ndarray, "frame 3"], there: np.ndarray, otherwise: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "frame 3"]:
    """Fill gaps with the last value before them, those at the start with the first."""
    if not there.any():
        return np.tile(otherwise, (len(values), 1))
    last = np.maximum.accumulate(np.where(there, np.arange(len(values)), -1))
    return values[np.where(last < 0, there.argmax(), last)]


class _Frames:
    """Global rotations of all joints."""

    def __init__(self, skeleton: Skeleton, directions: Float[np.ndarray, "frame joint 3"], fps: float) -> None:
        self.skeleton, self.directions, self.fps = skeleton, directions, fps
        self.children = [
            [at for at, parent in enumerate(skeleton.parent_indices) if parent == number != at]
            for number in range(skeleton.num_joints)
        ]
        self.rest = np.stack([rest_direction(skeleton, joint) for joint in skeleton.joints])

    def all(self) -> Float[np.ndarray, "frame joint 3 3"]:
        """Return every joint's rotation from rest; a joint without children turns with its parent."""
        found = np.tile(np.eye(3), (*self.directions.shape[:2], 1, 1))
        for joint in self.skeleton.topological_order:
            parent = found[:, self.skeleton.parent_indices[joint]]
            found[:, joint] = self._frame(joint, parent) if self.children[joint] else parent
        return found

    def _frame(self, joint: int, parent: Float[np.ndarray, "frame 3 3"]) -> Float[np.ndarray, "frame 3 3"]:
        main = main_child(self.skeleton, self.children[joint])
        rest, direction = self.rest[main], self.directions[:, main]
        carried = _transported(rest, direction)
        start, arc = parent @ rest, shortest_arc(parent @ rest, direction) @ parent
        # The nearer to a half turn, the less the shortest arc means.
        votes = _PRIOR * (1 + (start * direction).sum(axis=1)) / 2 * self._twist(carried, arc, rest)
        votes = votes + self._shown(joint, main, carried)
        twist = _calm(_averaged(votes, _MEMORY_S * self.fps))
        return carried @ _about(rest, twist)

    def _twist(self, carried: np.ndarray, target: np.ndarray, rest: np.ndarray) -> np.ndarray:
        """Return the angle about the bone between two frames, as a complex number of size 1."""
        across = _perpendicular(rest)
        return _angle(carried, rest, across, target @ across)

    def _shown(self, joint: int, main: int, carried: np.ndarray) -> np.ndarray:
        """Return the twist that other joints show, as a complex number: the larger, the better defined."""
        rest = self.rest[main]
        if len(self.children[joint]) > 1:
            signs = {"left": 1.0, "right": -1.0, "middle": 0.0}
            weights = np.array([signs[self.skeleton.side_of(self.skeleton.joints[at])] for at in self.children[joint]])
            if abs(weights).sum() < 2 or abs(weights.sum()) > 1:
                return np.zeros(len(carried), dtype=complex)
            towards = np.einsum("c,fcx->fx", weights, self.directions[:, self.children[joint]]) / 2
            return _angle(carried, rest, _X, towards)
        if not self.children[main] or self.skeleton.side_of(self.skeleton.joints[joint]) == "middle":
            return np.zeros(len(carried), dtype=complex)
        below = self.directions[:, main_child(self.skeleton, self.children[main])]
        forward = -_Z if "knee" in self.skeleton.joints[main] else _Z
        shown = _angle(carried, rest, forward, below)
        return shown * abs(shown)


def main_child(skeleton: Skeleton, children: list[int]) -> int:
    """Return the child along which a joint points: the one in the body's middle, or else the first.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> body = get_skeleton("human36m_17")
        >>> body.joints[main_child(body, [body.index("right_hip"), body.index("spine")])]
        'spine'
    """
    middle = [at for at in children if skeleton.side_of(skeleton.joints[at]) == "middle"]
    return (middle or children)[0]


def shortest_arc(
    start: Float[np.ndarray, "*batch 3"], end: Float[np.ndarray, "*batch 3"]
) -> Float[np.ndarray, "*batch 3 3"]:
    """Return the rotation by the smallest angle between unit vectors (Rodrigues); for a half turn, about some axis.

    Example:
        >>> (shortest_arc(np.array([1.0, 0, 0]), np.array([0, 1.0, 0])) @ [1.0, 0, 0]).tolist()
        [0.0, 1.0, 0.0]
    """
    cosine = (start * end).sum(axis=-1)[..., None, None]
    cross = _cross_matrix(np.cross(start, end))
    turned = np.eye(3) + cross + cross @ cross / np.maximum(1 + cosine, 1e-9)
    axis = _perpendicular(start)
    half = 2 * axis[..., :, None] * axis[..., None, :] - np.eye(3)
    rotation: np.ndarray = np.where(cosine < -1 + 1e-9, half, turned)
    return rotation


def _cross_matrix(v: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    x, y, z = v[..., 0], v[..., 1], v[..., 2]
    none = np.zeros_like(x)
    return np.stack([none, -z, y, z, none, -x, -y, x, none], axis=-1).reshape(*v.shape, 3)


def _perpendicular(v: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
    """Return a unit vector at right angles."""
    other = np.eye(3)[np.abs(v).argmin(axis=-1)]
    across = np.cross(v, other)
    unit: np.ndarray = across / np.linalg.norm(across, axis=-1, keepdims=True)
    return unit


def _transported(
    rest: Float[np.ndarray, "3"], direction: Float[np.ndarray, "frame 3"]
) -> Float[np.ndarray, "frame 3 3"]:
    """Return frames that follow a direction over time and never twist about it."""
    frames = np.empty((len(direction), 3, 3))
    frames[0] = shortest_arc(rest, direction[0])
    for at, step in enumerate(shortest_arc(direction[:-1], direction[1:]), start=1):
        frames[at] = step @ frames[at - 1]
    left, _, right = np.linalg.svd(frames)  # against rounding, which adds up over long clips
    orthonormal: np.ndarray = left @ right
    return orthonormal


def _angle(carried: np.ndarray, rest: np.ndarray, across: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """Return by how much to twist the frames so that ``across`` points as ``towards``, seen along the bone."""
    across = across - rest * (across @ rest)
    if np.linalg.norm(across) < 0.1:
        return np.zeros(len(carried), dtype=complex)
    across = across / np.linalg.norm(across)
    third = np.cross(rest, across)
    local = np.einsum("fji,fj->fi", carried, towards)
    complex_angle: np.ndarray = local @ across + 1j * (local @ third)
    return complex_angle


def _averaged(votes: np.ndarray, frames: float) -> np.ndarray:
    """Average over time, with weights that fall exponentially on both sides; returns angles."""
    keep = np.exp(-1 / max(frames, 1e-3))
    forward, backward = votes.copy(), votes.copy()
    for at in range(1, len(votes)):
        forward[at] += keep * forward[at - 1]
        backward[-1 - at] += keep * backward[-at]
    angles: np.ndarray = np.angle(forward + backward - votes)
    return angles


def _calm(angles: np.ndarray) -> np.ndarray:
    """Follow the angles, by the shorter way round and by no more than a step a frame."""
    calm = angles.copy()
    for at in range(1, len(angles)):
        change = np.angle(np.exp(1j * (angles[at] - calm[at - 1])))
        calm[at] = calm[at - 1] + np.clip(change, -_STEP, _STEP)
    return calm


def _about(axis: Float[np.ndarray, "3"], angles: Float[np.ndarray, " frame"]) -> Float[np.ndarray, "frame 3 3"]:
    cross, angle = _cross_matrix(axis), angles[:, None, None]
    rotation: np.ndarray = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return rotation


def _rigged(
    skeleton: Skeleton, frames: np.ndarray, directions: np.ndarray, lengths: np.ndarray, root: np.ndarray
) -> Motion:
    """Add the pivots, and turn global rotations into those against the parent."""
    names: list[str] = []
    parents: list[int] = []
    offsets: list[np.ndarray] = []
    turned: list[np.ndarray] = []

    def add(name: str, parent: int, offset: np.ndarray, rotation: np.ndarray) -> int:
        names.append(name)
        parents.append(parent)
        offsets.append(offset)
        turned.append(rotation)
        return len(names) - 1

    def descend(joint: int, parent: int) -> None:
        name = skeleton.joints[joint]
        offset = rest_direction(skeleton, name) * lengths[joint] if parent >= 0 else np.zeros(3)
        here = add(name, parent, offset, frames[:, joint])
        children = [at for at, other in enumerate(skeleton.parent_indices) if other == joint != at]
        for child in children:
            hangs_on = here
            if child != main_child(skeleton, children):
                start = frames[:, joint] @ rest_direction(skeleton, skeleton.joints[child])
                swing = shortest_arc(start, directions[:, child]) @ frames[:, joint]
                hangs_on = add(skeleton.joints[child] + PIVOT, here, np.zeros(3), swing)
            descend(child, hangs_on)

    descend(skeleton.root_index, -1)
    rotations = np.stack(
        [
            own if parent < 0 else turned[parent].swapaxes(1, 2) @ own
            for own, parent in zip(turned, parents, strict=True)
        ],
        axis=1,
    )
    return Motion(Rig(tuple(names), tuple(parents), np.stack(offsets)), rotations, root)

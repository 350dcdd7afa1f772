"""From joint positions to joint rotations on bones of constant length, and back.

Axes: x to the body's left at rest, y up, z to the front. At rest a body stands in T-pose and no joint is turned. That
goes by our names of joints; bones with other names point up at rest, or to their side, and are turned from there.

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
from jaxtyping import Bool, Complex, Float

from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton
from ampose.poses.skeletons.joint_sides import stem_of

PIVOT = "_pivot"
"""The end of a pivot's name; before it stands the child's."""

_X, _Y, _Z = np.eye(3)
_REST = {  # where a bone points in T-pose, by the name of its end; those not named here point up, or to their side
    **dict.fromkeys(("knee", "ankle"), -_Y),
    **dict.fromkeys(("foot", "toe", "foot_index", "big_toe", "small_toe"), _Z),
    "heel": -_Z,
}
_FASTEST_TWIST = np.radians(450.0)
"""The largest change in a second of a limb's twist beside what the bones' directions ask for: at 30 frames a second a
twelfth of the half turn that a detector's mistake asks for. An arm that throws twists faster, and lags."""

_FASTEST_HEADING = np.radians(1440.0)
"""The same where the line from right to left shows the twist: that of an upright pelvis or chest is the heading of the
body. Four turns a second: faster than dancers and gymnasts spin."""

_BENDS = {"knee": -_Z, "elbow": _Z}
"""To which side a hinge bends the bone beyond it, which is straight at rest: a shank backward, a forearm forward."""

_PRIOR = 0.05
"""Weight of the shortest turn from the parent beside what the bend of a joint shows: it decides only where the limb is
bent by less than about 13 degrees (whose squared sine is the same)."""

_MEMORY_S = 0.2
"""Over which a limb's twist is averaged: a few frames of video, less than a gesture takes."""

_HEADING_MEMORY_S = 0.05
"""The same of pelvis and chest, whose line is long and seldom noisy: one frame with left and right swapped is outvoted,
and a body that spins twice a second lags by 4 degrees (with 0.2 s by 24)."""


@dataclass(frozen=True)
class Rig:
    """Joints with pivots, where they are at rest.

    Args:
        names: Joints and pivots, each after its parent, the root first.
        parents: Index of each one's parent; -1 for the root.
        offsets: Metres from the parent at rest.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Float[np.ndarray, "joint 3"]

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Indices of each joint's children."""
        children: list[list[int]] = [[] for _ in self.names]
        for at, parent in enumerate(self.parents):
            if parent >= 0:
                children[parent].append(at)
        return tuple(map(tuple, children))


@dataclass(frozen=True)
class RiggedMotion:
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
        turned = np.empty_like(self.rotations)  # (frame, joint, 3, 3): in the axes of the world
        places = np.empty((*self.rotations.shape[:2], 3))
        for number, parent in enumerate(self.rig.parents):
            if parent < 0:
                turned[:, number], places[:, number] = self.rotations[:, number], self.root
                continue
            turned[:, number] = turned[:, parent] @ self.rotations[:, number]  # the joint's own turn first
            places[:, number] = places[:, parent] + turned[:, parent] @ self.rig.offsets[number]  # (frame, 3)
        return places


def solve(positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton, fps: float) -> RiggedMotion:
    """Return the motion whose joints have the directions of these positions and each bone's median length.

    A missing joint (NaN) keeps its last direction from its parent, in the axes of the world, or its first one if there
    was none before.

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
    root, directions, lengths = bone_directions(positions.astype(np.float64), skeleton)
    turned = _bone_frames(skeleton, directions, fps)
    return _rigged(skeleton, turned, directions, lengths, root)


def median_lengths(positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton) -> Float[np.ndarray, " joint"]:
    """Return each joint's median distance from its parent; 0 for the root, and where the two were never seen together.

    Example:
        >>> arm = Skeleton("arm", {"elbow": None, "wrist": "elbow"})
        >>> median_lengths(np.array([[[0, 0, 0], [0, 2.0, 0]], [[np.nan] * 3, [0, 2.0, 0]]]), arm).tolist()
        [0.0, 2.0]
    """
    distances = np.linalg.norm(positions - positions[:, skeleton.parent_indices], axis=2)  # (frame, joint)
    # Not nanmedian: it warns of a joint that was never found.
    known = [of[np.isfinite(of)] for of in distances.T]
    return np.array([np.median(of) if len(of) else 0.0 for of in known])


def rest_direction(skeleton: Skeleton, joint: str) -> Float[np.ndarray, "3"]:
    """Return where the bone that ends in a joint points in T-pose.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> rest_direction(get_skeleton("human36m_17"), "left_wrist").tolist()
        [1.0, 0.0, 0.0]
    """
    side, stem = skeleton.side_of(joint), stem_of(joint)
    if stem == "hip" and any(part in (skeleton.parents[joint] or "") for part in ("shoulder", "neck")):
        return -_Y  # no spine: hips hang on shoulders or neck
    return _REST.get(stem, {"left": _X, "right": -_X, "middle": _Y}[side]).copy()  # the table is shared


def bone_directions(
    positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton
) -> tuple[Float[np.ndarray, "frame 3"], Float[np.ndarray, "frame joint 3"], Float[np.ndarray, " joint"]]:
    """Return the root's place, and each joint's direction and median distance from its parent, gaps held as in solve.

    Raises:
        InputError: A joint is missing in all frames.
    """
    never = np.isnan(positions).any(axis=2).all(axis=0)
    if never.all():
        raise InputError("poses must have somebody in at least one frame, got nobody; there is nothing to turn")
    if never.any():
        names = ", ".join(joint for joint, missing in zip(skeleton.joints, never, strict=True) if missing)
        raise InputError(f"joints must be there in one frame at least to be turned, got none with {names}")
    vectors = positions - positions[:, skeleton.parent_indices]  # 0 for the root, which is its own parent
    distances = np.linalg.norm(vectors, axis=2)  # (frame, joint)
    lengths, directions = median_lengths(positions, skeleton), np.empty_like(vectors)
    for number, joint in enumerate(skeleton.joints):
        has_direction = distances[:, number] > 1e-9  # False for NaN too
        unit = vectors[:, number] / np.where(has_direction, distances[:, number], 1.0)[:, None]
        directions[:, number] = _hold_gaps(unit, has_direction, rest_direction(skeleton, joint))
    root = positions[:, skeleton.root_index]
    return _hold_gaps(root, np.isfinite(root).all(axis=1), np.zeros(3)), directions, lengths


def _hold_gaps(
    values: Float[np.ndarray, "frame 3"], known: Bool[np.ndarray, " frame"], otherwise: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "frame 3"]:
    """Fill gaps with the last value before them, those at the start with the first."""
    if not known.any():
        return np.tile(otherwise, (len(values), 1))
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))  # number of the last known frame
    return values[np.where(last < 0, known.argmax(), last)]


def _bone_frames(
    skeleton: Skeleton, directions: Float[np.ndarray, "frame joint 3"], fps: float
) -> Float[np.ndarray, "frame joint 3 3"]:
    """Return every joint's rotation from rest, in the axes of the world; a joint without children turns as its parent.

    Args:
        skeleton: Of the directions.
        directions: Unit vectors of the bones that end in the joints.
        fps: Frames per second.
    """
    from scipy.spatial.transform import Rotation  # noqa: PLC0415  # loads when it is needed

    turned = np.tile(np.eye(3), (*directions.shape[:2], 1, 1))  # the root, its own parent, starts from unturned
    for joint in skeleton.topological_order:
        parent = turned[:, skeleton.parent_indices[joint]]  # (frame, 3, 3)
        children = _children(skeleton, joint)
        if not children:
            turned[:, joint] = parent
            continue
        main = main_child(skeleton, children)
        rest, direction = rest_direction(skeleton, skeleton.joints[main]), directions[:, main]
        # Follows the bone without twisting: any twist is then one angle about ``rest`` and leaves where it points.
        carried = _transported(rest, direction)
        votes = _votes_of_parent(carried, rest, direction, parent) + _votes_of_children(
            skeleton, joint, carried, directions
        )
        heading = _on_both_sides(skeleton, children)
        memory, fastest = (_HEADING_MEMORY_S, _FASTEST_HEADING) if heading else (_MEMORY_S, _FASTEST_TWIST)
        twist = _limited(_averaged(votes, memory * fps), fastest / fps)
        turned[:, joint] = carried @ Rotation.from_rotvec(twist[:, None] * rest).as_matrix()  # twisted, then pointed
    return turned


def _children(skeleton: Skeleton, joint: int) -> list[int]:
    found: list[int] = np.flatnonzero(skeleton.parent_indices == joint).tolist()
    return [at for at in found if at != joint]  # the root is its own parent


def _votes_of_parent(
    carried: Float[np.ndarray, "frame 3 3"],
    rest: Float[np.ndarray, "3"],
    direction: Float[np.ndarray, "frame 3"],
    parent: Float[np.ndarray, "frame 3 3"],
) -> Complex[np.ndarray, " frame"]:
    """Return the twist of the shortest turn from the parent: what a relaxed joint does, where nothing else shows it."""
    start = parent @ rest  # (frame, 3): where the bone would point if the joint were not turned
    relaxed = shortest_arc(start, direction) @ parent  # (frame, 3, 3)
    across = _perpendicular(rest)  # any will do: it is compared with itself, turned
    # Near a half turn the shortest turn may go either way round, so its word counts for nothing there.
    trust = _PRIOR * (1 + (start * direction).sum(axis=1)) / 2
    return trust * _twist_towards(carried, rest, across, relaxed @ across)


def _votes_of_children(
    skeleton: Skeleton,
    joint: int,
    carried: Float[np.ndarray, "frame 3 3"],
    directions: Float[np.ndarray, "frame joint 3"],
) -> Complex[np.ndarray, " frame"]:
    """Return the twist that the joints further out show; the larger the number, the better it is defined."""
    children = _children(skeleton, joint)
    main = main_child(skeleton, children)
    rest = rest_direction(skeleton, skeleton.joints[main])
    nothing = np.zeros(len(carried), dtype=complex)
    if _on_both_sides(skeleton, children):
        # Pelvis and chest: from the right child to the left one is x at rest. Summed over children: (frame, xyz).
        # Halved, as two opposite unit vectors add up to a length of 2.
        across_body = np.einsum("c,fcx->fx", _signs(skeleton, children), directions[:, children]) / 2
        return _twist_towards(carried, rest, _X, across_body)
    # One child, or all on one side, as elbow and hip on COCO's shoulder: the main child's limb shows the twist.
    grandchildren = _children(skeleton, main)
    if not grandchildren or skeleton.side_of(skeleton.joints[joint]) == "middle":  # a spine is no hinge
        return nothing
    outer = main_child(skeleton, grandchildren)
    bends_to = rest_direction(skeleton, skeleton.joints[outer])  # a foot points where its toes or heel do at rest
    if abs(bends_to @ rest) > 0.9:  # in line at rest: a hinge says to which side; a clavicle or a wrist is none
        hinge = stem_of(skeleton.joints[main])
        if hinge not in _BENDS:
            return nothing
        bends_to = _BENDS[hinge]
    bend = _twist_towards(carried, rest, bends_to, directions[:, outer])
    # Its size is the sine of the bend. Squared: a nearly straight limb points anywhere, by the noise of a few pixels.
    return bend * abs(bend)


def _signs(skeleton: Skeleton, children: list[int]) -> Float[np.ndarray, " child"]:
    of_side = {"left": 1.0, "right": -1.0, "middle": 0.0}
    return np.array([of_side[skeleton.side_of(skeleton.joints[at])] for at in children])


def _on_both_sides(skeleton: Skeleton, children: list[int]) -> bool:
    signs = _signs(skeleton, children)
    return bool(signs.min() < 0 < signs.max())


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
    """Return the rotation by the smallest angle between unit vectors; for a half turn, about some axis.

    Example:
        >>> (shortest_arc(np.array([1.0, 0, 0]), np.array([0, 1.0, 0])) @ [1.0, 0, 0]).round(6).tolist()
        [0.0, 1.0, 0.0]
    """
    from scipy.spatial.transform import Rotation  # noqa: PLC0415  # loads when it is needed

    start, end = np.broadcast_arrays(start, end)
    cosine = (start * end).sum(axis=-1, keepdims=True)
    # (sin a n, 1 + cos a) is the unit quaternion (sin a/2 n, cos a/2) times 2 cos a/2: no angle has to be computed.
    quaternion = np.concatenate([np.cross(start, end), 1 + cosine], axis=-1)  # xyzw; SciPy makes its length 1
    # At a half turn all four numbers vanish; any axis at right angles serves.
    half_turn = np.concatenate([_perpendicular(start), np.zeros_like(cosine)], axis=-1)
    quaternion = np.where(cosine < -1 + 1e-9, half_turn, quaternion)
    return Rotation.from_quat(quaternion.reshape(-1, 4)).as_matrix().reshape(*start.shape, 3)


def _perpendicular(v: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
    """Return a unit vector at right angles, from the axis that is farthest from being parallel."""
    other = np.eye(3)[np.abs(v).argmin(axis=-1)]  # (*batch, 3)
    across = np.cross(v, other)
    unit: np.ndarray = across / np.linalg.norm(across, axis=-1, keepdims=True)
    return unit


def _transported(
    rest: Float[np.ndarray, "3"], direction: Float[np.ndarray, "frame 3"]
) -> Float[np.ndarray, "frame 3 3"]:
    """Return frames that follow a direction over time and never twist about it (parallel transport)."""
    from scipy.spatial.transform import Rotation  # noqa: PLC0415  # loads when it is needed

    frames = np.empty((len(direction), 3, 3))
    frames[0] = shortest_arc(rest, direction[0])
    for at, step in enumerate(shortest_arc(direction[:-1], direction[1:]), start=1):
        frames[at] = step @ frames[at - 1]  # on the left: the step is in the axes of the world
    # Through quaternions and back: over long clips rounding adds up, and products are no rotations any more.
    return np.asarray(Rotation.from_matrix(frames).as_matrix())


def _twist_towards(
    carried: Float[np.ndarray, "frame 3 3"],
    rest: Float[np.ndarray, "3"],
    across: Float[np.ndarray, "3"],
    towards: Float[np.ndarray, "frame 3"],
) -> Complex[np.ndarray, " frame"]:
    """Return by how much to twist the frames about the bone so that ``across`` points as ``towards``.

    A complex number: its angle is the twist, its size the part of ``towards`` at right angles to the bone. So votes can
    be added up without minding where angles wrap around, and what points along the bone has no say.
    """
    across = across - rest * (across @ rest)
    if np.linalg.norm(across) < 0.1:  # within 6 degrees of the bone: shows no twist
        return np.zeros(len(carried), dtype=complex)
    across = across / np.linalg.norm(across)
    third = np.cross(rest, across)  # where a twist of 90 degrees takes ``across``
    local = np.einsum("fji,fj->fi", carried, towards)  # the transposed frame turns world axes into the bone's
    twist: np.ndarray = local @ across + 1j * (local @ third)
    return twist


def _averaged(votes: Complex[np.ndarray, " frame"], frames: float) -> Float[np.ndarray, " frame"]:
    """Average over time, with weights that fall exponentially on both sides; returns angles."""
    keep = np.exp(-1 / frames)  # a vote's weight a frame later; after ``frames`` of them it is 1/e
    # Two recursive filters, one each way, instead of a convolution: linear in time whatever the memory is.
    forward, backward = votes.copy(), votes.copy()
    for at in range(1, len(votes)):
        forward[at] += keep * forward[at - 1]
        backward[-1 - at] += keep * backward[-at]
    angles: np.ndarray = np.angle(forward + backward - votes)  # each frame's own vote is in both
    return angles


def _limited(angles: Float[np.ndarray, " frame"], step: float) -> Float[np.ndarray, " frame"]:
    """Follow the angles, by the shorter way round and by no more than ``step`` a frame: no limb flips over at once.

    Forward in time, from the first frame's angle, which is an average already: after a leap the twist lags behind until
    it has caught up.
    """
    limited = angles.copy()
    for at in range(1, len(angles)):
        change = np.angle(np.exp(1j * (angles[at] - limited[at - 1])))  # wrapped to half a turn either way
        limited[at] = limited[at - 1] + np.clip(change, -step, step)
    return limited


def _rigged(
    skeleton: Skeleton,
    turned: Float[np.ndarray, "frame joint 3 3"],
    directions: Float[np.ndarray, "frame joint 3"],
    lengths: Float[np.ndarray, " joint"],
    root: Float[np.ndarray, "frame 3"],
) -> RiggedMotion:
    """Add the pivots, and turn rotations in the axes of the world into those against the parent."""
    names: list[str] = []
    parents: list[int] = []
    offsets: list[np.ndarray] = []
    in_world: list[np.ndarray] = []  # (frame, 3, 3) each

    def add(name: str, parent: int, offset: np.ndarray, rotation: np.ndarray) -> int:
        names.append(name)
        parents.append(parent)
        offsets.append(offset)
        in_world.append(rotation)
        return len(names) - 1

    # Depth first, as BVH lists its joints: each comes after its parent. A stack, not recursion: a chain of joints may
    # be longer than Python nests calls.
    waiting: list[tuple[int, int, bool]] = [(skeleton.root_index, -1, True)]
    while waiting:
        joint, hangs_on, is_main = waiting.pop()
        name, children = skeleton.joints[joint], _children(skeleton, joint)
        if not is_main:
            # The joint points its main child; each other one is swung from where that leaves it to where it is.
            carrier = turned[:, skeleton.parent_indices[joint]]
            swing = shortest_arc(carrier @ rest_direction(skeleton, name), directions[:, joint]) @ carrier
            hangs_on = add(name + PIVOT, hangs_on, np.zeros(3), swing)
        offset = rest_direction(skeleton, name) * lengths[joint] if hangs_on >= 0 else np.zeros(3)
        here = add(name, hangs_on, offset, turned[:, joint])
        main = main_child(skeleton, children) if children else None
        waiting += [(child, here, child == main) for child in reversed(children)]
    against_parent = [
        # The parent's inverse is its transpose: parent^T @ own takes the parent's turn out of the joint's.
        own if parent < 0 else in_world[parent].swapaxes(1, 2) @ own
        for own, parent in zip(in_world, parents, strict=True)
    ]
    rig = Rig(tuple(names), tuple(parents), np.stack(offsets))
    return RiggedMotion(rig, np.stack(against_parent, axis=1), root)

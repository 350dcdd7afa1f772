"""Which points of a file are which joints of which skeleton: by their number, or by their names."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton, get_skeleton, list_skeletons

_BY_NUMBER = ("coco_17", "openpose_18", "body_25", "halpe_26", "blazepose_33")
_WHOLE_BODIES = {133: "coco_17", 136: "halpe_26"}
"""COCO-WholeBody and Halpe-136: their first points are those of a body; face and hands follow."""

_ENOUGH = 2 / 3
"""With fewer of a skeleton's joints than this, the skeleton is the wrong one."""

_SAME = {
    "mid_hip": "hip",
    "midhip": "hip",
    "pelvis": "hip",
    "hips": "hip",
    "root": "hip",
}
"""Names that other programs have for a joint that is called differently here."""


@dataclass(frozen=True)
class JointLayout:
    """Where the joints of a skeleton stand among the points of a file.

    Args:
        skeleton: Whose joints are wanted.
        columns: For each joint the number of its point; None for a joint that the file has not.
        num_points: How many points a person has in the file.
    """

    skeleton: Skeleton
    columns: Sequence[int | None]
    num_points: int

    def place(self, rows: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "joint 3"]:
        """Put a person's points (x, y, confidence) in the order of the joints; NaN for a joint that is not there.

        Raises:
            InputError: There are more or fewer points than those of the other people.
        """
        if rows.ndim != 2 or rows.shape[0] != self.num_points:
            raise InputError(f"every person must have {self.num_points} points, got one of shape {rows.shape}")
        placed = np.full((len(self.columns), rows.shape[1]), np.nan)
        here = [joint for joint, column in enumerate(self.columns) if column is not None]
        placed[here] = rows[[column for column in self.columns if column is not None]]
        return placed


def layout_by_number(num_points: int, skeleton: Skeleton | None = None) -> JointLayout:
    """Return the layout of so many points without names: the detectors' published orders.

    Args:
        num_points: How many points a person has.
        skeleton: What the user stated.

    Raises:
        InputError: The user's skeleton has another number of joints, or none was named and none is known.

    Example:
        >>> layout_by_number(26).skeleton.name
        'halpe_26'
    """
    whole = _WHOLE_BODIES.get(num_points)
    known = {get_skeleton(name).num_joints: name for name in _BY_NUMBER}
    if skeleton is None:
        if num_points not in known and whole is None:
            raise InputError(
                f"people must have {', '.join(map(str, known))}, {' or '.join(map(str, _WHOLE_BODIES))} points for the "
                f"skeleton to be known, got {num_points}; name it (skeleton)"
            )
        skeleton = get_skeleton(known[num_points] if whole is None else whole)
    if skeleton.num_joints != num_points and skeleton.name != whole:
        raise InputError(
            f"skeleton must have as many joints as a person has points in the file, {num_points}, got {skeleton.name} "
            f"with {skeleton.num_joints}; name another, or leave it out"
        )
    return JointLayout(skeleton, range(skeleton.num_joints), num_points)


def layout_by_names(names: Sequence[str], skeleton: Skeleton | None = None) -> JointLayout:
    """Return the layout of named points, however the names are written: "left_hip", "LHip", "hip.L", "Left Hip".

    Args:
        names: Of the points, in their order.
        skeleton: What the user stated: joints that the file has not are then missing. With as many joints as there are
            points, and none in another place, the points are those joints in order, whatever they are called.

    Raises:
        InputError: Names are the same, no known skeleton has all its joints among them, or too few of
            those of the user's.

    Example:
        >>> hips = Skeleton("hips", {"right_hip": None, "left_hip": "right_hip"})
        >>> layout_by_names(["LHip", "hip.R"], hips).columns
        [1, 0]
    """
    places = {plain_name(name): place for place, name in enumerate(names)}
    if len(places) < len(names):
        raise InputError(f"points must have a name each, got {', '.join(names)}")
    if skeleton is None:
        skeleton = _best(places.keys())
    columns = [places.get(plain_name(joint)) for joint in skeleton.joints]
    if skeleton.num_joints == len(names) and all(column in (None, place) for place, column in enumerate(columns)):
        return layout_by_number(len(names), skeleton)
    found = sum(column is not None for column in columns)
    if found < _ENOUGH * skeleton.num_joints:
        raise InputError(
            f"points must be named as joints of {skeleton.name}, got {found} of {skeleton.num_joints} among "
            f"{', '.join(names)}; rename them, or name another skeleton"
        )
    return JointLayout(skeleton, columns, len(names))


def plain_name(name: str) -> str:
    """Write a joint's name as it is written here.

    Example:
        >>> plain_name("LeftShoulder"), plain_name("ankle.R"), plain_name("r_wrist"), plain_name("MidHip")
        ('left_shoulder', 'right_ankle', 'right_wrist', 'hip')
    """
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=^[LR])(?=[A-Z][a-z])", "_", name.strip())
    words = [word for word in re.split(r"[\W_]+", split.lower()) if word]
    sides = {"l": "left", "r": "right", "left": "left", "right": "right"}
    side = next((sides[word] for word in words if word in sides), None)
    stem = "_".join(word for word in words if word not in sides)
    return f"{side}_{stem}" if side else _SAME.get(stem, stem)


def _best(names: Collection[str]) -> Skeleton:
    """Return the known skeleton with the most joints of which all are among the names."""
    skeletons = [get_skeleton(name) for name in list_skeletons()]
    lacking = {s: [joint for joint in s.joints if plain_name(joint) not in names] for s in skeletons}
    whole = [s for s in skeletons if not lacking[s]]
    if whole:
        return max(whole, key=lambda s: s.num_joints)
    nearest = min(skeletons, key=lambda s: len(lacking[s]) / s.num_joints)
    raise InputError(
        f"points must have the names of all joints of a known skeleton, got {', '.join(sorted(names))}; nearest is "
        f"{nearest.name}, without {', '.join(lacking[nearest])}: rename the points, or name the skeleton (skeleton) "
        "to leave these out"
    )

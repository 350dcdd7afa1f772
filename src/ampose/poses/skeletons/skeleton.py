"""A skeleton: named joints, their parents, which joints mirror each other, and the root.

Everything else that code wants to know about joints (flip order, hop distances, bones, adjacency) is
derived here, so that no other file holds a joint number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from ampose.errors import InputError

_LONGEST_NAME = 200


def _check_names(*names: object) -> None:
    """Refuse what is no text, and what a terminal obeys or ends the line of a table; raises InputError."""
    for name in names:
        if not (isinstance(name, str) and name.isprintable() and name.strip() and len(name) <= _LONGEST_NAME):
            raise InputError(f"names of a skeleton and its joints must be text of one line, got {name!r:.60}")


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Named joints in a tree. Two are equal if their names, joints in array order, parents and pairs are.

    Args:
        name: The name under which others refer to it, as in ``"human36m_17"``.
        parents: Joint name -> name of its parent, in the order of the arrays. The root has the parent
            ``None``; there is exactly one root and no cycle.
        pairs: (left, right) names of the joints that change places in a mirror image.

    Raises:
        InputError: The joints are no tree, or a pair names an unknown joint or the same joint twice.

    Example:
        >>> arm = Skeleton("arm", {"shoulder": None, "elbow": "shoulder", "wrist": "elbow"})
        >>> arm.num_joints, arm.root, arm.hops.tolist()
        (3, 'shoulder', [0, 1, 2])
    """

    name: str
    parents: Mapping[str, str | None]
    pairs: Sequence[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        _check_names(self.name, *self.parents)
        roots = [joint for joint, parent in self.parents.items() if parent is None]
        if len(roots) != 1:
            raise InputError(f"skeleton {self.name} must have exactly one root, got {roots or 'none'}")
        for joint, parent in self.parents.items():
            if parent is not None and parent not in self.parents:
                raise InputError(f"skeleton {self.name}: parent of {joint} must be a joint, got {parent!r}")
        rooted = set(roots)
        for start in self.parents:
            path: list[str] = []
            near: str | None = start
            while near is not None and near not in rooted:
                path.append(near)
                near = self.parents[near]
                if len(path) > len(self.parents):
                    raise InputError(f"skeleton {self.name} must be a tree, got a cycle through {start!r}")
            rooted.update(path)
        paired = [joint for pair in self.pairs for joint in pair]
        for joint in paired:
            if joint not in self.parents:
                raise InputError(f"skeleton {self.name}: a pair must name joints, got {joint!r}")
        if len(set(paired)) != len(paired):
            raise InputError(f"skeleton {self.name}: a joint must be in one pair at most, got {paired}")

    @cached_property
    def _identity(self) -> tuple[object, ...]:
        """What makes it itself: dictionaries are equal in any order, and the order of joints is what matters."""
        return self.name, tuple(self.parents.items()), tuple(map(tuple, self.pairs))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Skeleton) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @cached_property
    def joints(self) -> tuple[str, ...]:
        """Joint names in array order."""
        return tuple(self.parents)

    @property
    def num_joints(self) -> int:
        """How many joints there are."""
        return len(self.parents)

    @cached_property
    def root(self) -> str:
        """Name of the joint without a parent (the mid-hip of a whole body)."""
        return next(joint for joint, parent in self.parents.items() if parent is None)

    @property
    def root_index(self) -> int:
        """Array index of the root."""
        return self.index(self.root)

    def index(self, joint: str) -> int:
        """Return the array index of ``joint``; raises InputError if the skeleton has no such joint."""
        if joint not in self.parents:
            raise InputError(f"joint of {self.name} must be one of {', '.join(self.joints)}, got {joint!r}")
        return self.joints.index(joint)

    @cached_property
    def bones(self) -> tuple[tuple[str, str], ...]:
        """(parent, joint) of every joint but the root, in array order."""
        return tuple((parent, joint) for joint, parent in self.parents.items() if parent is not None)

    @cached_property
    def bone_indices(self) -> Int[np.ndarray, "bone 2"]:
        """Array indices of ``bones``."""
        return np.array([(self.index(a), self.index(b)) for a, b in self.bones], dtype=np.int64).reshape(-1, 2)

    @cached_property
    def parent_indices(self) -> Int[np.ndarray, " joint"]:
        """Array index of each joint's parent; the root is its own parent."""
        return np.array(
            [self.index(joint if parent is None else parent) for joint, parent in self.parents.items()],
            dtype=np.int64,
        )

    @cached_property
    def topological_order(self) -> tuple[int, ...]:
        """Array indices such that every joint comes after its parent, the root first."""
        return tuple(int(i) for i in np.argsort(self.hops, kind="stable"))

    @cached_property
    def flip_order(self) -> Int[np.ndarray, " joint"]:
        """``flipped = points[flip_order]`` exchanges left and right."""
        other = {a: b for pair in self.pairs for a, b in (pair, pair[::-1])}
        return np.array([self.index(other.get(joint, joint)) for joint in self.joints], dtype=np.int64)

    @cached_property
    def hops(self) -> Int[np.ndarray, " joint"]:
        """Number of bones between each joint and the root."""
        hops = np.zeros(self.num_joints, dtype=np.int64)
        at = np.arange(self.num_joints)  # where each joint is on its way to the root
        while (below := at != self.root_index).any():
            hops += below
            at = self.parent_indices[at]
        return hops

    @cached_property
    def adjacency(self) -> Bool[np.ndarray, "joint joint"]:
        """True where a bone joins two joints; symmetric, False on the diagonal."""
        joined = np.zeros((self.num_joints, self.num_joints), dtype=bool)
        for a, b in self.bone_indices:
            joined[a, b] = joined[b, a] = True
        return joined

    def side_of(self, joint: str) -> str:
        """Return ``"left"``, ``"right"`` or ``"middle"``."""
        for left, right in self.pairs:
            if joint in (left, right):
                return "left" if joint == left else "right"
        return "middle"

    def as_dict(self) -> dict[str, Any]:
        """Return plain data that ``from_dict`` takes, for JSON and TOML."""
        return {"name": self.name, "parents": dict(self.parents), "pairs": [list(pair) for pair in self.pairs]}

    @classmethod
    def from_dict(cls, data: Any) -> "Skeleton":
        """Make a skeleton from plain data, as read from JSON.

        Raises:
            InputError: It is no mapping, a key is missing or of a wrong type, or the joints are no tree.
        """
        refusal = f"skeleton must have name, parents and pairs, got {data!r:.80}"
        if not isinstance(data, Mapping) or not isinstance(data.get("parents"), Mapping):
            raise InputError(refusal)
        try:
            pairs = [(str(left), str(right)) for left, right in data.get("pairs", [])]
            return cls(str(data["name"]), dict(data["parents"]), pairs)
        except InputError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(refusal) from error

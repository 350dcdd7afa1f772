"""A user's own skeleton, declared in a TOML file: docs/my-own-skeleton.md describes it."""

import math
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ampose.errors import InputError, reading
from ampose.poses.skeletons.joint_sides import sides_of, stem_of
from ampose.poses.skeletons.mappings import SkeletonMapping
from ampose.poses.skeletons.skeleton import Skeleton

_KEYS = ("name", "joints", "root", "pairs", "parents", "mapping", "made_up")
_LARGEST_FILE = 1_000_000


def read_declaration(file: Path, known: Callable[[str], Skeleton]) -> tuple[Skeleton, list[SkeletonMapping]]:
    """Read a skeleton and its mappings to those of lifters from a TOML file.

    Args:
        file: What the user wrote.
        known: Returns the skeleton of a name, for the mappings' targets; raises InputError if there is none.

    Raises:
        InputError: The file cannot be read, or holds a mistake; the message names the file and the place.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"{file}: must be a file with a skeleton, got: {error.strerror}; check the path") from error
    if len(content) > _LARGEST_FILE:
        raise InputError(f"{file}: a skeleton must be a small TOML file, got more than 1 MB; name another file")
    with reading(file, "TOML in UTF-8", "correct it"):
        return _declaration(tomllib.loads(content.decode("utf-8-sig")), known)


def _declaration(data: dict[str, Any], known: Callable[[str], Skeleton]) -> tuple[Skeleton, list[SkeletonMapping]]:
    for key in data:
        if key not in _KEYS:
            raise InputError(f"keys must be among {', '.join(_KEYS)}, got {key!r}")
    skeleton = _skeleton(data)
    tables, made_up = _table(data, "mapping"), _table(data, "made_up")
    mappings = [_mapping(skeleton, known(name), table, made_up.get(name, [])) for name, table in tables.items()]
    for target in made_up:
        if target not in tables:
            raise InputError(f"made_up must name a skeleton of [mapping.<skeleton>], got {target!r}")
    return skeleton, mappings


def _skeleton(data: dict[str, Any]) -> Skeleton:
    name, joints, root = _text(data, "name"), _names(data.get("joints"), "joints"), _text(data, "root")
    if not joints:
        raise InputError("joints must list the names in the order of your arrays, got none")
    _check_joint(root, joints, "root")
    parents = _table(data, "parents")
    for joint, parent in parents.items():
        _check_joint(joint, joints, "[parents]")
        _check_joint(parent, joints, f"parents.{joint}")
    if root in parents:
        raise InputError(f"root must have no parent, got {root} = {parents[root]!r} in [parents]; take the line out")
    orphans = [joint for joint in joints if joint != root and joint not in parents]
    if orphans:
        raise InputError(f"[parents] must hold every joint but the root, got none of {', '.join(orphans)}")
    return Skeleton(name, {joint: parents.get(joint) for joint in joints}, _pairs(data.get("pairs", []), joints))


def _pairs(given: Any, joints: list[str]) -> tuple[tuple[str, str], ...]:
    """Return the given pairs, and those that the names show; every left_ needs its right_."""
    if not isinstance(given, list):
        raise InputError(f"pairs must be a list of [left, right], got {given!r:.60}")
    pairs = []
    for pair in given:
        names = _names(pair, "each of pairs")
        if len(names) != 2:
            raise InputError(f"each of pairs must be [left, right], got {pair!r:.60}")
        for joint in names:
            _check_joint(joint, joints, "pairs")
        left, right = names
        if left.startswith("right_") or right.startswith("left_"):
            raise InputError(f"each of pairs must be [left, right], got [{left}, {right}]; exchange them")
        pairs.append((left, right))
    paired = {joint for pair in pairs for joint in pair}
    for joint in joints:
        if joint in paired or stem_of(joint) == joint:
            continue
        both = sides_of(stem_of(joint))
        for partner in both:
            if partner not in joints or partner in paired:
                raise InputError(f"pairs must say which joint mirrors {joint}: there is no {partner} left to pair")
        pairs.append(both)
        paired |= set(both)
    return tuple(pairs)


def _mapping(source: Skeleton, target: Skeleton, table: Any, made_up: Any) -> SkeletonMapping:
    place = f"mapping.{target.name}"
    if not isinstance(table, Mapping):
        raise InputError(f"{place} must be a table, got {table!r:.60}")
    for joint in table:
        _check_joint(joint, target.joints, f"[{place}]")
    recipe = {joint: _weights(value, source, f"{place}.{joint}") for joint, value in table.items()}
    lost = [joint for joint in target.joints if joint not in recipe and joint not in source.parents]
    if lost:
        raise InputError(f"[{place}] must say what {', '.join(lost)} come from: {source.name} has no joints so named")
    invented = _names(made_up, f"made_up.{target.name}")
    for joint in invented:
        _check_joint(joint, target.joints, f"made_up.{target.name}")
    return SkeletonMapping(source, target, recipe, frozenset(invented))


def _weights(value: Any, source: Skeleton, place: str) -> dict[str, float]:
    """Return {joint: weight} of a joint's name, or of a table of weights."""
    if isinstance(value, str):
        value = {value: 1.0}
    if not isinstance(value, Mapping) or not value:
        raise InputError(f'{place} must be "a joint" or weights, {{a = 0.5, b = 0.5}}, got {value!r:.60}')
    for joint, weight in value.items():
        _check_joint(joint, source.joints, place)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
            raise InputError(f"{place}.{joint} must be a number, got {weight!r}")
    if not math.isclose(sum(value.values()), 1.0, abs_tol=1e-6):
        raise InputError(f"{place}: weights must sum to 1, got {sum(value.values()):g}")
    return {joint: float(weight) for joint, weight in value.items()}


def _check_joint(joint: Any, joints: "list[str] | tuple[str, ...]", place: str) -> None:
    if joint not in joints:
        raise InputError(f"{place} must name one of the joints {', '.join(joints)}, got {joint!r:.60}")


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f'{key} must be given, as in {key} = "...", got {value!r:.60}')
    return value


def _names(value: Any, place: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise InputError(f'{place} must be a list of names, as in ["a", "b"], got {value!r:.60}')
    twice = {name for name in value if value.count(name) > 1}
    if twice:
        raise InputError(f"{place} must name each joint once, got {', '.join(sorted(twice))} twice")
    return value


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise InputError(f"{key} must be a table, as in [{key}], got {value!r:.60}")
    return value

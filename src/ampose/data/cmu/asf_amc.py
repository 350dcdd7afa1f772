"""Acclaim's ASF (skeleton) and AMC (motion) files, and the positions that they stand for.

Format: "Acclaim ASF/AMC" of the University of Wisconsin's collection of motion-capture formats
(https://research.cs.wisc.edu/graphics/Courses/cs-838-1999/Jeff/ASF-AMC.html). A bone's rotation M is
given in the bone's own axes, which stand in the world, at rest, as its ``axis`` rotation C says:

    G = G_parent C M C^-1,    end = start + G (direction * length)

Rotations about several axes are applied in the order in which they are written: XYZ is Rz Ry Rx.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError

ROOT = "root"
_INCH_M = 0.0254
_TRANSLATIONS, _ROTATIONS = ("tx", "ty", "tz"), ("rx", "ry", "rz")
_IGNORED = frozenset({"id", "limits", "bodymass", "cofmass"})

Line = tuple[int, list[str]]
"""Line number in the file, and its words."""


@dataclass(frozen=True, kw_only=True)
class Bone:
    """One bone, or the root, whose direction is zero.

    Args:
        offset: From its start to its end at rest, world axes, the file's unit of length.
        axis: Rotation from the bone's own axes to the world's, at rest.
        channels: What its numbers in the AMC file are, in their order: rx, ry, rz; tx, ty, tz for the root.
    """

    offset: Float[np.ndarray, " 3"]
    axis: Float[np.ndarray, "3 3"]
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Armature:
    """What an ASF file says.

    Args:
        bones: By name; each comes after its parent, the root first.
        parents: Name of each bone's parent; the root has none.
        metres_per_unit: Metres in one unit of length: the file's ``length`` is in units per inch.
        radians_per_unit: Radians in one unit of angle.
    """

    bones: Mapping[str, Bone]
    parents: Mapping[str, str]
    metres_per_unit: float
    radians_per_unit: float


def read_asf(path: Path) -> Armature:
    """Read a skeleton.

    Raises:
        InputError: The file is missing or a line of it is broken; the message names both.
    """
    sections = _sections(path)
    for needed in ("units", "root", "bonedata", "hierarchy"):
        if needed not in sections:
            raise InputError(f"{path}: ASF file must have a section :{needed}, found {', '.join(sections) or 'none'}")
    units = _read_units(path, sections["units"])
    parents = _read_hierarchy(path, sections["hierarchy"])
    bones = {ROOT: _read_root(path, sections["root"], units["angle"])}
    bones |= _read_bones(path, sections["bonedata"], units["angle"])
    strangers = sorted(set(bones) ^ {ROOT, *parents})
    if strangers:
        raise InputError(f"{path}: bonedata and hierarchy must have the same bones, differs in {', '.join(strangers)}")
    return Armature(
        bones={name: bones[name] for name in (ROOT, *parents)},
        parents=parents,
        metres_per_unit=_INCH_M / units["length"],
        radians_per_unit=units["angle"],
    )


def read_amc(path: Path, armature: Armature) -> dict[str, Float[np.ndarray, "frame channel"]]:
    """Read a motion of a skeleton.

    Returns:
        For each bone that has channels, its numbers as the file has them (units of the ASF file).

    Raises:
        InputError: The file is missing, holds no frame, or a line of it is broken; the message names both.
    """
    lines = _read_text(path).splitlines()
    _check_angle_unit(path, lines, armature)
    words = " ".join(line for line in lines if line[:1] not in ("#", ":")).split()
    moving = {name: bone.channels for name, bone in armature.bones.items() if bone.channels}
    motion = _regular_motion(words, moving)
    if motion is None:
        _explain_amc(path, moving)
    return motion


def _check_angle_unit(path: Path, lines: Sequence[str], armature: Armature) -> None:
    stated = {line.strip().lower() for line in lines if line.startswith(":")}
    in_degrees = armature.radians_per_unit != 1
    wrong = ":radians" if in_degrees else ":degrees"
    if wrong in stated:
        raise InputError(f"{path}: angles must be in the unit of the skeleton's ASF file, found {wrong}")


def _regular_motion(
    words: Sequence[str], moving: Mapping[str, Sequence[str]]
) -> dict[str, Float[np.ndarray, "frame channel"]] | None:
    """Read frames that all look like the first one, whole columns at a time; None if they do not."""
    order = _bone_order(words, moving)
    width = 1 + sum(1 + len(moving[name]) for name in order)
    if not words or len(order) != len(moving) or len(words) % width:
        return None
    motion, column = {}, 1
    for name in order:
        first, column = column + 1, column + 1 + len(moving[name])
        if set(words[first - 1 :: width]) != {name}:
            return None
        try:
            values = np.array([words[k::width] for k in range(first, column)], dtype=np.float64).T
        except ValueError:
            return None
        if not np.isfinite(values).all():
            return None
        motion[name] = values
    return motion if all(map(str.isdigit, words[::width])) else None


def bone_ends(
    armature: Armature, motion: Mapping[str, Float[np.ndarray, "frame channel"]]
) -> dict[str, Float[np.ndarray, "frame 3"]]:
    """Return where each bone ends, and where the root is: metres, in the file's world axes.

    A bone starts where its parent ends.
    """
    turned = {ROOT: _local_rotation(armature, ROOT, motion)}
    moves = [armature.bones[ROOT].channels.index(channel) for channel in _TRANSLATIONS]
    ends = {ROOT: motion[ROOT][:, moves] + armature.bones[ROOT].offset}
    for name, parent in armature.parents.items():
        bone = armature.bones[name]
        turned[name] = turned[parent]
        if bone.channels:
            turned[name] = turned[parent] @ _local_rotation(armature, name, motion)
        ends[name] = ends[parent] + turned[name] @ bone.offset
    return {name: end * armature.metres_per_unit for name, end in ends.items()}


def _local_rotation(armature: Armature, name: str, motion: Mapping[str, np.ndarray]) -> Float[np.ndarray, "frame 3 3"]:
    """C M C^-1 of one bone: its rotation in world axes relative to its parent's."""
    bone = armature.bones[name]
    turns = [k for k, channel in enumerate(bone.channels) if channel in _ROTATIONS]
    angles = motion[name][:, turns] * armature.radians_per_unit
    own = rotations(angles, "".join(bone.channels[k][1] for k in turns))
    return bone.axis @ own @ bone.axis.T


def rotations(angles: Float[np.ndarray, "frame axis"], order: str) -> Float[np.ndarray, "frame 3 3"]:
    """Rotate about fixed axes, one after the other.

    Args:
        angles: Radians.
        order: The axes in the order in which they are applied, as in "xyz".

    Example:
        >>> quarter = np.pi / 2
        >>> turned = rotations(np.array([[quarter, 0, quarter]]), "xyz")[0] @ np.array([0, 1, 0])
        >>> abs(turned).round(6).tolist()  # y to z about x; z stays z about z
        [0.0, 0.0, 1.0]
    """
    total = np.broadcast_to(np.eye(3), (len(angles), 3, 3))
    for column, axis in enumerate(order):
        total = _rotation_about(axis, angles[:, column]) @ total
    return total


def _rotation_about(axis: str, angle: Float[np.ndarray, " frame"]) -> Float[np.ndarray, "frame 3 3"]:
    k = "xyz".index(axis)
    i, j = (k + 1) % 3, (k + 2) % 3
    matrix = np.zeros((len(angle), 3, 3))
    matrix[:, k, k] = 1
    matrix[:, i, i] = matrix[:, j, j] = np.cos(angle)
    matrix[:, j, i] = np.sin(angle)
    matrix[:, i, j] = -matrix[:, j, i]
    return matrix


def _fail(path: Path, line: Line, expected: str) -> NoReturn:
    number, words = line
    raise InputError(f"{path}, line {number}: expected {expected}, found {' '.join(words)[:60]!r}; get the file again")


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"{path}: file must be there, found none")
    return path.read_text(encoding="latin-1")  # headers hold file names in whatever encoding


def _lines(path: Path) -> list[Line]:
    """The lines that say something, without comments."""
    numbered = enumerate(_read_text(path).splitlines(), start=1)
    split = [(number, text.split("#", 1)[0].split()) for number, text in numbered]
    return [(number, words) for number, words in split if words]


def _sections(path: Path) -> dict[str, list[Line]]:
    sections: dict[str, list[Line]] = {}
    current: list[Line] = []
    for number, words in _lines(path):
        if words[0].startswith(":"):
            current = sections.setdefault(words[0][1:].lower(), [])
            words = words[1:]  # noqa: PLW2901
        if words:
            current.append((number, words))
    return sections


def _numbers(path: Path, line: Line, count: int, what: str) -> Float[np.ndarray, " number"]:
    """The ``count`` numbers after a line's keyword."""
    try:
        values = np.array([float(word) for word in line[1][1 : 1 + count]])
    except ValueError:
        values = np.empty(0)
    if len(values) != count or not np.isfinite(values).all():
        _fail(path, line, what)
    return values


def _read_units(path: Path, lines: Sequence[Line]) -> dict[str, float]:
    units = {"length": 1.0, "angle": math.radians(1)}
    for line in lines:
        key, *rest = line[1]
        if key == "angle":
            if rest not in (["deg"], ["rad"]):
                _fail(path, line, "angle deg or angle rad")
            units["angle"] = math.radians(1) if rest == ["deg"] else 1.0
        elif key == "length":
            units["length"] = float(_numbers(path, line, 1, "the number of length units in an inch")[0])
            if units["length"] <= 0:
                _fail(path, line, "a positive number of length units in an inch")
    return units


def _read_root(path: Path, lines: Sequence[Line], angle: float) -> Bone:
    found = {line[1][0]: line for line in lines}
    for key in ("order", "axis", "position", "orientation"):
        if key not in found:
            raise InputError(f"{path}: :root must have {key}, found {', '.join(found)}")
    channels = tuple(word.lower() for word in found["order"][1][1:])
    if sorted(channels) != sorted(_TRANSLATIONS + _ROTATIONS):
        _fail(path, found["order"], "order with TX TY TZ RX RY RZ, each once")
    turn = _numbers(path, found["orientation"], 3, "orientation with three angles") * angle
    return Bone(
        offset=_numbers(path, found["position"], 3, "position with three numbers"),
        axis=rotations(turn[None], _axis_order(path, found["axis"]))[0],
        channels=channels,
    )


def _axis_order(path: Path, line: Line) -> str:
    order = line[1][-1].lower()
    if sorted(order) != ["x", "y", "z"]:
        _fail(path, line, "axis with an order such as XYZ")
    return order


def _read_bones(path: Path, lines: Sequence[Line], angle: float) -> dict[str, Bone]:
    bones: dict[str, Bone] = {}
    block: dict[str, Line] | None = None
    for line in lines:
        key = line[1][0]
        if (key == "begin") != (block is None):
            _fail(path, line, "begin" if block is None else "a bone's data or end")
        if key == "begin":
            block = {}
        elif key == "end" and block is not None:
            name, bone = _read_bone(path, line, block, angle)
            if name in bones or name == ROOT:
                _fail(path, block["name"], "a name that no other bone has")
            bones[name] = bone
            block = None
        elif block is not None and not key.startswith("("):  # further limits
            if key not in _IGNORED | {"name", "direction", "length", "axis", "dof"}:
                _fail(path, line, "a bone's id, name, direction, length, axis, dof or limits")
            block[key] = line
    if block is not None:
        _fail(path, lines[-1], "end of the last bone")
    return bones


def _read_bone(path: Path, end: Line, block: Mapping[str, Line], angle: float) -> tuple[str, Bone]:
    for key in ("name", "direction", "length", "axis"):
        if key not in block:
            _fail(path, end, f"the bone's {key} before its end")
    if len(block["name"][1]) != 2:
        _fail(path, block["name"], "name with one word")
    channels = tuple(word.lower() for word in block["dof"][1][1:]) if "dof" in block else ()
    if not set(channels) <= set(_ROTATIONS) or len(set(channels)) != len(channels):
        _fail(path, block["dof"], "dof with rx, ry, rz, each once at most")
    direction = _numbers(path, block["direction"], 3, "direction with three numbers")
    turn = _numbers(path, block["axis"], 3, "axis with three angles and an order") * angle
    bone = Bone(
        offset=direction * _numbers(path, block["length"], 1, "length with a number"),
        axis=rotations(turn[None], _axis_order(path, block["axis"]))[0],
        channels=channels,
    )
    return block["name"][1][1], bone


def _read_hierarchy(path: Path, lines: Sequence[Line]) -> dict[str, str]:
    parents: dict[str, str] = {}
    for line in lines:
        parent, *children = line[1]
        if parent in ("begin", "end") and not children:
            continue
        if parent not in (ROOT, *parents) or not children:
            _fail(path, line, "a bone that an earlier line names as a child, and its children")
        for child in children:
            if child in parents or child == ROOT:
                _fail(path, line, f"one parent for {child}")
            parents[child] = parent
    return parents


def _bone_order(words: Sequence[str], moving: Mapping[str, Sequence[str]]) -> list[str]:
    """The bones of the first frame, in their order, as far as it makes sense."""
    order: list[str] = []
    column = 1
    while column < len(words) and words[column] in moving and words[column] not in order:
        order.append(words[column])
        column += 1 + len(moving[words[column]])
    return order


def _explain_amc(path: Path, moving: Mapping[str, Sequence[str]]) -> NoReturn:
    """Go through a file line by line for the first thing that is wrong.

    Slow, and only for files that the fast way has refused.
    """
    missing: set[str] = set()
    frames = 0
    for line in _lines(path):
        name = line[1][0]
        if name.startswith(":"):
            continue
        if len(line[1]) == 1 and name.isdigit():
            if missing:
                _fail(path, line, f"{', '.join(sorted(missing))} before the next frame")
            missing, frames = set(moving), frames + 1
        elif name not in missing:
            _fail(path, line, "a frame number, or a bone of the skeleton, each once a frame")
        else:
            missing.remove(name)
            count = len(moving[name])
            _numbers(path, line, count, f"{name} with {count} finite numbers")
            if len(line[1]) != 1 + count:
                _fail(path, line, f"{name} with {count} numbers")
    if missing or not frames:
        raise InputError(
            f"{path}: motion must end with a whole frame, found {frames} frames, the last without "
            f"{', '.join(sorted(missing)) or 'any'}; the file is cut off, get it again"
        )
    raise InputError(f"{path}: frames must have their bones in the same order, found different orders")

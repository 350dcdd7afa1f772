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
from typing import NamedTuple, NoReturn

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from ampose.errors import InputError

ROOT = "root"
_INCH_M = 0.0254
_TRANSLATIONS, _ROTATIONS = ("tx", "ty", "tz"), ("rx", "ry", "rz")
_IGNORED = frozenset({"id", "limits", "bodymass", "cofmass"})


class Line(NamedTuple):
    """A line of a file that says something, without comments."""

    path: Path
    number: int
    words: list[str]

    def fail(self, expected: str) -> NoReturn:
        """Raise InputError: this line should say something else."""
        found = " ".join(self.words)[:60]
        raise InputError(f"{self.path}, line {self.number}: expected {expected}, found {found!r}; get the file again")

    def numbers(self, count: int, expected: str) -> Float[np.ndarray, " number"]:
        """Return the numbers after the keyword."""
        try:
            values = np.array([float(word) for word in self.words[1 : 1 + count]])
        except ValueError:
            values = np.empty(0)
        if len(values) != count or not np.isfinite(values).all():
            self.fail(expected)
        return values

    def channels(self) -> tuple[str, ...]:
        """Return the channels after the keyword."""
        return tuple(word.lower() for word in self.words[1:])


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
    sections: dict[str, list[Line]] = {}
    section: list[Line] = []
    for line in _lines(path):
        words = line.words
        if words[0].startswith(":"):
            section = sections.setdefault(words[0][1:].lower(), [])
            words = words[1:]
        if words:
            section.append(line._replace(words=words))
    for needed in ("units", "root", "bonedata", "hierarchy"):
        if needed not in sections:
            raise InputError(f"{path}: ASF file must have a section :{needed}, found {', '.join(sections) or 'none'}")
    length, angle = _read_units(sections["units"])
    parents = _read_hierarchy(sections["hierarchy"])
    bones = {ROOT: _read_root(path, sections["root"], angle), **_read_bones(sections["bonedata"], angle)}
    strangers = sorted(set(bones) ^ {ROOT, *parents})
    if strangers:
        raise InputError(f"{path}: bonedata and hierarchy must have the same bones, differs in {', '.join(strangers)}")
    return Armature(
        bones={name: bones[name] for name in (ROOT, *parents)},
        parents=parents,
        metres_per_unit=_INCH_M / length,
        radians_per_unit=angle,
    )


def read_amc(path: Path, armature: Armature) -> dict[str, Float[np.ndarray, "frame channel"]]:
    """Read a motion of a skeleton.

    Returns:
        For each bone that has channels, its numbers as the file has them (units of the ASF file).

    Raises:
        InputError: The file is missing, holds no frame, or a line of it is broken; the message names both.
    """
    lines = _read_text(path).splitlines()
    wrong = ":degrees" if armature.radians_per_unit == 1 else ":radians"
    if wrong in {line.strip().lower() for line in lines}:
        raise InputError(f"{path}: angles must be in the unit of the skeleton's ASF file, found {wrong}")
    words = " ".join(line for line in lines if line[:1] not in ("#", ":")).split()
    moving = {name: bone.channels for name, bone in armature.bones.items() if bone.channels}
    motion = _regular_motion(words, moving)
    if motion is None:
        _explain_amc(path, moving)
    return motion


def _regular_motion(
    words: Sequence[str], moving: Mapping[str, Sequence[str]]
) -> dict[str, Float[np.ndarray, "frame channel"]] | None:
    """Read frames that all look like the first one, whole columns at a time; None if they do not."""
    columns: dict[str, range] = {}
    width = 1  # of a frame, in words: its number, then each bone's name and its channels
    while width < len(words) and words[width] in moving and words[width] not in columns:
        name = words[width]
        columns[name] = range(width + 1, width + 1 + len(moving[name]))
        width = columns[name].stop
    if not words or len(columns) != len(moving) or len(words) % width or not all(map(str.isdigit, words[::width])):
        return None
    motion = {}
    for name, own in columns.items():
        if set(words[own.start - 1 :: width]) != {name}:
            return None
        try:
            motion[name] = np.array([words[column::width] for column in own], dtype=np.float64).T
        except ValueError:
            return None
        if not np.isfinite(motion[name]).all():
            return None
    return motion


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
    turns = [column for column, channel in enumerate(bone.channels) if channel in _ROTATIONS]
    order = "".join(bone.channels[column][1] for column in turns)  # small letters: about fixed axes, in this order
    own = Rotation.from_euler(order, motion[name][:, turns] * armature.radians_per_unit).as_matrix()
    return bone.axis @ own @ bone.axis.T


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"{path}: file must be there, found none")
    return path.read_text(encoding="latin-1")  # headers hold file names in whatever encoding


def _lines(path: Path) -> list[Line]:
    """The lines that say something, without comments."""
    split = [text.split("#", 1)[0].split() for text in _read_text(path).splitlines()]
    return [Line(path, number, words) for number, words in enumerate(split, start=1) if words]


def _read_units(lines: Sequence[Line]) -> tuple[float, float]:
    """Return the units of length in an inch, and the radians in a unit of angle."""
    length, angle = 1.0, math.radians(1)
    for line in lines:
        key, *rest = line.words
        if key == "angle":
            if rest not in (["deg"], ["rad"]):
                line.fail("angle deg or angle rad")
            angle = math.radians(1) if rest == ["deg"] else 1.0
        elif key == "length":
            length = float(line.numbers(1, "the number of length units in an inch")[0])
            if length <= 0:
                line.fail("a positive number of length units in an inch")
    return length, angle


def _rest_axis(order: Line, turn: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "3 3"]:
    """Rotation from a bone's own axes to the world's; the line ends with the order of the three turns, in radians."""
    axes = order.words[-1].lower()
    if sorted(axes) != ["x", "y", "z"]:
        order.fail("axis with an order such as XYZ")
    return Rotation.from_euler(axes, turn).as_matrix()


def _read_root(path: Path, lines: Sequence[Line], angle: float) -> Bone:
    found = {line.words[0]: line for line in lines}
    for key in ("order", "axis", "position", "orientation"):
        if key not in found:
            raise InputError(f"{path}: :root must have {key}, found {', '.join(found)}")
    channels = found["order"].channels()
    if sorted(channels) != sorted(_TRANSLATIONS + _ROTATIONS):
        found["order"].fail("order with TX TY TZ RX RY RZ, each once")
    return Bone(
        offset=found["position"].numbers(3, "position with three numbers"),
        axis=_rest_axis(found["axis"], found["orientation"].numbers(3, "orientation with three angles") * angle),
        channels=channels,
    )


def _read_bones(lines: Sequence[Line], angle: float) -> dict[str, Bone]:
    bones: dict[str, Bone] = {}
    block: dict[str, Line] | None = None
    for line in lines:
        key = line.words[0]
        if (key == "begin") != (block is None):
            line.fail("begin" if block is None else "a bone's data or end")
        if block is None:
            block = {}
        elif key == "end":
            bone = _read_bone(line, block, angle)
            name = block["name"].words[1]
            if name in bones or name == ROOT:
                block["name"].fail("a name that no other bone has")
            bones[name] = bone
            block = None
        elif not key.startswith("("):  # further limits
            if key not in _IGNORED | {"name", "direction", "length", "axis", "dof"}:
                line.fail("a bone's id, name, direction, length, axis, dof or limits")
            block[key] = line
    if block is not None:
        lines[-1].fail("end of the last bone")
    return bones


def _read_bone(end: Line, block: Mapping[str, Line], angle: float) -> Bone:
    for key in ("name", "direction", "length", "axis"):
        if key not in block:
            end.fail(f"the bone's {key} before its end")
    if len(block["name"].words) != 2:
        block["name"].fail("name with one word")
    channels = block["dof"].channels() if "dof" in block else ()
    if not set(channels) <= set(_ROTATIONS) or len(set(channels)) != len(channels):
        block["dof"].fail("dof with rx, ry, rz, each once at most")
    direction = block["direction"].numbers(3, "direction with three numbers")
    turn = block["axis"].numbers(3, "axis with three angles and an order") * angle
    return Bone(
        offset=direction * block["length"].numbers(1, "length with a number"),
        axis=_rest_axis(block["axis"], turn),
        channels=channels,
    )


def _read_hierarchy(lines: Sequence[Line]) -> dict[str, str]:
    parents: dict[str, str] = {}
    for line in lines:
        parent, *children = line.words
        if parent in ("begin", "end") and not children:
            continue
        if parent not in (ROOT, *parents) or not children:
            line.fail("a bone that an earlier line names as a child, and its children")
        for child in children:
            if child in parents or child == ROOT:
                line.fail(f"one parent for {child}")
            parents[child] = parent
    return parents


def _explain_amc(path: Path, moving: Mapping[str, Sequence[str]]) -> NoReturn:
    """Go through a file line by line for the first thing that is wrong.

    Slow, and only for files that the fast way has refused.
    """
    missing: set[str] = set()
    frames = 0
    for line in _lines(path):
        name = line.words[0]
        if name.startswith(":"):
            continue
        if len(line.words) == 1 and name.isdigit():
            if missing:
                line.fail(f"{', '.join(sorted(missing))} before the next frame")
            missing, frames = set(moving), frames + 1
        elif name not in missing:
            line.fail("a frame number, or a bone of the skeleton, each once a frame")
        else:
            missing.remove(name)
            count = len(moving[name])
            line.numbers(count, f"{name} with {count} finite numbers")
            if len(line.words) != 1 + count:
                line.fail(f"{name} with {count} numbers")
    if missing or not frames:
        raise InputError(
            f"{path}: motion must end with a whole frame, found {frames} frames, the last without "
            f"{', '.join(sorted(missing)) or 'any'}; the file is cut off, get it again"
        )
    raise InputError(f"{path}: frames must have their bones in the same order, found different orders")

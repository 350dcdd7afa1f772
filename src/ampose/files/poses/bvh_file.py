"""``.bvh``: joint rotations over time, for Blender, MotionBuilder and Maya. One person a file.

Axes: X to the body's left at rest, Y up, Z to the front. Units: metres, as Blender reads them, and degrees. Rest pose:
T-pose. Channels: the root's position and, for every joint, the rotations Z, X, Y.

Bones keep their median length over the clip. The format knows no missing frames: the last pose is held. How positions
become rotations, and what the joints called ``..._pivot`` are: see ``ampose.processing.kinematics``.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ampose.files.letters import read_text
from ampose.files.poses.axes import from_camera, pose_of
from ampose.files.poses.body_axes import AS_THE_FILE_SAYS, FileAxes, unit_of, up_axis_of
from ampose.files.poses.bvh_text import END, BvhText, parse_bvh
from ampose.files.poses.pose_format import formats
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton, get_skeleton, list_skeletons
from ampose.poses.skeletons.joint_sides import pairs_among
from ampose.poses.timing import usual_rate
from ampose.processing.kinematics import PIVOT, Rig, solve

_UP = "y"
_ROTATIONS = "Zrotation Xrotation Yrotation"
_POSITIONS = ("Xposition", "Yposition", "Zposition")
_FRAMES_AT_ONCE = 4096  # memory for the rotations of these alone


@formats.register(".bvh", up=_UP, carries=("skeleton",), foreign=True)
class BvhFile:
    """One person as a hierarchy and a row of angles for each frame."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write the hierarchy and the motion."""
        (person,) = people
        pose = person.pose3d
        rate = pose.mean_rate or 1.0
        motion = solve(from_camera(pose.positions, _UP), pose.skeleton, rate)
        turning = [at for at in range(len(motion.rig.names)) if not _is_end(motion.rig, at)]
        angles = np.unwrap(_zxy(motion.rotations[:, turning]), axis=0, period=360.0)
        rows = np.concatenate([motion.root, angles.reshape(len(angles), -1)], axis=1)
        with path.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(f"{line}\n" for line in ("HIERARCHY", *_hierarchy(motion.rig)))
            stream.write(f"MOTION\nFrames: {len(rows)}\nFrame Time: {1 / rate:.9f}\n")
            stream.writelines(" ".join(f"{value:.6f}" for value in row) + "\n" for row in rows)

    def read(self, path: Path, stated: FileAxes = AS_THE_FILE_SAYS) -> list[Person]:
        """Read the positions back (forward kinematics), without pivots.

        Of other programs' files, which state neither, the unit is told by the size of the body and the axis that
        points up by how people stand. Names stay as they are, and end sites are joints called ``<joint>_end``.
        """
        text = parse_bvh(read_text(path))
        positions, ends = _positions(text), list(text.ends)
        fifths = text.offsets[[text.parents[at] for at in ends]] / 5
        ours = fifths.any() and np.allclose(text.offsets[ends], fifths, atol=2e-6)  # ends as long as we make them
        kept = [at for at in range(len(text.names)) if not (at in ends and (ours or not text.offsets[at].any()))]
        unit, up = stated.unit, stated.up or _UP
        if not ours:
            unit = unit or unit_of(path, positions)
            up = stated.up or up_axis_of(path, positions * unit, text.names, _UP)
        seconds, last_digit = float(text.seconds), float(Decimal(text.seconds).normalize().as_tuple().exponent)
        rate = round(usual_rate(1 / seconds, 10.0**last_digit / seconds), 5)
        return [Person(0, None, _pose(text, kept, positions * (unit or 1.0), up, rate))]


def _hierarchy(rig: Rig) -> Iterator[str]:
    # A stack, not recursion: a file may hold a chain of joints that is longer than Python nests calls.
    waiting: list[tuple[int | None, str]] = [(0, "")]
    while waiting:
        joint, indent = waiting.pop()
        if joint is None:  # the end of a joint whose children are all there
            yield f"{indent}}}"
            continue
        if _is_end(rig, joint):
            yield from _end_site(indent, rig.offsets[joint])
            continue
        kind, places = ("JOINT", "3 ") if rig.parents[joint] >= 0 else ("ROOT", f"6 {' '.join(_POSITIONS)} ")
        yield f"{indent}{kind} {'_'.join(rig.names[joint].split())}"
        yield f"{indent}{{"
        inner = indent + "  "
        yield f"{inner}OFFSET {_numbers(rig.offsets[joint])}"
        yield f"{inner}CHANNELS {places}{_ROTATIONS}"
        if not rig.children[joint]:  # a tip, a fifth of the bone long, to be seen
            yield from _end_site(inner, rig.offsets[joint] / 5)
        waiting.append((None, indent))
        waiting += [(child, inner) for child in reversed(rig.children[joint])]


def _end_site(indent: str, offset: Float[np.ndarray, "3"]) -> tuple[str, ...]:
    return f"{indent}End Site", f"{indent}{{", f"{indent}  OFFSET {_numbers(offset)}", f"{indent}}}"


def _is_end(rig: Rig, joint: int) -> bool:
    """Tell whether a joint was an end site in the file that it comes from; it is one again if it goes on alone."""
    parent = rig.parents[joint]
    alone = parent >= 0 and not rig.children[joint] and len(rig.children[parent]) == 1
    return alone and rig.names[joint] == rig.names[parent] + END


def _numbers(values: Float[np.ndarray, "3"]) -> str:
    return " ".join(f"{value:.6f}" for value in values)


def _zxy(rotations: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 3"]:
    """Return the angles of R = Rz Rx Ry in degrees; where X is a quarter turn, Z does Y's part too (gimbal lock)."""
    from scipy.spatial.transform import Rotation  # noqa: PLC0415  # loads when it is needed

    turns = Rotation.from_matrix(rotations.reshape(-1, 3, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the gimbal lock
        angles = turns.as_euler("ZXY", degrees=True)
    return angles.reshape(rotations.shape[:-1])


def _positions(text: BvhText) -> Float[np.ndarray, "frame joint 3"]:
    """Return where joints are, in the file's unit: a joint turns by each channel in its order, from left to right.

    A joint's position channels stand in place of its offset, as most programs write them, or are added to it
    where they are nearer to 0.
    """
    from scipy.spatial.transform import Rotation  # noqa: PLC0415  # loads when it is needed

    places = np.empty((len(text.rows), len(text.names), 3))
    columns: dict[int, list[tuple[str, int]]] = {}
    for column, (joint, channel) in enumerate(text.channels):
        columns.setdefault(joint, []).append((channel, column))
    for start in range(0, len(text.rows), _FRAMES_AT_ONCE):
        rows, here = text.rows[start : start + _FRAMES_AT_ONCE], slice(start, start + _FRAMES_AT_ONCE)
        turned: list[np.ndarray] = []  # (frame, 3, 3) each, in the axes of the world
        for joint, parent in enumerate(text.parents):
            offset, turn = np.tile(text.offsets[joint], (len(rows), 1)), np.tile(np.eye(3), (len(rows), 1, 1))
            for channel, column in columns.get(joint, ()):
                values, axis = rows[:, column], "XYZ".index(channel[0])
                if channel.endswith("position"):
                    typical = np.median(text.rows[:, column])
                    added = parent >= 0 and abs(typical) < abs(typical - text.offsets[joint, axis])
                    offset[:, axis] = values + (text.offsets[joint, axis] if added else 0)
                else:
                    turn = turn @ Rotation.from_euler(channel[0].lower(), values[:, None], degrees=True).as_matrix()
            if parent < 0:
                turned.append(turn)
                places[here, joint] = offset
            else:
                turned.append(turned[parent] @ turn)  # the joint's own turn first
                places[here, joint] = places[here, parent] + np.einsum("fij,fj->fi", turned[parent], offset)
    return places


def _without_pivots(text: BvhText, kept: Sequence[int]) -> dict[str, str | None]:
    """Return each joint's parent by name; a pivot's child hangs on the joint in whose place the pivot is."""
    names = text.names
    pivots = {up for up, name in zip(text.parents, names, strict=True) if up >= 0 and names[up] == name + PIVOT}
    parents: dict[str, str | None] = {}
    for at in kept:
        parent = text.parents[at]
        while parent in pivots:
            parent = text.parents[parent]
        if at not in pivots:
            parents[text.names[at]] = text.names[parent] if parent >= 0 else None
    return parents


def _pose(
    text: BvhText, kept: Sequence[int], positions: Float[np.ndarray, "frame joint 3"], up: str, fps: float
) -> Pose3D:
    """Put the joints in a known skeleton's order where it has the same."""
    parents = _without_pivots(text, kept)
    known = (skeleton for skeleton in map(get_skeleton, list_skeletons()) if dict(skeleton.parents) == parents)
    skeleton = next(known, None) or Skeleton("bvh", parents, pairs_among(parents))
    ordered = positions[:, [text.names.index(joint) for joint in skeleton.joints]]
    pose = pose_of(ordered, skeleton.joints, up=up, fps=fps)
    return replace(pose, skeleton=skeleton)

"""``.bvh``: joint rotations over time, for Blender, MotionBuilder and Maya. One person a file.

Axes: X to the body's left at rest, Y up, Z to the front. Units: metres, as Blender reads them, and degrees. Rest pose:
T-pose. Channels: the root's position and, for every joint, the rotations Z, X, Y.

Bones keep their median length over the clip. The format knows no missing frames: the last pose is held. How positions
become rotations, and what the joints called ``..._pivot`` are: see ``ampose.processing.kinematics``.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from ampose.errors import InputError
from ampose.files.poses.axes import from_camera, pose_of
from ampose.files.poses.pose_format import formats
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton, get_skeleton, list_skeletons
from ampose.poses.skeletons.joint_sides import pairs_among
from ampose.processing.kinematics import PIVOT, Rig, RiggedMotion, solve

_UP = "y"
_ROTATIONS = "Zrotation Xrotation Yrotation"
_POSITIONS = ("Xposition", "Yposition", "Zposition")
_LARGEST_BODY_M = 10.0
"""A skeleton whose bones add up to more is in centimetres."""


@formats.register(".bvh", up=_UP, carries=("skeleton",))
class BvhFile:
    """One person as a hierarchy and a row of angles for each frame."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write the hierarchy and the motion."""
        (person,) = people
        pose = person.pose3d
        rate = pose.mean_rate or 1.0
        motion = solve(from_camera(pose.positions, _UP), pose.skeleton, rate)
        angles = np.unwrap(_zxy(motion.rotations), axis=0, period=360.0)
        rows = np.concatenate([motion.root, angles.reshape(len(angles), -1)], axis=1)
        with path.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(f"{line}\n" for line in ("HIERARCHY", *_hierarchy(motion.rig, 0, "")))
            stream.write(f"MOTION\nFrames: {len(rows)}\nFrame Time: {1 / rate:.9f}\n")
            stream.writelines(" ".join(f"{value:.6f}" for value in row) + "\n" for row in rows)

    def read(self, path: Path) -> list[Person]:
        """Read the positions back (forward kinematics), without pivots; centimetres are recognised by the size."""
        words = path.read_text(encoding="utf-8-sig").split()
        at = words.index("MOTION")
        joints, channels = _joints(words[:at])
        if words[at + 1] != "Frames:" or words[at + 3 : at + 5] != ["Frame", "Time:"]:
            raise ValueError("no Frames: and Frame Time: after MOTION")
        frames, seconds = int(words[at + 2]), float(words[at + 5])
        values = np.array(words[at + 6 :], dtype=np.float64)
        if frames < 1 or values.size != frames * len(channels) or not np.isfinite(values).all() or not seconds > 0:
            raise ValueError(f"{values.size} numbers for {frames} frames of {len(channels)} channels")
        motion = _motion(joints, channels, values.reshape(frames, -1))
        scale = 0.01 if np.linalg.norm(motion.rig.offsets, axis=1).sum() > _LARGEST_BODY_M else 1.0
        return [Person(0, None, _pose(motion.rig, motion.positions * scale, round(1 / seconds, 5)))]


def _hierarchy(rig: Rig, joint: int, indent: str) -> Iterator[str]:
    kind, places = ("JOINT", "3 ") if rig.parents[joint] >= 0 else ("ROOT", f"6 {' '.join(_POSITIONS)} ")
    yield f"{indent}{kind} {'_'.join(rig.names[joint].split())}"
    yield f"{indent}{{"
    inner = indent + "  "
    yield f"{inner}OFFSET {_numbers(rig.offsets[joint])}"
    yield f"{inner}CHANNELS {places}{_ROTATIONS}"
    for child in rig.children[joint]:
        yield from _hierarchy(rig, child, inner)
    if not rig.children[joint]:  # a tip, a fifth of the bone long, to be seen
        yield from (
            f"{inner}End Site",
            f"{inner}{{",
            f"{inner}  OFFSET {_numbers(rig.offsets[joint] / 5)}",
            f"{inner}}}",
        )
    yield f"{indent}}}"


def _numbers(values: Float[np.ndarray, "3"]) -> str:
    return " ".join(f"{value:.6f}" for value in values)


def _zxy(rotations: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 3"]:
    """Return the angles of R = Rz Rx Ry in degrees; where X is a quarter turn, Z does Y's part too (gimbal lock)."""
    turns = Rotation.from_matrix(rotations.reshape(-1, 3, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the gimbal lock
        angles = turns.as_euler("ZXY", degrees=True)
    return angles.reshape(rotations.shape[:-1])


def _joints(words: list[str]) -> tuple[Rig, list[tuple[int, str]]]:
    """Return the joints of a hierarchy, and (joint, channel) of each number in a row."""
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[tuple[int, str]] = []
    open_joints: list[int] = []  # -1 stands for an end site
    rest = iter(words)
    for word in rest:
        if word in ("ROOT", "JOINT"):
            names.append(next(rest))
            parents.append(open_joints[-1] if open_joints else -1)
            open_joints.append(len(names) - 1)
        elif word == "End":
            open_joints.append(-1)
        elif word == "OFFSET":
            offset = [float(next(rest)) for _ in "xyz"]
            offsets += [offset] if open_joints[-1] >= 0 else []
        elif word == "CHANNELS":
            channels += [(open_joints[-1], next(rest)) for _ in range(int(next(rest)))]
        elif word == "}":
            open_joints.pop()
    if not names or len(offsets) != len(names) or open_joints or parents.count(-1) != 1:
        raise ValueError("no whole HIERARCHY with one ROOT")
    return Rig(tuple(names), tuple(parents), np.array(offsets)), channels


def _motion(rig: Rig, channels: list[tuple[int, str]], rows: Float[np.ndarray, "frame channel"]) -> RiggedMotion:
    """Turn by each channel in its order: the rotations of a joint multiply from left to right."""
    rotations = np.tile(np.eye(3), (len(rows), len(rig.names), 1, 1))
    root = np.tile(rig.offsets[0], (len(rows), 1))
    for (joint, channel), values in zip(channels, rows.T, strict=True):
        axis = "XYZ".index(channel[0])
        if channel in _POSITIONS:
            if joint == 0:
                root[:, axis] = values
            elif np.ptp(values) > 1e-4 or abs(values[0] - rig.offsets[joint, axis]) > 1e-3:
                raise InputError(f"joints but the root must only turn, got {rig.names[joint]} that moves")
        elif channel[1:] == "rotation":
            turn = Rotation.from_euler(channel[0].lower(), values[:, None], degrees=True).as_matrix()
            rotations[:, joint] = rotations[:, joint] @ turn
        else:
            raise ValueError(f"the unknown channel {channel}")
    return RiggedMotion(rig, rotations, root)


def _pose(rig: Rig, positions: Float[np.ndarray, "frame joint 3"], fps: float) -> Pose3D:
    """Leave out pivots, and put the joints in a known skeleton's order where it has the same."""
    parents: dict[str, str | None] = {}
    for name, parent in zip(rig.names, rig.parents, strict=True):
        while parent >= 0 and rig.names[parent].endswith(PIVOT):
            parent = rig.parents[parent]  # noqa: PLW2901 - up to the joint in whose place the pivot is
        if not name.endswith(PIVOT):
            parents[name] = rig.names[parent] if parent >= 0 else None
    known = [get_skeleton(name) for name in list_skeletons() if dict(get_skeleton(name).parents) == parents]
    skeleton = known[0] if known else Skeleton("bvh", parents, pairs_among(parents))
    ordered = positions[:, [rig.names.index(joint) for joint in skeleton.joints]]
    pose = pose_of(ordered, skeleton.joints, up=_UP, fps=fps)
    return replace(pose, skeleton=skeleton)

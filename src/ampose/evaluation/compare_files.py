"""Measure the poses in one file against those in another: results of any tool that writes a format read here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from ampose.errors import InputError
from ampose.evaluation.tables import text_table
from ampose.poses.geometry import root_relative
from ampose.poses.metrics import display, metrics
from ampose.poses.metrics.position import joint_errors
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D

_METRICS = ("mpjpe", "p_mpjpe", "n_mpjpe", "pck", "auc")
_FEWEST_JOINTS = 4  # fewer points can always be turned onto others nearly without error


@dataclass(frozen=True)
class Comparison:
    """How far poses are from the true ones, and what was compared.

    Args:
        joints: Those that both have, matched by name.
        left_out: Joints of either that the other has not, or that are missing throughout.
        root: Subtracted from both before MPJPE, N-MPJPE, PCK and AUC.
        frames: Frames (of all people) in which every compared joint is there in both.
        frames_left_out: Frames in which somebody is there in either, but not all compared joints in both.
        values: Mean of each metric over the frames, in its own unit.
        joint_mm: Mean distance of each joint, root-relative.
    """

    joints: tuple[str, ...]
    left_out: tuple[str, ...]
    root: str
    frames: int
    frames_left_out: int
    values: dict[str, float]
    joint_mm: tuple[float, ...]

    def statement(self) -> str:
        """Return the protocol in words."""
        left_out = f"; left out: {', '.join(self.left_out)}" if self.left_out else ""
        return "\n".join(
            [
                f"frames    {self.frames} compared, {self.frames_left_out} left out (a joint is missing)",
                f"joints    {len(self.joints)}, matched by name: {', '.join(self.joints)}{left_out}",
                f"root      {self.root} subtracted from both; it counts as a joint",
                "aligned   P-MPJPE: rotation, scale and shift of each frame; N-MPJPE: scale of each; the rest: none",
                "mean      over frames, each of the same weight; distances in mm",
            ]
        )

    def as_text(self) -> str:
        """Return the metrics, and MPJPE joint by joint."""
        shown = [display(name) for name in self.values]
        header = [f"{metric.label} {metric.unit}" for metric in shown]
        overall = text_table(["", *header], [["all", *(f"{value:.1f}" for value in self.values.values())]])
        rows = [[joint, f"{mm:.1f}"] for joint, mm in zip(self.joints, self.joint_mm, strict=True)]
        return f"{overall}\n\n{text_table(['joint', 'MPJPE mm'], rows)}"


def compare(people: Sequence[Person], truth: Sequence[Person]) -> Comparison:
    """Compare people with the true ones: found by ``id`` if there are several, joints by name, frames by number.

    Positions are compared as they are, in the axes in which both were read: MPJPE needs the same axes in both, P-MPJPE
    does not.

    Raises:
        InputError: There is nobody to match, frames differ in number, or fewer than four joints have the same name.
    """
    pairs = _pairs(people, truth)
    joints, left_out = _common(pairs)
    root = next((name for name in (pairs[0][1].skeleton.root, pairs[0][0].skeleton.root) if name in joints), joints[0])
    placed = [[_places(pose, joints) for pose in pair] for pair in pairs]
    found, true = (np.concatenate([pair[side] for pair in placed]) for side in (0, 1))
    whole = np.isfinite(found).all(axis=(1, 2)) & np.isfinite(true).all(axis=(1, 2))
    anybody = np.isfinite(found).any(axis=(1, 2)) | np.isfinite(true).any(axis=(1, 2))
    if not whole.any():
        raise InputError("poses must share a frame in which all compared joints are there, got none")
    at = joints.index(root)
    predicted, target = (root_relative(torch.from_numpy(points[whole]), at) for points in (found, true))
    values = {
        name: display(name).factor * float(metrics.get(name).target(predicted, target).mean()) for name in _METRICS
    }
    joint_mm = (1000 * joint_errors(predicted, target).mean(dim=0)).tolist()
    left = int((anybody & ~whole).sum())
    return Comparison(tuple(joints), tuple(left_out), root, int(whole.sum()), left, values, tuple(joint_mm))


def _pairs(people: Sequence[Person], truth: Sequence[Person]) -> list[tuple[Pose3D, Pose3D]]:
    """Put each true person beside the one with the same id; lone people belong together."""
    if len(people) == len(truth) == 1:
        pairs = [(people[0].pose3d, truth[0].pose3d)]
    else:
        named = {person.id: person.pose3d for person in people}
        pairs = [(named[person.id], person.pose3d) for person in truth if person.id in named]
    if not pairs:
        raise InputError(
            f"people must have the ids of the true ones ({', '.join(str(person.id) for person in truth) or 'nobody'}), "
            f"got {', '.join(str(person.id) for person in people) or 'nobody'}"
        )
    for pose, true in pairs:
        if len(pose) != len(true):
            raise InputError(
                f"poses must have the {len(true)} frames of the true ones, got {len(pose)}; "
                "give both the same frame rate and length first"
            )
    return pairs


def _common(pairs: Sequence[tuple[Pose3D, Pose3D]]) -> tuple[list[str], list[str]]:
    """Return the joints that both have, in the truth's order, and the others."""
    there = [
        {joint for pose in poses for joint in pose.skeleton.joints if np.isfinite(_places(pose, [joint])).any()}
        for poses in zip(*pairs, strict=True)
    ]
    order = dict.fromkeys(joint for pose in (pairs[0][1], pairs[0][0]) for joint in pose.skeleton.joints)
    joints = [joint for joint in order if joint in there[0] & there[1]]
    if len(joints) < _FEWEST_JOINTS:
        raise InputError(
            f"joints must have the same names in both files, {_FEWEST_JOINTS} at least, got {len(joints)} "
            f"({', '.join(joints) or 'none'}); rename those of one file, for example {pairs[0][0].skeleton.joints[0]!r}"
        )
    return joints, [joint for joint in order if joint not in joints]


def _places(pose: Pose3D, joints: Sequence[str]) -> Float[np.ndarray, "frame joint 3"]:
    """Return the joints' positions; NaN for one that the skeleton has not."""
    nothing = np.full((len(pose), 3), np.nan)
    names = pose.skeleton.joints
    places = [pose.positions[:, names.index(joint)] if joint in names else nothing for joint in joints]
    return np.stack(places, axis=1).astype(np.float64)

"""What a human body cannot do: limits of joints, and limbs that go through the body.

Limits start from those of the American Academy of Orthopaedic Surgeons (Joint Motion: Method of Measuring and
Recording, 1965; elbow 0-150, knee 0-135, hip 120 forward, 30 backward, 30 inward degrees), and are wider, as joints of
motion capture are not those of a goniometer and because dancers and gymnasts are people: elbow by 5, knee by 15, hip
forward by 7, backward and inward by 15. The shoulder has no limit, nor has the turning of a limb about itself.
Elbows and knees are not looked at: the steps that bend them keep to ``MOST_FLEXION``.
Radii of limbs are those of a slim adult, so that a hand may lie on the belly.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ampose.data.synthesis.bones import pelvis_axes, unit
from ampose.poses.skeletons import Skeleton

MOST_FLEXION = {"elbow": math.radians(155.0), "knee": math.radians(150.0)}
"""Radians from the straight limb."""

# How far a thigh of length 1 may point backward and inward: the sine of 30 + 15 degrees each.
_HIP_BACK, _HIP_IN = math.sin(math.radians(45.0)), math.sin(math.radians(45.0))
_TRUNK, _HEAD, _THIGHS = ("hip", "thorax"), ("thorax", "head"), (("left_hip", "left_knee"), ("right_hip", "right_knee"))
_HAND = 1.35
"""Middle of the hand, as a multiple of the forearm: a little less than 1 + 0.108 / 2 / 0.146 = 1.37, both as shares of
a body's height (Winter, Biomechanics and Motor Control of Human Movement, fig. 4.1)."""

_APART_M = 0.06
"""Least distance between two limbs."""

_TRUNK_ARM_M, _HEAD_ARM_M, _TRUNK_LEG_M = 0.10, 0.08, 0.12
"""Least distances of an arm from the line of the trunk and of the head, and of a leg from that of the trunk: what both
are thick to one side, estimated for somebody slim. A knee is thicker than an elbow."""


def is_possible(positions: Float[Tensor, "sample joint 3"], skeleton: Skeleton) -> Bool[Tensor, " sample"]:
    """Return which poses keep their limbs out of the body and their hips within limits."""
    at = {joint: positions[:, number] for number, joint in enumerate(skeleton.joints)}  # (sample, xyz) each
    fine = _hips_within_limits(at, pelvis_axes(positions, skeleton))
    for side, other in (("left", "right"), ("right", "left")):
        elbow, wrist = at[f"{side}_elbow"], at[f"{side}_wrist"]
        hand = elbow + _HAND * (wrist - elbow)
        # A limb is looked at in a few points along it, against the other limbs as segments: metres, from a slim adult.
        for point in (elbow, (elbow + wrist) / 2, wrist, hand):
            fine &= _distance(point, at, _TRUNK) > _TRUNK_ARM_M
            fine &= _distance(point, at, _HEAD) > _HEAD_ARM_M
        for thigh in _THIGHS:
            fine &= _distance(hand, at, thigh) > _APART_M
        fine &= _distance(wrist, at, (f"{other}_elbow", f"{other}_wrist")) > _APART_M
        knee, ankle = at[f"{side}_knee"], at[f"{side}_ankle"]
        for point in (knee, (knee + ankle) / 2, ankle):
            fine &= _distance(point, at, _TRUNK) > _TRUNK_LEG_M
            fine &= _distance(point, at, (f"{other}_knee", f"{other}_ankle")) > _APART_M
    return fine


def _hips_within_limits(at: dict[str, Tensor], axes: Float[Tensor, "sample 3 3"]) -> Bool[Tensor, " sample"]:
    """Thighs do not point far back, nor far across the other; above level only forward or outward, and never far."""
    fine = torch.ones(len(axes), dtype=torch.bool, device=axes.device)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        thigh = unit(at[f"{side}_knee"] - at[f"{side}_hip"])
        # (sample, axis, xyz) @ (sample, xyz, 1): the thigh in the pelvis' axes.
        left, forward, up = (axes @ thigh[..., None])[..., 0].unbind(-1)
        fine &= (forward > -_HIP_BACK) & (sign * left > -_HIP_IN)
        # 0.6 is 37 degrees above level: flexion of 127, the 120 + 7 of above. Above level it points at least 17 degrees
        # forward or 30 outward: a thigh cannot be raised sideways across the body, nor backward.
        fine &= (up < 0.6) & ((up < 0.0) | (forward > 0.3) | (sign * left > 0.5))
    return fine


def _distance(point: Tensor, at: dict[str, Tensor], segment: tuple[str, str]) -> Float[Tensor, " sample"]:
    """Distance of a point from the line between two joints."""
    start, end = at[segment[0]], at[segment[1]]
    along = end - start
    # Where along the segment the point's foot is, as a share of its length; beyond the ends it is an end.
    # A segment of length 0 is its start.
    share = ((point - start) * along).sum(-1) / (along * along).sum(-1).clamp_min(1e-9)
    return (start + share.clamp(0, 1)[:, None] * along - point).norm(dim=-1)

"""Poses that nobody recorded: limbs exchanged, joints turned, arms, legs and trunk anywhere, bodies tilted.

Motion capture shows what somebody thought of recording. A network that has only seen walking takes every arm for one
that swings beside the body. The limbs of a pose are bones in the axes of the pelvis or the chest; these can be
exchanged, turned within anatomical limits and drawn anew, and what no body can do is thrown away
(``ampose.data.synthesis.anatomy``). Ideas: limb exchange, Li et al., Cascaded deep monocular 3D human pose
estimation with evolutionary training data, CVPR 2020, arXiv:2006.07778; turned bones, Gong et al., PoseAug, CVPR 2021.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ampose.data.synthesis.anatomy import MOST_FLEXION, is_possible
from ampose.data.synthesis.bones import chest_axes, from_bones, pelvis_axes, rotate_about, to_bones, unit
from ampose.data.synthesis.draws import uniform
from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton

_SIDES = ("left", "right")
_STRAIGHT = 0.15
"""Radians of flexion under which the plane in which a limb bends says nothing: under 9 degrees, noise decides it."""

_LEG = tuple(tuple(map(math.radians, limits)) for limits in ((-20.0, 60.0), (-20.0, 115.0), (0.0, 140.0)))
"""Of a free leg: how far it is spread, how far the hip is bent forward, how far the knee is bent back. At the
hip a little less than healthy adults reach (30 degrees back and 120 forward), but for the spread (45), which is wider
with the hip turned out; at the knee 5 more than the 135 of the academy that ``anatomy`` names."""

_TRUNK_BENDS = tuple(tuple(map(math.radians, limits)) for limits in ((-25.0, 110.0), (-30.0, 30.0)))
"""Of a free trunk: how far it is bent forward and sideways from how it was, half at the hips and half at the waist.
From leaning back to touching the floor; to the sides as far as a spine goes."""

_TWIST = math.radians(20.0)
"""Standard deviation of a free thigh's turn about itself: 19 of 20 turn by less than 40 degrees either way."""


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """How far poses go beyond what was recorded. With the defaults they do not."""

    exchange: float = 0.0
    """Chance of each limb (arm, leg, head, and the whole upper body) to come from another pose of the batch. Legs come
    in pairs with half of it and singly with half, because who sits or kneels does so with both; arms and head also come
    with the upper body."""

    turn: float = 0.0
    """Standard deviation in radians by which limbs are turned at hip and shoulder, the head at the neck, and (half as
    much) all above the hips, and by which knees and elbows are bent or stretched."""

    free_arms: float = 0.0
    """Chance of each arm to point anywhere, evenly over the sphere."""

    free_legs: float = 0.0
    """Chance of a body to have a leg, or in half of these both alike, wherever a hip and a knee let it: with both it
    sits or squats, with one it kneels, kicks or stands on the other."""

    free_trunk: float = 0.0
    """Chance of a body to bend at the hips and the waist, forward as far as to touch its feet, backward and sideways a
    little; the legs stay where they are."""

    recorded: float = 0.0
    """Share of the poses that stay as recorded but for the tilt. How arms swing with legs is in these alone."""

    tilt: float = 0.0
    """Standard deviation in radians by which a third of the bodies are tilted as a whole; a tenth of these
    lie in any way."""

    def __post_init__(self) -> None:
        for name in ("exchange", "free_arms", "free_legs", "free_trunk", "recorded"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} must be in [0, 1], got {getattr(self, name)}")
        for name in ("turn", "tilt"):
            if not 0 <= getattr(self, name) <= 1.5:
                raise InputError(f"{name} must be in [0, 1.5] radians, got {getattr(self, name)}")


def augment_poses(
    positions: Float[Tensor, "sample joint 3"],
    skeleton: Skeleton,
    config: AugmentationConfig,
    generator: torch.Generator,
) -> Float[Tensor, "sample joint 3"]:
    """Make new poses from these; a pose that turns out impossible stays as it was recorded.

    Args:
        positions: World metres, Z up. Bones keep their lengths, the root stays where it is.
        skeleton: Human3.6M's 17 or 16 joints.
        config: How far to go.
        generator: The only source of randomness.
    """
    if config.exchange or config.turn or config.free_arms or config.free_legs or config.free_trunk:
        augmentation = _Augmentation(skeleton, config, generator)
        fresh = augmentation.turn(augmentation.exchange(positions))
        fresh = augmentation.free_trunk(augmentation.free_legs(augmentation.free_arms(fresh)))
        # All steps together are judged, not each: a hand may pass through the body if a later step takes it out again.
        keep = is_possible(fresh, skeleton)
        if config.recorded:
            keep = keep & (torch.rand(len(keep), generator=generator) >= config.recorded)
        positions = torch.where(keep[:, None, None], fresh, positions)
    return _tilt(positions, skeleton, config, generator) if config.tilt else positions


class _Augmentation:
    """The steps, each from positions to positions, (sample, joint, xyz).

    Bones, (sample, joint, xyz) too, have the number of the joint in which they end: the upper arm that of the elbow.
    """

    def __init__(self, skeleton: Skeleton, config: AugmentationConfig, generator: torch.Generator) -> None:
        self.skeleton, self.config, self.generator = skeleton, config, generator
        self.head = [skeleton.index(joint) for joint in ("neck_nose", "head") if joint in skeleton.parents]
        self.arms = {side: [skeleton.index(f"{side}_{joint}") for joint in ("elbow", "wrist")] for side in _SIDES}
        self.legs = {side: [skeleton.index(f"{side}_{joint}") for joint in ("knee", "ankle")] for side in _SIDES}
        shoulders = [skeleton.index(f"{side}_shoulder") for side in _SIDES]
        trunk = [skeleton.index(joint) for joint in ("spine", "thorax")]
        self.upper = [*trunk, *shoulders, *self.head, *self.arms["left"], *self.arms["right"]]
        self.above_waist = self.upper[1:]  # without the spine, whose bone is below the waist

    def exchange(self, positions: Float[Tensor, "sample joint 3"]) -> Float[Tensor, "sample joint 3"]:
        """Take limbs from other poses of the batch: their directions in the axes that the limb hangs on."""
        # The upper body first, because arms and head hang on the chest that comes with it. Legs in pairs, then singly.
        chance, legs = self.config.exchange, [*self.legs["left"], *self.legs["right"]]
        positions = self._exchanged(positions, [self.upper], pelvis_axes, chance)
        positions = self._exchanged(positions, [legs], pelvis_axes, chance / 2)
        positions = self._exchanged(positions, self.legs.values(), pelvis_axes, chance / 2)
        return self._exchanged(positions, [*self.arms.values(), self.head], chest_axes, chance)

    def _exchanged(
        self,
        positions: Float[Tensor, "sample joint 3"],
        groups: Iterable[list[int]],
        axes_of: Callable[[Tensor, Skeleton], Tensor],
        chance: float,
    ) -> Float[Tensor, "sample joint 3"]:
        bones = to_bones(positions, self.skeleton)
        axes = axes_of(positions, self.skeleton)  # (sample, axis, xyz): left, forward, up as rows
        for group in groups:
            donor = torch.randperm(len(positions), generator=self.generator)  # (sample,): whose limb each sample gets
            # World to the donor's axes (@ axes.T), and from the taker's own back to the world (@ axes): the limb hangs
            # on the new body as it did on the donor's, whichever way both face. (sample, bone, 3) @ (sample, 3, 3).
            taken = bones[donor][:, group] @ axes[donor].mT @ axes
            # Directions alone are taken, so that a tall donor leaves no long arm behind.
            taken = unit(taken) * bones[:, group].norm(dim=-1, keepdim=True)
            chosen = self._chosen(len(positions), chance)[:, None, None]
            bones[:, group] = torch.where(chosen, taken, bones[:, group])
        return self._joined(bones, positions)

    def turn(self, positions: Float[Tensor, "sample joint 3"]) -> Float[Tensor, "sample joint 3"]:
        """Turn all above the hips, limbs and head, and bend or stretch knees and elbows."""
        if not self.config.turn:
            return positions
        bones = to_bones(positions, self.skeleton)
        self._turn_group(bones, self.upper, self.config.turn / 2)  # half: a trunk turns less than a shoulder
        for group in (*self.arms.values(), *self.legs.values(), self.head):
            self._turn_group(bones, group, self.config.turn)
        for joint, limbs in (("elbow", self.arms), ("knee", self.legs)):
            for upper, lower in limbs.values():
                bones[:, lower] = self._bent(bones[:, upper], bones[:, lower], MOST_FLEXION[joint])
        return self._joined(bones, positions)

    def _turn_group(self, bones: Float[Tensor, "sample joint 3"], group: list[int], spread: float) -> None:
        count = len(bones)
        # One axis and one angle for all bones of the group, which stay as they are to each other.
        axis = self._directions(count)[:, None].expand(-1, len(group), -1)  # (sample, bone, xyz)
        # A normal distribution has no largest angle; beyond 2.5 standard deviations nobody turns.
        angle = spread * torch.randn(count, 1, generator=self.generator).clamp(-2.5, 2.5)
        bones[:, group] = rotate_about(bones[:, group], axis, angle.expand(-1, len(group)))

    def _bent(
        self, upper: Float[Tensor, "sample 3"], lower: Float[Tensor, "sample 3"], most: float
    ) -> Float[Tensor, "sample 3"]:
        """Change the flexion of a limb, in the plane in which it is bent; a straight limb is left alone."""
        # The normal of the limb's plane is the hinge's axis; |u x l| and u.l are sine and cosine, both times |u||l|.
        normal = torch.linalg.cross(upper, lower)
        flexion = torch.atan2(normal.norm(dim=-1), (upper * lower).sum(-1))
        wanted = (flexion + self.config.turn * torch.randn(len(upper), generator=self.generator)).clamp(0, most)
        # About upper x lower, a positive angle bends further.
        change = torch.where(flexion > _STRAIGHT, wanted - flexion, 0.0)
        return rotate_about(lower, unit(normal), change)

    def free_arms(self, positions: Float[Tensor, "sample joint 3"]) -> Float[Tensor, "sample joint 3"]:
        """Point some arms anywhere, and bend their elbows in any plane."""
        if not self.config.free_arms:
            return positions
        bones = to_bones(positions, self.skeleton)
        count = len(positions)
        for upper, lower in self.arms.values():
            chosen = self._chosen(count, self.config.free_arms)[:, None]
            direction = self._directions(count)
            flexion = MOST_FLEXION["elbow"] * torch.rand(count, generator=self.generator)
            # The upper arm crossed with any other direction: an axis across it, evenly spread about it.
            axis = unit(torch.linalg.cross(direction, self._directions(count)))
            forearm = rotate_about(direction, axis, flexion)
            _point(bones, {upper: direction, lower: forearm}, chosen)
        return self._joined(bones, positions)

    def free_legs(self, positions: Float[Tensor, "sample joint 3"]) -> Float[Tensor, "sample joint 3"]:
        """Put one leg of some bodies, or both alike, anywhere within what hips and knees can do."""
        if not self.config.free_legs:
            return positions
        bones, axes = to_bones(positions, self.skeleton), pelvis_axes(positions, self.skeleton)
        count = len(positions)
        # Which bodies; whether both their legs move alike, but for their twist; and if one alone, whether the left.
        chosen, both, which = (self._chosen(count, chance) for chance in (self.config.free_legs, 0.5, 0.5))
        common = torch.rand(count, 3, generator=self.generator)
        for (side, (upper, lower)), alone in zip(self.legs.items(), (which, ~which), strict=True):
            own = torch.rand(count, 3, generator=self.generator)
            thigh, shank = self._leg(axes, torch.where(both[:, None], common, own), 1.0 if side == "left" else -1.0)
            moved = (chosen & (both | alone))[:, None]
            _point(bones, {upper: thigh, lower: shank}, moved)
        return self._joined(bones, positions)

    def _leg(
        self, axes: Float[Tensor, "sample 3 3"], draw: Float[Tensor, "sample 3"], outward: float
    ) -> tuple[Float[Tensor, "sample 3"], Float[Tensor, "sample 3"]]:
        """Return directions of thigh and shank from evenly drawn angles: spread, flexion of the hip, of the knee.

        The knee bends about its own hinge, which points left in a standing body and goes with the thigh, a little
        turned itself. ``outward`` is 1 for the left leg and -1 for the right: a positive turn about forward takes what
        hangs down to the left.
        """
        left, forward, up = axes.unbind(dim=1)  # (sample, xyz) each
        spread, hip, knee = (low + (high - low) * part for (low, high), part in zip(_LEG, draw.unbind(-1), strict=True))
        # From a leg that hangs straight down: spread about the forward axis, then bent about the left one.
        thigh, hinge = (rotate_about(line, forward, outward * spread) for line in (-up, left))
        # Minus: about left, a positive turn takes what hangs down backward. So the hip's brings the thigh forward, and
        # the knee's, about the hinge, which was left, the shank back.
        thigh, hinge = (rotate_about(line, left, -hip) for line in (thigh, hinge))
        twist = _TWIST * torch.randn(len(axes), generator=self.generator)
        return thigh, rotate_about(thigh, rotate_about(hinge, thigh, twist), knee)

    def free_trunk(self, positions: Float[Tensor, "sample joint 3"]) -> Float[Tensor, "sample joint 3"]:
        """Bend some bodies: half of the angle at the hips, with all that is above them, and half at the waist."""
        if not self.config.free_trunk:
            return positions
        bones, axes = to_bones(positions, self.skeleton), pelvis_axes(positions, self.skeleton)
        count = len(positions)
        chosen = self._chosen(count, self.config.free_trunk)
        forward, sideways = (uniform((count,), (low, high), self.generator) for low, high in _TRUNK_BENDS)
        # About left, what points up goes forward; about forward, to the side: after a deep bend forward, whose trunk
        # lies along that axis, the second turn twists it instead.
        for axis, angle in ((axes[:, 0], forward), (axes[:, 1], sideways)):
            half = (torch.where(chosen, angle, 0.0) / 2)[:, None]
            # All that is above the hips is turned once, all above the waist once more.
            for group in (self.upper, self.above_waist):
                about = axis[:, None].expand(-1, len(group), -1)
                bones[:, group] = rotate_about(bones[:, group], about, half.expand(-1, len(group)))
        return self._joined(bones, positions)

    def _joined(
        self, bones: Float[Tensor, "sample joint 3"], positions: Float[Tensor, "sample joint 3"]
    ) -> Float[Tensor, "sample joint 3"]:
        # The root stays where it was, and each joint is put on its parent from there.
        return from_bones(bones, positions[:, self.skeleton.root_index], self.skeleton)

    def _chosen(self, count: int, chance: float) -> Bool[Tensor, " sample"]:
        return torch.rand(count, generator=self.generator) < chance

    def _directions(self, count: int) -> Float[Tensor, "sample 3"]:
        # Three normal numbers prefer no direction; evenly drawn ones would crowd towards a cube's corners.
        return unit(torch.randn(count, 3, generator=self.generator))


def _tilt(positions: Tensor, skeleton: Skeleton, config: AugmentationConfig, generator: torch.Generator) -> Tensor:
    """Tilt a third of the bodies about a level axis; a tenth of these by any angle.

    A third is enough to learn who falls, lies or stands on his hands from; the others keep what gravity makes likely,
    by which a single view tells leaning forward from leaning back.
    """
    count = len(positions)
    draw = torch.rand(count, 3, generator=generator)
    angle = config.tilt * torch.randn(count, generator=generator)
    # One draw decides both, so that the tenth that lies in any way is among the third that is tilted.
    angle = torch.where(draw[:, 0] < 1 / 30, 2 * math.pi * draw[:, 1], angle)
    angle = torch.where(draw[:, 0] < 1 / 3, angle, 0.0)
    # Level axes alone: turns about the vertical come from the cameras, which look from all sides.
    heading = 2 * math.pi * draw[:, 2]
    axis = torch.stack([heading.cos(), heading.sin(), torch.zeros(count)], dim=-1)  # (sample, xyz), z up: level
    root = positions[:, skeleton.root_index, None]  # (sample, 1, xyz)
    joints = positions.shape[1]
    turned = rotate_about(positions - root, axis[:, None].expand(-1, joints, -1), angle[:, None].expand(-1, joints))
    return turned + root


def _point(bones: Tensor, directions: dict[int, Tensor], chosen: Bool[Tensor, "sample 1"]) -> None:
    """Give some bones of the chosen samples another direction, in place; they keep their lengths."""
    for joint, direction in directions.items():
        length = bones[:, joint].norm(dim=-1, keepdim=True)  # (sample, 1)
        bones[:, joint] = torch.where(chosen, direction * length, bones[:, joint])

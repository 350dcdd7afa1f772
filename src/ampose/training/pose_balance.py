"""How often frames are drawn so that poses, and not clips, count alike.

What a data set thinks is usual decides what a lifter answers where 2D leaves the depth open. Motion capture is mostly
gait, with arms that hang; so frames whose arms and legs point where few others' do are drawn more often.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ampose.data.motion_capture import MotionCapture
from ampose.data.synthesis.bones import unit

_ARMS, _LEGS = 0.4, 0.2
"""Exponents: a frame counts as (frames of its kind) ** -exponent. At 1 every kind would count the same, and a kind of
ten frames, often a fault of the recording, as much as walking."""

_LEAST = 30
"""Is added to the number of frames of a kind, so that no single frame counts too much."""


def pose_weights(motion: MotionCapture) -> Float[Tensor, " frame"]:
    """Return the weight of each frame: how rare its limbs' directions are, seen in the axes of the body's heading.

    Directions fall into twelve cells around the corners of an icosahedron. Each arm by itself (upper arm, forearm) is
    counted together with the lean of the trunk; legs are counted as a pair, because they balance each other.
    """
    skeleton, places = motion.skeleton, torch.from_numpy(motion.positions)
    across = places[:, skeleton.index("left_hip")] - places[:, skeleton.index("right_hip")]
    left = unit(across * torch.tensor([1.0, 1.0, 0.0]))
    up = torch.tensor([0.0, 0.0, 1.0]).expand_as(left)
    heading = torch.stack([left, torch.linalg.cross(left, up), up], dim=1)  # (frame, axis, xyz)

    def cells(chain: tuple[str, ...], outwards: float = 1.0) -> Int[Tensor, "frame bone"]:
        """Return the cell of each bone of a chain of joints; a right limb's are those of its mirror image."""
        joints = places[:, [skeleton.index(joint) for joint in chain]]
        directions = unit(joints.diff(dim=1)) @ heading.mT * torch.tensor([outwards, 1.0, 1.0])
        return (directions @ _corners().T).argmax(dim=-1)

    lean = cells(("hip", "thorax"))
    weights = torch.ones(len(places), dtype=torch.float64)
    legs = []
    for side, outwards in (("left", 1.0), ("right", -1.0)):
        arm = cells((f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist"), outwards)
        weights *= _frames_alike(torch.cat([arm, lean], dim=1)) ** (-_ARMS / 2)
        legs.append(cells((f"{side}_hip", f"{side}_knee", f"{side}_ankle"), outwards))
    return weights * _frames_alike(torch.cat(legs, dim=1)) ** -_LEGS


def _corners() -> Float[Tensor, "12 3"]:
    """Return the corners of an icosahedron: (0, +-1, +-golden ratio) and its two turns."""
    golden = (1 + 5**0.5) / 2
    corners = torch.tensor([(0.0, one, other * golden) for one in (-1, 1) for other in (-1, 1)])
    return unit(torch.cat([corners.roll(turn, dims=1) for turn in range(3)]))


def _frames_alike(cells: Int[Tensor, "frame cell"]) -> Float[Tensor, " frame"]:
    """Return how many frames are in the same cells."""
    _, kind, count = torch.unique(cells, dim=0, return_inverse=True, return_counts=True)
    return count[kind].double() + _LEAST

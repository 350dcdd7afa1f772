"""LCN: optimizing network structure for 3D human pose estimation, the locally connected network.

Hai Ci, Chunyu Wang, Xiaoxuan Ma and Yizhou Wang, ICCV 2019

A fully connected network over the J x F features of all joints (F = 64) in which a joint is fed by near joints alone:
the block of weights between two joints exists where they are at most three links apart. An input layer, three residual
blocks of two layers, an output layer. Weights are shared by no two pairs of joints.

Parameters at 17 joints: 7,203,507 with the blocks that do not exist (the hidden layers alone are 6 x (17 x 64)^2 =
7.1 M, as in the public code, which also keeps them and masks them); 4,365,363 of them act.

What it answers in: the authors' target lies in the image plane (pixels and depth, scaled by the image's width), and
their poses become millimetres by the camera and the *true* distance of the root (the public code's box is made of these
two). The contract of this project is metres without ground truth, so that is the default; ``target = "image-plane"`` is
the authors', and the recipe ``h36m-lcn`` has it. With a joint's place (X, Y, Z) and the root's distance Z0 in camera
axes, focal length (fx, fy), centre (cx, cy) and image size (w, h)::

    x = 2 (fx X / Z + cx) / w - 1      y = (2 (fy Y / Z + cy) - h) / w      z = 2 r (Z - Z0) / w

Pixels a metre, r, are those of a box of 2 m about the root: its width is 2 fx / Z0 pixels, one more as pixels are
counted, so r = (2 fx / Z0 + 1) / 2. To be metres again, all three coordinates need the true distance Z0. Such
weights can be measured, each figure labelled "uses GT root depth", but lift nothing of which the root's distance is not
known.

What differs: the authors compare poses in camera space, the root's predicted place included; ours has the predicted
root subtracted, as all systems. Their ground-truth 2D is the pinhole projection of the 3D; Human3.6M's as prepared here
has the lens's distortion. With metres, nothing is added to the output, and the limit on the weights' norm (1) acts on
the hidden layers alone, as in SimpleBaseline. The limit counts the weights that act; the public code counts masked ones
too.

Published: 36.3 mm (Human3.6M, ground-truth 2D, 17 joints), 52.7 mm (CPN); its README: 32.5 and 51.1 (Stacked Hourglass)
by the true distance of the root, as above.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ampose import models
from ampose.errors import InputError
from ampose.models.layers.batch_norm import JointBatchNorm
from ampose.models.layers.constrained_linear import ConstrainedLinear
from ampose.models.layers.residual import Residual
from ampose.models.lifter_network import LifterConfig, Published, SingleFrameLifter, check_settings
from ampose.models.normalisation import normalise
from ampose.models.output_space import OutputSpace, output_spaces
from ampose.poses.camera import Intrinsics, back_project, project
from ampose.poses.geometry import root_relative
from ampose.poses.skeletons import Skeleton

EXTRA_LINKS = (
    ("spine", "left_hip"),
    ("spine", "right_hip"),
    ("spine", "left_shoulder"),
    ("spine", "right_shoulder"),
)
"""Links of the authors' list that are no bones."""


PLANE_INPUT = "image-width"
"""The normalisation of the 2D in whose units x and y of the image plane are."""


def to_plane(
    positions: Float[Tensor, "sample frame joint 3"],
    intrinsics: Intrinsics[Tensor],
    root_index: int,
    rotation: Tensor | None,
) -> Float[Tensor, "sample frame joint 3"]:
    """Return where each joint is in the image, and how far behind the root in the image's scale.

    Example:
        >>> square = torch.tensor([[1000.0, 1000.0]])
        >>> camera = Intrinsics(focal=square, centre=square / 2, image_size=square)
        >>> to_plane(torch.tensor([[[[0.0, 0.0, 4.0], [0.0, 0.0, 5.0]]]]), camera, 0, None)[0, 0, 1].tolist()
        [0.0, 0.0, 0.5009999871253967]
    """
    pixels = project(positions, intrinsics.focal[:, None, None], intrinsics.centre[:, None, None])
    xy = normalise(PLANE_INPUT, pixels, intrinsics, root_index).keypoints
    behind = root_relative(positions, root_index)[..., 2:]
    return torch.cat([xy, behind * _scale(intrinsics, positions[..., root_index, 2])], dim=-1)


def from_plane(
    answer: Float[Tensor, "sample frame joint 3"],
    intrinsics: Intrinsics[Tensor],
    rotation: Tensor | None,
    root_depth: Float[Tensor, "sample frame"] | None,
) -> Float[Tensor, "sample frame joint 3"]:
    """Return absolute metres in camera axes, at the root's true distance."""
    assert root_depth is not None  # noqa: S101 (``decode`` asks for it)
    # One camera a sample: (sample, 2) against (sample, frame, joint, 2).
    focal, centre, size = (field[:, None, None] for field in vars(intrinsics).values())
    pixels = (answer[..., :2] * size[..., :1] + size) / 2
    z = answer[..., 2:] / _scale(intrinsics, root_depth) + root_depth[..., None, None]
    return torch.cat([back_project(pixels, z, focal, centre), z], dim=-1)


def _scale(
    intrinsics: Intrinsics[Tensor], root_depth: Float[Tensor, "sample frame"]
) -> Float[Tensor, "sample frame 1 1"]:
    """Return the image plane's units a metre at the root, 2 r / w."""
    pixels_a_metre = (2 * intrinsics.focal[:, :1] / root_depth + 1) / 2
    return (2 * pixels_a_metre / intrinsics.image_size[:, :1])[..., None, None]


output_spaces.add("image-plane", OutputSpace(to_plane, from_plane, needs_root_depth=True))


@dataclass(frozen=True, kw_only=True)
class LCNConfig(LifterConfig):
    """Everything that makes one LCN different from another."""

    channels: int = 64
    """Features F of each joint."""

    depth: int = 3
    """Residual blocks."""

    reach: int = 3
    """How many links away a joint is still seen by a layer."""

    dropout: float = 0.25
    """After each hidden layer."""

    max_norm: float | None = 1.0
    """Largest norm of a hidden layer's weights; None for no limit."""

    target: Literal["metres", "image-plane"] = "metres"
    """What it answers in. ``image-plane``: the authors', which needs the true distance of the root to become metres;
    x and y are then added to the 2D that goes in, and the limit acts on the last layer too."""

    def __post_init__(self) -> None:
        check_settings(channels=self.channels, depth=self.depth, reach=self.reach, dropout=self.dropout)
        if self.target == "image-plane" and self.normalisation != PLANE_INPUT:
            raise InputError(
                f"normalisation must be {PLANE_INPUT} for the target {self.target}, got {self.normalisation}"
            )


def within_reach(skeleton: Skeleton, reach: int) -> Bool[np.ndarray, "joint joint"]:
    """Return where (A + I)^reach is not 0, A being bones and the extra links."""
    linked = skeleton.adjacency | np.eye(skeleton.num_joints, dtype=bool)
    for pair in EXTRA_LINKS:
        if set(pair) <= set(skeleton.joints):
            a, b = map(skeleton.index, pair)
            linked[a, b] = linked[b, a] = True
    return np.linalg.matrix_power(linked.astype(np.int64), reach) > 0


class LocallyConnected(nn.Module):
    """A linear layer over all joints' features whose weights exist between near joints alone."""

    def __init__(
        self, inputs: int, outputs: int, near: Bool[np.ndarray, "joint joint"], max_norm: float | None = None
    ) -> None:
        super().__init__()
        joints = len(near)
        blocks = np.kron(near, np.ones((outputs, inputs)))
        mask = torch.tensor(blocks, dtype=torch.float32)
        self.joints = joints
        self.linear = ConstrainedLinear(joints * inputs, joints * outputs, max_norm=max_norm, mask=mask)

    def forward(self, x: Float[Tensor, "pose joint in"]) -> Float[Tensor, "pose joint out"]:
        """Feed each joint by its near joints."""
        return self.linear(x.flatten(1)).unflatten(1, (self.joints, -1))


@models.register(
    "lcn",
    config=LCNConfig(),
    paper="Optimizing Network Structure for 3D Human Pose Estimation",
    year=2019,
    venue="ICCV",
    licence="Apache-2.0",
    published={
        "lcn": Published(
            parameters="7.1 (code)",
            rows=("Ci et al. [18]",),
            note="7.1 M are the hidden layers alone, masked weights included as in ours; 4.37 M of ours act",
        ),
    },
)
class LCN(SingleFrameLifter):
    """A fully connected network, thinned out by the skeleton."""

    def __init__(self, config: LCNConfig) -> None:
        super().__init__(config)
        self.in_plane = config.target == "image-plane"
        near = within_reach(self.skeleton, config.reach)
        width = config.channels

        def hidden(inputs: int) -> nn.Module:
            layer = LocallyConnected(inputs, width, near, config.max_norm)
            return nn.Sequential(layer, JointBatchNorm(width), nn.LeakyReLU(0.2), nn.Dropout(config.dropout))

        self.layers = nn.Sequential(
            hidden(2),
            *(Residual(hidden(width), hidden(width)) for _ in range(config.depth)),
            LocallyConnected(width, 3, near, config.max_norm if self.in_plane else None),
        )

    def lift_poses(self, keypoints: Float[Tensor, "pose joint 2"]) -> Float[Tensor, "pose joint 3"]:
        """Lift each pose; in the image plane x and y say how far a joint is from where it was seen."""
        lifted: Tensor = self.layers(keypoints)
        return torch.cat([lifted[..., :2] + keypoints, lifted[..., 2:]], dim=-1) if self.in_plane else lifted

"""JointFormer: single-frame lifting transformer with error prediction and refinement.

Sebastian Lutz, Richard Blythman, Koustav Ghosal, Matthew Moynihan, Ciaran Simms and Aljosa Smolic, ICPR 2022,
https://arxiv.org/abs/2208.03704

Joints are tokens of 64 channels. Each of four post-norm encoders is followed by a prediction of the pose, whose
embedding is added back, and a prediction of how far that pose is off. All of them are trained (the loss
``jointformer``); the last one's pose is the answer. ``jointformer-refined`` has the refinement transformer on top: 2D,
3D and predicted error of each joint go in, the refined pose comes out. It needs no ground truth. It is trained in a
second stage (the loss ``jointformer-refinement``, recipe ``h36m-jointformer-refined``) in which the lifter holds still.

Parameters: 1,478,104 at 17 joints and 1,400,768 at 16 (public code: 1.478 M and 1.401 M); the refinement's 2,335,283 at
17 (2.335 M): exact to the figures known. They are reached with the LayerNorm of each prediction over all features of
the body; a LayerNorm over 64 channels gives 1.461 M.

As in the public code: the error head learns the absolute error of each coordinate, which does not pull at the pose; the
lifter's dropout stays on in the second stage; the refinement's own is 0.1. What differs: the error head reads the
features after the pose's embedding was added, in the public code before; LayerNorm adds torch's 1e-5 to the variance,
theirs 1e-6; they drop a tenth of the attention weights and start all matrices by Xavier's rule, here none is dropped
and PyTorch's rule holds. With the loss ``jointformer`` a refinement is trained together with the lifter, without
pulling at it.

Published: 50.5 mm (Human3.6M, CPN, 17 joints), 34.0 mm (ground-truth 2D).
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ampose import models
from ampose.models.layers.attention import MultiHeadSelfAttention
from ampose.models.layers.pointwise import PointwiseConvolution
from ampose.models.lifter_network import LifterConfig, Published, SingleFrameLifter, check_settings
from ampose.models.losses import Loss, coordinate_square, loss_of_answer


@dataclass(frozen=True, kw_only=True)
class JointFormerConfig(LifterConfig):
    """Everything that makes one JointFormer different from another."""

    channels: int = 64
    """Of a joint's token."""

    depth: int = 4
    """Encoders."""

    heads: int = 8
    """Attention heads."""

    head_width: int = 64
    """Channels of each head; not ``channels / heads`` here."""

    hidden: int = 512
    """Width of an encoder's MLP."""

    dropout: float = 0.2
    """Before each prediction of the lifter."""

    refine: bool = False
    """Whether the refinement transformer is there."""

    refine_channels: int = 256
    """Of its tokens; its MLP is four times as wide."""

    refine_depth: int = 2
    """Its encoders."""

    def __post_init__(self) -> None:
        check_settings(channels=self.channels, depth=self.depth, heads=self.heads, head_width=self.head_width)
        check_settings(hidden=self.hidden, refine_channels=self.refine_channels, dropout=self.dropout)
        check_settings(refine_depth=self.refine_depth)


class PostNormEncoder(nn.Module):
    """z = LN(x + MSA(x)); out = LN(z + MLP(z)), the order of the first Transformer; no biases in attention."""

    def __init__(self, channels: int, hidden: int, config: JointFormerConfig) -> None:
        super().__init__()
        self.attention = MultiHeadSelfAttention(
            channels, config.heads, head_width=config.head_width, qkv_bias=False, out_bias=False
        )
        self.attention_norm = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))
        self.mlp_norm = nn.LayerNorm(channels)

    def forward(self, x: Float[Tensor, "pose joint channel"]) -> Float[Tensor, "pose joint channel"]:
        """Transform the tokens of all joints."""
        x = self.attention_norm(x + self.attention(x))
        return self.mlp_norm(x + self.mlp(x))


class BodyHead(nn.Module):
    """Read three numbers a joint off the features of all joints: LayerNorm, dropout, linear."""

    def __init__(self, joints: int, channels: int, dropout: float) -> None:
        super().__init__()
        self.joints = joints
        self.layers = nn.Sequential(
            nn.LayerNorm(joints * channels), nn.Dropout(dropout), nn.Linear(joints * channels, 3 * joints)
        )

    def forward(self, x: Float[Tensor, "pose joint channel"]) -> Float[Tensor, "pose joint 3"]:
        """Read the whole body at once."""
        return self.layers(x.flatten(1)).unflatten(1, (self.joints, 3))


class Stage(nn.Module):
    """An encoder, the pose it predicts, and the error it predicts of that pose."""

    def __init__(self, joints: int, config: JointFormerConfig) -> None:
        super().__init__()
        self.encoder = PostNormEncoder(config.channels, config.hidden, config)
        self.pose = BodyHead(joints, config.channels, config.dropout)
        self.embedding = nn.Linear(3 * joints, joints * config.channels)
        self.error = BodyHead(joints, config.channels, config.dropout)

    def forward(self, x: Float[Tensor, "pose joint channel"]) -> tuple[Tensor, Tensor, Tensor]:
        """Return the features for the next stage, the pose, and its predicted error."""
        encoded = self.encoder(x)
        pose = self.pose(encoded)
        known = encoded + self.embedding(pose.flatten(1)).view_as(encoded)
        return (x + known).relu(), pose, self.error(known)


REFINEMENT_DROPOUT = 0.1
"""Before the refined pose is read."""


class Refinement(nn.Module):
    """Predict a better pose from the 2D, the pose and its predicted error (section III.D)."""

    def __init__(self, joints: int, config: JointFormerConfig) -> None:
        super().__init__()
        width = config.refine_channels
        self.embedding = nn.Sequential(PointwiseConvolution(2 + 3 + 3, width), nn.LayerNorm(width))
        self.encoders = nn.ModuleList(PostNormEncoder(width, 4 * width, config) for _ in range(config.refine_depth))
        self.pose = BodyHead(joints, width, REFINEMENT_DROPOUT)

    def forward(
        self,
        keypoints: Float[Tensor, "pose joint 2"],
        pose: Float[Tensor, "pose joint 3"],
        error: Float[Tensor, "pose joint 3"],
    ) -> Float[Tensor, "pose joint 3"]:
        """Return the refined pose."""
        x = self.embedding(torch.cat([keypoints, pose, error], dim=-1))
        for encoder in self.encoders:
            x = (x + encoder(x)).relu()
        refined: Tensor = self.pose(x)
        return refined


class EveryLayer(NamedTuple):
    """All that is predicted on the way; ``layer`` counts the stages."""

    poses: Float[Tensor, "layer batch frame joint 3"]
    errors: Float[Tensor, "layer batch frame joint 3"]
    refined: Float[Tensor, "batch frame joint 3"] | None


def every_layer_loss(network: "JointFormer", keypoints: Tensor, target: Tensor) -> Float[Tensor, ""]:
    """Every stage's pose, and every stage's guess of how far that pose is off (the loss ``jointformer``).

    Of each stage (MSE of the pose + MSE of the predicted error) / 2, and the mean over stages. Where there is a
    refinement, the MSE of the refined pose is added.
    """
    predicted = network.every_layer(keypoints)
    poses, errors = predicted.poses.float(), predicted.errors.float()  # (layer, batch, frame, joint, 3)
    true_errors = (poses.detach() - target).abs()
    loss = (coordinate_square(poses, target[None]) + coordinate_square(errors, true_errors)) / 2
    return loss if predicted.refined is None else loss + coordinate_square(predicted.refined.float(), target)


@models.register(
    "jointformer",
    config=JointFormerConfig(),
    sizes={"jointformer-refined": JointFormerConfig(refine=True)},
    paper="Jointformer: Single-Frame Lifting Transformer with Error Prediction and Refinement for 3D Human Pose "
    "Estimation",
    year=2022,
    venue="ICPR",
    link="https://arxiv.org/abs/2208.03704",
    licence="Apache-2.0",
    published={
        "jointformer": Published(parameters="1.478 (code)", rows=("Lutz et al. [19]",)),
        "jointformer-refined": Published(parameters="3.813 (code)", note="1.478 M and the refinement's 2.335 M"),
    },
    losses={
        "jointformer": Loss(compute=every_layer_loss),
        # The second stage: MSE of the refined pose.
        "jointformer-refinement": replace(
            loss_of_answer(coordinate_square), trains="refinement", needs=("a refinement", "refine", True)
        ),
    },
    loss="jointformer",
)
class JointFormer(SingleFrameLifter):
    """Encoders that predict, and look at what they predicted."""

    def __init__(self, config: JointFormerConfig) -> None:
        super().__init__(config)
        joints = self.skeleton.num_joints
        self.embedding = nn.Sequential(PointwiseConvolution(2, config.channels), nn.LayerNorm(config.channels))
        self.stages = nn.ModuleList(Stage(joints, config) for _ in range(config.depth))
        self.refinement = Refinement(joints, config) if config.refine else None

    def every_layer(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> EveryLayer:
        """Lift each frame on its own, and return what each stage predicts."""
        poses, errors, refined = self._predict(keypoints.flatten(0, 1))
        shape = (*keypoints.shape[:-1], 3)
        return EveryLayer(
            torch.stack(poses).reshape(-1, *shape),
            torch.stack(errors).reshape(-1, *shape),
            None if refined is None else refined.reshape(shape),
        )

    def lift_poses(self, keypoints: Float[Tensor, "pose joint 2"]) -> Float[Tensor, "pose joint 3"]:
        """Return the refined pose if there is a refinement, else the last stage's."""
        poses, _, refined = self._predict(keypoints)
        return poses[-1] if refined is None else refined

    def _predict(self, keypoints: Float[Tensor, "pose joint 2"]) -> tuple[list[Tensor], list[Tensor], Tensor | None]:
        """Return the poses and errors of all stages, and the refined pose."""
        x = self.embedding(keypoints)
        poses, errors = [], []
        for stage in self.stages:
            x, pose, error = stage(x)
            poses.append(pose)
            errors.append(error)
        if self.refinement is None:
            return poses, errors, None
        return poses, errors, self.refinement(keypoints, poses[-1].detach(), errors[-1].detach())

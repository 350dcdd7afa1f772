"""AMPose: alternately mixed global-local attention model for 3D human pose estimation.

Hongxin Lin, Yunwei Chiu and Peiyuan Wu, ICASSP 2023, https://arxiv.org/abs/2210.04216

One frame's 2D joints pass a linear layer, then N times a Transformer encoder (all joints see all joints,
eqs. 1-7) followed by a GCN block (each joint sees its neighbours, eqs. 8-9), then a linear layer to 3D.

The repository that the paper names (github.com/erikervalid/AMPose) holds no code. What the paper leaves open is a field
of ``AMPoseConfig``, whose docstring says what the paper says, what related systems do, and why the default is what it
is. With the defaults, 512 channels, 5 layers and 17 joints there are 18,405,379 parameters. The paper prints 18.3 M and
312.2 M "FLOPs", truncated; counted as the tool of its day did (multiply-adds, without LayerNorm and position
embedding), this is 18.386 M and 312.256 M.

Figures to reach (Human3.6M, MPJPE): 49.5 mm with CPN keypoints, 33.7 mm with ground-truth keypoints.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ampose import models
from ampose.errors import InputError, changed_fields
from ampose.models.layers.attention import Mlp, TransformerEncoder
from ampose.models.layers.batch_norm import JointBatchNorm
from ampose.models.layers.graph_convolution import (
    DegreeNorm,
    GraphConvolution,
    Partition,
    neighbour_groups,
    normalise_groups,
)
from ampose.models.layers.pointwise import PointwiseConvolution
from ampose.models.lifter_network import LifterConfig, LifterNetwork, Published, check_settings


@dataclass(frozen=True, kw_only=True)
class AMPoseConfig(LifterConfig):
    """Everything that makes one AMPose different from another."""

    channels: int = 512
    """Embedding channels C. The paper: 512."""

    depth: int = 5
    """Number N of (encoder, GCN block) pairs. The paper: 5."""

    heads: int = 8
    """Attention heads. The paper names none and it changes no count; MixSTE, PoseFormer, MHFormer and
    JointFormer have 8, GraFormer 4."""

    mlp_ratio: float = 2.0
    """Width of the encoder's MLP over C. Not in the paper, but only 2 fits its 18.3 M parameters."""

    qkv_bias: bool = True
    """Bias of the query, key and value projections. Eq. 1 shows none; MixSTE, PoseFormer and MHFormer have it."""

    block: Literal["ours", "two-residual", "transformer", "convnext"] = "ours"
    """Design of the GCN block (Table 5): the paper's own, or one of the three that it is compared with."""

    residual: Literal["inner", "skip-input"] = "inner"
    """Where the residual of the paper's block starts: ``inner`` h = f1(x), out = h + f2(h), as the text says
    ("a plain graph convolution followed by a graph convolution with the residual", as in ST-GCN);
    ``skip-input`` out = x + f2(f1(x)), as in SemGCN."""

    partition: Partition = "hops"
    """``hops``: three groups by distance to the mid-hip (eq. 9). ``none``: one group, vanilla GCN (eq. 8)."""

    degree_norm: DegreeNorm = "rowcol"
    """How the degree matrices of eq. 9 are read; see ``normalise_groups``. Read literally, messages from the
    root and the leaves are lost; ``rowcol`` keeps them all."""

    activation: Literal["gelu", "relu", "none"] = "gelu"
    """After each graph convolution of ``ours`` and ``two-residual``. Not named in the paper; its encoder and ConvNeXt
    use GELU, GCN papers ReLU."""

    norm: Literal["none", "layer", "batch"] = "none"
    """After each graph convolution of ``ours`` and ``two-residual``. The published counts rule out BatchNorm
    together with a bias and say nothing about LayerNorm; GraphMLP, a cited source, has none there."""

    position: Literal["once", "per-layer"] = "once"
    """Where W_pos of eq. 5 is added: before the first encoder (MixSTE, PoseFormer, MHFormer), or in each,
    which is the letter of eq. 5. Counts cannot tell."""

    final_norm: bool = False
    """LayerNorm before the head. The paper shows none; MixSTE and GraphMLP have one."""

    dropout: float = 0.0
    """In attention and MLP. None stated; MixSTE and PoseFormer have 0, GraFormer 0.25."""

    drop_path: float = 0.0
    """Chance to leave an encoder's branch out in training, the same in all layers. None stated; MixSTE's rises
    to 0.1 with depth."""

    missing_token: bool = False
    """Not in the paper. A joint that is NaN enters as a learned vector instead of the embedding of its coordinates,
    so that people can be lifted of whom a part is missing."""

    error_head: bool = False
    """Not in the paper. A second linear layer that predicts how far off each joint is, in metres."""

    @property
    def takes_missing(self) -> bool:
        """With the token for them."""
        return self.missing_token

    @property
    def predicts_error(self) -> bool:
        """With the head for it."""
        return self.error_head

    def __post_init__(self) -> None:
        check_settings(
            channels=self.channels,
            depth=self.depth,
            heads=self.heads,
            dropout=self.dropout,
            drop_path=self.drop_path,
        )
        if self.mlp_ratio <= 0:
            raise InputError(f"mlp_ratio must be positive, got {self.mlp_ratio}")
        # A setting without effect would make two equal networks look different.
        unused = {"ours": (), "two-residual": ("residual",)}.get(self.block, ("residual", "activation", "norm"))
        for name, value in changed_fields(self, unused):
            raise InputError(f"{name} must be left out for the block {self.block}, got {value}")


_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"gelu": nn.GELU, "relu": nn.ReLU, "none": nn.Identity}


_NORMS: dict[str, Callable[[int], nn.Module]] = {
    "none": lambda channels: nn.Identity(),
    "layer": nn.LayerNorm,
    "batch": JointBatchNorm,
}


class GCNBlock(nn.Module):
    """The GCN block in the four designs of Table 5 (Fig. 3).

    ``ours``: a plain graph convolution, then one with a residual.
    ``two-residual``: a residual around each of the two.
    ``transformer``: an encoder with a graph convolution in place of attention, MLP ratio 1.
    ``convnext``: graph convolution (for ConvNeXt's depthwise one), LayerNorm, 1x1 convolution, GELU, 1x1
    convolution, one residual.

    The last two have MLP ratio 1 because only that fits their published 17.0 M parameters.
    """

    def __init__(self, config: AMPoseConfig, adjacency: Float[np.ndarray, "group joint joint"]) -> None:
        super().__init__()
        channels = config.channels
        self.config = config
        if config.block in ("ours", "two-residual"):
            self.first = self._convolution(adjacency)
            self.second = self._convolution(adjacency)
            return
        convolution = GraphConvolution(channels, channels, adjacency)
        if config.block == "transformer":
            self.first = nn.Sequential(nn.LayerNorm(channels), convolution)
            self.second = nn.Sequential(nn.LayerNorm(channels), Mlp(channels, channels, dropout=config.dropout))
        else:
            mlp = Mlp(channels, channels, dropout=config.dropout, linear=PointwiseConvolution)
            self.first = nn.Sequential(convolution, nn.LayerNorm(channels))
            self.second = nn.Sequential(mlp)  # wrapped: names of saved weights

    def _convolution(self, adjacency: Float[np.ndarray, "group joint joint"]) -> nn.Sequential:
        """Graph convolution, norm, activation."""
        channels = self.config.channels
        return nn.Sequential(
            GraphConvolution(channels, channels, adjacency),
            _NORMS[self.config.norm](channels),
            _ACTIVATIONS[self.config.activation](),
        )

    def forward(self, x: Float[Tensor, "batch joint channel"]) -> Float[Tensor, "batch joint channel"]:
        """Mix each joint with its neighbours."""
        if self.config.block in ("two-residual", "transformer"):
            x = x + self.first(x)
            return x + self.second(x)
        # ours: a plain graph convolution, then one with the residual (section 3.5); the others: one residual around
        # both.
        h: Tensor = self.first(x)
        start = h if self.config.block == "ours" and self.config.residual == "inner" else x
        return start + self.second(h)


@models.register(
    "ampose",
    config=AMPoseConfig(),
    sizes={
        "ampose-full": AMPoseConfig(),
        "ampose-base": AMPoseConfig(channels=256),
        "ampose-small": AMPoseConfig(channels=96),
    },
    paper="AMPose: Alternately Mixed Global-Local Attention Model for 3D Human Pose Estimation",
    year=2023,
    venue="ICASSP",
    link="https://arxiv.org/abs/2210.04216",
    licence="Apache-2.0",
    published={
        "ampose-full": Published(
            parameters="18.3 (paper)",
            rows=("Ours", "Ours (full)"),
            note="the paper's tool omitted LayerNorm and the position embedding, and its printed figures are truncated",
        ),
        "ampose-small": Published(
            parameters="0.67 (paper)",
            rows=("Ours (small)",),
            note="2 % below the paper's, unexplained; the bundled weights have 193 more: missing joints, error head",
        ),
    },
)
class AMPose(LifterNetwork):
    """The network of Fig. 1 and 2."""

    def __init__(self, config: AMPoseConfig) -> None:
        super().__init__(config)
        adjacency = normalise_groups(neighbour_groups(self.skeleton, config.partition), config.degree_norm)
        channels = config.channels
        embeddings = config.depth if config.position == "per-layer" else 1
        self.embedding = nn.Linear(2, channels)
        self.position = nn.ParameterList(
            nn.init.trunc_normal_(torch.empty(self.skeleton.num_joints, channels), std=0.02) for _ in range(embeddings)
        )
        self.encoders = nn.ModuleList(
            TransformerEncoder(
                channels,
                config.heads,
                config.mlp_ratio,
                qkv_bias=config.qkv_bias,
                dropout=config.dropout,
                drop_path=config.drop_path,
            )
            for _ in range(config.depth)
        )
        self.gcn_blocks = nn.ModuleList(GCNBlock(config, adjacency) for _ in range(config.depth))
        self.norm = nn.LayerNorm(channels) if config.final_norm else nn.Identity()
        self.head = nn.Linear(channels, 3)
        self.missing = nn.Parameter(torch.zeros(channels)) if config.missing_token else None
        self.error_head = nn.Linear(channels, 1) if config.error_head else None

    def forward(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch frame joint 3"]:
        """Lift each frame on its own."""
        lifted: Tensor = self.head(self.features(keypoints))
        return lifted.reshape(*keypoints.shape[:-1], 3)

    def with_expected_error(
        self, keypoints: Float[Tensor, "batch frame joint 2"]
    ) -> tuple[Float[Tensor, "batch frame joint 3"], Float[Tensor, "batch frame joint"]]:
        """Lift, and predict how far off each joint is, in metres (needs the error head).

        The error head learns from the features and does not shape them: the pose is the same without it.
        """
        if self.error_head is None:
            return super().with_expected_error(keypoints)
        features = self.features(keypoints)
        # exp: an error is positive, and equal steps are equal ratios. In float32, for bfloat16 has three digits.
        error = self.error_head(features.detach()).float().exp()
        return self.head(features).reshape(*keypoints.shape[:-1], 3), error.reshape(keypoints.shape[:-1])

    def features(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "sample joint channel"]:
        """Return what the head sees: N times all joints and neighbours mixed (Fig. 1)."""
        x = keypoints.flatten(0, 1)  # batch frame joint 2 -> sample joint 2
        if self.missing is None:
            z = self.embedding(x)
        else:  # not in the paper: a missing joint is a learned vector
            lost = x.isnan().any(dim=-1, keepdim=True)
            # Zeros first: ``where`` drops what becomes of NaN, but not its gradient, 0 x NaN, in the embedding.
            z = torch.where(lost, self.missing, self.embedding(x.nan_to_num()))
        for layer, (encoder, gcn_block) in enumerate(zip(self.encoders, self.gcn_blocks, strict=True)):
            if layer < len(self.position):
                z = z + self.position[layer]  # eq. 5; only before the first encoder, or before each
            z = encoder(z)  # eqs. 1-4, 6 and 7: every joint looks at all joints
            z = gcn_block(z)  # eq. 9: every joint looks at its neighbours
        return self.norm(z)

"""MHFormer: multi-hypothesis Transformer for 3D human pose estimation.

Wenhao Li, Hong Liu, Hao Tang, Pichao Wang and Luc Van Gool, CVPR 2022, https://arxiv.org/abs/2111.12707

Three stages. Generation: three encoders in a row, whose tokens are the 2J coordinates and whose channels are the
frames; what each leaves is a hypothesis. Self-refinement: each hypothesis attends to itself over time, then an
MLP mixes all three. Cross-interaction: each hypothesis attends to the two others, then mixes again. A linear layer
answers for all frames; the network is trained on all and used for the middle one.

Written from the paper (section 3). What it leaves open is as in the authors' code (MIT licence): position
embeddings, dropout 0.1, drop path up to 0.2, and that in the cross-interaction the hypotheses are updated in turn.
Dropout also acts on the attention weights here, which theirs leaves out.

Parameters at 17 joints: 19,087,161 with 9 frames (measured in the public code: 19.09 M), 19,181,445 with 27
(19.18 M), 19,837,545 with 81.
AMPose's Table 4 prints 18.9 M and 1030 M FLOPs for "9 frames": the cost of 27 frames, and two FLOPs a
multiply-add. Figures to reach (its Table 4; Human3.6M, MPJPE): with CPN keypoints 47.8 mm with 9 frames, 45.9 mm with
27, 44.5 mm with 81; with ground-truth 2D 36.6, 34.3 and 32.7 mm.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ampose import models
from ampose.errors import InputError
from ampose.models.layers.attention import (
    DropPath,
    Mlp,
    MultiHeadCrossAttention,
    MultiHeadSelfAttention,
    TransformerEncoder,
)
from ampose.models.lifter_network import LifterConfig, LifterNetwork, Published, check_settings
from ampose.models.losses import Loss, distance

HYPOTHESES = 3


@dataclass(frozen=True, kw_only=True)
class MHFormerConfig(LifterConfig):
    """Everything that makes one MHFormer different from another."""

    receptive_field: int = 27
    """Frames of a window; a multiple of ``generation_heads``."""

    channels: int = 512
    """Width of a hypothesis."""

    hidden: int = 1024
    """Width of the mixing MLPs."""

    heads: int = 8
    """Attention heads over time."""

    generation_depth: int = 4
    """Layers of each of the three encoders that generate hypotheses."""

    generation_heads: int = 9
    """Their attention heads; their channels are the frames."""

    refinement_depth: int = 2
    """Self-hypothesis blocks."""

    interaction_depth: int = 1
    """Cross-hypothesis blocks."""

    dropout: float = 0.1
    """In attention, MLPs and after the position embedding."""

    drop_path: float = 0.2
    """Chance to leave a branch out in training; rises from 0 in the first layer to this in the last."""

    def __post_init__(self) -> None:
        if self.receptive_field % 2 == 0 or self.receptive_field % self.generation_heads:
            raise InputError(
                f"receptive_field must be an odd multiple of generation_heads, got {self.receptive_field} and "
                f"{self.generation_heads}"
            )
        check_settings(channels=self.channels, heads=self.heads, dropout=self.dropout, drop_path=self.drop_path)


class HypothesisGeneration(nn.Module):
    """One encoder over the 2J coordinates; the channels of a coordinate are its values over time."""

    def __init__(self, config: MHFormerConfig, coordinates: int) -> None:
        super().__init__()
        frames, depth = config.receptive_field, config.generation_depth
        self.norm = nn.LayerNorm(frames)
        self.position = nn.Parameter(torch.zeros(coordinates, frames))
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.Sequential(
            *(
                TransformerEncoder(
                    frames,
                    config.generation_heads,
                    2.0,
                    qkv_bias=True,
                    dropout=config.dropout,
                    drop_path=config.drop_path * layer / max(1, depth - 1),
                )
                for layer in range(depth)
            )
        )
        self.final_norm = nn.LayerNorm(frames)

    def forward(self, x: Float[Tensor, "batch coordinate frame"]) -> Float[Tensor, "batch coordinate frame"]:
        """Return the next hypothesis: what goes in, and what this encoder makes of it."""
        return x + self.final_norm(self.layers(self.dropout(self.norm(x) + self.position)))


class Mixing(nn.Module):
    """An MLP on all hypotheses side by side, with a residual."""

    def __init__(self, config: MHFormerConfig, drop_path: float) -> None:
        super().__init__()
        width = HYPOTHESES * config.channels
        self.norm = nn.LayerNorm(width)
        self.mlp = Mlp(width, config.hidden, dropout=config.dropout)
        self.drop_path = DropPath(drop_path)

    def forward(self, hypotheses: list[Tensor]) -> list[Tensor]:
        """Let the hypotheses of each frame see each other."""
        joined = torch.cat(hypotheses, dim=-1)
        mixed: Tensor = joined + self.drop_path(self.mlp(self.norm(joined)))
        return list(mixed.chunk(HYPOTHESES, dim=-1))


class SelfHypothesisRefinement(nn.Module):
    """Each hypothesis attends to itself over time; then they are mixed (eqs. 5-7)."""

    def __init__(self, config: MHFormerConfig, drop_path: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(config.channels) for _ in range(HYPOTHESES))
        self.attentions = nn.ModuleList(
            MultiHeadSelfAttention(config.channels, config.heads, dropout=config.dropout) for _ in range(HYPOTHESES)
        )
        self.drop_path = DropPath(drop_path)
        self.mixing = Mixing(config, drop_path)

    def forward(self, hypotheses: list[Tensor]) -> list[Tensor]:
        """Refine three tensors of (batch, frame, channel)."""
        refined = [
            x + self.drop_path(attention(norm(x)))
            for x, norm, attention in zip(hypotheses, self.norms, self.attentions, strict=True)
        ]
        return self.mixing(refined)


class CrossHypothesisInteraction(nn.Module):
    """Each hypothesis is asked for by one of the others and compared with the third; then they are mixed (eqs. 8-9).

    The first of the two others (by number) gives the queries, the second the keys, the hypothesis itself the values.
    """

    def __init__(self, config: MHFormerConfig, drop_path: float) -> None:
        super().__init__()
        self.query_norms, self.key_norms, self.value_norms = (
            nn.ModuleList(nn.LayerNorm(config.channels) for _ in range(HYPOTHESES)) for _ in range(3)
        )
        self.attentions = nn.ModuleList(
            MultiHeadCrossAttention(config.channels, config.heads, dropout=config.dropout) for _ in range(HYPOTHESES)
        )
        self.drop_path = DropPath(drop_path)
        self.mixing = Mixing(config, drop_path)

    def forward(self, hypotheses: list[Tensor]) -> list[Tensor]:
        """Update the hypotheses in turn: the later ones see the earlier ones' new state."""
        state = list(hypotheses)
        for own, attention in enumerate(self.attentions):
            query, key = (x for number, x in enumerate(state) if number != own)
            asked = attention(self.query_norms[own](query), self.key_norms[own](key), self.value_norms[own](state[own]))
            state[own] = state[own] + self.drop_path(asked)
        return self.mixing(state)


def window_loss(network: "MHFormer", keypoints: Tensor, target: Tensor) -> Float[Tensor, ""]:
    """Mean distance over all frames of the window (the loss ``mpjpe-of-window``)."""
    return distance(network(keypoints, whole=True).float(), target)


@models.register(
    "mhformer",
    config=MHFormerConfig(),
    sizes={f"mhformer-{frames}": MHFormerConfig(receptive_field=frames) for frames in (9, 27, 81)},
    paper="MHFormer: Multi-Hypothesis Transformer for 3D Human Pose Estimation",
    year=2022,
    venue="CVPR",
    link="https://arxiv.org/abs/2111.12707",
    losses={"mpjpe-of-window": Loss(compute=window_loss, targets="sequence")},
    loss="mpjpe-of-window",
    licence="Apache-2.0",
    published={
        "mhformer-9": Published(
            parameters="19.09 (code)",
            rows=("Li et al. (9 frames) [5]",),
            mpjpe="47.8 (CPN), 36.6 (GT)",
            source="its Table 4",
            note="AMPose's Table 4 prints 18.9 M and 1030 M FLOPs: the cost of 27 frames, two FLOPs a multiply-add",
        ),
        "mhformer-27": Published(
            parameters="19.18 (code)",
            mpjpe="45.9 (CPN), 34.3 (GT)",
            source="its Table 4",
            note="its paper prints 18.92 M",
        ),
        "mhformer-81": Published(mpjpe="44.5 (CPN), 32.7 (GT)", source="its Table 4"),
    },
)
class MHFormer(LifterNetwork):
    """The network of Fig. 2."""

    config: MHFormerConfig

    def __init__(self, config: MHFormerConfig) -> None:
        super().__init__(config)
        self.joints = self.skeleton.num_joints
        width = HYPOTHESES * config.channels
        depth = config.refinement_depth + config.interaction_depth
        rates = [config.drop_path * layer / max(1, depth - 1) for layer in range(depth)]
        self.generation = nn.ModuleList(HypothesisGeneration(config, 2 * self.joints) for _ in range(HYPOTHESES))
        self.embeddings = nn.ModuleList(nn.Linear(2 * self.joints, config.channels) for _ in range(HYPOTHESES))
        self.positions = nn.ParameterList(
            torch.zeros(config.receptive_field, config.channels) for _ in range(HYPOTHESES)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.refinement = nn.Sequential(
            *(SelfHypothesisRefinement(config, rate) for rate in rates[: config.refinement_depth])
        )
        self.interaction = nn.Sequential(
            *(CrossHypothesisInteraction(config, rate) for rate in rates[config.refinement_depth :])
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Sequential(nn.BatchNorm1d(width), nn.Conv1d(width, 3 * self.joints, 1))

    def forward(
        self, keypoints: Float[Tensor, "batch frame joint 2"], *, whole: bool = False
    ) -> Float[Tensor, "batch out_frame joint 3"]:
        """Lift windows.

        Args:
            keypoints: One window a sample.
            whole: Answer for all frames, as the training needs it, and not for the middle one only.
        """
        x = keypoints.flatten(2).mT
        hypotheses = []
        for generation, embedding, position in zip(self.generation, self.embeddings, self.positions, strict=True):
            x = generation(x)
            hypotheses.append(self.dropout(embedding(x.mT) + position))
        refined = self.interaction(self.refinement(hypotheses))
        lifted: Tensor = self.head(self.norm(torch.cat(refined, dim=-1)).mT).mT
        middle = self.receptive_field // 2
        answered = lifted if whole else lifted[:, middle : middle + 1]
        return answered.reshape(keypoints.shape[0], -1, self.joints, 3)

"""What every lifting network promises, and what every lifter's config holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from ampose.errors import InputError
from ampose.models.losses import Loss
from ampose.poses.clips import Output
from ampose.poses.skeletons import Skeleton, get_skeleton


@dataclass(frozen=True, kw_only=True)
class LifterConfig:
    """What all lifters have in common."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}

    skeleton: str = "human36m_17"
    """Name of the skeleton whose joints go in and come out."""

    normalisation: str = "image-width"
    """How pixels become the network's input: see ``ampose.models.normalisation``. The paper says only that the
    input is normalised, following Modulated GCN and GraFormer, which divide by the image's width."""

    @property
    def receptive_field(self) -> int:
        """How many frames go in at once. A model that looks at several has a field of this name."""
        return 1

    @property
    def takes_missing(self) -> bool:
        """Whether a joint may be NaN in the input."""
        return False

    @property
    def predicts_error(self) -> bool:
        """Whether the network can be asked ``with_expected_error``."""
        return False

    @property
    def target(self) -> str:
        """What it answers in (``ampose.models.output_space``); a model that can do others has a field of this name."""
        return "metres"


class LifterNetwork(nn.Module):
    """A network that lifts 2D joints to 3D.

    Input: normalised coordinates. Output: metres, root-relative, camera axes (x right, y down, z away), unless its
    config names another target.
    With a receptive field of 1 each frame is lifted on its own. A larger one is a window over time: it goes in
    whole, and one frame comes out, or all of them; how clips are cut is said in ``ampose.poses.clips``.
    """

    output: Output = "centre"
    """For which frames of its window it answers: for the middle one, or for all (``sequence``)."""

    dilates: bool = False
    """Whether a clip that is longer than its window may go in: the middle of every window in it comes out."""

    chunk: int = 256
    """Samples that are lifted at a time: larger batches fall out of a CPU's cache and are slower."""

    config: LifterConfig
    skeleton: Skeleton

    def __init__(self, config: LifterConfig) -> None:
        super().__init__()
        self.config = config
        self.skeleton = get_skeleton(config.skeleton)

    @property
    def receptive_field(self) -> int:
        """How many frames go in at once."""
        return self.config.receptive_field

    def forward(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint 3"]:
        """Lift every frame of every window of the batch."""
        raise TypeError(f"{type(self).__name__} must define forward")

    def with_expected_error(
        self, keypoints: Float[Tensor, "batch frame joint 2"]
    ) -> tuple[Float[Tensor, "batch out_frame joint 3"], Float[Tensor, "batch out_frame joint"]]:
        """Lift, and predict how far off each joint is, in metres."""
        raise TypeError(f"{type(self).__name__} predicts no expected error")


class SingleFrameLifter(LifterNetwork):
    """A network that lifts each frame on its own; it defines ``lift_poses``."""

    def forward(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch frame joint 3"]:
        """Lift each frame on its own."""
        return self.lift_poses(keypoints.flatten(0, 1)).reshape(*keypoints.shape[:-1], 3)

    def lift_poses(self, keypoints: Float[Tensor, "pose joint 2"]) -> Float[Tensor, "pose joint 3"]:
        """Lift poses that know nothing of each other."""
        raise TypeError(f"{type(self).__name__} must define lift_poses")


def check_settings(*, dropout: float = 0.0, drop_path: float = 0.0, **counts: int) -> None:
    """Refuse settings that no network can have.

    Raises:
        InputError: A count is not positive, dropout or drop_path is not in [0, 1), or heads, where they have no width
            of their own (``head_width``), do not divide the channels.
    """
    for name, count in counts.items():
        if count < 1:
            raise InputError(f"{name} must be positive, got {count}")
    for name, chance in (("dropout", dropout), ("drop_path", drop_path)):
        if not 0 <= chance < 1:
            raise InputError(f"{name} must be in [0, 1), got {chance}")
    channels, heads = counts.get("channels", 0), counts.get("heads", 1)
    if "head_width" not in counts and channels % heads:
        raise InputError(f"channels must be a multiple of heads, got {channels} and {heads}")


@dataclass(frozen=True, kw_only=True)
class Published:
    """What is published about one size of a network, as it is printed."""

    parameters: str = ""
    """Millions, then in brackets where they are printed: ``0.65 (paper)``."""

    rows: tuple[str, ...] = ()
    """Whose rows of the AMPose paper's tables are this size's (``ampose.evaluation.paper.published``)."""

    mpjpe: str = ""
    """Figures that those tables do not hold: ``38.25 (GT)``, millimetres."""

    source: str = ""
    """Where those figures are printed; "its" is the system's own paper's."""

    note: str = ""
    """What differs from ours, and why."""


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What a model's file states about it when it is registered."""

    paper: str
    year: int
    venue: str = ""
    link: str = ""
    licence: str
    """Of this implementation."""
    published: Mapping[str, Published] = field(default_factory=dict)
    """By size."""
    loss: str = ""
    """What its paper trains it with, by the name that recipes use; "" for the mean squared error."""


@dataclass(frozen=True)
class ModelEntry:
    """A registered model: the network's class, and the config that goes with the name."""

    name: str
    network: type[LifterNetwork]
    config: LifterConfig
    losses: Mapping[str, Loss]
    """Its own, by their names in recipes, besides those of ``ampose.models.losses.LOSSES``."""
    facts: ModelFacts

"""What a training run is made of. Every field is a key of a recipe and an option of ``ampose train``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import tyro

from ampose.data.synthesis.detector_noise import NoiseConfig
from ampose.data.synthesis.joint_definitions import DefinitionConfig
from ampose.data.synthesis.missing_joints import MissingConfig
from ampose.data.synthesis.pose_augmentation import AugmentationConfig
from ampose.data.synthesis.proportions import ProportionConfig
from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig
from ampose.errors import InputError, changed_fields
from ampose.models import LifterConfig, find_loss
from ampose.models.losses import DISTANCES


class Strict:
    """A part of a recipe, in which unknown keys are refused."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class DataConfig(Strict):
    """What to train on: motion and virtual cameras, or a dataset with fixed cameras."""

    files: tuple[str, ...] = ("prepared/cmu.npz",)
    """What ``ampose prepare`` wrote: files of motion, which virtual cameras look at, or folders of a dataset with
    its own cameras."""

    keypoints: str = "gt"
    """Name of the 2D source of a dataset with its own cameras: gt, cpn..."""

    train_subjects: tuple[str, ...] = ()
    """Subjects to train on; empty for all that are not held out."""

    exclude_takes: tuple[str, ...] = ()
    """Takes of datasets with their own cameras to leave out, as SUBJECT TAKE: "S9 Greeting"."""

    held_out_subjects: tuple[str, ...] = ("02", "08", "16", "39", "55")
    """Whole subjects kept for validation; never trained on."""

    train_clips: tuple[str, ...] = ()
    """Names of the clips to train on, so that more of a database may lie in the files; empty for all."""

    left_out_clips: tuple[str, ...] = ()
    """Names of clips that are neither trained on nor validated on."""

    balance: Literal["frames", "square-root"] = "frames"
    """``frames``: every frame once an epoch. ``square-root``: the frames of a subject's action are drawn so that
    the action counts as the square root of its length, because a third of CMU is one subject climbing."""

    samples_per_epoch: int | None = None
    """Samples in an epoch; None for as many as there are frames."""

    validation_samples: int = 4096
    """Held-out samples, evenly spread; of motion, each seen by one camera that stays."""

    flip: bool = True
    """Mirror half of the samples."""

    cameras: VirtualCameraConfig = field(default_factory=VirtualCameraConfig)
    """Where the virtual cameras stand."""

    focal_mistake: float = 1.0
    """Half of the samples have a focal length that is wrong by a factor of up to this, either way."""

    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    """How far poses go beyond what was recorded."""

    proportions: ProportionConfig = field(default_factory=ProportionConfig)
    """How bodies vary."""

    definitions: DefinitionConfig = field(default_factory=DefinitionConfig)
    """How far joints sit elsewhere."""

    noise: NoiseConfig = field(default_factory=NoiseConfig)
    """How far 2D keypoints are off."""

    missing: MissingConfig = field(default_factory=MissingConfig)
    """Which 2D keypoints are not there."""

    def __post_init__(self) -> None:
        if not 1 <= self.focal_mistake <= 4:
            raise InputError(f"focal_mistake must be a factor from 1 to 4, got {self.focal_mistake}")
        if self.validation_samples < 1:
            raise InputError(f"validation_samples must be positive, got {self.validation_samples}")

    def refuse(self, names: Sequence[str], reason: str) -> None:
        """Refuse settings that would have no effect, rather than ignore them.

        Raises:
            InputError: One of these settings is not left at its default.
        """
        for name, value in changed_fields(self, names):
            raise InputError(f"data.{name} must be left out {reason}, got {value}")


@dataclass(frozen=True, kw_only=True)
class OptimiserConfig(Strict):
    """How the weights move. The defaults are the paper's, where it says something."""

    name: Literal["adam", "adamw", "muon"] = "adam"
    """The paper: Adam. ``muon`` has AdamW for all that is not a matrix of a hidden layer, and learns from far fewer
    samples."""

    learning_rate: float = 2.5e-5
    """The paper: 0.000025 initially."""

    schedule: Literal["exponential", "cosine", "constant"] = "exponential"
    """The paper says "initially" and no more. ``exponential`` multiplies by ``decay`` each epoch, as MixSTE and
    PoseFormer do, whose learning rate is closest to the paper's."""

    decay: float = 0.99
    """Of the exponential schedule, an epoch."""

    decay_epochs: int = 1
    """Epochs from one decay to the next. Modulated GCN with CPN: 4."""

    decay_steps: int | None = None
    """Steps from one decay to the next, instead of epochs. SemGCN's family: tens of thousands."""

    halve_epochs: int | None = None
    """Each time so many epochs are over, the learning rate is halved instead of decayed. Cai et al. and their
    successors: 5."""

    warmup_steps: int = 0
    """Steps over which the learning rate rises from 0."""

    weight_decay: float = 0.0
    """None stated in the paper."""

    amsgrad: bool = False
    """Whether Adam keeps the largest second moment, as VideoPose3D and those that build on it have it."""

    batch_norm_momentum: tuple[float, float] | None = None
    """Momentum of all BatchNorm layers in the first and the last epoch, and exponentially between; None for torch's
    0.1. VideoPose3D: 0.1 to 0.001."""

    clip_norm: float | None = None
    """Largest norm of the gradient; None for no limit, as in the paper."""

    average: float | None = None
    """Decay a step of an exponential moving average of the weights (EMA), which is then what is validated and saved;
    None for the weights themselves, as in the paper. With 0.999 the last thousand steps or so count."""

    def __post_init__(self) -> None:
        if self.learning_rate <= 0:
            raise InputError(f"learning_rate must be positive, got {self.learning_rate}")
        if self.amsgrad and self.name == "muon":
            raise InputError("amsgrad must be left out with muon, which has no second moment")
        if self.average is not None and not 0 < self.average < 1:
            raise InputError(f"average must be between 0 and 1, got {self.average}")
        for name in ("decay_epochs", "decay_steps", "halve_epochs"):
            every = getattr(self, name)
            if every is not None and every < 1:
                raise InputError(f"{name} must be positive, got {every}")
        # A setting without effect would make two equal runs look different.
        unused: tuple[str, ...] = ()
        if self.schedule != "exponential":
            unused, why = ("decay", "decay_epochs", "decay_steps", "halve_epochs"), f"the schedule {self.schedule}"
        elif self.decay_steps is not None:
            unused, why = ("decay_epochs", "halve_epochs"), "decay_steps, which counts otherwise"
        elif self.halve_epochs is not None:
            unused, why = ("decay_epochs",), "halve_epochs, which takes the place of a decay an epoch"
        for name, value in changed_fields(self, unused):
            raise InputError(f"optimiser.{name} must be left out with {why}, got {value}")


@dataclass(frozen=True, kw_only=True)
class RefinementTraining(Strict):
    """The second stage of Cai et al.: a pose refinement is trained with a lifter that is trained already."""

    lifter: str = "runs/h36m-cpn-17/last"
    """Weights folder of the lifter of the first stage. Its own settings count, not the recipe's [model]."""

    train_lifter: bool = True
    """Go on training the lifter, its loss added to the refinement's (Cai et al., Modulated GCN)."""

    symmetry_weight: float = 0.01
    """Of the term for equal bones left and right. Cai et al.: 0.01; StridedTransformer and GraphMLP: none (0)."""

    symmetry: Literal["signed", "absolute"] = "signed"
    """``signed``: left minus right, as Cai et al. have it, which rewards short left bones; mirroring half of the
    samples evens that out. ``absolute``: the difference, as it is meant."""

    width: int = 1024
    """Hidden units of the refinement."""

    dropout: float = 0.5
    """In the refinement, while it is trained."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Strict):
    """A whole training run."""

    model_name: Annotated[str, tyro.conf.Suppress]
    """Name of the model, as in ``ampose-small``. No option: another model has other settings."""

    model: LifterConfig
    """Settings of the model."""

    data: DataConfig = field(default_factory=DataConfig)
    """What to learn from."""

    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    """How to learn."""

    loss: str = "mse"
    """``mse``: eq. 10, the mean over joints of the squared distance. ``mpjpe``: the mean distance. ``mse-l1`` and
    ``mpjpe-l1``: the same with a share of the mean absolute difference of coordinates mixed in (Modulated GCN).
    ``mpjpe-and-expected-error``: the mean distance, and a model's error head learns what distance to expect. A
    system may have losses of its own, which it registers."""

    start_from: str = ""
    """Weights folder of an earlier stage, such as P-STMO's pre-training; "" for random weights. Tensors are taken
    where name and shape agree."""

    batch_size: int = 128
    """Samples a step, over all processes together. The paper: 128."""

    micro_batch: int | None = None
    """Samples of a process's share that go through the network at a time, their gradients added up; None: all. The same
    step to rounding, in less memory; but batch normalisation sees the parts."""

    epochs: int = 50
    """The paper: 50."""

    seed: int = 0
    """Of the initial weights, the order of samples, the cameras and dropout."""

    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    """Arithmetic of the forward and backward pass."""

    checkpoint_minutes: float = 2.0
    """Time between checkpoints inside an epoch; there is always one at its end."""

    refinement: Annotated[RefinementTraining | None, tyro.conf.AvoidSubcommands] = None
    """The second stage, for recipes that are one."""

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.epochs < 1:
            raise InputError(f"batch_size and epochs must be positive, got {self.batch_size} and {self.epochs}")
        if self.micro_batch is not None and self.micro_batch < 1:
            raise InputError(f"micro_batch must be positive, got {self.micro_batch}; leave it out to take all at once")
        if (self.data.missing.share or self.data.missing.computed) and not self.model.takes_missing:
            raise InputError(
                f"model must take missing joints, got {self.model_name} without; set missing_token = true in [model], "
                "or leave [data.missing] out"
            )
        loss = find_loss(self.model_name, self.loss)
        loss.check(self.loss, self.model)
        if loss.trains and not self.start_from:
            raise InputError(
                f"start_from must be the weights of the first stage for the loss {self.loss}, got none; train them "
                "first, and say where they are"
            )
        if self.refinement is not None and self.loss not in DISTANCES:
            raise InputError(f"loss of a refinement must be one of {', '.join(DISTANCES)}, got {self.loss}")

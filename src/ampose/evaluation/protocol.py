"""A protocol: every setting that bears on a reported number, as data."""

from dataclasses import asdict, dataclass, field
from typing import Any

from ampose.data.synthesis.detector_noise import NoiseConfig
from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig
from ampose.errors import InputError
from ampose.models.output_space import USES_GT_ROOT_DEPTH
from ampose.poses.metrics import metrics
from ampose.poses.metrics.roots import ROOT_CONVENTIONS
from ampose.poses.metrics.threshold import OFFICIAL_14
from ampose.poses.skeletons import get_skeleton
from ampose.registry import Registry

ALIGNMENT = "root joint only; P-MPJPE fits rotation, scale and shift, N-MPJPE the scale, to each sample"


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What is measured, on whom, and how.

    Raises:
        InputError: A setting is out of range, or names an unknown joint, skeleton, metric or root convention.

    Example:
        >>> protocol = Protocol(name="mine", description="Subject 02 only.", subjects=("02",))
        >>> protocol.statement()[1]
        ('subjects', '02')
    """

    name: str
    """The name under which it is registered and reported."""

    description: str
    """One sentence: what a number of this protocol tells."""

    subjects: tuple[str, ...]
    """The subjects that are measured, and that no training may have seen; empty: all in the file."""

    skeleton: str = "human36m_17"
    """Whose joints are measured."""

    frame_stride: int = 1
    """Every how many frames of the chosen clips one is measured."""

    cameras_per_frame: int = 1
    """How many virtual cameras look at each frame; each is drawn anew."""

    cameras: VirtualCameraConfig = field(default_factory=VirtualCameraConfig)
    """The ranges from which the cameras are drawn."""

    noise: NoiseConfig = field(default_factory=NoiseConfig)
    """How far the 2D is off; none by default."""

    seed: int = 0
    """Of the cameras and the noise."""

    metrics: tuple[str, ...] = ("mpjpe", "p_mpjpe", "n_mpjpe", "pck", "auc")
    """Registered metrics, in the order of the table's columns."""

    threshold_joints: tuple[str, ...] = OFFICIAL_14
    """Joints that count in PCK and AUC; empty: all. MPJPE and its aligned forms count all joints."""

    root: str = "subtract"
    """One of ``ampose.poses.metrics.roots.ROOT_CONVENTIONS``, applied to what the method predicts."""

    flip: bool = True
    """Whether a lifter averages its prediction with that for the mirrored input."""

    root_depth: bool = False
    """Whether the method is told the true distance of the root, which it cannot do without: no other is."""

    def __post_init__(self) -> None:
        for setting in ("frame_stride", "cameras_per_frame"):
            if getattr(self, setting) < 1:
                raise InputError(f"{setting} must be at least 1, got {getattr(self, setting)}")
        if self.root not in ROOT_CONVENTIONS:
            raise InputError(f"root must be one of {', '.join(ROOT_CONVENTIONS)}, got {self.root!r}")
        for joint in self.threshold_joints:
            get_skeleton(self.skeleton).index(joint)
        for metric in self.metrics:
            if metrics.get(metric).facts.whole_sequence:
                raise InputError(f"metrics must be of single samples, got {metric!r}, which needs whole sequences")

    @property
    def source_2d(self) -> str:
        """Where the 2D comes from, in words."""
        return f"projected from the measured 3D by virtual cameras, {_mistakes(self.noise)}"

    @property
    def told(self) -> list[tuple[str, str]]:
        """What of the truth the method is told, as lines of the statement."""
        return [("the method", USES_GT_ROOT_DEPTH)] if self.root_depth else []

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, the sentences of the statement included."""
        settings = asdict(self)
        if not self.root_depth:
            del settings["root_depth"]  # what is measured without it reads as it always did
        return {**settings, "source_2d": self.source_2d, "alignment": ALIGNMENT}

    def statement(self) -> list[tuple[str, str]]:
        """Return (setting, value) of all that bears on a number, in words, for printing line by line."""
        joints = get_skeleton(self.skeleton).num_joints
        counted = ", ".join(self.threshold_joints) or f"all {joints}, the root included"
        return [
            ("protocol", f"{self.name}: {self.description}"),
            *self.told,
            ("subjects", ", ".join(self.subjects) or "all in the file"),
            (
                "frames",
                f"one in {self.frame_stride}, in the file's order" if self.frame_stride > 1 else "all",
            ),
            ("2D source", self.source_2d),
            ("cameras", f"{self.cameras_per_frame} a frame, seed {self.seed}; {_ranges(self.cameras)}"),
            ("joints", f"all {joints} of {self.skeleton}, the root counts as one"),
            ("PCK, AUC joints", counted),
            ("root", f"{self.root}: {ROOT_CONVENTIONS[self.root]}"),
            ("alignment", ALIGNMENT),
            ("flip", "a lifter's prediction is averaged with its mirrored one" if self.flip else "off"),
        ]


def _mistakes(noise: NoiseConfig) -> str:
    """Say how the 2D is off; settings that are 0 are not mentioned."""
    said = []
    if noise.largest > 0:
        said.append(f"Gaussian noise, standard deviation 0 to {noise.largest:.1%} of the person's size")
        if noise.outliers:
            said.append(f"{noise.outliers:.1%} of the joints five times as far off")
    if noise.swaps:
        said.append(f"left and right of a limb exchanged in {noise.swaps:.1%} of the samples")
    if noise.clean and said:
        said.append(f"none of the noise in {noise.clean:.1%} of the samples")
    return ", ".join(said) or "no noise"


def _ranges(config: VirtualCameraConfig) -> str:
    return ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in vars(config).items())


_PROTOCOLS = Registry[Protocol]("protocol", package="ampose.evaluation.protocols", group="ampose.protocols")


def register(protocol: Protocol) -> Protocol:
    """Make a protocol known by its name; raises ValueError if the name is taken."""
    _PROTOCOLS.add(protocol.name, protocol)
    return protocol


def find_protocol(name: str) -> Protocol:
    """Return the protocol called ``name``; raises InputError with the nearest names if there is none."""
    return _PROTOCOLS.get(name).target


def list_protocols() -> list[str]:
    """Return the names of all protocols."""
    return _PROTOCOLS.names()

"""A protocol: every setting that bears on a reported number, as data."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from ampose.data.synthesis.detector_noise import NoiseConfig
from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig
from ampose.errors import InputError
from ampose.poses.metrics import metrics
from ampose.poses.metrics.roots import ROOT_CONVENTIONS
from ampose.poses.metrics.threshold import OFFICIAL_14
from ampose.poses.skeletons import get_skeleton
from ampose.registry import Registry

ALIGNMENT = "root joint only; P-MPJPE fits rotation, scale and shift, N-MPJPE the scale, to each sample"


@dataclass(frozen=True, kw_only=True)
class VirtualCameras:
    """Samples are motion capture, filmed by virtual cameras that are drawn at random."""

    cameras_per_frame: int = 1
    """How many cameras film each frame; each is drawn anew."""

    cameras: VirtualCameraConfig = field(default_factory=VirtualCameraConfig)
    """The ranges from which the cameras are drawn."""

    noise: NoiseConfig = field(default_factory=NoiseConfig)
    """How far the 2D is off; none by default."""

    seed: int = 0
    """Of the cameras and the noise."""

    def __post_init__(self) -> None:
        if self.cameras_per_frame < 1:
            raise InputError(f"cameras_per_frame must be at least 1, got {self.cameras_per_frame}")

    @property
    def source_2d(self) -> str:
        """Where the 2D comes from, in words."""
        noise, parts = self.noise, []
        if noise.largest > 0:
            parts.append(f"Gaussian noise, standard deviation 0 to {noise.largest:.1%} of the person's size")
            if noise.outliers:
                parts.append(f"{noise.outliers:.1%} of the joints five times as far off")
        if noise.swaps:
            parts.append(f"left and right of a limb exchanged in {noise.swaps:.1%} of the samples")
        if noise.clean and parts:
            parts.append(f"none of the noise in {noise.clean:.1%} of the samples")
        return f"projected from the measured 3D by virtual cameras, {', '.join(parts) or 'no noise'}"

    def statement(self) -> list[tuple[str, str]]:
        """Return (setting, value) of the source, in words."""
        ranges = ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in vars(self.cameras).items())
        return [
            ("2D source", self.source_2d),
            ("cameras", f"{self.cameras_per_frame} a frame, seed {self.seed}; {ranges}"),
        ]


@dataclass(frozen=True, kw_only=True)
class FixedCameras:
    """Samples are the recordings of a dataset with its own, calibrated cameras; nothing is drawn at random."""

    keypoints: str = "gt"
    """Name of the 2D source."""

    annotation: str = ""
    """Which 3D annotation the prepared data must hold, where a dataset has several."""

    exclude_takes: tuple[str, ...] = ()
    """Takes to leave out, as SUBJECT TAKE: "S9 Greeting"."""

    valid_only: bool = False
    """Whether only the samples count that the dataset calls valid."""

    published_samples: int = 0
    """How many samples published figures count; 0 where that is not known."""

    @property
    def source_2d(self) -> str:
        """Where the 2D comes from, in words."""
        return f"{self.keypoints}, as prepared with the dataset"

    def statement(self) -> list[tuple[str, str]]:
        """Return (setting, value) of the source, in words."""
        lines = [
            ("takes left out", ", ".join(self.exclude_takes) or "none"),
            ("2D source", self.source_2d),
            ("cameras", "the dataset's own; nothing is drawn at random"),
        ]
        return [*lines, ("3D annotation", self.annotation)] if self.annotation else lines


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What is measured, on whom, and how.

    Raises:
        InputError: A setting is out of range, or names an unknown joint, skeleton, metric or root convention.

    Example:
        >>> protocol = Protocol(name="mine", description="Subject 02 only.", subjects=("02",))
        >>> protocol.statement()[1]
        ('subjects', '02')
        >>> dict(replace(protocol, source=FixedCameras(keypoints="cpn")).statement())["2D source"]
        'cpn, as prepared with the dataset'
    """

    name: str
    """The name under which it is registered and reported."""

    description: str
    """One sentence: what a number of this protocol tells."""

    subjects: tuple[str, ...]
    """The subjects that are measured, and that no training may have seen; empty: all in the file."""

    source: VirtualCameras | FixedCameras = field(default_factory=VirtualCameras)
    """What the samples are: filmed motion capture, or a dataset's own recordings."""

    skeleton: str = "human36m_17"
    """Whose joints are measured."""

    frame_stride: int = 1
    """Every how many frames of the chosen clips one is measured."""

    metrics: tuple[str, ...] = ("mpjpe", "p_mpjpe", "n_mpjpe", "pck", "auc")
    """Registered metrics, in the order of the table's columns."""

    threshold_joints: tuple[str, ...] = OFFICIAL_14
    """Joints that count in PCK and AUC; empty: all. MPJPE and its aligned forms count all joints."""

    root: str = "subtract"
    """One of ``ampose.poses.metrics.roots.ROOT_CONVENTIONS``, applied to what the method predicts."""

    flip: bool = True
    """Whether a lifter averages its prediction with that for the mirrored input."""

    group: Literal["actions", "scenes"] = "actions"
    """What the rows of a report are, over which the plain mean is taken."""

    def __post_init__(self) -> None:
        if self.frame_stride < 1:
            raise InputError(f"frame_stride must be at least 1, got {self.frame_stride}")
        if self.root not in ROOT_CONVENTIONS:
            raise InputError(f"root must be one of {', '.join(ROOT_CONVENTIONS)}, got {self.root!r}")
        for joint in self.threshold_joints:
            get_skeleton(self.skeleton).index(joint)
        whole = [metric for metric in self.metrics if metrics.get(metric).facts.whole_sequence]
        if whole and isinstance(self.source, VirtualCameras):
            raise InputError(f"metrics must be of single samples, got {whole[0]!r}, which needs whole sequences")
        if whole and isinstance(self.source, FixedCameras) and self.source.valid_only:
            raise InputError(f"metrics must not have {whole[0]} where only valid samples count: sequences have gaps")

    def with_source(self, **changes: Any) -> "Protocol":
        """Return the same protocol with some settings of its source changed."""
        return replace(self, source=replace(self.source, **changes))

    def changed(
        self,
        *,
        flip: bool = True,
        root: str | None = None,
        sequences: Collection[str] = (),
        exclude_takes: Collection[str] = (),
    ) -> "Protocol":
        """Return the protocol with what a user may change; all of it is printed with the numbers.

        Args:
            flip: Average each prediction with the mirrored one, where the protocol does so.
            root: What is done with the predicted root before measuring; None for what the protocol says.
            sequences: Measure these of the protocol's subjects (of MPI-INF-3DHP's test set: sequences) alone.
            exclude_takes: Takes to leave out, as SUBJECT TAKE.

        Raises:
            InputError: A sequence is not among the protocol's subjects, or takes are left out of motion capture.
        """
        strangers = [sequence for sequence in sequences if sequence not in self.subjects]
        if strangers:
            known = ", ".join(self.subjects) or "all that the data has"
            raise InputError(f"sequences must be among those of {self.name} ({known}), got {', '.join(strangers)}")
        if exclude_takes and isinstance(self.source, VirtualCameras):
            raise InputError(f"exclude_takes must be left out for {self.name}, which measures motion capture")
        kept = self.with_source(exclude_takes=tuple(exclude_takes)) if exclude_takes else self
        subjects = tuple(subject for subject in self.subjects if not sequences or subject in sequences)
        return replace(kept, flip=self.flip and flip, root=root or self.root, subjects=subjects)

    def measures_as(self, other: "Protocol") -> bool:
        """Whether another protocol measures the same samples in the same joints."""
        names = ("subjects", "skeleton", "frame_stride", "source")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, the source's settings beside the others, with the statement's sentences."""
        settings = asdict(self)
        source = settings.pop("source")
        sentences = {"source_2d": self.source.source_2d, "alignment": ALIGNMENT, "statement": dict(self.statement())}
        return {**settings, **source, **sentences}

    def statement(self) -> list[tuple[str, str]]:
        """Return (setting, value) of all that bears on a number, in words, for printing line by line."""
        joints = get_skeleton(self.skeleton).num_joints
        frames = f"one in {self.frame_stride}, in the file's order" if self.frame_stride > 1 else "all"
        if isinstance(self.source, FixedCameras):
            frames += f"{' that the dataset calls valid' if self.source.valid_only else ''}, of every camera"
        lines = [
            ("protocol", f"{self.name}: {self.description}"),
            ("subjects", ", ".join(self.subjects) or "all in the data"),
            ("frames", frames),
            *self.source.statement(),
            ("joints", f"all {joints} of {self.skeleton}, the root counts as one"),
            ("root", f"{self.root}: {ROOT_CONVENTIONS[self.root]}"),
            ("alignment", ALIGNMENT),
            ("flip", "a lifter's prediction is averaged with its mirrored one" if self.flip else "off"),
        ]
        if any(metrics.get(name).facts.chosen_joints for name in self.metrics):
            lines.append(("PCK, AUC joints", ", ".join(self.threshold_joints) or f"all {joints}, the root included"))
        return lines


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

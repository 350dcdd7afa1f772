"""What every 2D detector promises, and the detectors by name."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ampose.errors import InputError
from ampose.media import Frame
from ampose.poses.people import Detection
from ampose.poses.skeletons import Skeleton
from ampose.registry import Registry


@runtime_checkable
class Detector(Protocol):
    """Finds the people in each frame, and their joints.

    It is created with ``tracking``: True when the frames are those of a video, so that it may use the
    frame before; False when each frame stands alone. More keyword arguments are its options: words, as they
    stand on the command line, each with a default. Two of them have options of the command line of their own:
    ``people``, how many are followed at most, and ``box``, where somebody is in the first frame. It is a context
    manager. One that follows people has a method ``reset``, which is called before the first frame of each video.
    """

    name: str
    skeleton: Skeleton

    def __init__(self, *, tracking: bool) -> None:
        """Load the detector."""

    def detect(self, frame: Frame) -> Sequence[Detection]:
        """Return the people in the frame, in any order; none when nobody is there."""

    def close(self) -> None:
        """Give back what the detector holds."""

    def __enter__(self) -> "Detector":
        """Return the detector itself."""

    def __exit__(self, *exception: object) -> None:
        """Close it."""


@dataclass(frozen=True, kw_only=True)
class DetectorFacts:
    """What a registration states about a detector.

    Args:
        licence: Of its package.
        extra: What brings the package; empty where none is needed.
    """

    licence: str
    extra: str = ""


detectors = Registry[type[Detector], DetectorFacts](
    "detector", DetectorFacts, package="ampose.detectors", group="ampose.detectors"
)


def detector_options(name: str) -> list[str]:
    """Return the names of a detector's own options.

    Example:
        >>> detector_options("blazepose")
        ['people', 'box', 'network', 'flip']
    """
    return [option for option in inspect.signature(detectors.get(name).target).parameters if option != "tracking"]


def create_detector(name: str, *, tracking: bool, options: Mapping[str, str] | None = None) -> Detector:
    """Create the detector called ``name``.

    Args:
        name: One of ``detectors.names()``.
        tracking: Whether the frames are those of a video.
        options: The detector's own: which model, a local file...

    Raises:
        InputError: There is no such detector, or it has no such option.
        MissingExtraError: Its package is not installed.

    Example:
        >>> detectors.names()
        ['blazepose', 'rtmlib', 'transformers', 'ultralytics']
    """
    known = detector_options(name)
    for option in options or {}:
        if option not in known:
            has = f"{name} has {', '.join(known)}" if known else f"{name} has none"
            raise InputError(f"detector option must be a known name, got {option!r}; {has}", field="detector_option")
    return detectors.get(name).target(tracking=tracking, **(options or {}))

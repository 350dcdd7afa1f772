"""What every 2D detector promises, and the detectors by name."""

from typing import Protocol, runtime_checkable

from ampose.media import Frame
from ampose.registry import Registry
from ampose.skeletons import Skeleton
from ampose.tracking import Detection


@runtime_checkable
class Detector(Protocol):
    """Finds the joints of one person in each frame.

    It is created with ``tracking``: True when the frames are those of a video, so that it may use the
    frame before; False when each frame stands alone. It is a context manager.
    """

    name: str
    skeleton: Skeleton

    def __init__(self, *, tracking: bool) -> None:
        """Load the detector."""

    def detect(self, frame: Frame) -> Detection | None:
        """Return the person in the frame, or None when nobody is there."""

    def close(self) -> None:
        """Give back what the detector holds."""

    def __enter__(self) -> "Detector":
        """Return the detector itself."""

    def __exit__(self, *exception: object) -> None:
        """Close it."""


detectors = Registry[type[Detector]]("detector", package="ampose.detect", group="ampose.detectors")


def create_detector(name: str, *, tracking: bool) -> Detector:
    """Create the detector called ``name``.

    Args:
        name: One of ``detectors.names()``.
        tracking: Whether the frames are those of a video.

    Raises:
        InputError: There is no such detector.
        MissingExtraError: Its package is not installed.

    Example:
        >>> detectors.names()
        ['mediapipe']
    """
    return detectors.get(name).target(tracking=tracking)

"""BlazePose by its own networks: several people, 33 joints, nothing to download."""

from ampose.detectors.blazepose.blazepose_detector import BlazePoseDetector

__all__ = ["BlazePoseDetector"]

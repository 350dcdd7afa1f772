"""2D detectors, one file each, by name.

A file registers its detector with ``@detectors.register("name", extra=..., licence=...)``; outside
packages do the same through the entry-point group ``ampose.detectors``.
"""

from ampose.detectors.detector import Detector, create_detector, detector_options, detectors
from ampose.poses.people import Detection

__all__ = ["Detection", "Detector", "create_detector", "detector_options", "detectors"]

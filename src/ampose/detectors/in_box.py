"""A detector that looks only where the person is who is meant: for one that finds one person, the wrong one."""

from typing import Any

import numpy as np

from ampose.detectors.detector import Detector
from ampose.media import Frame
from ampose.poses.people import Detection

_ROOM = 1.4
"""How much larger the part of the picture is than the person in it."""


class InBox:
    """Cuts each frame to a box before an other detector sees it, and lets the box follow who was found.

    Args:
        detector: Should have been created with ``tracking=False``: the cut moves.
        box: Left, top, width and height in pixels, around the person in the first frame.
    """

    def __init__(self, detector: Detector, box: tuple[float, float, float, float]) -> None:
        self.name = detector.name
        self.skeleton = detector.skeleton
        self._detector = detector
        self._box = box

    def detect(self, frame: Frame) -> list[Detection]:
        """Return who is in the box, at most one."""
        left, top, width, height = self._cut(frame)
        found = self._detector.detect(np.ascontiguousarray(frame[top : top + height, left : left + width]))
        if not found:
            return []
        person = max(found, key=lambda detection: detection.box[2] * detection.box[3])
        moved = Detection(person.keypoints + np.array([left, top], dtype=np.float32), person.confidence)
        self._box = moved.box
        return [moved]

    def _cut(self, frame: Frame) -> tuple[int, int, int, int]:
        """Return the box with room around it, within the frame, in whole pixels."""
        x, y, width, height = self._box
        half = _ROOM * max(width, height) / 2
        centre = np.array([x + width / 2, y + height / 2])
        limit = np.array([frame.shape[1], frame.shape[0]])
        low = np.clip(centre - half, 0, np.maximum(limit - 16, 0)).astype(int)
        high = np.clip(centre + half, low + 1, limit).astype(int)
        return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])

    def close(self) -> None:
        """Close the detector."""
        self._detector.close()

    def __enter__(self) -> "InBox":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

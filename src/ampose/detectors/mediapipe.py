"""BlazePose as mediapipe 0.10.21 ships it: one person, 33 joints, weights inside, no network call.

Paper: Bazarevsky et al., BlazePose: On-device Real-time Body Pose Tracking, 2020, arXiv:2006.10204.
It finds one person, the one that its person detector is surest of, and follows that person from frame
to frame. Joints that are hidden or out of the picture are extrapolated, with a low confidence.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ampose.detectors.detector import detectors
from ampose.media import Frame
from ampose.packages import load_package
from ampose.poses.people import Detection
from ampose.poses.skeletons import get_skeleton

_LOG = logging.getLogger(__name__)

_MODULE = "mediapipe.python.solutions.pose"

_FULL_MODEL = 1
"""Complexity 1: the only landmark model that the package brings along (0 and 2 would be downloaded)."""


@detectors.register("mediapipe", extra="mediapipe", licence="Apache-2.0", people=1)
class MediapipeDetector:
    """One person with BlazePose.

    Raises:
        MissingExtraError: mediapipe is not installed.
    """

    name = "mediapipe"
    skeleton = get_skeleton("blazepose_33")

    def __init__(self, *, tracking: bool) -> None:
        self._warm = False
        with _quiet():
            package = load_package(_MODULE, extra="mediapipe", purpose="finding people")
            self._pose: Any = package.Pose(static_image_mode=not tracking, model_complexity=_FULL_MODEL)
            # Its threads go on writing messages after the constructor; an empty picture waits for them.
            self._pose.process(np.zeros((64, 64, 3), dtype=np.uint8))

    def detect(self, frame: Frame) -> list[Detection]:
        """Return the person in the frame, if there is one."""
        landmarks = self._process(frame).pose_landmarks
        if landmarks is None:
            return []
        height, width, _ = frame.shape
        values = [(point.x * width, point.y * height, point.visibility) for point in landmarks.landmark]
        array = np.array(values, dtype=np.float32)
        return [Detection(array[:, :2], array[:, 2].clip(0, 1))]

    def _process(self, frame: Frame) -> Any:
        if self._warm:
            return self._pose.process(frame)
        with _quiet():
            result = self._pose.process(frame)
        # Messages come with the first person: until then each call may bring one.
        self._warm = result.pose_landmarks is not None
        return result

    def close(self) -> None:
        """Stop mediapipe's graph."""
        self._pose.close()

    def __enter__(self) -> "MediapipeDetector":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep mediapipe's start-up messages off the user's screen, unless the log level asks for information.

    They are written by C++ straight to file descriptor 2, so it is that which is turned away.
    """
    if _LOG.isEnabledFor(logging.INFO):
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)

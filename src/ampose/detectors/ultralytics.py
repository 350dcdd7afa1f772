"""YOLO pose models through ultralytics: several people, COCO's 17 joints. Package and models are AGPL-3.0.

Nothing is fetched: the model is a file that you have. A ``.pt`` file is a pickle, so take it from where you trust.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from ampose.detectors.detector import detectors
from ampose.errors import InputError
from ampose.media import Frame
from ampose.packages import load_package
from ampose.poses.people import Detection
from ampose.poses.skeletons import get_skeleton

_WHERE = "https://github.com/ultralytics/assets/releases"


@detectors.register("ultralytics", extra="ultralytics", licence="AGPL-3.0")
class UltralyticsDetector:
    """Several people with a YOLO pose model.

    Args:
        tracking: Every frame is looked at anew, video or not.
        model: A local file of a pose model, such as yolo11n-pose.pt or .onnx.
        device: As ultralytics names it: ``cpu``, ``0``, ``mps``.

    Raises:
        InputError: The model is not there, or is none for COCO's 17 joints.
        MissingExtraError: ultralytics is not installed.
    """

    name = "ultralytics"
    skeleton = get_skeleton("coco_17")

    def __init__(self, *, tracking: bool, model: str = "", device: str = "cpu") -> None:
        os.environ.setdefault("YOLO_AUTOINSTALL", "False")  # it would run pip by itself
        package = load_package("ultralytics", extra="ultralytics", purpose="finding people with YOLO")
        if not Path(model).is_file():
            raise InputError(
                f"model of ultralytics must be a local file, got {model!r}; fetch one, such as yolo11n-pose.pt "
                f"(AGPL-3.0), from {_WHERE} and name it, as model=yolo11n-pose.pt",
                field="detector_option",
            )
        self._device = device
        self._model: Any = package.YOLO(model, task="pose", verbose=False)

    def detect(self, frame: Frame) -> list[Detection]:
        """Return everybody in the frame."""
        bgr = np.ascontiguousarray(frame[..., ::-1])
        (result,) = self._model.predict(bgr, classes=[0], device=self._device, verbose=False)
        return people_in(result)

    def close(self) -> None:
        """Let go of the network."""
        self._model = None

    def __enter__(self) -> "UltralyticsDetector":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def people_in(result: Any) -> list[Detection]:
    """Return the people of an ``ultralytics`` ``Results``; it puts joints that it did not find at (0, 0).

    Raises:
        InputError: The model was none for poses, or has other joints.
    """
    if result.keypoints is None:
        raise InputError("model of ultralytics must be one for poses, got one without keypoints; take a -pose model")
    found = result.keypoints.cpu().numpy()
    if len(found.xy) and found.xy.shape[1] != UltralyticsDetector.skeleton.num_joints:
        raise InputError(f"model of ultralytics must have COCO's 17 joints, got {found.xy.shape[1]}; take another")
    there = (found.xy != 0).any(axis=2)
    confidence = there.astype(np.float32) if found.conf is None else np.where(there, found.conf, 0)
    keypoints = np.where(there[..., None], found.xy, np.nan)
    return [
        Detection(points.astype(np.float32), sure.astype(np.float32))
        for points, sure, seen in zip(keypoints, confidence, there, strict=True)
        if seen.any()
    ]

"""RTMPose through rtmlib: several people, 26 joints (Halpe) or 17 (COCO), on ONNX Runtime.

Paper: Jiang et al., RTMPose: Real-Time Multi-Person Pose Estimation based on MMPose, 2023, arXiv:2303.07399.
A detector of people (YOLOX) gives boxes, and RTMPose the joints in each. What differs from rtmlib's own ``Body``:
where the first finds nobody, nobody is returned (rtmlib takes the whole image for a person then); and RTMPose gets
RGB, with which it was trained, while YOLOX gets BGR (Tau-J/rtmlib#48).
"""

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np

from ampose.detectors.detector import detectors
from ampose.detectors.downloads import WeightsFile, fetched
from ampose.errors import InputError
from ampose.media import Frame
from ampose.packages import load_package
from ampose.poses.people import Detection
from ampose.poses.skeletons import get_skeleton

_LICENCE = "Apache-2.0 as published by OpenMMLab; the data it was trained on have terms of their own"
_HOST = "https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk"

_PERSON = WeightsFile(
    name="yolox_m_8xb8-300e_humanart-c2c7a14a.onnx",
    url=f"{_HOST}/yolox_m_8xb8-300e_humanart-c2c7a14a.zip",
    member="end2end.onnx",
    size=101_400_344,
    sha256="3dea6513388889f0fff4b77bf7a26013600321b9eb9ceb0e9a400a82572f5f23",
    licence=_LICENCE,
)
_POSE = {
    "halpe_26": WeightsFile(
        name="rtmpose-m_simcc-body7_pt-body7-halpe26_700e-256x192-4d3e73dd_20230605.onnx",
        url=f"{_HOST}/rtmpose-m_simcc-body7_pt-body7-halpe26_700e-256x192-4d3e73dd_20230605.zip",
        member="end2end.onnx",
        size=55_685_444,
        sha256="26f3a19e61304a600dfb82d1001d41d24343b89fc70a33ffc84657e0b0bf2ecf",
        licence=_LICENCE,
    ),
    "coco_17": WeightsFile(
        name="rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.onnx",
        url=f"{_HOST}/rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.zip",
        member="end2end.onnx",
        size=54_330_655,
        sha256="5c0a4bf67953e6d2ac43ce15e77dc9d5d354ae18430a47d2c5963a7bc5683e3c",
        licence=_LICENCE,
    ),
}


@detectors.register("rtmlib", extra="rtmlib", licence="Apache-2.0")
class RtmlibDetector:
    """Several people with RTMPose.

    Args:
        tracking: Every frame is looked at anew, video or not.
        skeleton: ``halpe_26`` or ``coco_17``.
        person: A local ONNX file of a YOLOX detector of people, in place of the one that is fetched.
        pose: A local ONNX file of an RTMPose model of that skeleton.
        device: ``cpu``, ``cuda`` or ``mps``.

    Raises:
        InputError: An option is wrong, a file is not there or no such model, or the weights cannot be fetched.
        MissingExtraError: rtmlib is not installed.
    """

    name = "rtmlib"

    def __init__(
        self, *, tracking: bool, skeleton: str = "halpe_26", person: str = "", pose: str = "", device: str = "cpu"
    ) -> None:
        if skeleton not in _POSE:
            raise InputError(f"skeleton of rtmlib must be {' or '.join(_POSE)}, got {skeleton!r}")
        self.skeleton = get_skeleton(skeleton)
        package = load_package("rtmlib", extra="rtmlib", purpose="finding people with RTMPose")
        self._find: Any = _load(package.YOLOX, person, _PERSON, device)
        self._locate: Any = _load(package.RTMPose, pose, _POSE[skeleton], device)

    def detect(self, frame: Frame) -> list[Detection]:
        """Return everybody in the frame."""
        boxes = self._find(np.ascontiguousarray(frame[..., ::-1]))
        if not len(boxes):
            return []
        keypoints, scores = self._locate(frame, bboxes=boxes)
        if keypoints.shape[1] != self.skeleton.num_joints:
            raise InputError(
                f"pose must be a model with the {self.skeleton.num_joints} joints of {self.skeleton.name}, got one "
                f"with {keypoints.shape[1]}; name its skeleton, as skeleton=...",
                field="detector_option",
            )
        scores = np.clip(scores, 0, 1).astype(np.float32)
        return [Detection(*person) for person in zip(keypoints.astype(np.float32), scores, strict=True)]

    def close(self) -> None:
        """Let go of the networks."""
        self._find = self._locate = None

    def __enter__(self) -> "RtmlibDetector":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _load(tool: Any, local: str, weights: WeightsFile, device: str) -> Any:
    """Create one of rtmlib's tools, at the input size that the file states; it prints a line, which is kept quiet."""
    path = Path(local) if local else fetched(weights)
    if not path.is_file():
        raise InputError(f"{path}: must be an ONNX file, but there is no such file")
    onnxruntime = load_package("onnxruntime", extra="rtmlib", purpose="finding people with RTMPose")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            loaded = tool(str(path), backend="onnxruntime", device=device)
    except (KeyError, onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf) as error:
        raise InputError(
            f"{path}: must be an ONNX file that runs on {device!r}, got: {' '.join(str(error).split())}"
        ) from error
    height, width = loaded.session.get_inputs()[0].shape[2:]
    # YOLOX counts rows first, RTMPose columns.
    loaded.model_input_size = (height, width) if tool.__name__ == "YOLOX" else (width, height)
    return loaded

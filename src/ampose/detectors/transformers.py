"""ViTPose through Hugging Face transformers: several people, COCO's 17 joints.

Paper: Xu et al., ViTPose: Simple Vision Transformer Baselines for Human Pose Estimation, NeurIPS 2022,
arXiv:2204.12484. A detector of people (RT-DETR) gives boxes, and ViTPose the joints in each. Nothing is fetched: both
are folders that you have, or names that are in Hugging Face's cache already.
"""

from typing import Any

import numpy as np

from ampose.detectors.detector import detectors
from ampose.errors import InputError
from ampose.media import Frame
from ampose.packages import load_package
from ampose.poses.people import Detection
from ampose.poses.skeletons import get_skeleton

PERSON = "PekingU/rtdetr_r50vd_coco_o365"
"""Apache-2.0."""

POSE = "usyd-community/vitpose-base-simple"
"""Apache-2.0."""

_PERSON_LABEL = 0
_LEAST_SURE = 0.3


@detectors.register("transformers", extra="transformers", licence="Apache-2.0")
class TransformersDetector:
    """Several people with ViTPose.

    Args:
        tracking: Every frame is looked at anew, video or not.
        person: Folder or name of a detector whose label 0 is a person.
        pose: Folder or name of a ViTPose model with COCO's 17 joints.
        device: As torch names it: ``cpu``, ``cuda``, ``mps``.

    Raises:
        InputError: A model is not there, or has other joints.
        MissingExtraError: transformers is not installed.
    """

    name = "transformers"
    skeleton = get_skeleton("coco_17")

    def __init__(self, *, tracking: bool, person: str = PERSON, pose: str = POSE, device: str = "cpu") -> None:
        package = load_package("transformers", extra="transformers", purpose="finding people with ViTPose")
        self._torch = load_package("torch", extra="transformers", purpose="finding people with ViTPose")
        self._device = device
        self._person = _load(package, "AutoModelForObjectDetection", person, device)
        self._pose = _load(package, "VitPoseForPoseEstimation", pose, device)

    def detect(self, frame: Frame) -> list[Detection]:
        """Return everybody in the frame."""
        with self._torch.inference_mode():
            boxes = self._boxes(frame)
            if not len(boxes):
                return []
            prepare, network = self._pose
            inputs = prepare(frame, boxes=[boxes], return_tensors="pt").to(self._device)
            if getattr(network.config.backbone_config, "num_experts", 1) > 1:  # ViTPose++: the first expert is COCO's
                inputs["dataset_index"] = self._torch.zeros(len(boxes), dtype=self._torch.long, device=self._device)
            (people,) = prepare.post_process_pose_estimation(network(**inputs), boxes=[boxes])
            return people_in(people)

    def _boxes(self, frame: Frame) -> np.ndarray:
        """Return left, top, width and height of everybody, in pixels."""
        prepare, network = self._person
        inputs = prepare(images=frame, return_tensors="pt").to(self._device)
        (found,) = prepare.post_process_object_detection(
            network(**inputs), target_sizes=[frame.shape[:2]], threshold=_LEAST_SURE
        )
        boxes = found["boxes"][found["labels"] == _PERSON_LABEL].cpu().numpy()
        return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)

    def close(self) -> None:
        """Let go of the networks."""
        self._person = self._pose = (None, None)

    def __enter__(self) -> "TransformersDetector":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def people_in(people: list[dict[str, Any]]) -> list[Detection]:
    """Return the people of what ``post_process_pose_estimation`` gives for one image.

    Raises:
        InputError: The model has other joints.
    """
    found = []
    for person in people:
        keypoints, scores = person["keypoints"].cpu().numpy(), person["scores"].cpu().numpy()
        if len(keypoints) != TransformersDetector.skeleton.num_joints:
            raise InputError(f"pose must be a model with COCO's 17 joints, got {len(keypoints)}; name another")
        found.append(Detection(keypoints.astype(np.float32), scores.clip(0, 1).astype(np.float32)))
    return found


def _load(package: Any, kind: str, name: str, device: str) -> tuple[Any, Any]:
    """Return the image processor and the network, from the disk only."""
    try:
        prepare = package.AutoImageProcessor.from_pretrained(name, local_files_only=True)
        network = getattr(package, kind).from_pretrained(name, local_files_only=True)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{name}: must be a folder with a model, or be in Hugging Face's cache, found neither; fetch it with: "
            f"hf download {name}"
        ) from error
    return prepare, network.eval().to(device)

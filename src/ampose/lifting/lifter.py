"""The Lifter: a network with its weights, ready for pixels.

It knows how its input is normalised, which joints it predicts, and how other skeletons map to them.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from jaxtyping import Bool, Float

from ampose import DEFAULT_MODEL
from ampose.errors import InputError
from ampose.lifting import AUTO, LEAST_JOINTS, Precision
from ampose.lifting.ready_program import ReadyProgram, find_program
from ampose.lifting.weights import find_weights
from ampose.lifting.weights.locations import hub_source
from ampose.packages import find_missing, needing_torch
from ampose.poses.camera import Intrinsics
from ampose.poses.pose import Pose2D, Pose3D, check_fps
from ampose.poses.skeletons import Skeleton, SkeletonMapping, find_mapping, get_skeleton
from ampose.poses.skeletons.joint_order import is_coco

if TYPE_CHECKING:  # what needs PyTorch is imported when it runs
    from torch import Tensor

    from ampose.lifting.engines import Runners
    from ampose.models import LifterNetwork
    from ampose.poses.samples import Samples

_LOG = logging.getLogger(__name__)

SHORT_HASH = 12
_CHECKED_FRAMES = 1000
"""In at most so many frames the order of the joints is checked."""

_READY_PASSES = 20_000
"""Up to so many poses (each counts twice with its mirrored one) ONNX Runtime has done before PyTorch is imported and
has caught up."""


@dataclass(frozen=True, kw_only=True)
class LiftedFrames:
    """What became of frames, in the lifter's joints.

    Args:
        positions: Metres, root-relative, camera axes; NaN in frames with too few joints.
        confidence: 0 for a joint that was not seen.
        expected_error: Metres; None if the network does not predict it.
        engine: What ran the network, in words.
    """

    positions: Float[np.ndarray, "frame joint 3"]
    confidence: Float[np.ndarray, "frame joint"]
    expected_error: Float[np.ndarray, "frame joint"] | None
    engine: str


class LifterFacts(Protocol):
    """What a lifter must know of its network; a network's config is one."""

    @property
    def normalisation(self) -> str:
        """How pixels become the network's input."""

    @property
    def receptive_field(self) -> int:
        """How many frames it looks at."""

    @property
    def takes_missing(self) -> bool:
        """Whether a joint may be NaN in the input."""

    @property
    def predicts_error(self) -> bool:
        """Whether it says how far off each joint is expected to be."""


class Lifter:
    """Lifts 2D keypoints to 3D.

    Args:
        network: The network, with weights.
        name: What to call it in reports.
        weights_hash: Identifies the weights in reports.
        facts: What its training recorded.
        runners: What runs the network; by default the engine is chosen by the number of poses.
    """

    def __init__(
        self,
        network: "LifterNetwork",
        *,
        name: str,
        weights_hash: str = "",
        facts: Mapping[str, Any] | None = None,
        runners: "Runners | None" = None,
    ) -> None:
        from ampose.lifting.engines import Runners  # noqa: PLC0415

        self.network = network.eval()
        self.name = name
        self.weights_hash = weights_hash
        self.facts = dict(facts or {})
        self.runners = runners or Runners(self.network)
        self.config: LifterFacts = network.config
        self.skeleton: Skeleton = network.skeleton

    def predict_samples(self, samples: "Samples", *, flip: bool = True) -> "Tensor":
        """Lift samples with the cameras that they state, looking at the frames around them if the network does.

        Returns:
            Positions (sample, joint, 3).
        """
        from ampose.lifting.prediction import predict_samples  # noqa: PLC0415

        return predict_samples(self.network, samples, flip=flip).positions

    def lift(
        self,
        keypoints: "np.ndarray | Pose2D",
        *,
        image_size: tuple[int, int] | None = None,
        skeleton: str | Skeleton | None = None,
        fps: float | None = None,
        intrinsics: Intrinsics | None = None,
        flip: bool = True,
    ) -> Pose3D:
        """Lift keypoints of one person over time.

        Args:
            keypoints: A Pose2D, or an array of pixels: (frame, joint, 2), or (frame, joint, 3) with confidences. A
                frame of NaN is one without the person. A joint that is NaN, masked or of confidence 0 is missing: a
                model that was trained with missing joints infers it from the others, with confidence 0.
            image_size: (width, height) in pixels; needed with an array, like ``skeleton`` and ``fps``, which a Pose2D
                has itself.
            skeleton: The skeleton of the array's joints; by default the lifter's own. Keypoints that look like COCO's
                are refused without it (``ampose.poses.skeletons.joint_order``).
            fps: Frames per second of the array.
            intrinsics: The camera, if it is known; by default a field of view of 60 degrees across the longer side is
                assumed.
            flip: Average with the mirrored prediction (twice the work, a little more accurate).

        Returns:
            Metres, root-relative, camera axes (x right, y down, z away); with the expected error if the model predicts
            it.

        Raises:
            InputError: The keypoints do not fit the skeleton, or a needed argument is missing.

        Example:
            >>> import ampose, numpy as np
            >>> lifter = ampose.load_model("ampose-small")
            >>> standing = np.full((1, 17, 2), 500.0)
            >>> lifter.lift(standing, image_size=(1000, 1000), skeleton="coco_17").positions.shape
            (1, 17, 3)
        """
        pose = self._as_pose(keypoints, image_size, skeleton, fps)
        return self.lift_pose(pose, intrinsics or Intrinsics.from_field_of_view(pose.image_size), flip=flip)

    def lift_pose(self, pose: Pose2D, camera: Intrinsics, *, flip: bool = True) -> Pose3D:
        """Lift one person over time who was filmed by this camera.

        Raises:
            InputError: As ``lift``; or the camera is of images of another size.
        """
        camera.check_images(pose.image_size)
        mapping = find_mapping(pose.skeleton, self.skeleton)
        # One camera, repeated for each frame: (2,) -> (frame, 2).
        cameras = camera.map(lambda field: np.broadcast_to(np.asarray(field, dtype=np.float32), (len(pose), 2)))
        lifted = self.lift_frames(pose.keypoints, pose.confidence, mapping, cameras, flip=flip)
        provenance = {
            **pose.provenance,
            "focal_px": f"{camera.focal[0]:.1f}",
            **self.describe(mapping, flip=flip),
            "engine": lifted.engine,
        }
        return Pose3D(
            positions=lifted.positions,
            confidence=lifted.confidence,
            expected_error=lifted.expected_error,
            skeleton=self.skeleton,
            fps=pose.fps,
            times=pose.times,
            focal_px=float(camera.focal[0]),
            camera_tilt=pose.camera_tilt,
            computed_joints=mapping.made_up,
            provenance=provenance,
        )

    def describe(self, mapping: SkeletonMapping, *, flip: bool) -> dict[str, str]:
        """Return, in words, what poses are lifted by: their provenance, as far as it is the same for all."""
        config = self.config
        return {
            "model": self.name,
            "weights": self.weights_hash[:SHORT_HASH],
            **({"weights_source": self.facts["source"]} if "source" in self.facts else {}),
            "normalisation": config.normalisation,
            "flip": "averaged with the mirrored prediction" if flip else "off",
            **({"unseen_joints": "inferred from the others, confidence 0"} if config.takes_missing else {}),
            **({"expected_error": "as the model estimates it"} if config.predicts_error else {}),
            **({"made_up_joints": ", ".join(sorted(mapping.made_up))} if mapping.made_up else {}),
        }

    def lift_frames(
        self,
        keypoints: Float[np.ndarray, "frame source xy"],
        confidence: Float[np.ndarray, "frame source"],
        mapping: SkeletonMapping,
        cameras: Intrinsics,
        *,
        flip: bool = True,
        expected: int | None = None,
    ) -> LiftedFrames:
        """Lift frames that each have a camera of their own; those of a clip follow each other.

        Args:
            keypoints: Pixels, NaN for a missing joint.
            confidence: 0 to 1.
            mapping: From their joints to the lifter's.
            cameras: Fields of shape (frame, 2).
            flip: Average with the mirrored prediction.
            expected: How many frames there will be over many calls, by which the engine is chosen once for all of them.

        Raises:
            InputError: Single joints are missing, and the network does not infer them.
        """
        points = mapping.map_points(keypoints)  # frame joint xy, of the lifter's joints
        lost = np.isnan(points).any(axis=2)
        if self.config.takes_missing:
            # The network infers better what a mapping can only guess.
            points[:, [self.skeleton.index(joint) for joint in mapping.guessed]] = np.nan
        else:
            _check_whole(points, self.skeleton)
        present = (~np.isnan(points).any(axis=2)).sum(axis=1) >= LEAST_JOINTS
        passes = (int(present.sum()) if expected is None else expected) * (2 if flip else 1)
        # Frames without the person are left out.
        positions, error, engine = self._run(points[present], present, cameras[present], flip=flip, passes=passes)
        return LiftedFrames(
            positions=_among_all(present, positions),
            confidence=np.where(lost, 0, mapping.map_confidence(confidence)),
            expected_error=None if error is None else _among_all(present, error),
            engine=engine,
        )

    def _run(
        self, points: np.ndarray, present: Bool[np.ndarray, " frame"], cameras: Intrinsics, *, flip: bool, passes: int
    ) -> tuple[np.ndarray, np.ndarray | None, str]:
        """Lift the frames in which somebody is; returns positions, expected error, and the engine in words."""
        from ampose.lifting.torch_lifting import run_network  # noqa: PLC0415

        return run_network(self.runners, points, present, cameras, flip=flip, passes=passes)

    def _as_pose(
        self,
        keypoints: "np.ndarray | Pose2D",
        image_size: tuple[int, int] | None,
        skeleton: str | Skeleton | None,
        fps: float | None,
    ) -> Pose2D:
        if isinstance(keypoints, Pose2D):
            for name, value in {"image_size": image_size, "skeleton": skeleton, "fps": fps}.items():
                if value is not None:
                    raise InputError(f"{name} must not be given with a Pose2D, which has its own; got {value}")
            return keypoints
        if image_size is None:
            raise InputError("image_size must be given with an array of keypoints, got None; pass (width, height)")
        check_fps(fps)
        known = self.skeleton if skeleton is None else get_skeleton(skeleton)
        pose = Pose2D.from_array(keypoints, skeleton=known, image_size=image_size, fps=fps)
        # COCO's joints where the lifter's own are assumed would give nobody's pose.
        if skeleton is None and is_coco(pose.keypoints[:: max(1, len(pose) // _CHECKED_FRAMES)], known):
            raise InputError(
                f"skeleton must be given with these keypoints, got none and joints that look like those of coco_17, "
                f"not of {known.name}, the model's own; pass skeleton='coco_17', or {known.name!r} if they are that"
            )
        return pose


class ReadyLifter(Lifter):
    """A lifter whose program lies ready for ONNX Runtime; its network, for PyTorch, is read if it is needed.

    Args:
        program: The program, with the weights.
        source: What the weights were loaded by.
        engine: As asked for.
    """

    def __init__(self, program: ReadyProgram, source: str | Path, engine: str) -> None:
        self.name, self.weights_hash = program.name, program.sha256
        self.facts = {**program.facts, **hub_source(source, program.folder)}
        self.config, self.skeleton = program, program.skeleton
        self._program, self._source, self._engine = program, source, engine

    @cached_property
    def network(self) -> "LifterNetwork":  # type: ignore[override]
        """The network, in PyTorch."""
        with needing_torch("the network itself"):
            from ampose.lifting.weights import load_weights  # noqa: PLC0415

        return load_weights(self._source, found=self._program.folder).network

    @cached_property
    def runners(self) -> "Runners":  # type: ignore[override]
        """What runs the network."""
        network = self.network  # first: it says what to install
        from ampose.lifting.engines import Runners  # noqa: PLC0415

        return Runners(network, self._engine)

    def _run(
        self, points: np.ndarray, present: Bool[np.ndarray, " frame"], cameras: Intrinsics, *, flip: bool, passes: int
    ) -> tuple[np.ndarray, np.ndarray | None, str]:
        many = passes > _READY_PASSES and self._engine == AUTO and not find_missing("torch")
        if many or not flip:
            with needing_torch("lifting without the mirrored prediction"):
                return super()._run(points, present, cameras, flip=flip, passes=passes)
        positions, error = self._program(points, cameras)
        return positions, error, "onnxruntime, fp32"


def _among_all(
    present: Bool[np.ndarray, " frame"], values: Float[np.ndarray, "sample *rest"]
) -> Float[np.ndarray, "frame *rest"]:
    """Return the values of the frames with the person among all frames; the others are NaN."""
    among = np.full((len(present), *values.shape[1:]), np.nan, dtype=np.float32)
    among[present] = values
    return among


def _check_whole(points: Float[np.ndarray, "frame joint 2"], skeleton: Skeleton) -> None:
    """Refuse frames in which some joints are missing and others are not."""
    lost = np.isnan(points).any(axis=2)
    partly = lost.any(axis=1) & ~lost.all(axis=1)
    if partly.any():
        frame = int(np.flatnonzero(partly)[0])
        joints = [joint for joint, gone in zip(skeleton.joints, lost[frame], strict=True) if gone]
        raise InputError(
            f"keypoints must be whole or missing in each frame for this model, got frame {frame} without "
            f"{', '.join(joints[:4])}{'...' if len(joints) > 4 else ''} ({int(partly.sum())} such frames); "
            "fill the joints in, set the whole frame to NaN, or take a model that was trained with missing joints"
        )


def load_model(name_or_folder: str | Path, *, engine: str = AUTO, precision: Precision = "fp32") -> Lifter:
    """Load a lifter with its weights.

    Args:
        name_or_folder: Bundled weights by name, as in ``"ampose-small"``; a folder that training wrote; or weights on
            the Hugging Face Hub, ``"hf://owner/name@revision"``, kept in its cache.
        engine: What runs the network: ``"torch"``, ``"onnxruntime"``, ``"openvino"``; or
            ``"auto"``, which chooses by the device, the number of poses and what is installed. With ONNX Runtime the
            bundled networks lift without PyTorch.
        precision: Of the matrix products. Less than ``"fp32"`` is faster where the hardware has it; the poses'
            provenance then says what it cost in millimetres.

    Raises:
        InputError: There are no such weights, or they are damaged; there is no such engine.
        MissingExtraError: The engine's package, or PyTorch, is not installed.
    """
    folder = find_weights(name_or_folder)
    if engine in (AUTO, "onnxruntime") and precision == "fp32":
        program = find_program(folder)
        if program is not None:
            _LOG.info("engine onnxruntime in fp32, whose program lies ready")
            return ReadyLifter(program, name_or_folder, engine)
    extra = "torch" if engine in (AUTO, "torch") else engine
    with needing_torch(f"lifting with {name_or_folder} on the engine {engine} in {precision}", extra):
        from ampose.lifting.engines import Runners  # noqa: PLC0415
        from ampose.lifting.weights import load_weights  # noqa: PLC0415

    weights = load_weights(name_or_folder, found=folder)
    return Lifter(
        weights.network,
        name=weights.name,
        weights_hash=weights.sha256,
        facts=weights.facts,
        runners=Runners(weights.network, engine, precision),
    )


def lift(keypoints: "np.ndarray | Pose2D", *, model: str | Path = DEFAULT_MODEL, **options: Any) -> Pose3D:
    """Lift keypoints with bundled weights: shorthand for ``load_model(model).lift(keypoints, ...)``."""
    return load_model(model).lift(keypoints, **options)

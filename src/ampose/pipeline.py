"""The journey in the wild as one function: frames -> the person in 2D -> the person in 3D.

Frames are streamed: what stays in memory is the keypoints. The command line and Python users call the
same function.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ampose.camera import DEFAULT_FIELD_OF_VIEW, Intrinsics
from ampose.detect import Detection, Detector, create_detector
from ampose.errors import InputError
from ampose.lifter import Lifter
from ampose.media import Media, open_media
from ampose.pose import Pose2D, Pose3D
from ampose.skeletons import find_mapping

Report = Callable[[int, int | None, str], None]
"""(frames done, frames in all or None, note) -> None."""


@dataclass(frozen=True)
class Seconds:
    """Where the time went."""

    reading: float
    detecting: float
    lifting: float


@dataclass(frozen=True)
class Lifted:
    """One person of one video, picture or folder of pictures.

    Args:
        pose2d: What the detector saw, in its own joints.
        pose3d: What the lifter made of it.
        seconds: Where the time went.
    """

    pose2d: Pose2D
    pose3d: Pose3D
    seconds: Seconds

    @property
    def num_frames(self) -> int:
        """Frames in all."""
        return len(self.pose2d)

    @property
    def num_found(self) -> int:
        """Frames in which the person was found."""
        return int((~self.pose2d.missing).sum())


def lift_media(
    source: str | Path | Media,
    lifter: Lifter,
    detector: str | Detector = "mediapipe",
    *,
    field_of_view: float = DEFAULT_FIELD_OF_VIEW,
    flip: bool = True,
    report: Report | None = None,
) -> Lifted:
    """Find the person in every frame and lift it to 3D.

    Args:
        source: A video, a picture or a folder of pictures.
        lifter: What ``ampose.load_model`` returns.
        detector: The name of a detector, or one that is open already.
        field_of_view: Of the camera, in degrees across the longer side of the picture.
        flip: Average with the mirrored prediction.
        report: Called after each frame.

    Returns:
        The poses; frames in which nobody was found are NaN.

    Raises:
        InputError: The source cannot be read, or there is nobody in any frame.
        MissingExtraError: The package for the video or the detector is not installed.

    Example:
        >>> import ampose
        >>> lifter = ampose.load_model("ampose-small")
        >>> lift_media("examples/balance_beam.mp4", lifter).pose3d.positions.shape  # doctest: +SKIP
        (100, 17, 3)
    """
    media = open_media(source) if isinstance(source, str | Path) else source
    intrinsics = Intrinsics.from_field_of_view(media.image_size, field_of_view)
    if isinstance(detector, str):
        with create_detector(detector, tracking=media.fps is not None) as opened:
            return lift_media(media, lifter, opened, field_of_view=field_of_view, flip=flip, report=report)
    find_mapping(detector.skeleton.name, lifter.skeleton.name)  # refuse before the long work, not after it
    pose2d, reading, detecting = _detect(media, detector, report)
    start = time.perf_counter()
    pose3d = lifter.lift(pose2d, intrinsics=intrinsics, flip=flip)
    return Lifted(pose2d, pose3d, Seconds(reading, detecting, time.perf_counter() - start))


def _detect(media: Media, detector: Detector, report: Report | None) -> tuple[Pose2D, float, float]:
    """Run the detector over all frames; returns the pose, and the seconds for reading and detecting."""
    found: list[Detection | None] = []
    reading = detecting = 0.0
    start = time.perf_counter()
    for frame in media:
        read = time.perf_counter()
        found.append(detector.detect(frame))
        done = time.perf_counter()
        reading, detecting = reading + read - start, detecting + done - read
        if report:
            report(len(found), media.num_frames, "")
        start = time.perf_counter()
    if report and len(found) != media.num_frames:
        report(len(found), len(found), "")
    return _as_pose(found, media, detector), reading, detecting


def _as_pose(found: list[Detection | None], media: Media, detector: Detector) -> Pose2D:
    seen = {number: detection for number, detection in enumerate(found) if detection is not None}
    if not seen:
        raise InputError(
            f"{media.path}: must show a person, but {detector.name} found nobody in {len(found)} frame"
            f"{'s' if len(found) != 1 else ''}; use one in which the person is larger and well lit"
        )
    keypoints = np.full((len(found), detector.skeleton.num_joints, 2), np.nan, dtype=np.float32)
    confidence = np.zeros(keypoints.shape[:2], dtype=np.float32)
    for number, detection in seen.items():
        keypoints[number], confidence[number] = detection.keypoints, detection.confidence
    return Pose2D(
        keypoints=keypoints,
        confidence=confidence,
        skeleton=detector.skeleton,
        image_size=media.image_size,
        fps=media.fps,
        provenance={"source": media.path.name, "detector": detector.name},
    )

"""People: a ``Detection`` is one of them in one frame, a ``Person`` is one of them over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np
from jaxtyping import Float
from typing_extensions import TypeVar

from ampose.errors import InputError
from ampose.poses.boxes import Box, bounding_boxes
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import Skeleton

FARTHEST_PX = 1e6
"""No image is this large, and float32 would not hold such a coordinate to a tenth of a pixel."""

_LARGEST_ID = 10**18
"""Tables and arrays have 64 bits for a number."""

TwoD_co = TypeVar("TwoD_co", bound=Pose2D | None, covariant=True, default=Pose2D | None)
ThreeD_co = TypeVar("ThreeD_co", bound=Pose3D | None, covariant=True, default=Pose3D)


@dataclass(frozen=True)
class Detection:
    """One person in one frame.

    Args:
        keypoints: Pixels, origin at the upper left corner; joints out of the image may be extrapolated. NaN for a
            joint that was not found.
        confidence: 0 (a guess, or not found) to 1 (certain).
        id: What a file calls this person over time; None where detections are not tracked yet.
    """

    keypoints: Float[np.ndarray, "joint 2"]
    confidence: Float[np.ndarray, " joint"]
    id: int | str | None = None

    @classmethod
    def from_rows(cls, rows: Float[np.ndarray, "joint 3"], id: int | str | None = None) -> "Detection":  # noqa: A002
        """Make one from rows of x, y and confidence, as keypoint files hold them.

        A confidence of 0, or one that is not a number, is a joint that was not found. Confidences above 1, which
        AlphaPose and Detectron write, become 1.

        Raises:
            InputError: A coordinate lies farther out than any image reaches.

        Example:
            >>> person = Detection.from_rows(np.array([[5.0, 6.0, 0.9], [0.0, 0.0, 0.0]]))
            >>> person.keypoints.tolist()
            [[5.0, 6.0], [nan, nan]]
        """
        found = np.isfinite(rows).all(axis=1) & (rows[:, 2] > 0)
        if found.any() and np.abs(rows[found, :2]).max() > FARTHEST_PX:
            raise InputError(f"keypoints must be pixels, got {np.abs(rows[found, :2]).max():.3g}")
        keypoints = np.where(found[:, None], rows[:, :2], np.nan).astype(np.float32)
        return cls(keypoints, np.where(found, rows[:, 2].clip(0, 1), 0).astype(np.float32), id)

    @property
    def missing(self) -> bool:
        """True if no joint was found."""
        return bool(np.isnan(self.keypoints).all())

    @property
    def box(self) -> Box:
        """Left, top, width and height of the joints that were found; NaN if none was.

        Example:
            >>> Detection(np.array([[10.0, 20.0], [40.0, 80.0]]), np.ones(2)).box
            Box(left=10.0, top=20.0, width=30.0, height=60.0)
        """
        left, top, right, bottom = bounding_boxes(self.keypoints[None])[0].tolist()
        return Box(left, top, right - left, bottom - top)


@dataclass(frozen=True)
class Person(Generic[TwoD_co, ThreeD_co]):
    """One person over time.

    The type says what is known: a tracker returns ``Person[Pose2D, None]``, lifting turns it into
    ``Person[Pose2D, Pose3D]``, and a bare ``Person`` is one of a file of 3D poses, which may hold no 2D.

    Args:
        id: Stays the same for as long as the person is tracked, and is not given to anybody else.
        pose2d: Keypoints in every frame, in the detector's joints; NaN where the person was not found.
        pose3d: The lifted pose, of the same frames, in the lifter's joints.

    Raises:
        InputError: The id is no whole number, or the two poses have different numbers of frames.
    """

    id: int
    pose2d: TwoD_co
    pose3d: ThreeD_co = None  # type: ignore[assignment]  # None is for a Person[..., None]

    def __post_init__(self) -> None:
        identity: object = self.id  # files hold anything
        whole = isinstance(identity, int | np.integer) and not isinstance(identity, bool)
        if not whole or abs(self.id) > _LARGEST_ID:
            raise InputError(f"a person's id must be a whole number of at most 18 digits, got {identity!r:.40}")
        if self.pose2d is not None and self.pose3d is not None and len(self.pose2d) != len(self.pose3d):
            raise InputError(
                f"person {self.id} must have as many frames in 2D as in 3D, got {len(self.pose2d)} and "
                f"{len(self.pose3d)}"
            )


def people_over_time(
    frames: Sequence[Sequence[Detection]],
    *,
    skeleton: Skeleton,
    image_size: tuple[int, int],
    fps: float | None = None,
    times: Float[np.ndarray, " frame"] | None = None,
    provenance: Mapping[str, str] | None = None,
) -> list[Person[Pose2D, None]]:
    """Turn each frame's detections, which all have ids, into one person for each id.

    Args:
        frames: For each frame the people in it. Ids that are numbers are kept; names are numbered in the order in
            which they appear, and kept in the provenance as ``person``.
        skeleton: Of all the keypoints.
        image_size: Width and height in pixels.
        fps: Frames per second; None for single images.
        times: Seconds of each frame where they are not evenly spaced.
        provenance: Where this came from, for every pose.

    Returns:
        The people by number, all with all frames; those in which somebody was not found are NaN.

    Raises:
        InputError: Keypoints do not fit the skeleton, or times do not fit the frames.
    """
    ids = dict.fromkeys(person.id for people in frames for person in people if person.id is not None)
    numbered = all(isinstance(identity, int) for identity in ids)
    order = {identity: row for row, identity in enumerate(sorted(ids, key=int) if numbered else ids)}
    keypoints = np.full((len(order), len(frames), skeleton.num_joints, 2), np.nan, dtype=np.float32)
    confidence = np.zeros(keypoints.shape[:3], dtype=np.float32)
    for frame, detections in enumerate(frames):
        for person in detections:
            if person.id is not None:
                if person.keypoints.shape != keypoints.shape[2:]:
                    raise InputError(
                        f"keypoints must be those of the {skeleton.num_joints} joints of {skeleton.name}, got shape "
                        f"{person.keypoints.shape}; name the skeleton that your points have"
                    )
                row = order[person.id]
                keypoints[row, frame], confidence[row, frame] = person.keypoints, person.confidence
    people = []
    for identity, number in order.items():
        pose = Pose2D(
            keypoints=keypoints[number],
            confidence=confidence[number],
            skeleton=skeleton,
            image_size=image_size,
            fps=fps,
            times=times,
            provenance={**(provenance or {}), **({} if isinstance(identity, int) else {"person": identity})},
        )
        people.append(Person(int(identity) if numbered else number, pose, None))
    return people

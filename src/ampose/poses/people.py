"""One of several people in a video or a file, over time."""

from dataclasses import dataclass

from ampose.poses.pose import Pose2D


@dataclass(frozen=True, kw_only=True)
class Track:
    """One person, told apart from the others by an id.

    Args:
        id: Stays the same for as long as the person is followed, and is not given again.
        pose: Their keypoints in every frame of the video; NaN where the person is not seen.
    """

    id: int
    pose: Pose2D

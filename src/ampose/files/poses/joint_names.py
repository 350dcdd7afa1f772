"""A pose from a file that names its joints and carries no confidence."""

from collections.abc import Sequence

import numpy as np

from ampose.poses.pose import Pose3D
from ampose.poses.reference_frame import ReferenceFrame
from ampose.poses.skeletons.by_joints import skeleton_of


def pose_of(
    positions: np.ndarray,
    joints: Sequence[str],
    *,
    fps: float | None,
    frame_of_reference: ReferenceFrame,
    times: np.ndarray | None = None,
    confidence: np.ndarray | float = 1.0,
) -> Pose3D:
    """Return the pose of (frame, joint, 3) metres; a joint that is NaN has confidence 0, as has one whose own is NaN.

    Raises:
        InputError: See ``skeleton_of``.
    """
    known = ~np.isnan(positions).any(axis=2)
    return Pose3D(
        positions=np.where(known[..., None], positions, np.nan).astype(np.float32),
        confidence=np.where(known, np.nan_to_num(confidence), 0).astype(np.float32),
        skeleton=skeleton_of(joints),
        fps=fps,
        frame_of_reference=frame_of_reference,
        times=times,
    )

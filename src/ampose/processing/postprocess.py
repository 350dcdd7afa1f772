"""What is done to lifted poses on request: constant bones, a place before the camera, smoothing, a common floor."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ampose.errors import InputError
from ampose.poses.camera import Intrinsics
from ampose.poses.pose import Pose2D, Pose3D
from ampose.processing.bone_lengths import constant_bone_lengths
from ampose.processing.ground import Floor, check_tilt, find_floor, floor_from_tilt, on_floor
from ampose.processing.placement import place
from ampose.processing.smoothing import FILTERS, smooth

_LOG = logging.getLogger(__name__)

GROUNDS = ("feet", "tilt")


@dataclass(frozen=True, kw_only=True)
class Finish:
    """What to do. Nothing, unless it is asked for.

    Args:
        constant_bones: Give each bone one length.
        place: Put everybody where the camera sees them; done too where the next two are given.
        height: How tall the person is, in metres: sets the scale.
        ground: Turn everybody upright onto a floor: found from resting ``feet``, or by the camera's ``tilt``.
        camera_tilt: How far the camera looks down, in degrees; needed for ``ground="tilt"``. The poses
            keep it, for whoever turns them upright later.
        smooth: Name of a filter over time.

    Raises:
        InputError: A name is unknown, the height is none of a person, or the tilt that is needed was not told.
    """

    constant_bones: bool = False
    place: bool = False
    height: float | None = None
    ground: str | None = None
    camera_tilt: float | None = None
    smooth: str | None = None

    def __post_init__(self) -> None:
        if self.ground is not None and self.ground not in GROUNDS:
            raise InputError(f"ground must be {' or '.join(GROUNDS)}, got {self.ground!r}")
        if self.ground == "tilt" and self.camera_tilt is None:
            raise InputError(
                "ground tilt must come with the camera's tilt, got none; give --camera-tilt, 0 if it is level"
            )
        if self.camera_tilt is not None:
            check_tilt(self.camera_tilt)
        if self.smooth is not None and self.smooth not in FILTERS:
            raise InputError(f"smooth must be one of {', '.join(FILTERS)}, got {self.smooth!r}")
        if self.height is not None and not 0.3 <= self.height <= 3:
            raise InputError(f"height must be between 0.3 and 3 metres, got {self.height:g}; 1.80 is a metre and 80")

    @property
    def placed(self) -> bool:
        """Whether the poses get a place."""
        return self.place or self.height is not None or self.ground is not None


def finish(people: Sequence[tuple[Pose2D, Pose3D]], camera: Intrinsics, how: Finish) -> list[Pose3D]:
    """Return the 3D poses with all that was asked for.

    Where no floor can be found, a warning says why, and the poses stay in camera axes: the other work is not lost.

    Args:
        people: What was seen, and what was lifted from it; all of one camera.
        camera: Of the pictures.
        how: What to do.

    Raises:
        InputError: A step refuses a pose; see ``place`` and ``smooth``.
    """
    poses = [_finish(pose2d, pose3d, camera, how) for pose2d, pose3d in people]
    if how.ground is None:
        return poses
    floor = _common_floor(poses, how)
    return poses if floor is None else [on_floor(pose, floor) for pose in poses]


def _finish(pose2d: Pose2D, pose3d: Pose3D, camera: Intrinsics, how: Finish) -> Pose3D:
    if how.constant_bones:
        pose3d = constant_bone_lengths(pose3d)
    if how.placed:
        pose3d = place(pose3d, pose2d, camera, height_m=how.height)
    if how.camera_tilt is not None:
        pose3d = replace(
            pose3d,
            camera_tilt=how.camera_tilt,
            provenance={**pose3d.provenance, "camera_tilt": f"{how.camera_tilt:g}"},
        )
    return pose3d if how.smooth is None else smooth(pose3d, how.smooth)


def _common_floor(poses: Sequence[Pose3D], how: Finish) -> Floor | None:
    """Return one floor for all: of whose feet rest in most places, or who is seen for longest."""
    found, why = [], ""
    for pose in sorted(poses, key=lambda pose: int(pose.missing.sum())):
        try:
            found.append(_floor(pose, how))
        except InputError as error:
            why = str(error)
    if not found:
        _LOG.warning("%s; the poses stay in camera axes", why)
        return None
    return max(found, key=lambda floor: floor.contacts)


def _floor(pose: Pose3D, how: Finish) -> Floor:
    if how.ground == "tilt" and how.camera_tilt is not None:
        return floor_from_tilt(pose, how.camera_tilt)
    return find_floor(pose)

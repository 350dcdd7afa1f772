"""From people in 2D to people in 3D: what precedes the lifter, the lifter, and what is done to its poses."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ampose.errors import InputError
from ampose.lifting.lifter import Lifter
from ampose.lifting.prediction import LEAST_JOINTS
from ampose.pipeline.lift_options import LiftOptions
from ampose.poses.camera import Intrinsics
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D, Pose3D
from ampose.processing.bone_lengths import constant_bone_lengths
from ampose.processing.ground import find_floor, floor_from_tilt, on_floor
from ampose.processing.left_right import fix_left_right_swaps
from ampose.processing.placement import place
from ampose.processing.smoothing import smooth

_LOG = logging.getLogger(__name__)


def lift_people(
    people: Sequence[Person[Pose2D, None]], lifter: Lifter, camera: Intrinsics, options: LiftOptions
) -> list[Person[Pose2D, Pose3D]]:
    """Lift people, and do to their poses what is asked for.

    Args:
        people: All of one video, as detected.
        lifter: What ``ampose.load_model`` returns.
        camera: Of the images.
        options: How.

    Returns:
        The people with the keypoints that were lifted, and the poses. Frames with too few joints are NaN.

    Raises:
        InputError: Too little is seen of everybody, a skeleton does not lead to the lifter's, or a step refuses a pose.
    """
    lifted = []
    for person in people:
        pose2d = without_unsure_joints(person.pose2d, options.min_confidence)
        if options.fix_left_right_swaps:
            pose2d, _ = fix_left_right_swaps(pose2d)
        lifted.append(Person(person.id, pose2d, lift_pose(pose2d, lifter, camera, options)))
    if all(person.pose3d.missing.all() for person in lifted):
        name = people[0].pose2d.provenance.get("source", "keypoints")
        raise InputError(
            f"{name}: every frame shows fewer than {LEAST_JOINTS} of the model's joints; use one in which more of the "
            "body is visible"
        )
    return postprocess(lifted, camera, options)


def without_unsure_joints(pose: Pose2D, min_confidence: float) -> Pose2D:
    """Return the pose without the joints that the detector is less confident of."""
    unsure = pose.confidence < min_confidence
    if not unsure.any():
        return pose
    return replace(
        pose,
        keypoints=np.where(unsure[..., None], np.nan, pose.keypoints).astype(np.float32),
        confidence=np.where(unsure, 0, pose.confidence).astype(np.float32),
        provenance={**pose.provenance, "min_confidence": f"{min_confidence:g}"},
    )


def lift_pose(pose: Pose2D, lifter: Lifter, camera: Intrinsics, options: LiftOptions) -> Pose3D:
    """Lift one person, before anything is done to the pose."""
    return lifter.lift(pose, intrinsics=camera, flip=options.flip)


def postprocess(
    people: Sequence[Person[Pose2D, Pose3D]], camera: Intrinsics, options: LiftOptions
) -> list[Person[Pose2D, Pose3D]]:
    """Return the people with constant bones, placed, smoothed and on one floor, as far as that is asked for.

    Where no floor can be found, a warning says why and the poses stay in camera axes: the other steps are not lost.

    Raises:
        InputError: A step refuses a pose; see ``place`` and ``smooth``.
    """
    poses = []
    for person in people:
        pose = person.pose3d
        if options.constant_bones:
            pose = constant_bone_lengths(pose)
        if options.placed:
            pose = place(pose, person.pose2d, camera, height_m=options.height)
        if options.camera_tilt is not None:
            facts = {**pose.provenance, "camera_tilt": f"{options.camera_tilt:g}"}
            pose = replace(pose, camera_tilt=options.camera_tilt, provenance=facts)
        if options.smooth != "none":
            pose = smooth(pose, options.smooth)
            if options.constant_bones:  # a filter cuts corners, and so shortens bones that turn
                pose = constant_bone_lengths(pose)
        poses.append(pose)
    if options.ground is not None:
        poses = _on_one_floor(poses, options)
    return [replace(person, pose3d=pose) for person, pose in zip(people, poses, strict=True)]


def _on_one_floor(poses: Sequence[Pose3D], options: LiftOptions) -> list[Pose3D]:
    """Put everybody on the floor of the person whose feet rest in most places, or who is visible for longest."""
    floors, problem = [], ""
    for pose in sorted(poses, key=lambda pose: int(pose.missing.sum())):
        try:
            tilt = options.camera_tilt if options.ground == "tilt" else None
            floors.append(find_floor(pose) if tilt is None else floor_from_tilt(pose, tilt))
        except InputError as error:
            problem = str(error)
    if not floors:
        _LOG.warning("%s; the poses stay in camera axes", problem)
        return list(poses)
    floor = max(floors, key=lambda floor: floor.contacts)
    return [on_floor(pose, floor) for pose in poses]

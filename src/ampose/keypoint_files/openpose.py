"""OpenPose: a folder with a JSON file for each frame, and Pose2Sim's and AlphaPose's folders of the same layout.

``{version, people: [{person_id: [n], pose_keypoints_2d: [x, y, confidence, ...]}]}``; 75 numbers are BODY_25, 54
COCO-18 and 78 Halpe-26 (Pose2Sim). A joint that was not found is 0, 0, 0. With ``--keypoint_scale`` 3 or 4 the
coordinates are 0 to 1, or -1 to 1, across the picture.
https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ampose.errors import InputError
from ampose.keypoint_files.content import Content
from ampose.keypoint_files.contract import Given, PeopleFile, readers
from ampose.keypoint_files.people_by_frame import Points, Seen, gather, triples


@readers.register(
    "openpose",
    title="OpenPose, Pose2Sim",
    looks_for="a folder of JSON files (or one) with people and pose_keypoints_2d",
    size=False,
)
class OpenPoseFolder:
    """A JSON file for each frame; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether a frame is an object with a list of people."""
        first = content.first.json if content.first else None
        return isinstance(first, dict) and isinstance(first.get("people"), list)

    def read(self, content: Content, given: Given) -> PeopleFile:
        """Read all frames."""
        people = {name: _people(frame) for name, frame in content.frames.items()}
        return gather(people, content.frame_names, given, to_pixels=_scaling(people, given))


def _people(frame: Content) -> list[Seen]:
    if frame.json is None:
        raise InputError(f"{frame.path}: must be a JSON file of a frame, got {frame.kind}; write it again")
    seen: list[Seen] = []
    for person in frame.json["people"]:
        ids = person.get("person_id") or [-1]
        number = int(ids[0] if isinstance(ids, list) else ids)
        if person["pose_keypoints_2d"]:  # empty where only a face or a hand was found
            seen.append((triples(person["pose_keypoints_2d"]), number if number >= 0 else None))
    return seen


def _scaling(people: Mapping[str, Sequence[Seen]], given: Given) -> Callable[[Points], Points] | None:
    """Return what turns coordinates of 0 to 1, or of -1 to 1, into pixels; None if they are pixels."""
    parts = [points[points[:, 2] > 0, :2] for frame in people.values() for points, _ in frame]
    there = np.concatenate(parts) if parts else np.zeros((0, 2))
    if not there.size or np.nanmax(np.abs(there)) > 1:
        return None
    if given.image_size is None:
        raise InputError(
            "keypoints must be in pixels, got numbers between -1 and 1, which are parts of the picture; pass its size "
            "(image_size, or --image-size 1920x1080) to turn them into pixels"
        )
    size = np.array([*given.image_size, 1.0])
    if np.nanmin(there) < 0:
        return lambda points: (points * [0.5, 0.5, 1] + [0.5, 0.5, 0]) * size
    return lambda points: points * size

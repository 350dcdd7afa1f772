"""OpenPose: a folder with a JSON file for each frame, and Pose2Sim's and AlphaPose's folders of the same layout.

``{version, people: [{person_id: [n], pose_keypoints_2d: [x, y, confidence, ...]}]}``, called ``pose_keypoints`` before
2018; 75 numbers are BODY_25 or
BODY_25B, which the lengths of the bones tell apart, 54 COCO-18 and 78 Halpe-26 (Pose2Sim). A joint that was not found
is 0, 0, 0. With ``--keypoint_scale`` 3 or 4 the coordinates are 0 to 1, or -1 to 1, across the image.
https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md
"""

from dataclasses import replace

import numpy as np

from ampose.errors import InputError, reading
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, gather, identity_of, triples
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers
from ampose.poses.skeletons import get_skeleton
from ampose.poses.skeletons.joint_order import likelier, where_seen

_POINTS = ("pose_keypoints_2d", "pose_keypoints")

_SHORTER = 0.6
"""How much shorter BODY_25B's bones must be for the points to be in its order."""


@readers.register(
    "openpose",
    title="OpenPose, Pose2Sim",
    looks_for="a folder of JSON files (or one) with people and pose_keypoints_2d",
    words=("people", "pose_keypoints_2d", "person_id"),
    size=False,
    example="output_json/",
)
class OpenPoseFolder:
    """A JSON file for each frame; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether a frame is an object with a list of people."""
        first = content.first.json if content.first else None
        people = first.get("people") if isinstance(first, dict) else None
        return isinstance(people, list) and all(any(key in person for key in _POINTS) for person in people[:1])

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all frames."""
        people: dict[str, list[RawPerson]] = {}
        for name, frame in content.frames.items():
            if frame.json is None:
                raise InputError(f"{frame.path}: must be a JSON file of a frame, got {frame.kind}; write it again")
            if not isinstance(frame.json, dict) or "people" not in frame.json:
                raise InputError(
                    f"{frame.path}: must be a JSON file of a frame with people, got another; take it out of the folder"
                )
            people[name] = []
            with reading(frame.path, "a frame of OpenPose", "write it again"):
                for person in frame.json["people"] or ():
                    points = person[_POINTS[0] if _POINTS[0] in person else _POINTS[1]]
                    if points:  # empty where only a face or a hand was found
                        people[name].append(RawPerson(triples(points), identity_of(person.get("person_id"))))
        usual, other = get_skeleton("body_25"), get_skeleton("body_25b")
        seen = [who.points for frame in people.values() for who in frame if len(who.points) == other.num_joints]
        # No number in the file tells these two apart.
        if options.skeleton is None and seen:
            options = replace(options, skeleton=likelier(where_seen(np.stack(seen)), usual, other, below=_SHORTER))
        return gather(people, options, may_centre=True)

"""MMPose: an image's people, a video's frames, or a folder with a file for each image.

Of an image, as MMPoseInferencer writes it: ``[{keypoints: [[x, y], ...], keypoint_scores: [...], bbox, bbox_score}]``;
of a video: ``[{frame_id: 0, instances: [...]}]``. The demo scripts put the same under ``instance_info``, beside
``meta_info``, whose ``keypoint_id2name`` tells the joints.
https://mmpose.readthedocs.io/en/latest/user_guides/inference.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ampose.errors import reading
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, add_frame, gather, identity_of, numbers_of, with_scores
from ampose.files.keypoints.joints import layout_by_names
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers


@readers.register(
    "mmpose",
    title="MMPose",
    looks_for="JSON with keypoints and keypoint_scores, in instances or instance_info",
    words=("keypoints", "keypoint_scores", "instances", "instance_info", "frame_id"),
    size=False,
    example="predictions/clip.json",
)
class MMPose:
    """MMPose's predictions; the layouts are described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the first entry is a person with keypoint_scores, or a frame with instances."""
        data = content.first.json if content.first else None
        if isinstance(data, dict):
            return "instance_info" in data
        first = data[0] if isinstance(data, list) and data else None
        return isinstance(first, dict) and ("keypoint_scores" in first or "instances" in first)

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all frames."""
        people: dict[str, list[RawPerson]] = {}
        for name, frame in content.frames.items():
            with reading(frame.path, "predictions of MMPose", "write it again, or take it out of the folder"):
                entries = frame.json["instance_info"] if isinstance(frame.json, dict) else frame.json
                if not entries or "instances" not in entries[0]:
                    people[name] = _people(entries)
                    continue
                for number, entry in enumerate(entries):  # the frames of a video
                    add_frame(people, entry, number, _people(entry["instances"]), file=content.frame_name(frame, ""))
        data = content.first.json if content.first else None
        named = data.get("meta_info", {}).get("keypoint_id2name", {}) if isinstance(data, dict) else {}
        joints = [named[number] for number in sorted(named, key=int)]
        return gather(people, options, layout=layout_by_names(joints, options.skeleton) if joints else None)


def _people(instances: Sequence[Mapping[str, Any]]) -> list[RawPerson]:
    return [
        RawPerson(
            with_scores(numbers_of(person["keypoints"]), numbers_of(person["keypoint_scores"], "keypoint_scores")),
            identity_of(person.get("track_id")),
            person.get("bbox_score"),
        )
        for person in instances
    ]

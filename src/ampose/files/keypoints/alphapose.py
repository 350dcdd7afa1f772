"""AlphaPose's three flavours: as COCO's results, "cmu" and "open".

The first is ``[{image_id: "0.jpg", keypoints: [x, y, score, ...], score, idx}]``; with tracking ``idx`` is the
person's id (``track_id`` in the files of other programs). ``--format cmu`` is
``{"0.jpg": {version, bodies: [{joints: [x, y, score, ...]}]}}`` and ``open`` the same with ``people`` and
``pose_keypoints_2d``, of OpenPose's 18 points. Both also write a file a frame into ``sep-json``: that folder is read
too (``open`` is then the layout of OpenPose). Scores may exceed 1.
https://github.com/MVIG-SJTU/AlphaPose/blob/master/docs/output.md
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import PureWindowsPath

from ampose.errors import InputError, reading
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, gather, identity_in, triples, with_keypoints
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers

_POINTS_IN = {"bodies": "joints", "people": "pose_keypoints_2d"}


@readers.register(
    "alphapose",
    title="AlphaPose",
    looks_for="a JSON list with keypoints and an image's name as image_id, or images' names with bodies or people",
    words=("image_id", "keypoints", "score", "idx"),
    size=False,
    example="alphapose-results.json",
)
class AlphaPose:
    """AlphaPose's files; the layouts are described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether it is one of the three flavours."""
        data = content.first.json if content.first else None
        if isinstance(data, list):
            return content.kind == "json" and isinstance(next(iter(with_keypoints(data)), {}).get("image_id"), str)
        first = next(iter(data.values()), None) if isinstance(data, dict) else None
        by_image = isinstance(first, dict) and any(key in first for key in _POINTS_IN)
        return isinstance(data, dict) and ("bodies" in data or by_image)

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all entries."""
        people: dict[str, list[RawPerson]] = {}
        if isinstance(content.json, list):
            stems = _stems(entry["image_id"] for entry in with_keypoints(content.json))
            for entry in with_keypoints(content.json):
                # A list of several ids: detections were merged, of which each had one.
                person = RawPerson(triples(entry["keypoints"]), identity_in(entry), entry.get("score"))
                people.setdefault(stems[entry["image_id"]], []).append(person)
            return gather(people, options)
        if content.kind == "folder" or "bodies" in content.json:
            images, key = {name: frame.json for name, frame in content.frames.items()}, "bodies"
        else:
            stems = _stems(content.json)
            images = {stems[name]: image for name, image in content.json.items()}
            key = "bodies" if "bodies" in next(iter(images.values())) else "people"
        for name, image in images.items():
            with reading(content.path, f"a file with {key} of the frame {name}", "write it again"):
                people[name] = [RawPerson(triples(body[_POINTS_IN[key]])) for body in image[key]]
        return gather(people, options)


def _stems(images: Iterable[int | str]) -> dict[int | str, str]:
    """Return the name of each image without folder and suffix.

    Raises:
        InputError: Two images have the same.
    """
    stems = {name: PureWindowsPath(str(name)).stem for name in images}
    if twice := [name for name, count in Counter(stems.values()).items() if count > 1]:
        one, other = [name for name, stem in stems.items() if stem == twice[0]][:2]
        raise InputError(f"images must have different names, got {one} and {other}; split the file")
    return stems

"""COCO's annotations: ``{images: [{id, file_name, width, height}], annotations: [{image_id, keypoints}], categories}``.

``keypoints`` are x, y and v in a row: v is 0 for a joint that is not labelled, 1 for one that is labelled but hidden
and 2 for one that is seen; here a confidence of 0, 0.5 and 1. Without a 2, or with other numbers, v is a confidence, as
in PoseTrack. The joints are those that the category names, and so this reads any annotation tool's file. A
``track_id``, as PoseTrack has, and CVAT among ``attributes``, is the person's id.
https://cocodataset.org/#format-data
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ampose.errors import InputError
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import Points, RawPerson, gather, identity_in, triples
from ampose.files.keypoints.joints import layout_by_names
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers

_VISIBLE = 2


@readers.register(
    "coco",
    title="COCO annotations, PoseTrack",
    looks_for="a JSON object with images and annotations",
    words=("images", "annotations", "categories", "keypoints"),
    size=True,
    example="person_keypoints.json",
)
class CocoGroundTruth:
    """COCO's annotations; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether there are images and annotations."""
        data = content.json
        return isinstance(data, dict) and isinstance(data.get("images"), list) and "annotations" in data

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read everybody with keypoints; crowds are left out."""
        data = content.json
        names = _names(data["images"])
        people: dict[str, list[RawPerson]] = {name: [] for name in names.values()}
        for entry in data["annotations"]:
            if entry.get("keypoints") and not entry.get("iscrowd"):
                if entry["image_id"] not in names:
                    raise InputError(
                        f"annotations must be of images that are listed, got image_id {entry['image_id']!r:.40}, which "
                        "is not among images"
                    )
                person = RawPerson(triples(entry["keypoints"]), identity_in(entry), entry.get("score"))
                people[names[entry["image_id"]]].append(person)
        _halve_visibilities([person.points for there in people.values() for person in there])
        sizes = {
            names[image["id"]]: (int(image["width"]), int(image["height"]))
            for image in data["images"]
            if _is_sized(image)
        }
        named = {tuple(category["keypoints"]) for category in data.get("categories", []) if category.get("keypoints")}
        if len(named) > 1:
            raise InputError(
                f"categories must have the same keypoints, got {len(named)} with different ones; split the file"
            )
        layout = layout_by_names(named.pop(), options.skeleton) if named else None
        if len(set(sizes.values())) < 2:
            return gather(people, options, layout=layout, image_size=next(iter(sizes.values()), None))
        file = gather(people, options, layout=layout)
        return replace(file, frame_sizes=[sizes.get(name or "") for name in file.frame_names])


def _names(images: Sequence[Mapping[str, Any]]) -> dict[Any, str]:
    """Return the name of each image by its id.

    Raises:
        InputError: An id has two names, or two ids have one.
    """
    names: dict[Any, str] = {}
    for image in images:
        name = str(image.get("file_name", image["id"]))
        if names.setdefault(image["id"], name) != name:
            raise InputError(f"images must have an id each, got {image['id']} for {names[image['id']]} and {name}")
    if len(set(names.values())) < len(names):
        raise InputError("images must have different names, got two ids with one file_name")
    return names


def _halve_visibilities(bodies: Sequence[Points]) -> None:
    """Turn 0, 1 and 2 into confidences, where the file has these and no others."""
    stated = {value for points in bodies for value in points[np.isfinite(points[:, 2]), 2].tolist()}
    if _VISIBLE in stated <= {0, 1, _VISIBLE}:
        for points in bodies:
            points[:, 2] /= _VISIBLE


def _is_sized(image: Mapping[str, Any]) -> bool:
    """Tell whether an image has a size; programs that do not know it write 0."""
    return all(int(image.get(side) or 0) > 0 for side in ("width", "height"))

"""Ultralytics (YOLO): what ``Results.to_json()`` returns, for one image, a list of them, or a folder of files.

``[{name, class, confidence, box, track_id, keypoints: {x: [...], y: [...], visible: [...]}}]`` in pixels, or in parts
of the image with ``normalize=True``. A joint at 0, 0 was not found. Frames may be an empty list.
https://docs.ultralytics.com/reference/engine/results/
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ampose.errors import InputError, reading
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import Points, RawPerson, gather, identity_of, numbers_of, with_scores
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers


@readers.register(
    "ultralytics-json",
    title="Ultralytics, JSON",
    looks_for="JSON lists with keypoints of x, y and visible",
    words=("name", "class", "box", "keypoints"),
    size=False,
    example="clip_json/",
)
class UltralyticsJson:
    """Ultralytics' JSON; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the first object has keypoints with x and y."""
        data = content.first.json if content.first else None
        while isinstance(data, list):
            data = next((entry for entry in data if entry), None)
        points = data.get("keypoints") if isinstance(data, dict) else None
        return isinstance(points, dict) and {"x", "y"} <= points.keys()

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all frames; objects without keypoints are left out."""
        people: dict[str, list[RawPerson]] = {}
        for name, frame in content.frames.items():
            frames = {name: frame.json}
            with reading(frame.path, "results of Ultralytics", "write it again, or take it out of the folder"):
                if any(isinstance(entry, list) for entry in frame.json):  # a list of people for each frame of a video
                    frames = {content.frame_name(frame, number): entries for number, entries in enumerate(frame.json)}
                for key, entries in frames.items():
                    people[key] = [
                        RawPerson(_points(keypoints), identity_of(entry.get("track_id")), entry.get("confidence"))
                        for entry in entries
                        if (keypoints := entry.get("keypoints"))
                    ]
        return gather(people, options)


def _points(keypoints: Mapping[str, Any]) -> Points:
    x, y = numbers_of(keypoints["x"]), numbers_of(keypoints["y"])
    visible = numbers_of(keypoints.get("visible", np.ones_like(x)), "visible")
    if x.ndim != 1 or not x.shape == y.shape == visible.shape:
        raise InputError(
            f"x, y and visible must be of as many points, got shapes {x.shape}, {y.shape} and {visible.shape}"
        )
    return with_scores(np.column_stack([x, y]), np.where((x == 0) & (y == 0), 0, visible))

"""Ultralytics (YOLO): the folder ``labels`` that ``save_txt=True`` writes, a file for each frame with somebody in it.

A person a line: ``class cx cy w h (x y [visible]) * joints [confidence] [track id]``, all in parts of the image.
Without a named skeleton the joints are COCO's 17, as those of Ultralytics' own models.
https://docs.ultralytics.com/datasets/pose/
"""

import numpy as np

from ampose.errors import InputError, reading
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, gather
from ampose.files.keypoints.joints import layout_by_number
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers
from ampose.poses.skeletons import get_skeleton

_BOX = ("class", "centre x", "centre y", "width", "height")


@readers.register(
    "ultralytics-txt",
    title="Ultralytics, txt",
    looks_for="a folder of txt files (or one) with lines of class, box and joints between 0 and 1",
    size=False,
    example="runs/pose/predict/labels/",
)
class UltralyticsTxt:
    """Ultralytics' label files; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the first line is a class, a box within the image and more numbers."""
        row = content.first.rows[0] if content.first and content.first.rows else []
        try:
            numbers = [float(cell) for cell in row]
        except ValueError:
            return False
        return len(numbers) > len(_BOX) and row[0].isdigit() and all(0 <= number <= 1 for number in numbers[1:5])

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all frames."""
        skeleton = options.skeleton or get_skeleton("coco_17")
        people = {}
        for name, frame in content.frames.items():
            with reading(frame.path, "a label file of Ultralytics", "write it again, or take it out of the folder"):
                people[name] = [_person(np.array(row, float)[len(_BOX) :], skeleton.num_joints) for row in frame.rows]
        layout = layout_by_number(skeleton.num_joints, skeleton)
        return gather(people, options, layout=layout)


def _person(numbers: np.ndarray, num_joints: int) -> RawPerson:
    for width in (3, 2):
        extra = len(numbers) - width * num_joints
        if 0 <= extra <= 2:
            points = numbers[: width * num_joints].reshape(num_joints, width)
            found = (points[:, :2] != 0).any(axis=1)  # a joint at 0, 0 was not found
            confidence = np.where(found, points[:, 2] if width == 3 else 1.0, 0.0)
            # Behind the joints: the confidence and the track's id, or one of the two; an id is a whole number from 1.
            has_id = extra == 2 or (extra == 1 and numbers[-1] >= 1 and float(numbers[-1]).is_integer())
            score = float(numbers[width * num_joints]) if extra > has_id else None
            return RawPerson(np.column_stack([points[:, :2], confidence]), int(numbers[-1]) if has_id else None, score)
    raise InputError(
        f"a line must have the {num_joints} joints of a person, 2 or 3 numbers each, got {len(numbers)} "
        "numbers after the box; name the skeleton that they have"
    )

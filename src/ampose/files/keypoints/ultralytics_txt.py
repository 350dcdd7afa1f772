"""Ultralytics (YOLO): the folder ``labels`` that ``save_txt=True`` writes, a file for each frame with somebody in it.

A person a line: ``class cx cy w h (x y [visible]) * joints [confidence] [track id]``, all in parts of the picture.
Without a named skeleton the joints are COCO's 17, as those of Ultralytics' own models.
https://docs.ultralytics.com/datasets/pose/
"""

import numpy as np

from ampose.errors import InputError
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import Points, RawPerson, gather
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
        """Tell whether the first line is a class, a box within the picture and more numbers."""
        row = content.first.rows[0] if content.first and content.first.rows else []
        try:
            numbers = [float(cell) for cell in row]
        except ValueError:
            return False
        return len(numbers) > len(_BOX) and row[0].isdigit() and all(0 <= number <= 1 for number in numbers[1:5])

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all frames."""
        if options.image_size is None:
            raise InputError(
                "coordinates are parts of the image, whose size the file does not hold; give width and height",
                field="image_size",
            )
        skeleton = options.skeleton or get_skeleton("coco_17")
        people = {name: _people(frame, skeleton.num_joints) for name, frame in content.frames.items()}
        size = np.array([*options.image_size, 1.0])
        layout = layout_by_number(skeleton.num_joints, skeleton)
        return gather(people, content.frame_names, options, layout=layout, to_pixels=lambda points: points * size)


def _people(frame: Content, num_joints: int) -> list[RawPerson]:
    numbers = [np.array(row, dtype=np.float64)[len(_BOX) :] for row in frame.rows]
    return [_person(row, num_joints, frame.path.name) for row in numbers]


def _person(numbers: np.ndarray, num_joints: int, name: str) -> RawPerson:
    for width in (3, 2):
        extra = len(numbers) - width * num_joints
        if 0 <= extra <= 2:
            return _points(numbers[: width * num_joints].reshape(num_joints, width)), _identity(numbers[-extra:], extra)
    raise InputError(
        f"{name}: a line must have the {num_joints} joints of a person, 2 or 3 numbers each, got {len(numbers)} "
        "numbers after the box; name the skeleton that they have"
    )


def _points(points: np.ndarray) -> Points:
    """Return x, y and confidence; a joint at 0, 0 was not found."""
    there = (points[:, :2] != 0).any(axis=1)
    return np.column_stack([points[:, :2], np.where(there, points[:, 2] if points.shape[1] > 2 else 1.0, 0.0)])


def _identity(extra: np.ndarray, count: int) -> int | None:
    """Return the track id: the second of two numbers (the first is the confidence), or one that is whole."""
    if count == 2 or (count == 1 and extra[-1] >= 1 and float(extra[-1]).is_integer()):
        return int(extra[-1])
    return None

"""From a keypoint file of any layout to a table of keypoints: a row for each person in each frame."""

from pathlib import Path
from typing import Any

import numpy as np

from ampose.errors import InputError
from ampose.files.keypoints import PeopleFile
from ampose.files.keypoints.identity import followed, seen, told_apart
from ampose.files.tables.keypoint_table import write_keypoint_table


def write_detection_table(path: Path, file: PeopleFile, clip: str) -> int:
    """Write everybody in each frame to a table, whole or not at all; return the number of rows.

    ``frame`` counts from 0 as in a video, ``image`` is what the file calls the frame, and ``person`` is who
    ``read_keypoints`` finds: the file's own id, or whoever is followed through a video. In images whose ids do not tell
    people apart it is null.

    Args:
        path: The table.
        file: What ``read_detections`` returned.
        clip: What to call the frames together.

    Raises:
        InputError: The size of an image is not known.
    """
    # Images that nothing says are a video's may have nothing to do with each other: nobody is followed through them.
    people = followed(file) if file.fps is not None or file.times is not None else seen(file)
    rows = [(frame, person) for frame, found in enumerate(people) for person in found]
    frames = np.array([frame for frame, _ in rows], dtype=np.int64)
    ids: list[Any] = [person.id for _, person in rows] if told_apart(people) else [None] * len(rows)
    if not all(isinstance(identity, int | None) for identity in ids):  # names are numbered as they appear
        order = {identity: place for place, identity in enumerate(dict.fromkeys(ids))}
        ids = [order[identity] for identity in ids]
    frame_sizes = file.frame_sizes or [file.image_size] * len(file.frames)
    stated = [size for frame in frames if (size := frame_sizes[frame]) is not None]
    if len(stated) < len(rows):
        raise InputError("the size of each image must be known, and some have none")
    sizes = np.array(stated, dtype=np.int64)  # row wh
    times = file.times
    if times is None:
        times = np.full(len(file.frames), np.nan) if file.fps is None else np.arange(len(file.frames)) / file.fps
    columns = {
        "clip": [clip] * len(rows),
        "person": ids,
        "frame": frames,
        "time": times[frames],
        "image": [file.frame_names[frame] for frame in frames],
        "image_width": sizes[:, 0],
        "image_height": sizes[:, 1],
        "keypoints": np.stack([person.keypoints for _, person in rows]),
        "confidence": np.stack([person.confidence for _, person in rows]),
    }
    if file.focal_px is not None:
        columns["camera"] = np.column_stack([np.full((len(rows), 2), file.focal_px), sizes / 2])
    write_keypoint_table(path, file.skeleton, columns)
    return len(rows)

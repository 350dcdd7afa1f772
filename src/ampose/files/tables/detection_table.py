"""From a keypoint file of any layout to a table of keypoints: a row for each person in each frame."""

from pathlib import Path

import numpy as np

from ampose.errors import InputError
from ampose.files.keypoints import PeopleFile
from ampose.files.tables.keypoint_table import write_keypoint_table


def write_detection_table(path: Path, file: PeopleFile, clip: str) -> int:
    """Write everybody in each frame to a table, whole or not at all; return the number of rows.

    ``frame`` counts from 0 as in a video, ``image`` is what the file calls the frame, and ``person`` the file's own id,
    or else a number in the frame.

    Args:
        path: The table.
        file: What ``read_detections`` returned.
        clip: What to call the frames together.

    Raises:
        InputError: The size of an image is not known.
    """
    rows = [
        (frame, number, person)
        for frame, people in enumerate(file.frames)
        for number, person in enumerate(people)
        if not person.missing
    ]
    frames = np.array([frame for frame, _, _ in rows], dtype=np.int64)
    ids = [number if person.id is None else person.id for _, number, person in rows]
    if not all(isinstance(identity, int) for identity in ids):  # names are numbered in the order of their appearance
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
        "keypoints": np.stack([person.keypoints for _, _, person in rows]),
        "confidence": np.stack([person.confidence for _, _, person in rows]),
    }
    if file.focal_px is not None:
        columns["camera"] = np.column_stack([np.full((len(rows), 2), file.focal_px), sizes / 2])
    write_keypoint_table(path, file.skeleton, columns)
    return len(rows)

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
        InputError: The size of the image is not known.
    """
    if file.image_size is None:
        raise InputError("the size of the image must be known, got none", field="image_size")
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
    width, height = file.image_size
    times = file.times
    if times is None:
        times = np.full(len(file.frames), np.nan) if file.fps is None else np.arange(len(file.frames)) / file.fps
    columns = {
        "clip": [clip] * len(rows),
        "person": ids,
        "frame": frames,
        "time": times[frames],
        "image": [file.frame_names[frame] for frame in frames],
        "image_width": np.full(len(rows), width),
        "image_height": np.full(len(rows), height),
        "keypoints": np.stack([person.keypoints for _, _, person in rows]),
        "confidence": np.stack([person.confidence for _, _, person in rows]),
    }
    if file.focal_px is not None:
        camera = (file.focal_px, file.focal_px, width / 2, height / 2)
        columns["camera"] = np.tile(np.array(camera), (len(rows), 1))
    write_keypoint_table(path, file.skeleton, columns)
    return len(rows)

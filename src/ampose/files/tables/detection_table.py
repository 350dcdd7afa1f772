"""From a keypoint file of any layout to a table of keypoints: a row for each person in each frame."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ampose.errors import InputError
from ampose.files.keypoints import PeopleFile
from ampose.files.keypoints.identities import with_ids
from ampose.files.tables.keypoint_table import write_keypoint_table
from ampose.poses.people import Detection

_LOG = logging.getLogger(__name__)


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
    people, ids = _people(file, clip)
    rows = [(frame, person) for frame, found in enumerate(people) for person in found]
    frames = np.array([frame for frame, _ in rows], dtype=np.int64)
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


def _people(file: PeopleFile, clip: str) -> tuple[Sequence[Sequence[Detection]], list[int | None]]:
    """Return the people of each frame, and the number of each of them, one after the other; None: nobody knows."""
    people: Sequence[Sequence[Detection]] = [[one for one in found if not one.missing] for found in file.frames]
    own = [[one.id for one in found] for found in people]
    told_apart = all(None not in ids and len(set(ids)) == len(ids) for ids in own)
    # Images that nothing says are a video's may have nothing to do with each other: nobody is followed through them.
    if file.fps is None and file.times is None and not told_apart:
        return people, [None for found in people for _ in found]
    people, note = with_ids(people, fps=file.fps, times=file.times)
    if note:
        _LOG.warning("%s: %s", clip, note)
    names = [person.id for found in people for person in found]
    numbers = [name for name in names if isinstance(name, int)]
    if len(numbers) == len(names):
        return people, [*numbers]
    order = {name: number for number, name in enumerate(dict.fromkeys(names))}  # as they appear
    return people, [order[name] for name in names]

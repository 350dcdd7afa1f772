"""Who is who from frame to frame of a keypoint file: by the file's own ids, or else by following people."""

from collections.abc import Sequence

import numpy as np

from ampose.files.keypoints.reader import PeopleFile
from ampose.poses.people import Detection
from ampose.processing.tracking import KEEP_SECONDS, track


def seen(file: PeopleFile) -> list[list[Detection]]:
    """Return the people of each frame, without those of whom no joint was found."""
    return [[one for one in people if not one.missing] for people in file.frames]


def told_apart(frames: Sequence[Sequence[Detection]]) -> bool:
    """Tell whether ids tell the people of every frame apart: AlphaPose gives 0 to everybody whom it does not track.

    Example:
        >>> anna, bob = (Detection(np.ones((1, 2)), np.ones(1), name) for name in ("Anna", "Bob"))
        >>> told_apart([[anna, bob], [bob]]), told_apart([[anna, anna]])
        (True, False)
    """
    ids = [[one.id for one in people] for people in frames]
    return all(None not in people and len(set(people)) == len(people) for people in ids)


def followed(file: PeopleFile) -> list[list[Detection]]:
    """Return the people of each frame, all with ids: the file's own where these tell them apart."""
    frames = seen(file)
    if told_apart(frames):
        return frames
    # Somebody who is alone is always the same person, however long they were away.
    alone = max(map(len, frames), default=0) < 2
    return track(frames, fps=file.fps, times=file.times, keep_seconds=np.inf if alone else KEEP_SECONDS)

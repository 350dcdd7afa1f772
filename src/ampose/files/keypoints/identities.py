"""Who is who over time: the ids that a file has are kept, and detections without one are joined to them.

Programs leave single detections without an id: AlphaPose where it merged two, Ultralytics until a track is confirmed.
People are then followed by where they are, which says of each of them who is next to it in time, before or after.
"""

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
from jaxtyping import Float

from ampose.poses.people import Detection
from ampose.processing.tracking import how_long_to_keep, track

Ids = list[list[int | str | None]]
"""Of the people of each frame."""


def with_ids(
    frames: Sequence[Sequence[Detection]],
    *,
    fps: float | None = None,
    times: Float[np.ndarray, " frame"] | None = None,
) -> tuple[Sequence[Sequence[Detection]], str | None]:
    """Give everybody an id: the file's own, or else that of whom they are found to be, or a new one.

    Args:
        frames: The people of each frame; each has one joint found at least.
        fps: Frames per second; None for single images.
        times: Seconds of each frame where they are not evenly spaced.

    Returns:
        The same people, and for the user who was joined; None where all have the file's ids, or nobody has one.
    """
    ids = _own_ids(frames)
    stated, lacking = ([one is not None for people in ids for one in people].count(has) for has in (True, False))
    if not lacking:
        return frames, None
    tracked = track(frames, fps=fps, times=times, keep_seconds=how_long_to_keep(frames))
    if not stated:
        return tracked, None
    tracks = [[one.id for one in people] for people in tracked]
    joined = _join(ids, tracks)
    free = count(1 + max((one for people in ids for one in people if isinstance(one, int)), default=-1))
    new: defaultdict[int | str | None, int] = defaultdict(lambda: next(free))  # by track
    named = [
        [replace(one, id=new[track] if own is None else own) for one, own, track in zip(*frame, strict=True)]
        for frame in zip(frames, ids, tracks, strict=True)
    ]
    others = f", and {lacking - joined} a new one" * (joined < lacking)
    return named, (
        f"{lacking} of {lacking + stated} detections have no id of their own: {joined} are given one of the file's, by "
        f"where they are{others}"
    )


def _own_ids(frames: Sequence[Sequence[Detection]]) -> Ids:
    """Return the file's ids, without those of which a frame has several."""
    counts = [Counter(one.id for one in people if one.id is not None) for people in frames]
    shared = any(number > 1 for ids in counts for number in ids.values())
    if shared and all(len(ids) < 2 for ids in counts):  # AlphaPose gives 0 to everybody whom it does not track
        return [[None] * len(people) for people in frames]
    return [
        [one.id if one.id is not None and ids[one.id] == 1 else None for one in people]
        for people, ids in zip(frames, counts, strict=True)
    ]


def _join(ids: Ids, tracks: Ids) -> int:
    """Give who has no id that of the nearest in time on the same track, if nobody else has it; return how many."""
    stated: defaultdict[int | str | None, list[int]] = defaultdict(list)  # the frames in which a track has an id
    on_track = [dict(zip(track, own, strict=True)) for track, own in zip(tracks, ids, strict=True)]
    for frame, by_track in enumerate(on_track):
        for track_id, own in by_track.items():
            if own is not None:
                stated[track_id].append(frame)
    offers = []
    for frame, people in enumerate(ids):
        for place, own in enumerate(people):
            if own is None:
                known = stated[tracks[frame][place]]
                at = bisect(known, frame)
                offers += [(abs(near - frame), frame, place, near) for near in known[max(0, at - 1) : at + 1]]
    joined = 0
    for _, frame, place, near in sorted(offers):
        wanted = on_track[near][tracks[frame][place]]
        if ids[frame][place] is None and wanted not in ids[frame]:
            ids[frame][place] = wanted
            joined += 1
    return joined

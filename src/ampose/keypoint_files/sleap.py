"""SLEAP's analysis files (``Export Analysis HDF5``).

``tracks`` (track, 2, node, frame) pixels, NaN where a node was not found; ``point_scores`` (track, node, frame);
``node_names``; ``track_names``, which are the ids. Joints are told by their names.
https://sleap.ai/api/sleap.info.write_tracking_h5.html
"""

from typing import Any

import numpy as np

from ampose.errors import InputError
from ampose.keypoint_files.content import Content
from ampose.keypoint_files.contract import Given, PeopleFile, readers
from ampose.keypoint_files.joints import layout_by_names
from ampose.keypoint_files.people_by_frame import Seen, gather


@readers.register(
    "sleap",
    title="SLEAP analysis",
    looks_for="an HDF5 file with tracks and node_names",
    size=False,
    example="clip.analysis.h5",
)
class SleapAnalysis:
    """SLEAP's analysis file; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the arrays have these names."""
        return content.kind == "hdf5" and {"tracks", "node_names"} <= content.names

    def read(self, content: Content, given: Given) -> PeopleFile:
        """Read all frames."""
        with content.hdf5() as file:
            nodes, tracks = _texts(file["node_names"]), np.asarray(file["tracks"], dtype=np.float64)
            names = _texts(file["track_names"]) if "track_names" in file else []
            if tracks.ndim != 4 or tracks.shape[1:3] != (2, len(nodes)):
                raise InputError(f"tracks must have shape (track, 2, {len(nodes)} nodes, frame), got {tracks.shape}")
            scores = _scores(file, tracks)
        ids = names if len(names) == len(tracks) else list(map(str, range(len(tracks))))
        rows = np.concatenate([tracks, scores[:, None]], axis=1).transpose(3, 0, 2, 1)  # frame, track, node, x y score
        people: dict[str, list[Seen]] = {
            str(number): list(zip(frame, ids, strict=True)) for number, frame in enumerate(rows)
        }
        return gather(people, list(people), given, layout=layout_by_names(nodes, given.skeleton))


def _scores(file: Any, tracks: np.ndarray) -> np.ndarray:
    """Return the scores; 1 for points that somebody set by hand, which have none."""
    everything = np.ones((len(tracks), *tracks.shape[2:]))
    if "point_scores" not in file or file["point_scores"].shape != everything.shape:
        return everything
    scores = np.asarray(file["point_scores"], dtype=np.float64)
    return np.where(np.isnan(scores), everything, scores)


def _texts(array: Any) -> list[str]:
    return [name.decode("utf-8") if isinstance(name, bytes) else str(name) for name in array[:]]

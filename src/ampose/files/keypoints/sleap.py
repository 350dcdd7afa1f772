"""SLEAP's analysis files (``Export Analysis HDF5``), by SLEAP itself or by sleap-io.

``tracks`` are pixels, (track, xy, node, frame), NaN where a node was not found; ``point_scores`` (track, node, frame);
``node_names``; ``track_names``, which are the ids. sleap-io states the order of the axes in ``dims``, and can
write another. Joints are recognised by their names.
https://sleap.ai/api/sleap.info.write_tracking_h5.html
"""

import json
from collections.abc import Mapping

import numpy as np

from ampose.errors import InputError
from ampose.files.keypoints.content import Content, texts
from ampose.files.keypoints.gather import RawPerson, gather
from ampose.files.keypoints.joints import layout_by_names
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers


@readers.register(
    "sleap",
    title="SLEAP analysis",
    looks_for="an HDF5 file with tracks and node_names",
    words=("tracks", "node_names", "track_occupancy"),
    size=False,
    example="clip.analysis.h5",
)
class SleapAnalysis:
    """SLEAP's analysis file; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the arrays have these names."""
        return content.kind == "hdf5" and {"tracks", "node_names"} <= content.names

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all frames."""
        wanted = ("tracks", "tracks@dims", "node_names", "track_names", "point_scores", "point_scores@dims")
        file = content.hdf5(*wanted)
        nodes, tracks = texts(file["node_names"]), _in_order(file, "tracks", ("xy", "node"))
        if tracks.ndim != 4 or tracks.shape[2:] != (len(nodes), 2):
            raise InputError(f"tracks must be of x and y of {len(nodes)} nodes, got {file['tracks'].shape}")
        scores = np.full(tracks.shape[:3], np.nan)  # (frame, track, node)
        if "point_scores" in file:
            scores = _in_order(file, "point_scores", ("node",))
            if scores.shape != tracks.shape[:3]:
                raise InputError(
                    f"point_scores must be of each point of tracks, got {file['point_scores'].shape} and "
                    f"{file['tracks'].shape}"
                )
        names = texts(file["track_names"]) if "track_names" in file else []
        if len(names) not in (0, tracks.shape[1]):
            raise InputError(f"track_names must be those of the {tracks.shape[1]} tracks, got {len(names)}")
        ids = names or list(map(str, range(tracks.shape[1])))
        # Points that somebody set by hand have no score: they are certain.
        rows = np.concatenate([tracks, np.nan_to_num(scores, nan=1.0)[..., None]], axis=3)
        people: dict[str, list[RawPerson]] = {
            str(number): [RawPerson(points, identity) for points, identity in zip(frame, ids, strict=True)]
            for number, frame in enumerate(rows)
        }
        return gather(people, options, layout=layout_by_names(nodes, options.skeleton))


def _in_order(file: Mapping[str, np.ndarray], name: str, inner: tuple[str, ...]) -> np.ndarray:
    """Return an array with the axes (frame, track, node, xy), from the order that it states or SLEAP's own.

    Args:
        file: The arrays, and their attributes.
        name: Of the array.
        inner: SLEAP's own order between track, which is its first, and frame, which is its last.
    """
    stated = file.get(f"{name}@dims")
    dims = ["track", *inner, "frame"] if stated is None else json.loads(stated.item())
    wanted = [axis for axis in ("frame", "track", "node", "xy") if axis in dims]
    return file[name].astype(np.float64).transpose([dims.index(axis) for axis in wanted])

"""DeepLabCut: the CSV or h5 file of an analysed video, or of labelled images (``CollectedData``).

The columns have three or four names above each other: scorer, individuals (in projects with several), bodyparts and
coords (x, y and likelihood, which labelled images have not). The h5 file is a pandas table called
``df_with_missing``; its columns' names are pickled, and are read without running anything. Joints are recognised
by their names; an individual's name is its id.
https://deeplabcut.github.io/DeepLabCut/docs/standardDeepLabCut_UserGuide.html
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ampose.errors import InputError
from ampose.files.cells import check_widths, numbers_in
from ampose.files.keypoints.content import Content, texts
from ampose.files.keypoints.gather import RawPerson, gather
from ampose.files.keypoints.joints import layout_by_names
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers
from ampose.files.pickles.restricted_pickle import loads_restricted

_KEYS = ("df_with_missing", "keypoints")
_LEVELS = ("scorer", "individuals", "bodyparts", "coords")
_SHARED = "single"
"""The "individual" of points that belong to nobody, such as the corners of a cage."""

Column = tuple[str, str, str]
"""Individual, body part and coordinate; the individual is empty in projects with one."""


@readers.register(
    "deeplabcut",
    title="DeepLabCut",
    looks_for="a CSV with scorer, bodyparts and coords above its columns, or an HDF5 file with df_with_missing",
    words=("scorer", "bodyparts", "coords", "df_with_missing"),
    size=False,
    example="clipDLC_resnet50.h5",
)
class DeepLabCut:
    """DeepLabCut's tables; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the first lines are DeepLabCut's, or the table has its name."""
        if content.kind == "text":
            return bool(content.rows) and content.rows[0][0] == "scorer"
        return content.kind == "hdf5" and any(key in content.names for key in _KEYS)

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all frames."""
        columns, names, values = _csv(content.rows) if content.kind == "text" else _hdf5(content)
        individuals = list(dict.fromkeys(individual for individual, _, _ in columns if individual != _SHARED))
        if not individuals:
            raise InputError("individuals must be one at least, got none; are there bodyparts in the file?")
        parts = list(dict.fromkeys(part for individual, part, _ in columns if individual == individuals[0]))
        people: dict[str, list[RawPerson]] = {name: [] for name in names}
        place = {column: number for number, column in enumerate(columns)}
        for thing, count in Counter([*names, *map(" ".join, columns)]).items():
            if count > 1:
                raise InputError(f"frames and columns must be there once, got {thing.strip()} twice")
        for individual in individuals:
            xy = values[:, [[place[individual, part, axis] for axis in ("x", "y")] for part in parts]]
            # Without a likelihood of each part, everything that is there has 1.
            likelihoods = [place[key] for part in parts if (key := (individual, part, "likelihood")) in place]
            likelihood = values[:, likelihoods] if len(likelihoods) == len(parts) else np.ones(xy.shape[:2])
            for name, points in zip(names, np.dstack([xy, likelihood]), strict=True):  # (part, 3)
                people[name].append(RawPerson(points, individual or 0))
        return gather(people, options, layout=layout_by_names(parts, options.skeleton))


def _csv(rows: Sequence[Sequence[str]]) -> tuple[list[Column], list[str], np.ndarray]:
    count = [row[0] for row in rows[: len(_LEVELS)]].index(_LEVELS[-1]) + 1
    check_widths(rows[1:], len(rows[0]))
    header = {row[0]: row for row in rows[:count]}
    first = header["coords"].index("x")  # before it: the frame's number, or the parts of an image's path
    individuals = header.get("individuals", [""] * len(header["coords"]))
    columns = list(zip(individuals[first:], header["bodyparts"][first:], header["coords"][first:], strict=True))
    names = ["/".join(row[:first]) for row in rows[count:]]
    values = [numbers_in(rows[count:], first + at, f"{part} {axis}") for at, (_, part, axis) in enumerate(columns)]
    return columns, names, np.stack(values, axis=1)


def _hdf5(content: Content) -> tuple[list[Column], list[str], np.ndarray]:
    key = next(key for key in _KEYS if key in content.names)
    arrays = content.hdf5(f"{key}/table", f"{key}@non_index_axes")
    if f"{key}/table#index" not in arrays:
        raise InputError("table must be one that pandas writes with format='table', got another; use the CSV file")
    axes = loads_restricted(bytes(arrays[f"{key}@non_index_axes"].item()))
    names = texts(arrays[f"{key}/table#index"])
    values = arrays[f"{key}/table#values_block_0"].astype(np.float64)
    # The scorer is left out; in a project with one individual there are only two names behind it.
    columns = [("" if len(name) < len(_LEVELS) else str(name[1]), str(name[-2]), str(name[-1])) for name in axes[0][1]]
    if values.shape != (len(names), len(columns)):
        raise InputError(f"table must have {len(columns)} columns of numbers, got {values.shape}; use the CSV file")
    return columns, names, values

"""``.parquet``: the table of the CSV file with exact numbers, smaller and faster to read.

``table_columns`` says what the columns are; an empty cell is null. The schema's metadata holds, under ``ampose``, a
JSON text: format ("ampose.poses"), version (1), fps, uneven_times, frame_of_reference, skeleton and
provenance as in ``poses.json``. A file without it is read as a CSV file is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ampose.files.poses.own_header import FORMAT, VERSION, camera_of, check_joints, check_version, provenance_of
from ampose.files.poses.pose_format import formats
from ampose.files.poses.table_columns import columns_of, is_column, people_of
from ampose.poses.people import Person
from ampose.poses.reference_frame import ReferenceFrame
from ampose.poses.skeletons import Skeleton
from ampose.poses.timing import frame_numbers, frame_times

_KEY = b"ampose"
_CARRIES = (
    "positions",
    "confidence",
    "expected_error",
    "skeleton",
    "frame_of_reference",
    "provenance",
    "missing_joints",
    "missing_frames",
    "times",
    "no_fps",
    "people",
)


@formats.register(".parquet", carries=_CARRIES, extra="tables", package="pyarrow")
class ParquetFile:
    """People as a Parquet table."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write a row for each frame of each person."""
        import pyarrow as pa  # noqa: PLC0415 - an optional dependency
        import pyarrow.parquet as pq  # noqa: PLC0415 - an optional dependency

        columns = {name: pa.array(values, from_pandas=True) for name, values in columns_of(people).items()}
        pq.write_table(pa.table(columns).replace_schema_metadata({_KEY: json.dumps(_about(people[0]))}), path)

    def read(self, path: Path) -> list[Person]:
        """Read the people back, bit for bit."""
        import pyarrow as pa  # noqa: PLC0415 - an optional dependency
        import pyarrow.parquet as pq  # noqa: PLC0415 - an optional dependency

        try:
            table = pq.read_table(path, partitioning=None)
        except pa.ArrowException as error:
            raise ValueError("no whole Parquet table in it") from error
        columns = {
            name: np.asarray(table[name].to_numpy(), dtype=np.float64) for name in table.column_names if is_column(name)
        }
        people, about = people_of(columns), (table.schema.metadata or {}).get(_KEY)
        return people if about is None else [_with(person, json.loads(about), columns) for person in people]


def _about(person: Person) -> dict[str, Any]:
    pose = person.pose3d
    return {
        "format": FORMAT,
        "version": VERSION,
        "fps": pose.fps,
        "uneven_times": pose.times is not None,
        "frame_of_reference": str(pose.frame_of_reference),
        "skeleton": pose.skeleton.as_dict(),
        "provenance": provenance_of(pose),
    }


def _with(person: Person, about: dict[str, Any], columns: Mapping[str, np.ndarray]) -> Person:
    check_version(about["format"], about["version"])
    skeleton = Skeleton.from_dict(about["skeleton"])
    check_joints(person.pose3d.skeleton.joints, skeleton)
    uneven = about.get("uneven_times")  # older files do not have it
    pose = replace(
        person.pose3d,
        skeleton=skeleton,
        fps=about["fps"],
        frame_of_reference=ReferenceFrame.parse(about["frame_of_reference"]),
        provenance=about["provenance"],
        computed_joints=frozenset(filter(None, about["provenance"].get("made_up_joints", "").split(", "))),
        **camera_of(about["provenance"]),
        times=frame_times(frame_numbers(columns["frame"]), columns["time_s"]) if uneven else None,
    )
    return replace(person, pose3d=pose)

"""``.parquet``: the table of the CSV file with exact numbers, smaller and faster to read.

A table of poses of ``ampose bulk`` is read too, if it holds one clip.

``table_columns`` says what the columns are; an empty cell is null. The schema's metadata holds, under ``ampose``, a
JSON text: format ("ampose.poses"), version (1), fps, uneven_times, frame_of_reference, skeleton and
provenance as in ``poses.json``. A file without it is read as a CSV file is.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ampose.files.poses.own_header import check_header, header_of, person_of
from ampose.files.poses.pose_format import all_but, formats
from ampose.files.poses.table_columns import columns_of, is_column, people_of
from ampose.files.tables.pose_table import FORMAT as POSE_TABLE
from ampose.files.tables.pose_table import check_is_no_keypoints, read_pose_table
from ampose.poses.people import Person
from ampose.poses.pose import UNIT
from ampose.poses.timing import frame_numbers, frame_times

_KEY = b"ampose"
_FIELDS = ("format", "version", "fps", "uneven_times", "frame_of_reference", "skeleton", "provenance")


@formats.register(".parquet", carries=all_but("keypoints_2d"), extra="tables", package="pyarrow")
class ParquetFile:
    """People as a Parquet table."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write a row for each frame of each person."""
        import pyarrow as pa  # noqa: PLC0415 - an optional dependency
        import pyarrow.parquet as pq  # noqa: PLC0415 - an optional dependency

        columns = {name: pa.array(values, from_pandas=True) for name, values in columns_of(people).items()}
        header = header_of(people)
        about = json.dumps({key: header[key] for key in _FIELDS})
        pq.write_table(pa.table(columns).replace_schema_metadata({_KEY: about}), path)

    def read(self, path: Path) -> list[Person]:
        """Read the people back, bit for bit."""
        import pyarrow as pa  # noqa: PLC0415 - an optional dependency
        import pyarrow.parquet as pq  # noqa: PLC0415 - an optional dependency

        try:
            about = json.loads((pq.read_schema(path).metadata or {}).get(_KEY, b"null"))
            check_is_no_keypoints(about)
            if about is not None and about["format"] == POSE_TABLE:
                return read_pose_table(path)
            table = pq.read_table(path, partitioning=None)
        except pa.ArrowException as error:
            raise ValueError("no whole Parquet table in it") from error
        columns = {
            name: np.asarray(table[name].to_numpy(), dtype=np.float64) for name in table.column_names if is_column(name)
        }
        people = people_of(columns)
        if about is None:
            return people
        header = {**about, "unit": UNIT, "joints": people[0].pose3d.skeleton.joints}
        check_header(header)
        header["made_up"] = list(filter(None, header["provenance"].get("made_up_joints", "").split(", ")))
        # Older files do not have uneven_times.
        times = frame_times(frame_numbers(columns["frame"]), columns["time_s"]) if header.get("uneven_times") else None
        names = ("positions", "confidence", "expected_error")
        return [
            person_of(person.id, header, {name: getattr(person.pose3d, name) for name in names} | {"times": times})
            for person in people
        ]

"""A table of 3D poses in Parquet, a row for each person in each image: what ``ampose bulk`` writes.

Version 1 has the columns of the keypoint table that it was lifted from, without ``keypoints`` and ``confidence``, and:

``positions``
    Fixed-size list of 3 J float32: x, y and z of each joint of the lifter in metres, root-relative, camera axes (x
    right, y down, z away). Null where too few joints were seen.
``confidence``
    Fixed-size list of J float32, 0 to 1; 0 for a joint that was not seen.
``expected_error``
    Fixed-size list of J float32, metres; null where there are no positions. Only if the lifter predicts it.
``inferred``
    Fixed-size list of J booleans: the joint was not seen, and the lifter inferred it from the others.

The schema's metadata holds, under ``ampose``, a JSON text: format ("ampose.pose-table"), version (1), unit,
frame_of_reference, skeleton, and provenance: model, hash of its weights, engine...; and which rows of which input these
were. How many rows each file has lost or set aside is under ``ampose.rows``.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from ampose.errors import InputError, check_format, reading
from ampose.files.tables.keypoint_table import FORMAT as OF_KEYPOINTS
from ampose.files.tables.keypoint_table import KEY, TAKEN, lists, lists_of
from ampose.packages import arrow
from ampose.poses.people import Person
from ampose.poses.pose import UNIT, Pose3D
from ampose.poses.reference_frame import CAMERA_ROOT_RELATIVE, ReferenceFrame
from ampose.poses.skeletons import Skeleton
from ampose.poses.timing import clock, frame_numbers, spread

FORMAT, VERSION = "ampose.pose-table", 1
ROWS_KEY = b"ampose.rows"
"""Of the numbers that are known once a file is complete."""


def pose_schema(source: Any, skeleton: Skeleton, *, error: bool, facts: Mapping[str, Any]) -> Any:
    """Return the schema of the poses of a keypoint table.

    Args:
        source: The schema of the keypoint table.
        skeleton: Of the lifter.
        error: Whether it predicts the expected error.
        facts: What else the metadata says.
    """
    pa = arrow()
    joints = skeleton.num_joints
    fields = [field for field in source if field.name not in TAKEN]
    fields += [
        pa.field("positions", pa.list_(pa.float32(), 3 * joints)),
        pa.field("confidence", pa.list_(pa.float32(), joints)),
        *([pa.field("expected_error", pa.list_(pa.float32(), joints))] if error else []),
        pa.field("inferred", pa.list_(pa.bool_(), joints)),
    ]
    about = {
        "format": FORMAT,
        "version": VERSION,
        "unit": UNIT,
        "frame_of_reference": str(CAMERA_ROOT_RELATIVE),
        "skeleton": skeleton.as_dict(),
        **facts,
    }
    return pa.schema(fields, metadata={KEY: json.dumps(about)})


def pose_rows(
    source: Any,
    schema: Any,
    *,
    positions: Float[np.ndarray, "row joint 3"],
    confidence: Float[np.ndarray, "row joint"],
    expected_error: Float[np.ndarray, "row joint"] | None,
) -> Any:
    """Return a table of pyarrow with the rows of a batch and what became of them.

    Args:
        source: The batch, of a keypoint table.
        schema: What ``pose_schema`` returned.
        positions: Metres; NaN in rows with too few joints.
        confidence: 0 for a joint that was not seen.
        expected_error: Metres.
    """
    pa = arrow()
    nobody = np.isnan(positions).all(axis=(1, 2))
    inferred = (confidence == 0) & np.isfinite(positions).all(axis=2)
    made = {
        "positions": _or_null(lists(positions), nobody),
        "confidence": lists(confidence),
        "inferred": pa.FixedSizeListArray.from_arrays(pa.array(inferred.ravel()), inferred.shape[1]),
    }
    if expected_error is not None:
        made["expected_error"] = _or_null(lists(expected_error), nobody)
    columns = [made[name] if name in made else source.column(name) for name in schema.names]
    return pa.Table.from_arrays(columns, schema=schema)


def _or_null(column: Any, nobody: Bool[np.ndarray, " row"]) -> Any:
    """Return a column of lists with null for some rows."""
    if not nobody.any():
        return column
    pa = arrow()
    return pa.FixedSizeListArray.from_arrays(column.values, column.type.list_size, mask=pa.array(nobody))


def read_pose_table(path: Path, clip: str | None = None) -> list[Person]:
    """Return the people of a clip in a table of poses, by id, in its frames; NaN where a person has no row.

    Args:
        path: A Parquet file, or a folder of them: a large table is several files, and a clip may be in two of them.
        clip: Its name; None where the table holds but one.

    Raises:
        InputError: It is no table of poses, it holds no such clip or several, or a person is in a frame twice.
        MissingExtraError: pyarrow is not installed.
    """
    files = _tables_in(path) if path.is_dir() else [path]
    pq, pc = arrow("parquet"), arrow("compute")
    with reading(path, "a table of poses, as ampose bulk writes it"):
        schema = pq.read_schema(files[0])
        check_is_no_keypoints(json.loads((schema.metadata or {}).get(KEY, b"{}")))
        if "clip" not in schema.names:
            raise InputError(
                f"must be a table of poses, as ampose bulk writes it, got {files[0]} without a column clip"
            )
        clips = pc.unique(pq.read_table(files, columns=["clip"], partitioning=None)["clip"]).to_pylist()
        if clip is None and len(clips) > 1:
            raise InputError(f"holds {len(clips)} clips; choose one, such as {clips[0]}", field="video")
        if clip is not None and clip not in clips:
            raise InputError(f"holds no clip {clip}; there are {', '.join(map(str, clips[:5]))}", field="video")
        chosen = None if clip is None else pc.field("clip") == clip
        return _people(pq.read_table(files, filters=chosen, partitioning=None))


def _tables_in(folder: Path) -> list[Path]:
    """Return the tables of a folder, without what lies beside them."""
    if (folder / "poses.json").is_file():  # what lifting one video wrote
        raise InputError(f"{folder}: is a folder; name the file with the poses in it, {folder / 'poses.json'}")
    tables = sorted(file for file in folder.rglob("*.parquet") if not file.name.startswith((".", "_")))
    if tables:
        return tables
    raise InputError(f"{folder}: must be a file with poses or a folder of .parquet tables, got a folder without any")


def check_is_no_keypoints(about: Any) -> None:
    """Refuse what the metadata of a table says is one of 2D keypoints.

    Raises:
        InputError: It is one.
    """
    if isinstance(about, dict) and about.get("format") == OF_KEYPOINTS:
        raise InputError("is a table of 2D keypoints; ampose bulk lifts it")


def _people(table: Any) -> list[Person]:
    about = json.loads((table.schema.metadata or {}).get(KEY, b"{}"))
    check_format(about, FORMAT, VERSION)
    if about["unit"] != UNIT:
        raise InputError(f"unit must be {UNIT!r}, of all positions, got {about['unit']!r}")
    skeleton = Skeleton.from_dict(about["skeleton"])
    table = table.filter(arrow("compute").is_valid(table["positions"]))
    if not table.num_rows:
        raise InputError("holds no pose of this clip")
    joints = skeleton.num_joints
    positions = lists_of(table["positions"].combine_chunks(), 3 * joints)[0].reshape(-1, joints, 3)
    confidence = lists_of(table["confidence"].combine_chunks(), joints)[0]
    error = (
        lists_of(table["expected_error"].combine_chunks(), joints)[0]
        if "expected_error" in table.column_names
        else None
    )
    frames = frame_numbers(table["frame"].to_numpy())
    fps, times = clock(frames, np.asarray(table["time"].to_numpy(), dtype=np.float64))
    numbers, num_frames = _numbers(table["person"], frames, timed=fps is not None), int(frames.max()) + 1

    def over_time(values: Float[np.ndarray, "row *rest"], rows: Bool[np.ndarray, " row"]) -> np.ndarray:
        return spread(values[rows], frames[rows], num_frames).astype(np.float32)

    people: list[Person] = []
    for number in sorted(set(numbers.tolist())):
        rows = numbers == number
        pose = Pose3D(
            positions=over_time(positions, rows),
            confidence=np.nan_to_num(over_time(confidence, rows)),
            expected_error=None if error is None else over_time(error, rows),
            skeleton=skeleton,
            frame_of_reference=ReferenceFrame.parse(about["frame_of_reference"]),
            fps=fps,
            times=times,
            provenance=about.get("provenance", {}),
        )
        people.append(Person(number, None, pose))
    return people


def _numbers(person: Any, frames: Int[np.ndarray, " row"], *, timed: bool) -> Int[np.ndarray, " row"]:
    """Return who each row is of: in images in which nobody was followed, people are numbered in each."""
    if not person.null_count:
        return np.asarray(person.to_numpy())
    order = np.argsort(frames, kind="stable")
    numbers = np.empty_like(frames)
    numbers[order] = np.arange(len(frames)) - np.searchsorted(frames[order], frames[order])
    if timed and numbers.any():
        raise InputError("person must be a number where a frame of a video has several people, got null")
    return numbers

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
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from ampose.files.tables.keypoint_table import KEY, TAKEN, lists
from ampose.packages import arrow
from ampose.poses.pose import UNIT
from ampose.poses.reference_frame import CAMERA_ROOT_RELATIVE
from ampose.poses.skeletons import Skeleton

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

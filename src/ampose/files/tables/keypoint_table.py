"""A table of 2D keypoints in Parquet, a row for each person in each image: what ``ampose bulk`` lifts.

Version 1 has these columns; any other is carried along to the poses as it is.

``clip``, ``person``, ``frame``, ``time``
    What the row is of: a text, two whole numbers, and seconds. They are not looked at. Of single images the time is
    null, and so is the person where nothing tells who is who.
``image``
    What the source calls the image, a text or null. The column may be missing.
``image_width``, ``image_height``
    Whole numbers, pixels.
``keypoints``
    Fixed-size list of 2 J float32: x and y of each joint in pixels, in the skeleton's order; NaN for a missing joint.
``confidence``
    Fixed-size list of J float32, 0 to 1; 0 for a missing joint. Where the column or a list is missing, each joint that
    is there has 1.
``camera``
    Fixed-size list of 4 float32: fx, fy, cx, cy in pixels. Where the column or a list is missing, the field of view is
    assumed.

The schema's metadata holds, under ``ampose``, a JSON text: format ("ampose.keypoints"), version (1) and skeleton, as in
``poses.json``. Lists of variable size and numbers of other types, as other programs write them, are read too.
"""

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from ampose.atomic import replacing
from ampose.errors import InputError, check_format
from ampose.packages import arrow
from ampose.poses.people import FARTHEST_PX
from ampose.poses.pose import SMALLEST_PX
from ampose.poses.skeletons import Skeleton

FORMAT, VERSION = "ampose.keypoints", 1
KEY = b"ampose"
"""Of our JSON text in a schema's metadata."""

SIZE = ("image_width", "image_height")
TAKEN = ("keypoints", "confidence", "positions", "expected_error", "inferred")
"""The columns that the poses take the place of, or the names of."""


@dataclass(frozen=True, kw_only=True)
class KeypointRows:
    """Rows of a table, checked.

    Args:
        keypoints: Pixels; NaN for a missing joint.
        confidence: 0 to 1.
        image_size: Width and height in pixels.
        camera: fx, fy, cx, cy in pixels; NaN where it is not known.
        reasons: Why a row cannot be lifted, by its number; such rows hold numbers without meaning.
    """

    keypoints: Float[np.ndarray, "row joint 2"]
    confidence: Float[np.ndarray, "row joint"]
    image_size: Float[np.ndarray, "row 2"]
    camera: Float[np.ndarray, "row 4"]
    reasons: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.keypoints)


def schema_of(skeleton: Skeleton, columns: Collection[str] = ("image", "camera")) -> Any:
    """Return the schema of a table, of pyarrow.

    Args:
        skeleton: Of the keypoints.
        columns: Which of those that may be missing it has.
    """
    pa = arrow()
    fields = [
        pa.field("clip", pa.string(), nullable=False),
        pa.field("person", pa.int64()),
        pa.field("frame", pa.int64(), nullable=False),
        pa.field("time", pa.float64()),
        *([pa.field("image", pa.string())] if "image" in columns else []),
        *(pa.field(name, pa.int32(), nullable=False) for name in SIZE),
        pa.field("keypoints", pa.list_(pa.float32(), 2 * skeleton.num_joints), nullable=False),
        pa.field("confidence", pa.list_(pa.float32(), skeleton.num_joints), nullable=False),
        *([pa.field("camera", pa.list_(pa.float32(), 4))] if "camera" in columns else []),
    ]
    about = {"format": FORMAT, "version": VERSION, "skeleton": skeleton.as_dict()}
    return pa.schema(fields, metadata={KEY: json.dumps(about)})


def lists(values: Float[np.ndarray, "row *rest"]) -> Any:
    """Return an array of pyarrow with a fixed-size list for each row."""
    pa = arrow()
    flat = np.ascontiguousarray(values, dtype=np.float32).ravel()
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), math.prod(values.shape[1:]))


def write_keypoint_table(path: Path, skeleton: Skeleton, columns: Mapping[str, Any]) -> None:
    """Write a table, whole or not at all.

    Args:
        path: The file.
        skeleton: Of the keypoints.
        columns: Those of the schema; ``keypoints`` (row, joint, 2), ``confidence`` (row, joint) and perhaps ``camera``
            (row, 4) as arrays of NumPy.
    """
    pa = arrow()
    pq = arrow("parquet")
    schema = schema_of(skeleton, columns.keys())
    arrays = [
        lists(columns[field.name])
        if pa.types.is_fixed_size_list(field.type)
        else pa.array(columns[field.name], field.type, from_pandas=True)
        for field in schema
    ]
    with replacing(path) as unfinished:
        plain = [field.name for field in schema if not pa.types.is_fixed_size_list(field.type)]
        # Floats of lists hardly repeat: a dictionary of them would be made in vain.
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), unfinished, use_dictionary=plain)


def skeleton_of_table(schema: Any, given: Skeleton | None = None) -> Skeleton:
    """Return the skeleton of a table.

    Args:
        schema: Of pyarrow.
        given: What the user states; needed where the table does not say it.

    Raises:
        InputError: A column is missing, the table is of another format or version, or no skeleton is known.
    """
    lacking = [name for name in (*SIZE, "keypoints") if name not in schema.names]
    if lacking:
        raise InputError(
            f"a table of keypoints must have the columns {', '.join(SIZE)} and keypoints; {', '.join(lacking)} missing"
        )
    about = (schema.metadata or {}).get(KEY)
    if about is None:
        if given is None:
            raise InputError("the table does not say which joints it holds; name its skeleton", field="skeleton")
        return given
    header = json.loads(about)
    check_format(header, FORMAT, VERSION)
    skeleton = Skeleton.from_dict(header["skeleton"])
    if given is not None and given != skeleton:
        raise InputError(
            f"the table has a skeleton of its own, {skeleton.name}, not {given.name}; leave it out", field="skeleton"
        )
    return skeleton


def rows_of(batch: Any, skeleton: Skeleton) -> KeypointRows:
    """Check the rows of a record batch or a table of pyarrow.

    A row that no image can give has a reason; the others are what ``Pose2D`` would take.
    """
    count, joints = batch.num_rows, skeleton.num_joints
    flat, whole = lists_of(batch.column("keypoints"), 2 * joints)
    keypoints = flat.reshape(count, joints, 2)
    there = np.isfinite(keypoints).all(axis=2)
    confidence, sized = there.astype(np.float32), np.ones(count, dtype=bool)
    if "confidence" in batch.schema.names:
        given, sized = lists_of(batch.column("confidence"), joints)
        stated = _stated(batch.column("confidence"))
        sized |= ~stated
        confidence = np.where(stated[:, None], np.nan_to_num(given), confidence)
    camera, known = np.full((count, 4), np.nan, dtype=np.float32), np.zeros(count, dtype=bool)
    complete = np.ones(count, dtype=bool)
    if "camera" in batch.schema.names:
        camera, complete = lists_of(batch.column("camera"), 4)
        known = _stated(batch.column("camera"))
        complete |= ~known
    # NaN for null and for what is no number.
    sizes = [arrow("compute").cast(batch.column(name), arrow().float32(), safe=False) for name in SIZE]
    image_size = np.stack([np.asarray(one.to_numpy(zero_copy_only=False), dtype=np.float32) for one in sizes], axis=1)
    lost = np.isnan(keypoints)
    with np.errstate(invalid="ignore"):
        outside = np.isinf(keypoints).any(axis=(1, 2)) | (np.abs(keypoints) > FARTHEST_PX).any(axis=(1, 2))
        checks = (
            (~whole, f"keypoints must be {2 * joints} numbers, x and y of each joint of {skeleton.name}"),
            ((lost.any(axis=2) != lost.all(axis=2)).any(axis=1), "keypoints must have both x and y, or neither"),
            (outside, "keypoints must be pixels, got one far outside of any image"),
            (~sized, f"confidence must be {joints} numbers, one for each joint of {skeleton.name}"),
            (((confidence < 0) | (confidence > 1)).any(axis=1), "confidence must be from 0 to 1"),
            (~(np.isfinite(image_size) & (image_size > 0)).all(axis=1), "image width and height must be positive"),
            (~complete, "camera must be 4 numbers: fx, fy, cx, cy"),
            (
                known & ~(np.isfinite(camera).all(axis=1) & (camera[:, :2] > 0).all(axis=1)),
                "camera must have a positive focal length and finite numbers",
            ),
            (_smaller_than_a_body(keypoints), "keypoints must be pixels, got parts of the image"),
        )
    confidence = np.where(there, confidence, 0).astype(np.float32)
    keypoints = np.where((confidence > 0)[..., None], keypoints, np.nan).astype(np.float32)
    reasons: dict[int, str] = {}
    for wrong, reason in checks:
        for row in np.flatnonzero(wrong).tolist():
            reasons.setdefault(row, reason)
    return KeypointRows(
        keypoints=keypoints, confidence=confidence, image_size=image_size, camera=camera, reasons=reasons
    )


def _smaller_than_a_body(keypoints: Float[np.ndarray, "row joint 2"]) -> Bool[np.ndarray, " row"]:
    """Tell which rows hold a body that no image could show: some detectors write parts of the image, 0 to 1."""
    there = np.isfinite(keypoints).all(axis=2)[..., None]
    highest = np.where(there, keypoints, -np.inf).max(axis=1)
    lowest = np.where(there, keypoints, np.inf).min(axis=1)
    extent = np.where(there.sum(axis=(1, 2)) > 1, (highest - lowest).max(axis=1), 0)
    return (extent > 0) & (extent < SMALLEST_PX)


def lists_of(column: Any, width: int) -> tuple[Float[np.ndarray, "row width"], Bool[np.ndarray, " row"]]:
    """Return the numbers of a column of lists, and which rows have as many as they should; the others are NaN."""
    pa, pc = arrow(), arrow("compute")
    if not any(kind(column.type) for kind in (pa.types.is_fixed_size_list, pa.types.is_list, pa.types.is_large_list)):
        raise InputError(f"keypoints, confidence and camera must be lists of numbers, got {column.type}")
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    whole = (lengths == width) & _stated(column)
    values = np.full((len(column), width), np.nan, dtype=np.float32)
    kept = column if whole.all() else column.filter(pa.array(whole))
    # A number that is null becomes NaN.
    numbers = pc.cast(pc.list_flatten(kept), pa.float32(), safe=False).to_numpy(zero_copy_only=False)
    values[whole] = numbers.reshape(-1, width)
    return values, whole


def _stated(column: Any) -> Bool[np.ndarray, " row"]:
    """Tell which rows of a column are not null."""
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=bool)

"""Tables for tests: keypoints of people who stand somewhere, some joints of whom were not found; and poses."""

from pathlib import Path
from typing import Any

import numpy as np

from ampose.files.tables.keypoint_table import schema_of, write_keypoint_table
from ampose.files.tables.pose_table import pose_rows, pose_schema
from ampose.packages import arrow
from ampose.poses.skeletons import get_skeleton

COCO = get_skeleton("coco_17")
SIZE = (1000, 800)


def table_columns(rows: int, seed: int = 0, missing: float = 0.03) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    keypoints = rng.uniform(200, 700, (rows, COCO.num_joints, 2)).astype(np.float32)
    confidence = rng.uniform(0.2, 1, keypoints.shape[:2]).astype(np.float32)
    lost = rng.random(confidence.shape) < missing
    keypoints[lost], confidence[lost] = np.nan, 0
    return {
        "clip": [f"clip {seed}"] * rows,
        "person": np.zeros(rows, dtype=int),
        "frame": np.arange(rows),
        "time": np.arange(rows) / 25,
        "image_width": np.full(rows, SIZE[0]),
        "image_height": np.full(rows, SIZE[1]),
        "keypoints": keypoints,
        "confidence": confidence,
    }


def write_table(path: Path, rows: int, seed: int = 0, **changed: Any) -> dict[str, Any]:
    columns = table_columns(rows, seed) | changed
    path.parent.mkdir(parents=True, exist_ok=True)
    write_keypoint_table(path, COCO, columns)
    return columns


def write_pose_table(
    path: Path, rng: np.random.Generator, *, clip: Any, person: Any, frame: Any, time: Any = None
) -> Any:
    """Write a table with a row for each of the frames, the second without positions; returns both's numbers."""
    rows, pa = len(frame), arrow()
    time = np.array(frame) / 25 if time is None else time
    columns = table_columns(rows) | {"clip": clip, "person": person, "frame": frame, "time": time}
    kept = [field for field in schema_of(COCO, ()) if field.name not in ("keypoints", "confidence")]
    source = pa.table({field.name: pa.array(columns[field.name], field.type) for field in kept})
    schema = pose_schema(
        source.schema, get_skeleton("human36m_17"), error=True, facts={"provenance": {"model": "a lifter"}}
    )
    positions = rng.normal(0, 0.3, (rows, 17, 3)).astype(np.float32)
    positions[1] = np.nan
    confidence = rng.uniform(0.1, 1, (rows, 17)).astype(np.float32)
    error = np.full((rows, 17), 0.03, dtype=np.float32)
    made = pose_rows(source, schema, positions=positions, confidence=confidence, expected_error=error)
    path.parent.mkdir(exist_ok=True)
    arrow("parquet").write_table(made, path)
    return positions, confidence

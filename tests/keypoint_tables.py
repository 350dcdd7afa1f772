"""Keypoint tables for tests: people who stand somewhere, some joints of whom were not found."""

from pathlib import Path
from typing import Any

import numpy as np

from ampose.files.tables.keypoint_table import write_keypoint_table
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

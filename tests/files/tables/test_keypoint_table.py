"""Rows of a table of keypoints, checked one by one."""

import json

import numpy as np
import pytest
from tests.keypoint_tables import COCO, table_columns, write_table

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from ampose.errors import InputError  # noqa: E402
from ampose.files.tables.keypoint_table import KEY, rows_of, skeleton_of_table  # noqa: E402


def test_a_table_comes_back(tmp_path):
    columns = write_table(tmp_path / "a.parquet", 20, camera=np.full((20, 4), 900.0))
    table = pq.read_table(tmp_path / "a.parquet")
    assert skeleton_of_table(table.schema) == COCO
    rows = rows_of(table.combine_chunks().to_batches()[0], COCO)
    np.testing.assert_array_equal(rows.keypoints, columns["keypoints"])
    np.testing.assert_array_equal(rows.confidence, columns["confidence"])
    assert rows.image_size[0].tolist() == [1000, 800]
    assert rows.camera[0].tolist() == [900] * 4
    assert not rows.reasons


def poison(**cells):
    """One good row, then one with these cells."""
    columns = table_columns(2, missing=0)
    table = {
        "image_width": [1000, 1000],
        "image_height": [800, 800],
        "keypoints": columns["keypoints"].reshape(2, -1).tolist(),
        "confidence": columns["confidence"].tolist(),
        "camera": [None, [900.0, 900.0, 500.0, 400.0]],
    }
    for name, value in cells.items():
        table[name][1] = value
    return rows_of(pa.record_batch({name: pa.array(values) for name, values in table.items()}), COCO)


GOOD = table_columns(1, missing=0)["keypoints"].ravel().tolist()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"keypoints": None}, "must be 34 numbers"),
        ({"keypoints": GOOD[:-1]}, "must be 34 numbers"),
        ({"keypoints": [float("inf"), *GOOD[1:]]}, "far outside"),
        ({"keypoints": [-1e7, *GOOD[1:]]}, "far outside"),
        ({"keypoints": [float("nan"), *GOOD[1:]]}, "both x and y"),
        ({"keypoints": [number / 1000 for number in GOOD]}, "parts of the image"),
        ({"confidence": [0.5]}, "confidence must be 17 numbers"),
        ({"confidence": [1.5] * 17}, "from 0 to 1"),
        ({"image_width": None}, "must be positive"),
        ({"image_height": 0}, "must be positive"),
        ({"camera": [900.0, 900.0]}, "camera must be 4 numbers"),
        ({"camera": [0.0, 900.0, 500.0, 400.0]}, "positive focal length"),
    ],
)
def test_a_poison_row_has_a_reason_and_the_others_are_as_without_it(cells, reason):
    rows = poison(**cells)
    assert list(rows.reasons) == [1]
    assert reason in rows.reasons[1]
    np.testing.assert_array_equal(rows.keypoints[0], poison().keypoints[0])


def test_without_confidence_what_is_there_was_seen():
    rows = poison(confidence=None, keypoints=[float("nan")] * 2 + GOOD[2:])
    assert not rows.reasons
    assert rows.confidence[1].tolist() == [0, *[1] * 16]


def test_a_joint_of_confidence_0_is_missing_wherever_it_is_said_to_be():
    rows = poison(confidence=[0.0, *[0.5] * 16])
    assert np.isnan(rows.keypoints[1, 0]).all()
    assert np.isfinite(rows.keypoints[1, 1:]).all()


@pytest.mark.parametrize(
    ("about", "message"),
    [
        (None, "does not say which joints"),
        ({"format": "other"}, "format must be ampose.keypoints, got other"),
        ({"format": "ampose.keypoints", "version": 2}, "version of ampose.keypoints must be 1"),
    ],
)
def test_another_table_is_refused(about, message):
    names = {name: pa.float32() for name in ("image_width", "image_height", "keypoints")}
    schema = pa.schema(names, metadata=about and {KEY: json.dumps(about)})
    with pytest.raises(InputError, match=message):
        skeleton_of_table(schema)


def test_a_column_is_missing():
    with pytest.raises(InputError, match="keypoints missing"):
        skeleton_of_table(pa.schema({"image_width": pa.int32(), "image_height": pa.int32()}))

"""Keypoint files of every layout become tables."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.files.keypoints import samples
from tests.files.keypoints.samples import SAMPLES, SIZE, Sample

from ampose.cli import main
from ampose.errors import InputError
from ampose.files.keypoints import read_detections, read_keypoints
from ampose.files.tables.detection_table import write_detection_table
from ampose.files.tables.keypoint_table import rows_of, skeleton_of_table
from ampose.poses.skeletons import get_skeleton

pq = pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_everybody_in_each_frame_is_a_row(sample: Sample, tmp_path: Path):
    path, _ = sample.make(tmp_path)
    file = read_detections(path, image_size=None if sample.size_inside else SIZE, fps=25.0)
    write_detection_table(tmp_path / "a.keypoints.parquet", file, "clip")
    table = pq.read_table(tmp_path / "a.keypoints.parquet")
    assert skeleton_of_table(table.schema) == file.skeleton
    rows = rows_of(table.combine_chunks().to_batches()[0], file.skeleton)
    people = [(frame, person) for frame, found in enumerate(file.frames) for person in found if not person.missing]
    assert not rows.reasons
    np.testing.assert_array_equal(rows.keypoints, [person.keypoints for _, person in people])
    np.testing.assert_array_equal(rows.confidence, [person.confidence for _, person in people])
    assert table["frame"].to_pylist() == [frame for frame, _ in people]
    assert set(map(tuple, rows.image_size.tolist())) == {SIZE}
    keys = list(zip(table["frame"].to_pylist(), table["person"].to_pylist(), strict=True))
    assert len(set(keys)) == len(keys)


def crossing(ids: list[tuple[int | None, int | None]]) -> list[dict]:
    """Entries of two people who stand apart, in another order in every second frame; with the ids of each frame."""
    body = samples.make_people("coco_17")[0, 0]
    body[:, 2] = 0.9
    entries = []
    for frame, both in enumerate(ids):
        pair = [
            {"image_id": frame, "category_id": 1, "keypoints": samples.flat(points), "score": 0.9}
            | ({} if identity is None else {"track_id": identity})
            for points, identity in zip((body, body + np.array([300, 0, 0])), both, strict=True)
        ]
        entries += pair[::-1] if frame % 2 else pair
    return entries


@pytest.mark.parametrize(
    "ids",
    [[(None, None)] * 4, [(0, 0)] * 4, [(1, 0), (None, 0), (1, 0), (1, 0)], [(7, 2)] * 4],
    ids=["none", "the same for all", "one is missing", "a tracker's"],
)
def test_people_of_a_video_are_those_that_lifting_the_file_itself_finds(ids, tmp_path: Path):
    path = samples.dump(tmp_path / "a.json", crossing(ids))
    write_detection_table(tmp_path / "a.parquet", read_detections(path, image_size=SIZE, fps=25.0), "clip")
    table = pq.read_table(tmp_path / "a.parquet")
    keypoints = rows_of(table.combine_chunks().to_batches()[0], get_skeleton("coco_17")).keypoints
    found = dict(zip(zip(table["person"].to_pylist(), table["frame"].to_pylist(), strict=True), keypoints, strict=True))
    people = read_keypoints(path, image_size=SIZE, fps=25.0)
    assert len(found) == len(keypoints) == 8
    for person in people:
        for frame, points in enumerate(person.pose2d.keypoints):
            np.testing.assert_array_equal(found[person.id, frame], points)


def test_people_of_images_whom_nobody_followed_have_no_number(tmp_path: Path):
    path = samples.dump(tmp_path / "a.json", crossing([(None, None)] * 4))
    write_detection_table(tmp_path / "a.parquet", read_detections(path, image_size=SIZE), "clip")
    assert pq.read_table(tmp_path / "a.parquet")["person"].to_pylist() == [None] * 8
    samples.dump(path, crossing([(7, 2)] * 4))
    write_detection_table(tmp_path / "a.parquet", read_detections(path, image_size=SIZE), "clip")
    assert pq.read_table(tmp_path / "a.parquet")["person"].to_pylist() == [7, 2, 2, 7] * 2


def test_each_row_has_the_size_of_its_own_image(tmp_path: Path):
    path = samples.coco(tmp_path, samples.make_people("coco_17"))
    data = json.loads(path.read_text())
    data["images"][0]["width"] = 1920
    path.write_text(json.dumps(data))
    write_detection_table(tmp_path / "a.parquet", read_detections(path), "clip")
    table = pq.read_table(tmp_path / "a.parquet")
    widths = dict(zip(table["image"].to_pylist(), table["image_width"].to_pylist(), strict=True))
    assert widths == {image["file_name"]: image["width"] for image in data["images"]}
    assert set(table["image_height"].to_pylist()) == {480}
    del data["images"][0]["width"]
    data["images"][1]["width"] = 1920
    path.write_text(json.dumps(data))
    with pytest.raises(InputError, match="the size of each image must be known"):
        write_detection_table(tmp_path / "b.parquet", read_detections(path), "clip")


def test_the_command_writes_a_table(tmp_path, capsys):
    path, _ = SAMPLES[1].make(tmp_path)
    table = tmp_path / "a.keypoints.parquet"
    assert main(["convert", str(path), str(table), "--image-size", "640x480", "--fps", "30"]) == 0
    assert "8 rows of 5 frames, joints of coco_17" in capsys.readouterr().out
    assert pq.read_table(table)["clip"].to_pylist() == [path.stem] * 8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a.keypoints.parquet"], "image size"),
        (["a.keypoints.parquet", "b.csv", "--image-size", "640x480"], "the only output"),
        (["a.csv", "--image-size", "640x480"], "image size is for files of 2D keypoints"),
    ],
)
def test_a_mistake_is_one_line(words, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, _ = SAMPLES[1].make(tmp_path)
    assert main(["convert", str(path), *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not list(tmp_path.glob("*.parquet"))

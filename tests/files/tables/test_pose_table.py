"""Tables of poses become people again."""

import json

import numpy as np
import pytest
from tests.keypoint_tables import write_pose_table as write
from tests.keypoint_tables import write_table

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from ampose.cli import main  # noqa: E402
from ampose.errors import InputError  # noqa: E402
from ampose.files import poses as formats  # noqa: E402
from ampose.files.tables.pose_table import read_pose_table  # noqa: E402
from ampose.poses.skeletons import get_skeleton  # noqa: E402

LIFTED = get_skeleton("human36m_17")


def test_a_clip_of_two_people_comes_back(tmp_path, rng):
    path = tmp_path / "a.parquet"
    positions, confidence = write(path, rng, clip=["walk"] * 6, person=[3, 3, 3, 8, 8, 8], frame=[4, 5, 6, 5, 6, 8])
    first, second = formats.read(path)
    assert [first.id, second.id] == [3, 8]
    assert (len(first.pose3d), first.pose3d.fps, first.pose3d.times) == (9, 25.0, None)
    assert first.pose3d.skeleton == LIFTED
    assert first.pose3d.provenance == {"model": "a lifter"}
    assert first.pose3d.missing.tolist() == [True] * 4 + [False, True, False, True, True], "frame 5 had no positions"
    np.testing.assert_array_equal(second.pose3d.positions[[5, 6, 8]], positions[3:])
    np.testing.assert_array_equal(second.pose3d.confidence[[5, 6, 8]], confidence[3:])
    np.testing.assert_array_equal(second.pose3d.expected_error[5], np.full(17, 0.03, np.float32))


def test_a_clip_in_two_files_of_a_folder_becomes_a_file_for_other_programs(tmp_path, rng, capsys):
    one, _ = write(tmp_path / "lifted" / "0.parquet", rng, clip=["a", "a", "b"], person=[0] * 3, frame=[0, 1, 0])
    two, _ = write(tmp_path / "lifted" / "1.parquet", rng, clip=["b"] * 3, person=[0] * 3, frame=[1, 2, 3])
    (tmp_path / "lifted" / "_manifest.jsonl").write_text("{}\n")
    (person,) = read_pose_table(tmp_path / "lifted", "b")
    np.testing.assert_array_equal(person.pose3d.positions, [one[2], *two])
    words = ["convert", str(tmp_path / "lifted"), str(tmp_path / "b.json"), str(tmp_path / "b.bvh"), "--video", "b"]
    assert main(words) == 0, capsys.readouterr().err
    (read,) = formats.read(tmp_path / "b.json")
    np.testing.assert_allclose(read.pose3d.positions, person.pose3d.positions, atol=1e-5)
    assert (tmp_path / "b.bvh").stat().st_size


@pytest.mark.parametrize(
    ("clips", "frames", "chosen", "message"),
    [
        (["a", "a", "b"], [0, 1, 2], None, "a.parquet: holds 2 clips; choose one, such as a"),
        (["a", "a", "b"], [0, 1, 2], "c", "a.parquet: holds no clip c; there are a, b"),
        (["a", "a", "a"], [0, 1, 0], "a", r"a.parquet: duplicate frame numbers \(1 rows\)"),
        (["a", "b", "a"], [0, 1, 2], "b", "a.parquet: holds no pose of this clip"),
    ],
)
def test_what_is_not_one_clip_is_refused(tmp_path, rng, clips, frames, chosen, message):
    write(tmp_path / "a.parquet", rng, clip=clips, person=[0] * 3, frame=frames)
    with pytest.raises(InputError, match=message):
        read_pose_table(tmp_path / "a.parquet", chosen)


def test_people_of_images_without_a_number_are_numbered_in_each(tmp_path, rng):
    frames, nobody = [0, 1, 1, 0, 2], [None] * 5
    positions, _ = write(tmp_path / "a.parquet", rng, clip=["a"] * 5, person=nobody, frame=frames, time=nobody)
    first, second = read_pose_table(tmp_path / "a.parquet")
    np.testing.assert_array_equal(first.pose3d.positions, positions[[0, 2, 4]])  # the second row has no positions
    np.testing.assert_array_equal(second.pose3d.positions[0], positions[3])
    assert (first.id, second.id, second.pose3d.fps) == (0, 1, None)
    assert second.pose3d.missing.tolist() == [False, True, True]


def test_people_of_a_video_must_have_a_number_where_there_are_several(tmp_path, rng):
    write(tmp_path / "a.parquet", rng, clip=["a"] * 3, person=[None] * 3, frame=[0, 1, 2])
    (person,) = read_pose_table(tmp_path / "a.parquet")
    assert person.id == 0
    write(tmp_path / "a.parquet", rng, clip=["a"] * 4, person=[None] * 4, frame=[0, 1, 2, 2])
    with pytest.raises(InputError, match="person must be a number where a frame of a video has several people"):
        read_pose_table(tmp_path / "a.parquet")


def test_another_table_is_refused(tmp_path, capsys):
    table = pa.table({"clip": ["a"], "positions": [[1.0]]})
    pq.write_table(table.replace_schema_metadata({"ampose": json.dumps({"format": "x"})}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a.parquet: format must be ampose.pose-table, got x"):
        read_pose_table(tmp_path / "a.parquet", "a")
    for source, said in (("a.csv", "video is for files of 2D keypoints and tables"), ("b.csv", "there is no")):
        (tmp_path / "a.csv").touch()
        assert main(["convert", str(tmp_path / source), str(tmp_path / "c.json"), "--video", "a"]) == 2
        assert said in capsys.readouterr().err


def test_what_lies_beside_the_tables_of_a_folder_is_not_read(tmp_path, rng):
    write(tmp_path / "lifted" / "0.parquet", rng, clip=["a"] * 3, person=[0] * 3, frame=[0, 1, 2])
    (tmp_path / "lifted" / "clip.bvh").write_text("HIERARCHY")
    assert len(read_pose_table(tmp_path / "lifted")[0].pose3d) == 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("poses.json", "lifted: is a folder; name the file with the poses in it, lifted/poses.json"),
        ("clip.bvh", "lifted: must be a file with poses or a folder of .parquet tables, got a folder without any"),
    ],
)
@pytest.mark.parametrize("chosen", [[], ["--video", "a"]])
def test_a_folder_without_tables(tmp_path, monkeypatch, capsys, name, said, chosen):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ampose.packages.find_spec", lambda name: None)  # not the fault of a package that is missing
    (tmp_path / "lifted").mkdir()
    (tmp_path / "lifted" / name).touch()
    assert main(["convert", "lifted", "a.bvh", *chosen]) == 2
    assert capsys.readouterr().err.endswith(f"error: {said}\n")


def test_a_table_of_keypoints_is_no_table_of_poses(tmp_path, monkeypatch, capsys, rng):
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path / "many" / "k.parquet", rows=2)
    for source in ("many", "many/k.parquet"):
        assert main(["convert", source, "a.bvh"]) == 2
        assert capsys.readouterr().err.endswith(f"{source}: is a table of 2D keypoints; ampose bulk lifts it\n")
    assert main(["lift", "many/k.parquet", "-o", "out"]) == 2
    assert "k.parquet: ampose bulk lifts tables of 2D keypoints" in capsys.readouterr().err
    write(tmp_path / "one.parquet", rng, clip=["a"] * 2, person=[0] * 2, frame=[0, 1])
    formats.write("many/k.parquet", formats.read("one.parquet"))
    assert main(["convert", "many", "a.bvh"]) == 2
    assert "got many/k.parquet without a column clip" in capsys.readouterr().err

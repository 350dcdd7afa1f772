"""Tables lifted in bulk: planned, lifted piece by piece as a worker does it, and once on Ray."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.keypoint_tables import COCO, SIZE, write_table

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from ampose.atomic import claimed, replacing  # noqa: E402
from ampose.errors import InputError  # noqa: E402
from ampose.lifting.lifter import load_model  # noqa: E402
from ampose.pipeline.bulk.bulk_tables import bulk_settings, lift_tables  # noqa: E402
from ampose.pipeline.bulk.plan import plan  # noqa: E402
from ampose.pipeline.bulk.storage import Storage  # noqa: E402
from ampose.pipeline.bulk.table_worker import TableTask, TableWorker  # noqa: E402
from ampose.pipeline.lift_options import DEFAULT_OPTIONS, Focal, LiftOptions  # noqa: E402

ROWS = 40


@pytest.fixture(scope="module")
def lifter():
    return load_model("ampose-small")


class Bulk:
    """A folder of tables and the folder of their outputs; lifts as workers do, without Ray."""

    def __init__(self, home: Path, lifter) -> None:
        self.inputs, self.output = home / "in", home / "out"
        self.lifter = lifter

    def plan(self, options=DEFAULT_OPTIONS):
        self.settings = bulk_settings(self.lifter, options, ROWS)
        return plan([str(self.inputs)], Storage(self.output), self.settings, None)

    def worker(self, options=DEFAULT_OPTIONS, rows=0):
        task = TableTask(options=options, settings=self.settings, output=str(self.output), mapping=None, rows=rows)
        return TableWorker(task, threads=1)

    def lift(self, options=DEFAULT_OPTIONS):
        made = self.plan(options)
        worker = self.worker(options, made.rows) if made.pieces else None
        return {piece.output: worker(piece.as_job(), lambda rows: None) for piece in made.pieces}

    def read(self, name):
        return pq.read_table(self.output / name, partitioning=None)


@pytest.fixture
def bulk(tmp_path, lifter):
    return Bulk(tmp_path, lifter)


def cells(table, name):
    column = table[name].combine_chunks()
    return column.values.to_numpy(zero_copy_only=False).reshape(len(column), -1)


def test_rows_are_lifted_as_the_lifter_lifts_them(bulk, lifter):
    columns = write_table(bulk.inputs / "a.parquet", ROWS)
    bulk.lift()
    table = bulk.read("a.parquet")
    rows = np.concatenate([columns["keypoints"], columns["confidence"][..., None]], axis=2)
    alone = lifter.lift(rows, image_size=SIZE, skeleton="coco_17")
    np.testing.assert_array_equal(cells(table, "positions"), alone.positions.reshape(ROWS, -1))
    np.testing.assert_array_equal(cells(table, "expected_error"), alone.expected_error)
    np.testing.assert_array_equal(cells(table, "confidence"), alone.confidence)
    np.testing.assert_array_equal(cells(table, "inferred"), alone.inferred)
    assert table["frame"].to_pylist() == list(range(ROWS))
    about = json.loads(table.schema.metadata[b"ampose"])
    assert about["skeleton"]["name"] == lifter.skeleton.name
    assert about["unit"] == "m"
    assert about["settings"]["weights"] == lifter.weights_hash
    assert about["provenance"]["model"] == "ampose-small"
    assert about["source"] == {"name": "a.parquet", "rows": [0, ROWS]} | {
        "size": (bulk.inputs / "a.parquet").stat().st_size,
        "mtime": (bulk.inputs / "a.parquet").stat().st_mtime_ns,
    }


def test_a_program_that_lies_ready_needs_no_network(bulk):
    write_table(bulk.inputs / "a.parquet", 3)
    (piece,) = bulk.plan().pieces
    worker = bulk.worker(rows=3)
    worker(piece.as_job(), lambda rows: None)
    assert "network" not in vars(worker.lifter)


def test_each_row_has_the_camera_that_it_names(bulk, lifter):
    camera = np.full((ROWS, 4), [700.0, 710.0, 510.0, 390.0])
    columns = write_table(bulk.inputs / "a.parquet", ROWS, camera=camera)
    bulk.lift()
    intrinsics = Focal(700.0, 710.0, (510.0, 390.0)).intrinsics(SIZE)
    rows = np.concatenate([columns["keypoints"], columns["confidence"][..., None]], axis=2)
    alone = lifter.lift(rows, image_size=SIZE, skeleton="coco_17", intrinsics=intrinsics)
    np.testing.assert_array_equal(cells(bulk.read("a.parquet"), "positions"), alone.positions.reshape(ROWS, -1))


def test_outputs_are_partitioned_as_the_inputs_and_cut_where_they_are_large(bulk):
    write_table(bulk.inputs / "year=2025" / "a.parquet", 2 * ROWS + 5)
    write_table(bulk.inputs / "b.parquet", 3, seed=1)
    write_table(bulk.inputs / "empty.parquet", 0, seed=2)
    bulk.lift()
    parts = [f"year=2025/a-0000{n}-of-00003.parquet" for n in range(3)]
    assert {str(path.relative_to(bulk.output)) for path in bulk.output.rglob("*.parquet")} == {
        "b.parquet",
        "empty.parquet",
        *parts,
    }
    frames = [frame for part in parts for frame in bulk.read(part)["frame"].to_pylist()]
    assert frames == list(range(2 * ROWS + 5))
    whole = pq.read_table(bulk.inputs)
    assert pq.read_table(bulk.output).num_rows == whole.num_rows


def test_pieces_begin_within_groups_of_rows(bulk):
    write_table(bulk.inputs / "a.parquet", 2 * ROWS)
    table = pq.read_table(bulk.inputs / "a.parquet")
    pq.write_table(table, bulk.inputs / "a.parquet", row_group_size=ROWS // 3)
    bulk.lift()
    assert bulk.read("a-00001-of-00002.parquet")["frame"].to_pylist() == list(range(ROWS, 2 * ROWS))


def test_what_is_done_is_not_done_again_and_what_is_missing_is(bulk):
    write_table(bulk.inputs / "a.parquet", 3 * ROWS)
    assert len(bulk.lift()) == 3
    undisturbed = [bulk.read(f"a-0000{n}-of-00003.parquet") for n in range(3)]
    (bulk.output / "a-00001-of-00003.parquet").unlink()
    assert list(bulk.lift()) == ["a-00001-of-00003.parquet"]
    assert bulk.lift() == {}
    assert [bulk.read(f"a-0000{n}-of-00003.parquet") for n in range(3)] == undisturbed


def test_an_input_that_was_replaced_is_lifted_again_and_its_old_outputs_go(bulk):
    write_table(bulk.inputs / "a.parquet", 3 * ROWS)
    bulk.lift()
    write_table(bulk.inputs / "a.parquet", 2 * ROWS, seed=5)
    bulk.lift()
    assert sorted(path.name for path in bulk.output.glob("*.parquet")) == [
        f"a-0000{n}-of-00002.parquet" for n in (0, 1)
    ]


def test_an_output_outlives_the_damage_of_its_input(bulk):
    write_table(bulk.inputs / "a.parquet", 5)
    bulk.lift()
    (bulk.inputs / "a.parquet").write_bytes(b"PAR1 and no more")
    made = bulk.plan()
    assert "whole Parquet file" in made.failures["a.parquet"]
    assert (bulk.output / "a.parquet").exists()


def test_other_options_are_refused(bulk):
    write_table(bulk.inputs / "a.parquet", 5)
    bulk.lift()
    with pytest.raises(InputError, match="flip True and not False"):
        bulk.lift(LiftOptions(flip=False))


def test_a_file_that_is_not_ours_is_left_alone(bulk):
    write_table(bulk.inputs / "a.parquet", 5)
    write_table(bulk.output / "a.parquet", 5)
    before = (bulk.output / "a.parquet").read_bytes()
    made = bulk.plan()
    assert "none of ours" in made.failures["a.parquet"]
    assert not made.pieces
    assert (bulk.output / "a.parquet").read_bytes() == before


def test_poison_rows_are_set_aside_with_their_reasons(bulk):
    sizes = np.full(ROWS, SIZE[0])
    sizes[[3, 7]] = 0
    write_table(bulk.inputs / "a.parquet", ROWS, image_width=sizes)
    found = bulk.lift()["a.parquet"]
    assert (found["rows"], found["set_aside"]) == (ROWS - 2, 2)
    aside = bulk.read("_set_aside/a.parquet")
    assert aside["frame"].to_pylist() == [3, 7]
    assert set(aside["reason"].to_pylist()) == {"image width and height must be positive"}
    assert bulk.read("a.parquet")["frame"].to_pylist() == [n for n in range(ROWS) if n not in (3, 7)]
    write_table(bulk.inputs / "a.parquet", ROWS)
    bulk.lift()
    assert not (bulk.output / "_set_aside" / "a.parquet").exists()


def test_a_table_of_nothing_but_poison_is_a_failure(bulk):
    write_table(bulk.inputs / "a.parquet", ROWS, image_width=np.zeros(ROWS, dtype=int))
    with pytest.raises(InputError, match="none of 40 rows can be lifted: image width"):
        bulk.lift()
    assert not list(bulk.output.rglob("*.parquet"))


def test_rows_with_too_few_joints_stay_without_positions(bulk):
    keypoints = np.full((3, COCO.num_joints, 2), np.nan)
    keypoints[1] = np.random.default_rng(0).uniform(100, 600, keypoints.shape[1:])
    confidence = np.isfinite(keypoints[..., 0]).astype(float)
    write_table(bulk.inputs / "a.parquet", 3, keypoints=keypoints, confidence=confidence)
    assert bulk.lift()["a.parquet"]["not_lifted"] == 2
    table = bulk.read("a.parquet")
    assert [position is None for position in table["positions"].to_pylist()] == [True, False, True]
    assert [error is None for error in table["expected_error"].to_pylist()] == [True, False, True]


def test_columns_of_others_are_carried_along_unless_poses_have_their_names(bulk):
    write_table(bulk.inputs / "a.parquet", 3)
    table = pq.read_table(bulk.inputs / "a.parquet")
    table = table.append_column("hospital", [["a", "b", "c"]]).append_column("positions", [[1, 2, 3]])
    pq.write_table(table, bulk.inputs / "a.parquet")
    bulk.lift()
    found = bulk.read("a.parquet")
    assert found["hospital"].to_pylist() == ["a", "b", "c"]
    assert len(found["positions"].to_pylist()[0]) == 51


def test_unsure_joints_are_missing(bulk, lifter):
    columns = write_table(bulk.inputs / "a.parquet", 10)
    bulk.lift(LiftOptions(min_confidence=0.5))
    confidence = np.where(columns["confidence"] < 0.5, 0, columns["confidence"])
    alone = lifter.lift(
        np.concatenate([columns["keypoints"], confidence[..., None]], axis=2), image_size=SIZE, skeleton="coco_17"
    )
    kept = ~alone.missing
    np.testing.assert_array_equal(cells(bulk.read("a.parquet"), "confidence"), alone.confidence)
    positions = np.array(
        [p for p in bulk.read("a.parquet")["positions"].to_pylist() if p is not None], dtype=np.float32
    )
    np.testing.assert_allclose(positions, alone.positions[kept].reshape(len(positions), -1), atol=1e-5)


def test_a_full_disk_leaves_nothing_half_written(bulk, little_room):
    write_room = bulk.inputs / "a.parquet"
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits[1], limits[1]))
    write_table(write_room, ROWS)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with pytest.raises(InputError, match="must fit on the disk"):
        bulk.lift()
    assert not [path for path in bulk.output.rglob("*") if path.is_file()]


def test_an_input_that_changes_under_way_is_a_failure(bulk):
    write_table(bulk.inputs / "a.parquet", 5)
    (piece,) = bulk.plan().pieces
    write_table(bulk.inputs / "a.parquet", 6)
    with pytest.raises(InputError, match="was changed since"):
        bulk.worker()(piece.as_job(), lambda rows: None)


@pytest.mark.parametrize(
    ("options", "message"),
    [(LiftOptions(smooth="butterworth"), "smooth butterworth has no effect"), (LiftOptions(height=1.8), "height")],
)
def test_options_for_clips_are_refused(bulk, options, message):
    with pytest.raises(InputError, match=message):
        lift_tables([str(bulk.inputs)], str(bulk.output), options)


def test_outputs_among_the_inputs_are_refused(bulk):
    write_table(bulk.inputs / "a.parquet", 5)
    with pytest.raises(InputError, match="inside the input"):
        lift_tables([str(bulk.inputs)], str(bulk.inputs / "lifted"))


def test_a_folder_beside_the_input_is_not_in_it(bulk, monkeypatch):
    bulk.inputs.mkdir()
    monkeypatch.chdir(bulk.inputs)
    assert [Storage(place).path for place in (".", "../out")] == [bulk.inputs.as_posix(), bulk.output.as_posix()]


def test_a_pattern_names_files_unless_it_is_the_name_of_one(bulk):
    for name in ("a.parquet", "b.parquet", "[ab].parquet"):
        write_table(bulk.inputs / name, 5)
    found = [[file.name for file in Storage(bulk.inputs / pattern).files()] for pattern in ("?.par*", "[ab].parquet")]
    assert found == [["a.parquet", "b.parquet"], ["[ab].parquet"]]


def test_a_folder_is_for_one_run_whose_unfinished_files_stay(bulk):
    write_table(bulk.inputs / "a.parquet", 5)
    with claimed(bulk.output), replacing(bulk.output / "b.parquet") as unfinished:
        Storage(bulk.output).clear_unfinished()
        assert unfinished.exists()
        with pytest.raises(InputError, match="another run writes to this folder"):
            lift_tables([str(bulk.inputs)], str(bulk.output))


def test_two_inputs_of_one_name_are_refused(bulk):
    write_table(bulk.inputs / "a.parquet", 5)
    write_table(bulk.inputs / "a.pq", 5)
    with pytest.raises(InputError, match=r"a\.parquet"):
        plan([str(bulk.inputs / "a.parquet"), str(bulk.inputs / "a.pq")], Storage(bulk.output), {"rows": 5}, None)

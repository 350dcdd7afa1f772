"""MPI-INF-3DHP: every route to the same arrays, the published facts, and what is said about files that are wrong."""

import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from tests.data.mpi_inf_3dhp import mpi_inf_3dhp_standin as standin

from ampose.data import Preparation, Recordings, datasets, read_recordings
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_cameras import fit_lens, read_calibration
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_dataset import (
    prepare_mpi_inf_3dhp_test,
    prepare_mpi_inf_3dhp_train,
)
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_files import (
    TEST_SEQUENCES,
    TRAIN_SEQUENCES,
    published_length,
)
from ampose.errors import InputError

FRAMES, TEST_FRAMES = 8, 21
DOWNLOAD = r"vcai\.mpi-inf\.mpg\.de/3dhp-dataset \(licence: non-commercial research only\)"
HIP = 14


def prepare(dataset: str, root: Path, output: Path, target: str = "") -> tuple[Recordings, dict[str, list[str]]]:
    """Prepare through the registry, as the command does; return the recordings and what was said about what."""
    rows = datasets.get(dataset).target.prepare(Preparation(root=root, output=output, target=target))
    said: dict[str, list[str]] = {}
    for about, sentence in rows:
        said.setdefault(about, []).append(sentence)
    return read_recordings(output, verify=True), said


@pytest.fixture(scope="module")
def train_tree(tmp_path_factory) -> Path:
    return standin.write_train_tree(tmp_path_factory.mktemp("train"), FRAMES)


@pytest.fixture(scope="module")
def test_tree(tmp_path_factory) -> Path:
    return standin.write_test_tree(tmp_path_factory.mktemp("test"), TEST_FRAMES)


@pytest.fixture(scope="module")
def train(train_tree: Path, tmp_path_factory) -> tuple[Recordings, dict[str, list[str]]]:
    return prepare("mpi-inf-3dhp-train", train_tree, tmp_path_factory.mktemp("prepared") / "train")


@pytest.fixture(scope="module")
def test(test_tree: Path, tmp_path_factory) -> tuple[Recordings, dict[str, list[str]]]:
    return prepare("mpi-inf-3dhp-test", test_tree, tmp_path_factory.mktemp("prepared") / "test")


def test_training_views_are_the_annotations_in_metres(train) -> None:
    recordings, _ = train
    assert (recordings.num_recordings, len(recordings), recordings.target) == (16 * 8, 16 * 8 * FRAMES, "univ_annot3")
    assert recordings.skeleton.name == "mpi_inf_3dhp_17"
    assert sorted(set(recordings.cameras), key=int) == list("01245678")
    for number, (take, camera) in enumerate(zip(recordings.takes, recordings.cameras, strict=True)):
        annotation = standin.train_annotations(take, FRAMES)[int(camera)]
        rows = slice(recordings.starts[number], recordings.starts[number + 1])
        np.testing.assert_allclose(
            recordings.positions[rows], annotation.univ_annot3[:, standin.RELEVANT] / 1000, rtol=0, atol=1e-6
        )
        np.testing.assert_allclose(recordings.keypoints["gt"][rows], annotation.annot2[:, standin.RELEVANT], atol=1e-3)
        np.testing.assert_allclose(
            [*recordings.focal[number], *recordings.centre[number]], standin.train_camera(int(camera)), rtol=1e-6
        )
        assert recordings.image_size[number].tolist() == [2048, 2048]
        assert (recordings.subjects[number], recordings.actions[number]) == tuple(take.split(" "))
        assert recordings.fps[number] == TRAIN_SEQUENCES[take][1]
    assert recordings.valid.all()


def test_test_views_are_the_annotations_by_activity(test) -> None:
    recordings, _ = test
    assert (len(recordings), recordings.num_recordings, recordings.target) == (6 * TEST_FRAMES, 6 * 7, "univ_annot3")
    flags, _ = standin.held_out_labels(TEST_FRAMES)
    scenes = {"TS1": "GS", "TS2": "GS", "TS3": "noGS", "TS4": "noGS", "TS5": "Outdoor", "TS6": "Outdoor"}
    for name, scene in scenes.items():
        rows = recordings.sample_labels("subjects") == name
        annotation = standin.held_out_annotation(name, TEST_FRAMES)
        np.testing.assert_allclose(
            recordings.positions[rows], annotation.univ_annot3[:, standin.RELEVANT] / 1000, rtol=0, atol=1e-6
        )
        np.testing.assert_allclose(recordings.keypoints["gt"][rows], annotation.annot2[:, standin.RELEVANT], atol=1e-3)
        np.testing.assert_array_equal(recordings.valid[rows], flags == 1)
        assert set(recordings.sample_labels("scenes")[rows]) == {scene}
        sizes = recordings.image_size[[subject == name for subject in recordings.subjects]]
        assert {tuple(size) for size in sizes.tolist()} == {standin.SIZES[name]}
        assert recordings.sample_labels("actions")[rows].tolist()[:: TEST_FRAMES // 7] == [
            "Standing/Walking",
            "Exercising",
            "Sitting",
            "Reaching/Crouching",
            "On the Floor",
            "Sports",
            "Miscellaneous",
        ]
    assert len(recordings.select(valid_only=True)) == 6 * int(flags.sum())
    assert len(recordings.select(scenes=["Outdoor"])) == 2 * TEST_FRAMES


def test_the_test_cameras_are_found_from_annot2_and_annot3_and_compared(test) -> None:
    recordings, said = test
    for number, name in enumerate(recordings.subjects):
        np.testing.assert_allclose(
            [*recordings.focal[number], *recordings.centre[number]], standin.TEST_CAMERAS[name], rtol=0, atol=1e-3
        )
    assert any("camera fitted to annot2 and annot3, residual 0.000 px (RMS)" in line for line in said["TS5"])


def test_valid_frames_are_counted_and_compared(test) -> None:
    recordings, said = test
    assert "21 frames, 14 of them valid (603 published: figures will not compare)" in said["TS1"]
    assert said["valid frames"] == ["84 of 126 (2,929 published)"]
    assert recordings.provenance["valid_frames"] == 84
    assert (
        "TS6: 21 frames, 14 of them valid (452 published: figures will not compare)" in recordings.provenance["notes"]
    )


def test_the_published_counts_are_recognised_and_another_copy_of_ts6_is_told_apart(tmp_path: Path) -> None:
    counts = {"TS1": 603, "TS2": 540, "TS3": 505, "TS4": 553, "TS5": 276, "TS6": 392}
    standin.write_test_tree(tmp_path, 620, valid=counts)
    recordings, said = prepare("mpi-inf-3dhp-test", tmp_path, tmp_path / "out")
    assert "620 frames, 603 of them valid (as published)" in said["TS1"]
    assert "620 frames, 392 of them valid (452 published: figures will not compare)" in said["TS6"]
    assert len(recordings.select(valid_only=True)) == 2869
    assert sum(sequence.valid for sequence in TEST_SEQUENCES.values()) == 2929


def test_the_training_lengths_are_the_published_ones() -> None:
    assert sum(frames for frames, _ in TRAIN_SEQUENCES.values()) == 131_592
    assert sum(fps == 50 for _, fps in TRAIN_SEQUENCES.values()) == 5


@pytest.mark.parametrize(
    ("frames", "used", "sentence"),
    [
        (12489, 12488, "12,489 annotations for 12,488 pictures; the last 1 left out"),
        (12488, 12488, None),
        (12000, 12000, "12,000 frames, 12,488 published; the file is shorter than the original"),
    ],
)
def test_frames_beyond_the_published_length_are_left_out_and_noted(
    frames: int, used: int, sentence: str | None
) -> None:
    notes: list[tuple[str, str]] = []
    assert published_length("S3 Seq1", frames, notes) == used
    assert notes == ([] if sentence is None else [("S3 Seq1", sentence)])


@pytest.mark.parametrize("annotation", ["univ_annot3", "annot3"])
def test_the_training_npz_gives_the_tree_s_arrays(annotation: str, train_tree: Path, tmp_path: Path) -> None:
    standin.write_train_npz(tmp_path / "data_train_3dhp.npz", FRAMES, annotation=annotation)
    tree, _ = prepare("mpi-inf-3dhp-train", train_tree, tmp_path / "a", annotation)
    npz, said = prepare("mpi-inf-3dhp-train", tmp_path, tmp_path / "b", annotation)
    assert_same(tree, npz)
    for label in ("actions", "takes"):
        assert getattr(tree, label) == getattr(npz, label)
    assert said["target"] == [annotation]


@pytest.mark.parametrize("annotation", ["univ_annot3", "annot3"])
def test_the_test_npz_gives_the_tree_s_arrays(annotation: str, test_tree: Path, tmp_path: Path) -> None:
    npz_file = standin.write_test_npz(tmp_path / "data_test_3dhp.npz", TEST_FRAMES, annotation=annotation)
    tree, _ = prepare("mpi-inf-3dhp-test", test_tree, tmp_path / "a", annotation)
    npz, _ = prepare("mpi-inf-3dhp-test", npz_file, tmp_path / "b", annotation)
    assert_same(tree, npz)
    assert set(npz.actions) == {"unlabelled"}
    assert npz.takes == tuple(f"TS{number} 1" for number in range(1, 7))


def assert_same(tree: Recordings, npz: Recordings) -> None:
    np.testing.assert_allclose(npz.positions, tree.positions, rtol=0, atol=1e-6)
    np.testing.assert_allclose(npz.keypoints["gt"], tree.keypoints["gt"], rtol=0, atol=1e-3)
    np.testing.assert_array_equal(npz.valid, tree.valid)
    assert npz.target == tree.target
    for label in ("subjects", "cameras", "scenes"):
        assert npz.sample_labels(label).tolist() == tree.sample_labels(label).tolist()
    for name in ("focal", "centre", "image_size", "fps"):
        np.testing.assert_allclose(
            getattr(npz, name)[npz.sample_recordings], getattr(tree, name)[tree.sample_recordings], atol=0.01
        )


@pytest.mark.parametrize("dataset", ["mpi-inf-3dhp-train", "mpi-inf-3dhp-test"])
def test_annot3_projects_to_the_2d_ground_truth_and_univ_annot3_does_not(
    dataset: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    part = dataset.rsplit("-", 1)[1]
    recordings, said = prepare(dataset, request.getfixturevalue(f"{part}_tree"), tmp_path / "out", "annot3")
    assert (recordings.target, said["target"]) == ("annot3", ["annot3"])
    universal = request.getfixturevalue(part)[0]
    off = {"annot3": [], "univ_annot3": []}
    for number in range(recordings.num_recordings):
        rows = slice(recordings.starts[number], recordings.starts[number + 1])
        for name, each in (("annot3", recordings), ("univ_annot3", universal)):
            off[name].append(np.abs(each.project(number) - recordings.keypoints["gt"][rows]).max())
    assert max(off["annot3"]) < 0.01
    assert np.median(off["univ_annot3"]) > 2
    np.testing.assert_allclose(recordings.positions[:, HIP], universal.positions[:, HIP], atol=1e-6)


@pytest.mark.parametrize(("held", "wanted"), [("annot3", "univ_annot3"), ("univ_annot3", "annot3")])
def test_an_npz_with_the_other_annotation_is_refused(held: str, wanted: str, tmp_path: Path) -> None:
    standin.write_test_npz(tmp_path / "data_test_3dhp.npz", TEST_FRAMES, annotation=held)
    standin.write_train_npz(tmp_path / "data_train_3dhp.npz", FRAMES, annotation=held)
    for part in ("train", "test"):
        with pytest.raises(InputError, match=rf"data_{part}_3dhp\.npz: data_3d must be {wanted}, got {held} \(data_3d"):
            prepare(f"mpi-inf-3dhp-{part}", tmp_path, tmp_path / "out", wanted)
    assert not (tmp_path / "out").exists()


def test_the_tree_comes_before_the_npz(test_tree: Path, tmp_path: Path) -> None:
    shutil.copytree(test_tree, tmp_path, dirs_exist_ok=True)
    (tmp_path / "data_test_3dhp.npz").write_bytes(b"no zip")
    recordings, _ = prepare("mpi-inf-3dhp-test", tmp_path, tmp_path / "out")
    assert recordings.provenance["source"] == "mpi_inf_3dhp_test_set"


def test_other_cameras_can_be_named(train_tree: Path, tmp_path: Path) -> None:
    prepare_mpi_inf_3dhp_train(Preparation(root=train_tree, output=tmp_path / "out"), cameras=(3, 13))
    recordings = read_recordings(tmp_path / "out")
    assert set(recordings.cameras) == {"3", "13"}
    assert recordings.provenance["cameras"] == [3, 13]
    for cameras in ((), (0, 14), (1, 1)):
        with pytest.raises(InputError, match="cameras must be different numbers from 0 to 13"):
            prepare_mpi_inf_3dhp_train(Preparation(root=train_tree, output=tmp_path / "b"), cameras=cameras)


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    for name, line_end in (("unix", "\n"), ("windows", "\r\n")):
        (tmp_path / name).write_bytes(standin.calibration().replace("\n", line_end).encode())
    lenses = read_calibration(tmp_path / "windows")
    assert b"\r\n" in (tmp_path / "windows").read_bytes()
    assert lenses == read_calibration(tmp_path / "unix")
    assert sorted(lenses) == list(range(14))
    assert (*lenses[7].focal, *lenses[7].centre) == standin.train_camera(7)


def test_a_lens_is_found_from_noisy_pixels(rng: np.random.Generator) -> None:
    points = rng.uniform((-1, -1, 3), (1, 1, 5), size=(4000, 3))
    pixels = points[:, :2] / points[:, 2:] * (1683.48, 1671.93) + (939.93, 560.21)
    fitted = fit_lens(points, pixels + rng.normal(scale=0.1, size=pixels.shape), (1920.0, 1080.0))
    assert fitted.residual_px == pytest.approx(0.1 * np.sqrt(2), rel=0.05)
    np.testing.assert_allclose([*fitted.lens.focal, *fitted.lens.centre], (1683.48, 1671.93, 939.93, 560.21), atol=0.1)


@pytest.mark.parametrize("points", [np.ones((1, 3)), np.ones((9, 3)), -np.ones((9, 3))])
def test_points_that_fix_no_lens_are_refused(points: np.ndarray) -> None:
    with pytest.raises(InputError, match="points must"):
        fit_lens(points, points[:, :2], (100.0, 100.0))


# --- what is wrong, and what is said about it --------------------------------------------------------------


@pytest.fixture
def broken_train(train_tree: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(train_tree, tmp_path / "tree"))


@pytest.fixture
def broken_test(test_tree: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(test_tree, tmp_path / "tree"))


def refuse(root: Path, message: str, *, target: str = "") -> None:
    """The message is one line, and nothing is left behind."""
    part = "test" if (root / "mpi_inf_3dhp_test_set").exists() else "train"
    output = root.parent / "out" / "recordings"
    with pytest.raises(InputError, match=message) as caught:
        prepare(f"mpi-inf-3dhp-{part}", root, output, target)
    assert "\n" not in str(caught.value)
    assert not list(output.parent.glob("*"))


@pytest.mark.parametrize("dataset", ["mpi-inf-3dhp-train", "mpi-inf-3dhp-test"])
def test_a_folder_without_the_dataset_is_refused(dataset: str, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(InputError, match=rf"must hold (S1 to S8|TS1 to TS6) or .*found holiday\.jpg; .*{DOWNLOAD}"):
        prepare(dataset, tmp_path, tmp_path / "out")
    with pytest.raises(InputError, match=rf"nowhere: folder must hold .*found nothing; .*{DOWNLOAD}"):
        prepare(dataset, tmp_path / "nowhere", tmp_path / "out")


def test_missing_training_files_are_named(broken_train: Path) -> None:
    (broken_train / "S6/Seq2/annot.mat").unlink()
    shutil.rmtree(broken_train / "S8")
    names = r"S6/Seq2/annot\.mat, S8/Seq1/annot\.mat, S8/Seq1/camera\.calibration, S8/Seq2/annot\.mat and 1 more"
    refuse(broken_train, rf"tree: training set must have 32 files, 5 missing: {names}; .*{DOWNLOAD}")


def test_a_part_of_the_test_sequences_is_prepared_if_asked_and_said(broken_test: Path, tmp_path: Path) -> None:
    shutil.rmtree(broken_test / "mpi_inf_3dhp_test_set" / "TS1")
    preparation = Preparation(root=broken_test, output=tmp_path / "out", sequences=("TS6", "TS5"))
    rows = datasets.get("mpi-inf-3dhp-test").target.prepare(preparation)
    assert ("sequences", "TS5, TS6 only") in rows
    assert set(read_recordings(tmp_path / "out").subjects) == {"TS5", "TS6"}
    with pytest.raises(InputError, match=r"sequences must be among TS1, TS2.*got TS7"):
        prepare_mpi_inf_3dhp_test(replace(preparation, sequences=("TS7",)))


def test_missing_test_sequences_are_named(broken_test: Path) -> None:
    shutil.rmtree(broken_test / "mpi_inf_3dhp_test_set/TS3")
    refuse(broken_test, rf"test set must have 6 files, 1 missing: TS3/annot_data\.mat; .*{DOWNLOAD}")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_half_downloaded_training_file_is_named(share: float, broken_train: Path) -> None:
    path = broken_train / "S2/Seq1/annot.mat"
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refuse(broken_train, rf"S2/Seq1/annot\.mat: (file )?must .*{DOWNLOAD}")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_a_half_downloaded_test_file_is_named(share: float, broken_test: Path) -> None:
    path = broken_test / "mpi_inf_3dhp_test_set/TS4/annot_data.mat"
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refuse(broken_test, rf"TS4/annot_data\.mat: must be a MATLAB v7\.3 .*half downloaded: .*{DOWNLOAD}")


def test_a_half_downloaded_npz_is_named(tmp_path: Path) -> None:
    path = standin.write_test_npz(tmp_path / "data_test_3dhp.npz", TEST_FRAMES)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"data_test_3dhp\.npz: .*broken"):
        prepare("mpi-inf-3dhp-test", tmp_path, tmp_path / "out")


def change_mat(path: Path, name: str, change) -> None:
    content = {key: value for key, value in scipy.io.loadmat(path).items() if not key.startswith("__")}
    content[name] = change(content[name])
    scipy.io.savemat(path, {key: value for key, value in content.items() if value is not None})


def cut_cell(column: np.ndarray, cut) -> np.ndarray:
    column = column.copy()
    column[3, 0] = cut(column[3, 0])
    return column


def set_nan(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array[5, 3 * standin.ROOT] = np.nan
    return array


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("annot2", lambda column: column[:13], "annot2 must have 14 cameras, got 13"),
        ("univ_annot3", lambda column: None, "must hold annot2 and univ_annot3, found no univ_annot3"),
        (
            "univ_annot3",
            lambda column: cut_cell(column, lambda rows: rows[:, :51]),
            r"univ_annot3 of camera 3 must be numbers of shape \(frame, 84\), got float64 \(8, 51\)",
        ),
        (
            "univ_annot3",
            lambda column: cut_cell(column, lambda rows: rows[:5]),
            r"must have as many frames in annot2 and univ_annot3, got \[5, 8\]",
        ),
    ],
)
def test_wrong_training_shapes_are_named(name: str, change, message: str, broken_train: Path) -> None:
    change_mat(broken_train / "S5/Seq1/annot.mat", name, change)
    refuse(broken_train, rf"S5/Seq1/annot\.mat: .*{message}.*{DOWNLOAD}")


def test_a_training_annotation_that_is_no_number_is_named(broken_train: Path) -> None:
    def spoil(column: np.ndarray) -> np.ndarray:
        column = column.copy()
        column[2, 0] = set_nan(column[2, 0])
        return column

    change_mat(broken_train / "S1/Seq2/annot.mat", "univ_annot3", spoil)
    refuse(broken_train, r"S1/Seq2/annot\.mat: univ_annot3 of camera 2 must be finite, got frame 5")


def change_h5(path: Path, name: str, change) -> None:
    with h5py.File(path, "r+") as file:
        values = change(file[name][()])
        del file[name]
        if values is not None:
            file[name] = values


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("valid_frame", lambda values: None, "must hold valid_frame, found none"),
        ("univ_annot3", lambda values: values[:, :, :14], r"univ_annot3 must be .* \(frame, 1, 17, 3\), got .*14"),
        (
            "valid_frame",
            lambda values: values[:-1],
            r"valid_frame must be numbers of shape \(frame, 1\), got .*\(20, 1\)",
        ),
        ("valid_frame", lambda values: values + 1, r"valid_frame must be 0 or 1, got \[1\.0, 2\.0\]"),
        ("activity_annotation", lambda values: values * 0 + 8, "activity_annotation must be 1 to 7, got 8 in frame 0"),
        ("annot2", lambda values: values * np.nan, "annot2 must be finite, got frame 0"),
    ],
)
def test_wrong_test_files_are_named(name: str, change, message: str, broken_test: Path) -> None:
    change_h5(broken_test / "mpi_inf_3dhp_test_set/TS2/annot_data.mat", name, change)
    refuse(broken_test, rf"TS2/annot_data\.mat: .*{message}")


def test_frames_that_do_not_count_may_hold_anything(broken_test: Path, tmp_path: Path) -> None:
    def spoil(values: np.ndarray) -> np.ndarray:
        values[1] = np.nan
        return values

    path = broken_test / "mpi_inf_3dhp_test_set/TS2/annot_data.mat"
    for name in ("annot2", "annot3", "univ_annot3"):
        change_h5(path, name, spoil)
    change_h5(path, "activity_annotation", lambda values: np.where(np.arange(TEST_FRAMES)[:, None] == 1, 0, values))
    recordings, _ = prepare("mpi-inf-3dhp-test", broken_test, tmp_path / "out")
    assert np.isfinite(recordings.select(valid_only=True).positions).all()
    assert recordings.sample_labels("actions")[TEST_FRAMES + 1] == "unlabelled"


def test_annotations_that_belong_to_no_camera_are_said_and_the_published_camera_is_used(
    broken_test: Path, tmp_path: Path
) -> None:
    generator = np.random.default_rng(0)
    path = broken_test / "mpi_inf_3dhp_test_set/TS5/annot_data.mat"
    change_h5(path, "annot2", lambda values: values + generator.normal(scale=9, size=values.shape))
    recordings, said = prepare("mpi-inf-3dhp-test", broken_test, tmp_path / "out")
    assert any("away from annot2 with the best camera; published camera used" in line for line in said["TS5"])
    np.testing.assert_allclose(recordings.focal[recordings.subjects.index("TS5")], (1683.48, 1671.93), rtol=1e-6)


def test_a_calibration_that_is_not_the_sequence_s_is_said(broken_train: Path, tmp_path: Path) -> None:
    path = broken_train / "S7/Seq1/camera.calibration"
    path.write_text(path.read_text().replace("1497.0", "1600.0"))
    _, said = prepare("mpi-inf-3dhp-train", broken_train, tmp_path / "out", "annot3")
    (about,) = [name for name in said if name.endswith("annot.mat")]
    assert about.endswith("S7/Seq1/annot.mat")
    assert "annot3 of camera 0 projects" in said[about][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", "camera calibration must have lines 'name', 'size', 'intrinsic', found none"),
        (lambda text: text[: text.index("intrinsic") + 30], "camera 0 must have a size of 2 numbers and an intrinsic"),
        (lambda text: text.replace("1497.0", "here"), "line 6 must be 'intrinsic' and numbers"),
        (
            lambda text: text.replace("2048 2048", "1024 1024"),
            "camera 0 must have the size 2048 x 2048, got 1024 x 1024",
        ),
        (lambda text: text.replace("name          8\n", "name          80\n"), "must have camera 8, got"),
        (lambda text: "\ufeff".encode("utf-16").decode("latin1") + text, None),
    ],
)
def test_a_broken_calibration_is_named(change, message: str | None, broken_train: Path) -> None:
    path = broken_train / "S1/Seq1/camera.calibration"
    changed = change(path.read_text())
    if message is None:
        path.write_bytes(changed.encode("latin1"))
        message = "must be a text file"
    else:
        path.write_text(changed)
    refuse(broken_train, rf"S1/Seq1/camera\.calibration: {message}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"TS1": {}}, "data must have 6 sequences, missing TS2, TS3, TS4, TS5, TS6"),
        ({name: {} for name in standin.TESTS}, r"TS1: data_2d must be numbers of shape \(frame, 17, 2\), got object"),
        ([1, 2], "must hold a dictionary 'data'"),
    ],
)
def test_npz_files_of_another_content_are_refused(data, message: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "data_test_3dhp.npz", data=np.array(data, dtype=object))
    with pytest.raises(InputError, match=rf"data_test_3dhp\.npz: .*{message}"):
        prepare("mpi-inf-3dhp-test", tmp_path, tmp_path / "out")


def test_an_npz_that_lacks_a_camera_is_refused(tmp_path: Path) -> None:
    path = standin.write_train_npz(tmp_path / "data_train_3dhp.npz", FRAMES)
    preparation = Preparation(root=path, output=tmp_path / "out")
    with pytest.raises(InputError, match=r"S1 Seq1 must be \[cameras, fps\] with camera 3, got 0, 1, 2, 4, 5, 6, 7, 8"):
        prepare_mpi_inf_3dhp_train(preparation, cameras=(3,))


def test_unknown_options_are_refused(test_tree: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="target must be univ_annot3 or annot3, got 'annot2'"):
        prepare_mpi_inf_3dhp_test(Preparation(root=test_tree, output=tmp_path / "out", target="annot2"))
    with pytest.raises(InputError, match="keypoints_2d must be empty"):
        prepare_mpi_inf_3dhp_test(Preparation(root=test_tree, output=tmp_path / "out", keypoints_2d=(Path("cpn.npz"),)))


def test_preparing_again_gives_the_same_files(test_tree: Path, tmp_path: Path) -> None:
    for _ in range(2):
        prepare("mpi-inf-3dhp-test", test_tree, tmp_path / "out")
        index = (tmp_path / "out" / "index.json").read_bytes()
    prepare("mpi-inf-3dhp-test", test_tree, tmp_path / "other")
    assert (tmp_path / "other" / "index.json").read_bytes() == index

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.data.human36m import human36m_standin as standin

from ampose.data import Preparation, datasets, read_recordings
from ampose.data.human36m.human36m_cameras import CAMERAS, LENSES, SUBJECTS, camera_of
from ampose.data.human36m.human36m_dataset import (
    PUBLISHED_SAMPLES,
    SPLITS,
    prepare_human36m,
)
from ampose.data.human36m.human36m_files import ACTIONS, joint_columns, take_name
from ampose.data.human36m.human36m_keypoints import read_keypoints, source_name
from ampose.errors import InputError
from ampose.poses.skeletons import get_skeleton

WRITERS = {
    "cdf": standin.write_cdf,
    "cdf.mat": standin.write_mat,
    "h5": standin.write_h5,
    "npz": standin.write_npz,
}
TAKES = standin.make_takes()


def prepare(root, output, **options):
    rows = prepare_human36m(Preparation(root=root, output=output, **options))
    return read_recordings(output, verify=True), dict(rows)


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """One tree in each layout."""
    folder = tmp_path_factory.mktemp("human36m")
    for layout, write in WRITERS.items():
        write(folder / layout, TAKES)
    return {layout: folder / layout for layout in WRITERS}


@pytest.fixture(scope="module")
def prepared(roots, tmp_path_factory):
    """The npz route with 2D files that are longer than the 3D."""
    root = Path(shutil.copytree(roots["npz"], tmp_path_factory.mktemp("npz") / "root"))
    standin.write_2d(root, TAKES, longer=1)
    standin.write_2d(root, TAKES, "cpn_ft_h36m_dbb", noise=5, longer=2, extra_subjects=("S2", "S3"))
    return prepare(root, root.parent / "out")


@pytest.mark.parametrize("layout", WRITERS)
def test_all_routes_give_the_same_arrays(layout, roots, prepared, tmp_path):
    recordings, rows = prepare(roots[layout], tmp_path / "out")
    reference, _ = prepared
    np.testing.assert_allclose(recordings.positions, reference.positions, rtol=0, atol=1e-6)
    np.testing.assert_allclose(recordings.keypoints["gt"], reference.keypoints["gt"], rtol=0, atol=1e-3)
    assert (recordings.subjects, recordings.takes, recordings.cameras) == (
        reference.subjects,
        reference.takes,
        reference.cameras,
    )
    assert rows["3D"] == f"{layout} files"


def test_positions_are_the_world_seen_by_the_published_cameras(prepared):
    """Independent of ampose.poses.camera: quaternion algebra, and the 17 indices as published."""
    recordings, _ = prepared
    number = recordings.takes.index("Photo 1", recordings.subjects.index("S9")) + 2
    assert recordings.cameras[number] == "58860488"
    world = TAKES["S9", "TakingPhoto 1"][:, standin.KEPT].astype(float) / 1000
    quaternion, centre = standin.POSES["S9"]["58860488"].values()
    seen = standin._rotate(world - np.array(centre) / 1000, np.array(quaternion) * [1, -1, -1, -1])
    rows = slice(recordings.starts[number], recordings.starts[number + 1])
    np.testing.assert_allclose(recordings.positions[rows], seen, atol=2e-6)


def test_prepared_cameras_reproduce_the_2d_ground_truth(prepared, roots, tmp_path):
    recordings, rows = prepared
    truth = read_keypoints(standin.write_2d(tmp_path, TAKES))
    worst = 0.0
    for number in range(recordings.num_recordings):
        take, camera = (
            (recordings.subjects[number], recordings.takes[number]),
            CAMERAS.index(recordings.cameras[number]),
        )
        pixels = truth.read(take, int(recordings.lengths[number]))[camera]
        worst = max(worst, float(np.abs(recordings.project(number) - pixels).max()))
    assert 0 < worst < 0.01
    assert f"data_2d_h36m_gt.npz is the same (at most {worst:.5f} px apart)" in rows["2D gt"]


def test_views_are_labelled(prepared):
    recordings, rows = prepared
    assert recordings.num_recordings == 209 * 4
    assert recordings.skeleton == get_skeleton("human36m_17")
    assert tuple(dict.fromkeys(recordings.subjects)) == SUBJECTS
    assert set(recordings.actions) == set(ACTIONS)
    assert set(recordings.scenes) == {""}
    assert recordings.fps.tolist() == [50.0] * recordings.num_recordings
    assert recordings.valid.all()
    assert "S11 Directions left out" in rows["takes"]
    s11 = recordings.select(subjects=["S11"], actions=["Directions"])
    assert set(s11.takes) == {"Directions 1"}
    assert len(recordings) == 4 * sum(map(len, TAKES.values())) - 4 * len(TAKES["S11", "Directions"])


def test_actions_are_merged_exactly(prepared):
    recordings, _ = prepared
    assert set(recordings.select(actions=["Sitting"]).takes) == {"Sitting 1", "Sitting 2"}
    assert set(recordings.select(actions=["SittingDown"]).takes) == {"SittingDown", "SittingDown 1"}
    assert set(recordings.select(actions=["Photo", "WalkDog"]).takes) == {"Photo", "Photo 1", "WalkDog", "WalkDog 1"}
    assert set(recordings.select(actions=["Walking"]).takes) == {"Walking 1", "Walking 2"}


def test_counts_are_said_beside_the_published_ones(prepared):
    recordings, rows = prepared
    for split, subjects in SPLITS.items():
        found = len(recordings.select(subjects=subjects))
        assert rows[f"{split} samples"].startswith(
            f"{found:,} (DIFFERS from the published {PUBLISHED_SAMPLES[split]:,}"
        )


def test_the_16_joints_lack_only_the_nose(prepared):
    recordings = prepared[0].with_skeleton("human36m_16")
    np.testing.assert_array_equal(recordings.positions, np.delete(prepared[0].positions, 9, axis=1))
    assert joint_columns(get_skeleton("human36m_17").joints) == standin.KEPT


def test_takes_are_kept_until_they_are_excluded(prepared):
    recordings, _ = prepared
    fewer = recordings.select(exclude_takes=["S9 Greeting", "S9 SittingDown 1", "S9 Waiting 1"])
    assert recordings.num_recordings - fewer.num_recordings == 3 * 4
    assert ("S11", "Waiting") in zip(fewer.subjects, fewer.takes, strict=True)


def test_detected_keypoints_are_joined_and_cut(prepared, tmp_path):
    recordings, rows = prepared
    cpn = read_keypoints(standin.write_2d(tmp_path, TAKES, "cpn_ft_h36m_dbb", noise=5))
    assert "1,672 frames after the end of the 3D cut off" in rows["2D cpn"]
    for number in (0, 401, recordings.num_recordings - 1):
        take, camera = (
            (recordings.subjects[number], recordings.takes[number]),
            CAMERAS.index(recordings.cameras[number]),
        )
        rows_of_view = slice(recordings.starts[number], recordings.starts[number + 1])
        error = recordings.keypoints["cpn"][rows_of_view] - recordings.keypoints["gt"][rows_of_view]
        assert 2 < error.std() < 8
        assert cpn.read(take, 5)[camera].shape == (5, 17, 2)


def test_other_detectors_are_given_by_file_and_may_lack_takes(roots, tmp_path):
    some = {take: frames for take, frames in TAKES.items() if take[0] != "S7"}
    path = standin.write_2d(tmp_path, some, "x", noise=1).rename(tmp_path / "HRNet w48.npz")
    recordings, rows = prepare(roots["npz"], tmp_path / "out", keypoints_2d=(path,))
    assert list(recordings.keypoints) == ["gt", "hrnet_w48"]
    assert rows["2D hrnet_w48"] == "HRNet w48.npz; LACKS 30 takes"
    with pytest.raises(InputError, match="lacks S7 Directions 54138969"):
        recordings.samples("hrnet_w48")
    assert len(recordings.select(subjects=SPLITS["test"]).samples("hrnet_w48"))


def test_every_layout_at_once_is_compared(tmp_path):
    for write in WRITERS.values():
        write(tmp_path / "all", TAKES)
    _, rows = prepare(tmp_path / "all", tmp_path / "out")
    assert rows["3D"] == "cdf and cdf.mat and h5 and npz files, equal"


def test_prepared_twice_is_the_same(roots, tmp_path):
    for _ in range(2):
        prepare(roots["h5"], tmp_path / "a")
    prepare(roots["h5"], tmp_path / "b")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_says_how_much_disk_before_it_writes(roots, tmp_path):
    said = []

    def announce(line):
        said.append((line, (tmp_path / "out").exists()))

    steps = []
    prepare(roots["npz"], tmp_path / "out", announce=announce, report=lambda *step: steps.append(step))
    ((line, existed),) = said
    assert line.startswith("8,368 samples will take 4 MB")
    assert not existed
    assert [done for done, _, _ in steps] == list(range(1, 2 * 209 + 1))
    assert steps[-1] == (418, 418, "written: S11 WalkTogether 1")


def test_too_little_room_is_refused_before_writing(roots, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(free=1_000_000))
    with pytest.raises(InputError, match="disk must have 4 MB free for 8,368 samples, has 1 MB"):
        prepare(roots["npz"], tmp_path / "out")


def test_registered_with_terms():
    facts = datasets.get("human36m").facts
    assert datasets.get("human36m").target.prepare is not None
    assert "vision.imar.ro/human3.6m" in facts.terms
    assert facts.extra == "datasets"


# --- cameras ---


def test_cameras_are_rotations_that_stand_round_the_room():
    for subject in SUBJECTS:
        places = []
        for name in CAMERAS:
            camera = camera_of(subject, name)
            np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-12)
            assert np.linalg.det(camera.rotation) == pytest.approx(1)
            middle = camera.to_camera(np.array([0.0, 0.0, 0.9]))
            pixel = camera.project(middle)
            assert 3 < middle[2] < 7
            assert (pixel > 0).all()
            assert (pixel < np.array(LENSES[name]["image_size"])).all()
            places.append(camera.position)
        assert all(1.3 < place[2] < 1.7 for place in places)


# --- bad input: one line, the file's name, nothing half-written ---


def refused(root, tmp_path, match, **options):
    output = tmp_path / "refused"
    with pytest.raises(InputError, match=match) as refusal:
        prepare_human36m(Preparation(root=root, output=output, **options))
    assert "\n" not in str(refusal.value)
    assert not output.exists()
    assert not list(tmp_path.glob(".ampose*"))
    return str(refusal.value)


@pytest.fixture
def tree(roots, tmp_path):
    """A copy that may be damaged."""

    def copy(layout):
        return Path(shutil.copytree(roots[layout], tmp_path / "tree"))

    return copy


LICENCE = "https://vision.imar.ro/human3.6m"


def take_file(root, layout, take="Eating 1", subject="S6"):
    place = "MyPoses/3D_positions" if layout == "h5" else "MyPoseFeatures/D3_Positions"
    return root / subject / place / f"{take}.{layout}"


def test_no_folder_and_nothing_in_it(tmp_path):
    assert LICENCE in refused(tmp_path / "none", tmp_path, "none: root must be the folder of the download")
    assert LICENCE in refused(tmp_path, tmp_path, "found neither")
    (tmp_path / "Poses_D3_Positions_S1.tgz").touch()
    refused(tmp_path, tmp_path, r"unpack Poses_D3_Positions_S1.tgz there")


def test_missing_subjects(tree, tmp_path):
    root = tree("cdf")
    shutil.rmtree(root / "S7")
    shutil.rmtree(root / "S11")
    assert LICENCE in refused(root, tmp_path, "cdf files must be there for S1, .*, missing S7, S11")


def test_missing_take(tree, tmp_path):
    root = tree("h5")
    take_file(root, "h5").unlink()
    assert LICENCE in refused(root, tmp_path, r"S6 must have 2 take\(s\) of Eating, found Eating 2")


def test_one_take_too_many(tree, tmp_path):
    root = tree("h5")
    shutil.copy(take_file(root, "h5"), take_file(root, "h5", "Eating 3"))
    refused(root, tmp_path, r"2 take\(s\) of Eating, found Eating 1, Eating 2, Eating 3")


@pytest.mark.parametrize("name", ["_ALL 1", "Sitt 1", "Eating 1 (1)", "eating 1", "Eating 12"])
def test_unknown_files(name, tree, tmp_path):
    root = tree("cdf")
    take_file(root, "cdf").rename(take_file(root, "cdf", name))
    refused(root, tmp_path, r"take must be an action of Human3.6M and its number .* remove the file")


def test_the_same_take_by_both_names(tree, tmp_path):
    root = tree("cdf")
    shutil.copy(take_file(root, "cdf", "TakingPhoto"), take_file(root, "cdf", "Photo"))
    refused(root, tmp_path, "TakingPhoto.cdf: take must be there once, found Photo.cdf too")


def test_files_of_the_operating_system_are_passed_over(tree, tmp_path):
    root = tree("cdf")
    take_file(root, "cdf", "._Eating 1").write_bytes(b"\0\5\x16\7")
    prepare(root, tmp_path / "out")


@pytest.mark.parametrize("layout", ["cdf", "cdf.mat", "h5"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_half_downloaded_files(layout, share, tree, tmp_path):
    root = tree(layout)
    path = take_file(root, layout)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    text = refused(root, tmp_path, rf"Eating 1.{layout}: must be a whole {layout} file")
    assert "half downloaded" in text
    assert LICENCE in text


@pytest.mark.parametrize("layout", ["cdf", "cdf.mat", "h5"])
def test_files_that_a_transfer_gave_windows_line_ends(layout, tree, tmp_path):
    root = tree(layout)
    path = take_file(root, layout)
    changed = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    path.write_bytes(b"\r\n" + changed)
    refused(root, tmp_path, rf"Eating 1.{layout}: ")


@pytest.mark.parametrize("layout", WRITERS)
def test_wrong_joint_count(layout, tmp_path):
    wrong = TAKES | {("S6", "Eating 1"): TAKES["S6", "Eating 1"][:, standin.KEPT]}
    WRITERS[layout](tmp_path / "tree", wrong)
    refused(tmp_path / "tree", tmp_path, r"(got float32 \(\d+, 51\)|shape .*, got float32 \(\d+, 17, 3\))")


@pytest.mark.parametrize("layout", WRITERS)
def test_positions_that_are_no_numbers(layout, tmp_path):
    broken = TAKES["S6", "Eating 1"].copy()
    broken[3, 2] = np.nan
    WRITERS[layout](tmp_path / "tree", TAKES | {("S6", "Eating 1"): broken})
    refused(tmp_path / "tree", tmp_path, "must hold finite positions, got frame 3")


def test_camera_coordinates_are_not_taken_for_world_ones(tmp_path):
    camera = camera_of("S1", "54138969")
    mono = {take: (camera.to_camera(positions / 1000.0) * 1000).astype(np.float32) for take, positions in TAKES.items()}
    standin.write_cdf(tmp_path / "tree", mono)
    refused(tmp_path / "tree", tmp_path, r"Directions.cdf: positions must be in world axes.*not D3_Positions_mono")


def test_metres_are_not_taken_for_millimetres(tmp_path):
    standin.write_cdf(tmp_path / "tree", {take: positions / 1000 for take, positions in TAKES.items()})
    refused(tmp_path / "tree", tmp_path, "take D3_Positions in millimetres")


def test_positions_behind_a_camera(tmp_path):
    far = TAKES["S6", "Eating 1"] + np.float32([0, 9000, 0])
    standin.write_cdf(tmp_path / "tree", TAKES | {("S6", "Eating 1"): far})
    refused(tmp_path / "tree", tmp_path, "S6 Eating 1 54138969: positions must be in front of the camera")


def test_cdf_and_npz_that_disagree(tree, tmp_path):
    root = tree("cdf")
    moved = TAKES["S6", "Eating 1"] + np.float32(0.1)
    standin.write_npz(root, TAKES | {("S6", "Eating 1"): moved})
    refused(
        root, tmp_path, r"Eating 1.cdf: S6 Eating 1 must be the same as in .*data_3d_h36m.npz, differs by up to 0.1"
    )
    standin.write_npz(root, TAKES | {("S6", "Eating 1"): TAKES["S6", "Eating 1"][1:]})
    refused(root, tmp_path, r"Eating 1.cdf: S6 Eating 1 must be as long as in .*, got \d+ and \d+ frames")
    renamed = {(s, "Eating 3" if (s, t) == ("S6", "Eating 1") else t): frames for (s, t), frames in TAKES.items()}
    standin.write_npz(root, renamed)
    refused(root, tmp_path, r"Eating 1.cdf: S6 Eating 1 must be in the npz layout too")


def test_npz_of_something_else(tmp_path):
    np.savez(tmp_path / "data_3d_h36m.npz", poses=np.zeros(3))
    refused(tmp_path, tmp_path, "data_3d_h36m.npz: file must hold positions_3d in VideoPose3D's layout, found poses")
    (tmp_path / "data_3d_h36m.npz").write_bytes(b"PK half")
    refused(tmp_path, tmp_path, "data_3d_h36m.npz: must be a whole npz file.*half downloaded")
    standin._save(tmp_path / "data_3d_h36m.npz", positions_3d={"S1": {"Jumping": np.zeros((2, 32, 3))}})
    refused(tmp_path, tmp_path, "data_3d_h36m.npz: S1: take must be an action of Human3.6M")


def test_a_file_may_be_the_root(roots, prepared, tmp_path):
    recordings, _ = prepare(roots["npz"] / "data_3d_h36m.npz", tmp_path / "out")
    assert recordings.sha256 == prepared[0].sha256


def test_s11_directions_may_be_there_or_not(roots, tmp_path):
    without = {take: frames for take, frames in TAKES.items() if take != ("S11", "Directions")}
    standin.write_cdf(tmp_path / "tree", without)
    assert prepare(tmp_path / "tree", tmp_path / "a")[0].sha256 == prepare(roots["cdf"], tmp_path / "b")[0].sha256


def test_2d_shorter_than_3d(roots, tmp_path):
    short = TAKES | {("S8", "Posing"): TAKES["S8", "Posing"][:-1]}
    path = standin.write_2d(tmp_path, short, "cpn_ft_h36m_dbb")
    refused(
        roots["npz"],
        tmp_path,
        r"data_2d_h36m_cpn_ft_h36m_dbb.npz: S8 Posing camera 54138969 must have at least the \d+ frames",
        keypoints_2d=(path,),
    )


def test_2d_ground_truth_of_other_cameras(roots, tmp_path):
    moved = {take: frames + np.float32([20, 0, 0]) for take, frames in TAKES.items()}
    path = standin.write_2d(tmp_path, moved)
    refused(
        roots["npz"], tmp_path, r"2D ground truth must be the projection.*do not belong together", keypoints_2d=(path,)
    )


def test_2d_with_other_joints(roots, tmp_path):
    coco = [[1, 3, 5, 7, 9, 11, 13, 15], [2, 4, 6, 8, 10, 12, 14, 16]]
    path = standin.write_2d(tmp_path, TAKES, "coco", keypoints_symmetry=coco)
    refused(roots["npz"], tmp_path, "data_2d_h36m_coco.npz: keypoints must be the 17 joints", keypoints_2d=(path,))
    path = standin.write_2d(tmp_path, TAKES, "sh", num_joints=16)
    refused(roots["npz"], tmp_path, "17 joints of Human3.6M, got 16 joints", keypoints_2d=(path,))


def test_2d_of_something_else(roots, tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, poses=np.zeros(3))
    refused(
        roots["npz"],
        tmp_path,
        "x.npz: file must hold positions_2d in VideoPose3D's layout, found poses",
        keypoints_2d=(path,),
    )
    standin._save(path, positions_2d={"S1": {"Eating 1": [np.zeros((3, 17, 2))] * 3}})
    refused(
        roots["npz"],
        tmp_path,
        "x.npz: S1 Eating 1 must have one array for each of 4 cameras, got 3",
        keypoints_2d=(path,),
    )
    standin._save(path, positions_2d={"S2": {}})
    refused(roots["npz"], tmp_path, "x.npz: file must hold keypoints of S1, .*, found S2", keypoints_2d=(path,))
    refused(
        roots["npz"],
        tmp_path,
        "none.npz: file must be an .npz archive, found none",
        keypoints_2d=(tmp_path / "none.npz",),
    )


def test_2d_with_the_same_name_twice(roots, tmp_path):
    first = standin.write_2d(tmp_path / "a", TAKES, "cpn_ft_h36m_dbb")
    second = standin.write_2d(tmp_path / "b", TAKES, "cpn")
    refused(roots["npz"], tmp_path, "2D source 'cpn' must be there once", keypoints_2d=(first, second))


def test_2d_that_is_no_number(roots, tmp_path):
    keypoints = read_keypoints(standin.write_2d(tmp_path, TAKES, "x"))
    keypoints.arrays["S1", "Posing"][2] = np.full((20, 17, 2), np.inf)
    with pytest.raises(InputError, match="S1 Posing camera 58860488 must be finite, got frame 0"):
        keypoints.read(("S1", "Posing"), 5)
    wrong = replace(keypoints, arrays={("S1", "Posing"): [np.zeros((9, 16, 2))] * 4})
    with pytest.raises(InputError, match=r"must have shape \(frame, 17, 2\), got float64 \(9, 16, 2\)"):
        wrong.read(("S1", "Posing"), 5)


def test_a_target_is_not_to_choose(roots, tmp_path):
    refused(roots["npz"], tmp_path, "target must be left out for human36m", target="univ_annot3")


def test_names_of_takes_and_sources():
    assert [take_name(name) for name in ("WalkingDog 1", "Walking", "WalkTogether 2")] == [
        "WalkDog 1",
        "Walking",
        "WalkTogether 2",
    ]
    assert source_name(Path("data_2d_h36m_gt.npz")) == "gt"

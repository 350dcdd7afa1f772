import shutil
from pathlib import Path

import numpy as np
import pytest

from ampose.data import datasets
from ampose.data.cmu.cmu_mocap import read_cmu
from ampose.errors import InputError
from ampose.poses.geometry import bone_lengths

STICK_FIGURE = Path(__file__).parent / "stick_figure"
CMU = Path(__file__).parents[3].parent / "shared" / "data" / "cmu-mocap"

# Metres, z up, of the figure with spread arms that looks along -y: its root is at height 1.
AT_REST = {
    "hip": (0, 0, 0.9),
    "right_hip": (-0.1, 0, 0.9),
    "right_knee": (-0.1, 0, 0.5),
    "right_ankle": (-0.1, 0, 0.1),
    "left_hip": (0.1, 0, 0.9),
    "left_knee": (0.1, 0, 0.5),
    "left_ankle": (0.1, 0, 0.1),
    "spine": (0, 0, 1.1),
    "thorax": (0, 0, 1.34),
    "neck_nose": (0, 0, 1.54),
    "head": (0, 0, 1.64),
    "left_shoulder": (0.2, 0, 1.34),
    "left_elbow": (0.5, 0, 1.34),
    "left_wrist": (0.8, 0, 1.34),
    "right_shoulder": (-0.2, 0, 1.34),
    "right_elbow": (-0.5, 0, 1.34),
    "right_wrist": (-0.8, 0, 1.34),
}


@pytest.fixture
def database(tmp_path):
    return Path(shutil.copytree(STICK_FIGURE, tmp_path / "cmu"))


def test_joints_are_where_the_figure_has_them():
    motion = read_cmu(STICK_FIGURE)
    for joint, place in AT_REST.items():
        np.testing.assert_allclose(motion.positions[0, motion.skeleton.index(joint)], place, atol=1e-6)


def test_forward_is_minus_y_and_the_knee_bends_alone():
    motion = read_cmu(STICK_FIGURE)
    moved = motion.positions[1] - motion.positions[0]
    bent = motion.skeleton.index("left_ankle")
    np.testing.assert_allclose(np.delete(moved, bent, axis=0), np.tile([0, -1, 0], (16, 1)), atol=1e-6)
    # About x by 90 degrees, the shin turns from down (-y of the file) to backwards (-z): +y here.
    np.testing.assert_allclose(moved[bent], [0, -1 + 0.4, 0.4], atol=1e-6)


def test_clips_have_subject_action_and_name():
    motion = read_cmu(STICK_FIGURE)
    assert motion.names == ("01_01", "01_02")
    assert motion.subjects == ("01", "01")
    assert motion.actions == ("walk, bend", "unknown")
    assert motion.clip_starts.tolist() == [0, 2, 5]
    assert motion.fps.tolist() == [120.0, 120.0]
    assert "NSF EIA-0196217" in motion.provenance["acknowledgement"]


def test_root_may_be_the_subjects_folder():
    whole, part = read_cmu(STICK_FIGURE), read_cmu(STICK_FIGURE / "subjects")
    assert whole.sha256 == part.sha256
    assert whole.actions == part.actions


def test_no_index_no_action(database):
    (database / "index.csv").unlink()
    assert read_cmu(database).actions == ("unknown", "unknown")


def test_reports_each_trial():
    seen = []
    read_cmu(STICK_FIGURE, lambda *report: seen.append(report))
    assert seen == [(1, 2, "01_01"), (2, 2, "01_02")]


def test_registered_with_terms_and_link():
    facts = datasets.get("cmu").facts
    assert "not resold" in facts.terms
    assert "mocap.cs.cmu.edu" in facts.acknowledgement
    assert facts.link == "http://mocap.cs.cmu.edu"


def test_missing_folder_and_empty_folder_are_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: .*mocap\.cs\.cmu\.edu"):
        read_cmu(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"NN/NN_MM\.amc, found none"):
        read_cmu(tmp_path)


def test_missing_skeleton_is_named(database):
    (database / "subjects" / "01" / "01.asf").unlink()
    with pytest.raises(InputError, match=r"01\.asf: file must be there"):
        read_cmu(database)


def test_skeleton_without_a_bone_is_named(database):
    path = database / "subjects" / "01" / "01.asf"
    path.write_text(path.read_text().replace("lwrist", "lhand"))
    with pytest.raises(InputError, match=r"01\.asf: skeleton must have the bone lwrist"):
        read_cmu(database)


def test_broken_trial_is_named(database):
    path = database / "subjects" / "01" / "01_02.amc"
    path.write_text(path.read_text()[:-40])
    with pytest.raises(InputError, match=r"01_02\.amc"):
        read_cmu(database)


def test_all_damaged_trials_are_named_at_once_and_can_be_left_out(database):
    folder = database / "subjects" / "01"
    whole = folder / "01_02.amc"
    for name in ("01_03.amc", "01_04.amc"):
        (folder / name).write_text(whole.read_text()[:-40])
    with pytest.raises(InputError, match=r"01_03\.amc[^\n]*\n[^\n]*01_04\.amc"):
        read_cmu(database)
    motion = read_cmu(database, skip_damaged=True)
    assert motion.names == ("01_01", "01_02")
    assert motion.provenance["left out, damaged"] == "01_03, 01_04"
    assert motion.sha256 == read_cmu(STICK_FIGURE).sha256


def test_a_database_of_damaged_trials_alone_cannot_be_read(database):
    (database / "subjects" / "01" / "01.asf").write_text("nothing")
    with pytest.raises(InputError, match=r"01\.asf"):
        read_cmu(database, skip_damaged=True)


def test_index_without_columns_is_named(database):
    (database / "index.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"index\.csv: columns must be trial and description"):
        read_cmu(database)


@pytest.fixture(scope="module")
def walkers(tmp_path_factory):
    """Two subjects of the real database."""
    if not CMU.is_dir():
        pytest.skip("needs CMU's database in ../shared")
    root = tmp_path_factory.mktemp("cmu")
    (root / "subjects").mkdir()
    for subject in ("02", "35"):
        (root / "subjects" / subject).symlink_to(CMU / "subjects" / subject)
    shutil.copy(CMU / "index.csv", root)
    return read_cmu(root)


def test_real_people_have_peoples_bones(walkers):
    # Mean over 15 subjects, millimetres: see the database's README in ../shared.
    usual = {"hip": 91, "knee": 395, "ankle": 428, "spine": 219, "thorax": 235, "neck_nose": 189}
    usual |= {"head": 97, "shoulder": 192, "elbow": 292, "wrist": 275}
    for subject in ("02", "35"):
        lengths = bone_lengths(walkers.select(subjects=[subject]).positions, walkers.skeleton.bone_indices) * 1000
        for (_, joint), mean in zip(walkers.skeleton.bones, lengths.mean(axis=0), strict=True):
            assert mean == pytest.approx(
                usual[joint.split("_", 1)[1] if joint[:4] in ("left", "righ") else joint], rel=0.15
            )


def test_real_bones_that_are_one_piece_do_not_change(walkers):
    lengths = bone_lengths(walkers.clip(0), walkers.skeleton.bone_indices)
    for (_, joint), spread in zip(walkers.skeleton.bones, lengths.std(axis=0), strict=True):
        if walkers.skeleton.side_of(joint) != "middle":
            assert spread < 1e-6


def test_real_heads_are_above_hips_above_ankles(walkers):
    walks = walkers.select(subjects=["35"])
    heights = {joint: walks.positions[:, walks.skeleton.index(joint), 2] for joint in walks.skeleton.joints}
    assert (heights["head"] > heights["hip"] + 0.5).all()
    assert (heights["hip"] > heights["left_ankle"] + 0.4).all()
    assert 0 < heights["right_ankle"].min() < 0.15


def test_real_left_is_left_of_the_way_they_go(walkers):
    skeleton = walkers.skeleton
    for index, action in enumerate(walkers.actions):
        if action != "walk":
            continue
        clip = walkers.clip(index).astype(float)
        hip = clip[:, skeleton.index("hip")]
        forward = hip[-1] - hip[0]
        to_the_left = np.cross([0, 0, 1], forward / np.linalg.norm(forward))
        for stem in ("hip", "shoulder"):
            across = clip[:, skeleton.index(f"left_{stem}")] - clip[:, skeleton.index(f"right_{stem}")]
            assert (across @ to_the_left > 0.05).all()
        knees = (clip[:, skeleton.index("left_knee")] + clip[:, skeleton.index("right_knee")]) / 2
        feet = (clip[:, skeleton.index("left_ankle")] + clip[:, skeleton.index("right_ankle")]) / 2
        assert ((knees - (hip + feet) / 2) @ forward).mean() > 0  # knees bend forward

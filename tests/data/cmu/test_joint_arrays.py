import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ampose.data.cmu.cmu_mocap import read_cmu
from ampose.data.cmu.joint_arrays import read_joint_arrays
from ampose.data.cmu.shifted_arm import has_shifted_right_arm, restore_right_arm
from ampose.errors import InputError
from ampose.poses.skeletons import get_skeleton

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
SKELETON = get_skeleton("human36m_17")
NAMES = ["pelvis", *(f"{side}{stem}" for side in "rl" for stem in ("hip", "knee", "ankle"))]
NAMES += [
    "spine",
    "thorax",
    "neck_nose",
    "head",
    *(f"{s}{stem}" for s in "lr" for stem in ("shoulder", "elbow", "wrist")),
]


def make_arrays(**changes):
    generator = np.random.default_rng(3)
    relative = generator.integers(-9000, 9000, (5, 17, 3)).astype(np.int16)
    relative[:, 0] = 0
    arrays = {
        "root_m": generator.normal(size=(5, 3)).astype(np.float32),
        "relative_tenth_mm": relative,
        "sequence_start": np.array([0, 2, 5]),
        "sequence": np.array(["walking_1", "jumping_1"]),
        "action": np.array(["walking", "jumping"]),
        "joint_names": np.array(NAMES),
        "fps": np.array(60),
    }
    return {key: array for key, array in (arrays | changes).items() if array is not None}


@pytest.fixture
def path(tmp_path):
    np.savez(tmp_path / "joints.npz", **make_arrays())
    return tmp_path / "joints.npz"


def test_positions_are_root_plus_offset(path):
    motion, arrays = read_joint_arrays(path), make_arrays()
    for name, joint in {
        "pelvis": "hip",
        "rknee": "right_knee",
        "lwrist": "left_wrist",
        "head": "head",
    }.items():
        want = arrays["root_m"] + arrays["relative_tenth_mm"][:, NAMES.index(name)] / 10_000
        np.testing.assert_allclose(motion.positions[:, SKELETON.index(joint)], want, atol=1e-6)
    assert motion.names == ("walking_1", "jumping_1")
    assert motion.actions == ("walking", "jumping")
    assert motion.fps.tolist() == [60.0, 60.0]
    assert motion.clip_starts.tolist() == [0, 2, 5]
    assert set(motion.subjects) == {"unknown"}


def test_joints_in_another_order_give_the_same_motion(path, tmp_path):
    order = np.random.default_rng(0).permutation(17)
    arrays = make_arrays()
    changed = {
        "relative_tenth_mm": arrays["relative_tenth_mm"][:, order],
        "joint_names": arrays["joint_names"][order],
    }
    np.savez(tmp_path / "other.npz", **make_arrays(**changed))
    assert read_joint_arrays(tmp_path / "other.npz").sha256 == read_joint_arrays(path).sha256


def test_folder_with_one_file(path):
    assert read_joint_arrays(path.parent).sha256 == read_joint_arrays(path).sha256
    shutil.copy(path, path.with_name("second.npz"))
    with pytest.raises(InputError, match=r"joints\.npz, second\.npz"):
        read_joint_arrays(path.parent)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fps": None}, "found no fps"),
        ({"root_m": np.zeros((4, 3))}, r"root_m must be"),
        ({"joint_names": np.array(["pelvis"] * 17)}, "joint_names must be"),
        ({"sequence_start": np.array([0, 2, 6])}, "clip_starts"),
        ({"action": np.array(["walking", None], dtype=object)}, "plain arrays"),
    ],
)
def test_refuses_what_does_not_fit(path, changes, message):
    np.savez(path, **make_arrays(**changes))
    with pytest.raises(InputError, match=rf"joints\.npz: .*{message}"):
        read_joint_arrays(path)


def test_refuses_another_file(path):
    path.write_text("no zip")
    with pytest.raises(InputError, match=r"joints\.npz: .*\.npz"):
        read_joint_arrays(path)
    with pytest.raises(InputError, match=r"nowhere: .*found none"):
        read_joint_arrays(path.parent / "nowhere")


# Subject 02's right arm at rest, as its ASF file says it, y up turned to z up.
COLLAR = np.array([-0.973174, 0.090739, 0.211421]) * 0.2029
HINGE = np.array([0.0, 0.5, 0.8660254])
UPPER, FORE = np.array([-0.2837, 0, 0]), np.array([-0.2848, 0, 0])


def make_arms(frames=300):
    """True arms, and the same with each bone turned as the bone after it."""
    generator = np.random.default_rng(5)
    trunk, arm = Rotation.random(frames, random_state=1), Rotation.random(frames, random_state=2)
    forearm = arm * Rotation.from_rotvec(np.radians(generator.uniform(4, 150, frames))[:, None] * HINGE)
    true = generator.normal(size=(frames, 17, 3))
    place = {joint: SKELETON.index(joint) for joint in SKELETON.joints}
    thorax = true[:, place["thorax"]]
    true[:, place["spine"]] = thorax - trunk.apply([0, 0, 0.23])
    true[:, place["left_shoulder"]] = thorax + trunk.apply([0.2, 0, 0.05])
    false = true.copy()
    starts = thorax + trunk.apply([-0.1958, 0.0271, 0.0451]), thorax + arm.apply(COLLAR)
    for points, start, upper, fore in ((true, starts[0], arm, forearm), (false, starts[1], forearm, forearm)):
        points[:, place["right_shoulder"]] = start
        points[:, place["right_elbow"]] = start + upper.apply(UPPER)
        points[:, place["right_wrist"]] = start + upper.apply(UPPER) + fore.apply(FORE)
    return true, false


def test_shifted_arm_is_seen_and_restored():
    true, false = make_arms()
    assert has_shifted_right_arm(false, SKELETON)
    assert not has_shifted_right_arm(true, SKELETON)
    np.testing.assert_allclose(restore_right_arm(false, SKELETON), true, atol=1e-5)


def test_an_arm_that_is_straight_now_and_then_is_left_alone():
    true, false = make_arms()
    true[:100] = false[:100]
    assert not has_shifted_right_arm(true, SKELETON)


def test_shifted_arm_in_a_file_is_restored_and_said(tmp_path, caplog):
    true, false = make_arms(5)
    columns = [SKELETON.index(joint) for joint in ("hip", "right_hip", "right_knee", "right_ankle", "left_hip")]
    columns += [SKELETON.index(joint) for joint in SKELETON.joints if SKELETON.index(joint) not in columns]
    relative = (false - false[:, :1])[:, columns]
    arrays = {"root_m": false[:, 0], "relative_tenth_mm": np.round(relative * 1e4).astype(np.int32)}
    np.savez(tmp_path / "joints.npz", **make_arrays(**arrays, joint_names=np.array(SKELETON.joints)[columns]))
    motion = read_joint_arrays(tmp_path)
    np.testing.assert_allclose(motion.positions, true, atol=3e-3)  # rounding to 0.1 mm, times the short lever
    assert "restored" in motion.provenance["reader"]
    assert "shifted by one bone" in caplog.text


@pytest.mark.skipif(not (SHARED / "cmu-eval17").is_dir(), reason="needs CMU's eight further actions in ../shared")
def test_real_file_agrees_with_the_recording_it_was_made_from(tmp_path):
    motion = read_joint_arrays(SHARED / "cmu-eval17")
    assert motion.num_clips == 96
    assert len(motion) == 33_911
    for name in ("02.asf", "02_01.amc"):
        (tmp_path / "02").mkdir(exist_ok=True)
        shutil.copy(SHARED / "cmu-mocap" / "subjects" / "02" / name, tmp_path / "02")
    recording = read_cmu(tmp_path).positions[::2]
    copy = motion.clip(motion.names.index("train/walking_1"))
    assert copy.shape == recording.shape
    assert np.linalg.norm(copy - recording, axis=2).max() < 0.012

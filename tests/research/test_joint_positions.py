"""The reader of motion sets that are kept as plain arrays of joint positions."""

import numpy as np
import pytest
from research.joint_positions import NAMES, read_joint_positions

from ampose.errors import InputError
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")


def arrays(**changes):
    rng = np.random.default_rng(3)
    theirs = {ours: name for name, ours in NAMES.items()}
    names = [theirs.get(joint, joint) for joint in rng.permutation(SKELETON.joints)]
    content = {
        "root_m": rng.normal(size=(5, 3)).astype(np.float32),
        "relative_tenth_mm": rng.integers(-9000, 9000, (5, 17, 3)).astype(np.int16),
        "sequence_start": np.array([0, 2, 5]),
        "sequence": np.array(["walking_1", "jumping_1"]),
        "action": np.array(["walking", "jumping"]),
        "joint_names": np.array(names),
        "fps": np.array(60),
    }
    return {key: array for key, array in (content | changes).items() if array is not None}


def test_positions_are_root_plus_offset_in_the_skeletons_order(tmp_path):
    content = arrays()
    np.savez(tmp_path / "joints.npz", **content)
    motion = read_joint_positions(tmp_path / "joints.npz")
    column = content["joint_names"].tolist().index("rknee")
    want = content["root_m"] + content["relative_tenth_mm"][:, column] / 10_000
    np.testing.assert_allclose(motion.positions[:, SKELETON.index("right_knee")], want, atol=1e-6)
    assert motion.names == ("walking_1", "jumping_1")
    assert motion.clip_starts.tolist() == [0, 2, 5]
    assert motion.fps.tolist() == [60.0, 60.0]


@pytest.mark.parametrize(
    ("changes", "message"), [({"fps": None}, "found no fps"), ({"joint_names": np.array(["pelvis"] * 17)}, "differs")]
)
def test_other_files_are_refused(tmp_path, changes, message):
    np.savez(tmp_path / "joints.npz", **arrays(**changes))
    with pytest.raises(InputError, match=rf"joints\.npz: .*{message}"):
        read_joint_positions(tmp_path / "joints.npz")

"""Results of other tools: matched by name, measured against values that are known by construction."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ampose.cli import main
from ampose.errors import InputError
from ampose.evaluation.compare_files import compare
from ampose.files import poses as formats
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton, get_skeleton

BODY = get_skeleton("human36m_17")


@pytest.fixture
def truth(rng) -> Person:
    shape = (6, BODY.num_joints)
    positions = rng.normal(scale=0.4, size=(*shape, 3)).astype(np.float32)
    return Person(0, None, Pose3D(positions=positions, confidence=np.ones(shape, np.float32), skeleton=BODY, fps=50.0))


def moved(person: Person, positions: np.ndarray) -> Person:
    return replace(person, pose3d=replace(person.pose3d, positions=positions.astype(np.float32)))


def test_known_errors(truth):
    shifted = truth.pose3d.positions + np.float32(2.0)
    assert compare([moved(truth, shifted)], [truth]).values["mpjpe"] == pytest.approx(0, abs=1e-3)
    shifted[:, BODY.index("left_wrist"), 0] += np.float32(0.17)
    found = compare([moved(truth, shifted)], [truth])
    assert found.values["mpjpe"] == pytest.approx(170 / 17, abs=1e-3)
    assert found.joint_mm[found.joints.index("left_wrist")] == pytest.approx(170, abs=1e-2)
    assert found.values["pck"] == pytest.approx(100 * 16 / 17)
    assert (found.root, found.frames, found.frames_left_out) == ("hip", 6, 0)


def test_other_axes_and_units_are_for_p_mpjpe_only(truth):
    turned = 0.5 * truth.pose3d.positions @ Rotation.from_euler("x", 90, degrees=True).as_matrix()
    found = compare([moved(truth, turned)], [truth])
    assert found.values["p_mpjpe"] == pytest.approx(0, abs=1e-3)
    assert found.values["mpjpe"] > 200


def test_joints_are_matched_by_name_whatever_their_order(truth):
    names = [*BODY.joints[::-1][:12], "tail"]
    other = Skeleton("theirs", {name: None if name == names[0] else names[0] for name in names})
    at = [BODY.index(name) for name in names[:-1]]
    places = np.concatenate([truth.pose3d.positions[:, at], np.ones((6, 1, 3), np.float32)], axis=1)
    pose = Pose3D(positions=places, confidence=np.ones((6, 13), np.float32), skeleton=other)
    found = compare([Person(0, None, pose)], [truth])
    assert set(found.joints) == set(names[:-1])
    assert "tail" in found.left_out
    assert found.values["mpjpe"] == pytest.approx(0, abs=1e-3)


def test_gaps_are_not_counted_and_said(truth):
    gappy = truth.pose3d.positions.copy()
    gappy[2] = np.nan
    gappy[4, 3] = np.nan
    found = compare([moved(truth, gappy)], [truth])
    assert (found.frames, found.frames_left_out) == (4, 2)
    gappy[:, 5] = np.nan
    found = compare([moved(truth, gappy)], [truth])
    assert found.left_out == (BODY.joints[5],)
    assert found.frames == 4


def test_several_people_are_matched_by_id(truth):
    far = replace(moved(truth, truth.pose3d.positions * 2), id=5)
    found = compare([far, replace(truth, id=3)], [replace(truth, id=3), replace(far, id=5)])
    assert found.frames == 12
    assert found.values["mpjpe"] == pytest.approx(0, abs=1e-4)
    with pytest.raises(InputError, match=r"ids of the true ones \(3\), got 5, 9"):
        compare([far, replace(truth, id=9)], [replace(truth, id=3)])


def test_what_cannot_be_compared_is_refused(truth):
    with pytest.raises(InputError, match="the 6 frames of the true ones, got 4"):
        compare([Person(0, None, truth.pose3d[:4])], [truth])
    names = [f"m{number}" for number in range(17)]
    other = Skeleton("markers", {name: None if name == "m0" else "m0" for name in names})
    with pytest.raises(InputError, match="same names in both files, 4 at least, got 0"):
        compare([Person(0, None, replace(truth.pose3d, skeleton=other))], [truth])
    lost = truth.pose3d.positions.copy()
    lost[np.arange(6), np.arange(6)] = np.nan
    with pytest.raises(InputError, match="all compared joints are there, got none"):
        compare([moved(truth, lost)], [truth])


@pytest.mark.parametrize("suffix", [".trc", ".c3d", ".csv", ".npz"])
def test_the_command_reads_files_of_other_tools(truth, tmp_path, capsys, suffix):
    formats.write(tmp_path / "truth.npz", truth)
    formats.write(tmp_path / f"theirs{suffix}", truth)
    assert main(["compare", str(tmp_path / f"theirs{suffix}"), str(tmp_path / "truth.npz")]) == 0
    said = capsys.readouterr().out
    assert "hip subtracted from both" in said
    assert "MPJPE mm" in said
    assert "left_wrist" in said

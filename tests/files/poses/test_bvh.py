from pathlib import Path

import numpy as np
import pybvh
import pytest
from scipy.spatial.transform import Rotation
from tests.constant_lengths import constant_length_positions

from ampose.errors import InputError
from ampose.files import poses as formats
from ampose.files.poses.axes import from_camera
from ampose.files.poses.bvh_file import _zxy
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton, get_skeleton

LIFTED = Path(__file__).parents[3] / "examples" / "balance_beam.npz"


@pytest.fixture
def lifted() -> Person:
    return formats.read(LIFTED)[0]


def test_independent_reader_finds_the_same_places_and_times(lifted, tmp_path):
    formats.write(tmp_path / "a.bvh", lifted)
    pose = lifted.pose3d
    expected = constant_length_positions(from_camera(pose.positions, "y"), pose.skeleton)
    read = pybvh.read_bvh_file(tmp_path / "a.bvh")
    assert read.frame_time == pytest.approx(1 / pose.fps, abs=1e-6)
    places = read.node_positions()
    found = places[:, [read.node_index[joint] for joint in pose.skeleton.joints]]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


def test_round_trip_keeps_constant_length_positions(lifted, tmp_path):
    formats.write(tmp_path / "a.bvh", lifted)
    (back,) = formats.read(tmp_path / "a.bvh")
    pose = lifted.pose3d
    expected = constant_length_positions(from_camera(pose.positions, "y"), pose.skeleton)
    np.testing.assert_allclose(from_camera(back.pose3d.positions, "y"), expected, rtol=0, atol=1e-4)
    assert back.pose3d.skeleton == pose.skeleton
    assert back.pose3d.fps == pytest.approx(pose.fps, rel=1e-6)


def test_the_real_clip_turns_without_jumps_and_within_5_mm(lifted, tmp_path):
    """As the file says it, and with the angles of the file: the issue's own measure."""
    formats.write(tmp_path / "a.bvh", lifted)
    text = (tmp_path / "a.bvh").read_text().partition("Frame Time:")[2].splitlines()[1:]
    angles = np.array([line.split() for line in text], dtype=float)[:, 3:].reshape(len(text), -1, 3)
    turns = Rotation.from_euler("ZXY", angles.reshape(-1, 3), degrees=True).as_matrix().reshape(len(text), -1, 3, 3)
    steps = turns[1:] @ turns[:-1].swapaxes(-1, -2)
    cosines = (np.trace(steps, axis1=-2, axis2=-1) - 1) / 2
    assert np.degrees(np.arccos(np.clip(cosines, -1, 1))).max() < 60
    pose = formats.read(tmp_path / "a.bvh")[0].pose3d
    expected = constant_length_positions(from_camera(lifted.pose3d.positions, "y"), pose.skeleton)
    assert np.linalg.norm(from_camera(pose.positions, "y") - expected, axis=2).max() < 0.005


@pytest.mark.parametrize("x", [90.0, -90.0, 89.9999999, 12.0])
def test_a_quarter_turn_about_x_is_no_loss(x):
    turns = Rotation.from_euler("ZXY", [[30.0, x, 50.0], [-170.0, x, 110.0]], degrees=True).as_matrix()
    back = Rotation.from_euler("ZXY", _zxy(turns), degrees=True).as_matrix()
    np.testing.assert_allclose(back, turns, rtol=0, atol=1e-6)


def test_file_of_another_program_in_centimetres(tmp_path):
    (tmp_path / "a.bvh").write_text(
        "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\n"
        "CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation\n"
        "JOINT Chest\n{\nOFFSET 0 150 0\nCHANNELS 3 Zrotation Yrotation Xrotation\n"
        "End Site\n{\nOFFSET 0 10 0\n}\n}\n}\n"
        "MOTION\nFrames: 1\nFrame Time: 0.04\n0 100 0 90 0 0 0 0 0\n"
    )
    pose = formats.read(tmp_path / "a.bvh", up="y")[0].pose3d
    np.testing.assert_allclose(pose.positions[0], [[0, -1, 0], [-1.5, -1, 0], [-1.6, -1, 0]], atol=1e-5)
    assert pose.fps == 25
    assert pose.skeleton.joints == ("Hips", "Chest", "Chest_end")


@pytest.mark.parametrize("damage", ["HIERARCHY", "cut", "nan"])
def test_damaged_file_is_one_clear_line(lifted, tmp_path, damage):
    path = tmp_path / "a.bvh"
    formats.write(path, lifted)
    text = path.read_text()
    path.write_text({"HIERARCHY": "HIERARCHY", "cut": text[:-40], "nan": text[:-9] + " nan\n"}[damage])
    with pytest.raises(InputError, match=r"a\.bvh: must be a whole \.bvh file"):
        formats.read(path)


def test_what_is_lost_is_said(lifted):
    assert "changes of bone lengths" in formats.losses("a.bvh", lifted)


def test_one_frame(tmp_path):
    positions = np.random.default_rng(0).normal(scale=0.1, size=(1, 17, 3))
    pose = Pose3D(positions=positions, confidence=np.ones((1, 17)), skeleton=get_skeleton("coco_17"), fps=30.0)
    formats.write(tmp_path / "a.bvh", Person(0, None, pose))
    back = formats.read(tmp_path / "a.bvh")[0].pose3d
    assert back.skeleton == pose.skeleton
    np.testing.assert_allclose(back.positions, positions, atol=1e-4)


def test_a_chain_of_joints_longer_than_calls_nest(tmp_path):
    names = [f"bone{number}" for number in range(1000)]
    chain = Skeleton("chain", dict(zip(names, [None, *names], strict=False)))
    steps = np.random.default_rng(0).normal(0, 0.01, (len(names), 3))
    pose = Pose3D(positions=steps.cumsum(axis=0)[None], confidence=np.ones((1, len(names))), skeleton=chain, fps=30.0)
    formats.write(tmp_path / "a.bvh", pose)
    read = formats.read(tmp_path / "a.bvh")[0].pose3d
    assert read.skeleton.parents == chain.parents
    np.testing.assert_allclose(read.positions[0], pose.positions[0], atol=2e-3)

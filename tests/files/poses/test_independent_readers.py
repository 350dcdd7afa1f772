"""What is written is read back by packages that are not ours: to 1 mm and 1 ms, with axes, units and gaps as stated."""

import csv
import warnings

import c3d
import numpy as np
import pandas as pd
import pytest
from trc import TRCData

from ampose.files import poses as formats
from ampose.files.poses.axes import from_camera, to_camera
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import get_skeleton

FPS, LATE, LOST = 29.97, 3, (5, 2)
SKELETON = get_skeleton("human36m_17")


@pytest.fixture
def person(rng) -> Person:
    """Comes in frame 3; in frame 5 one joint is missing."""
    positions = rng.normal(size=(8, SKELETON.num_joints, 3)).astype(np.float32)
    positions[:LATE] = np.nan
    positions[LOST] = np.nan
    confidence = np.where(np.isnan(positions[..., 0]), 0, 0.75).astype(np.float32)
    return Person(4, None, Pose3D(positions=positions, confidence=confidence, skeleton=SKELETON, fps=FPS))


def by_hand(person: Person, up: str) -> np.ndarray:
    """The axes as the description says, without our matrices."""
    x, y, z = np.moveaxis(person.pose3d.positions.astype(float), -1, 0)
    return np.stack([x, -y, -z] if up == "y" else [x, z, -y], axis=-1)


@pytest.mark.parametrize("up", ["y", "z"])
def test_axes_are_a_turn_and_come_back(rng, up):
    points = rng.normal(size=(4, 3))
    np.testing.assert_allclose(to_camera(from_camera(points, up), up), points)
    assert np.linalg.det(from_camera(np.eye(3), up)) == pytest.approx(1), "no mirror image"
    assert from_camera(np.array([0.0, -1.0, 0.0]), up)["xyz".index(up)] == 1, "the camera's up is up"


def test_csv_in_the_standard_library_and_pandas(tmp_path, person):
    formats.write(tmp_path / "a.csv", person)
    with (tmp_path / "a.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[:7] == ["person", "frame", "time_s", "hip_x_m", "hip_y_m", "hip_z_m", "hip_confidence"]
    assert (rows[0]["hip_x_m"], rows[0]["hip_confidence"], rows[4]["person"]) == ("", "", "4")
    table = pd.read_csv(tmp_path / "a.csv")
    assert_is_table(table, person)


def test_parquet_in_pandas(tmp_path, person):
    formats.write(tmp_path / "a.parquet", person)
    assert_is_table(pd.read_parquet(tmp_path / "a.parquet"), person)


def assert_is_table(table: pd.DataFrame, person: Person) -> None:
    assert len(table) == 8
    np.testing.assert_allclose(table["time_s"], np.arange(8) / FPS, rtol=0, atol=1e-6)
    for number, joint in enumerate(SKELETON.joints):
        values = table[[f"{joint}_{axis}_m" for axis in "xyz"]].to_numpy()
        np.testing.assert_allclose(values, person.pose3d.positions[:, number], rtol=0, atol=1e-5)
        there = table[f"{joint}_confidence"].dropna()
        assert (there == 0.75).all()
        assert len(there) == 5 - (number == LOST[1])


def test_pandas_writes_what_we_read(tmp_path, person):
    """Rows dropped, columns shuffled, one of the user's own: as after some work in a notebook."""
    formats.write(tmp_path / "a.csv", person)
    table = pd.read_csv(tmp_path / "a.csv").dropna(subset=["hip_x_m"])
    table["mood"] = "good"
    table[sorted(table.columns, reverse=True)].to_csv(tmp_path / "b.csv", index=False)
    table.to_parquet(tmp_path / "b.parquet")
    for name in ("b.csv", "b.parquet"):
        (read,) = formats.read(tmp_path / name)
        assert read.id == 4
        assert read.pose3d.fps == pytest.approx(FPS)
        at = [read.pose3d.skeleton.joints.index(joint) for joint in SKELETON.joints]
        np.testing.assert_allclose(read.pose3d.positions[:, at], person.pose3d.positions, rtol=0, atol=1e-5)


def test_trc_in_trc_data_reader(tmp_path, person):
    formats.write(tmp_path / "a.trc", person)
    data = TRCData()
    data.load(str(tmp_path / "a.trc"))
    assert (data["DataRate"], data["NumFrames"], data["Units"]) == (FPS, 8, "mm")
    assert tuple(data["Markers"]) == SKELETON.joints
    np.testing.assert_allclose(data["Time"], np.arange(8) / FPS, rtol=0, atol=1e-6)
    expected = by_hand(person, "y")
    for number, joint in enumerate(SKELETON.joints):
        np.testing.assert_allclose(np.array(data[joint]) / 1000, expected[:, number], rtol=0, atol=1e-6)


def test_trc_by_its_description(tmp_path, person):
    formats.write(tmp_path / "a.trc", person)
    lines = (tmp_path / "a.trc").read_text().splitlines()
    assert lines[0].split("\t")[:3] == ["PathFileType", "4", "(X/Y/Z)"]
    header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
    assert (header["NumMarkers"], header["OrigNumFrames"], header["Units"]) == ("17", "8", "mm")
    assert lines[3].split("\t")[2::3] == list(SKELETON.joints)
    assert lines[4].split("\t")[:5] == ["", "", "X1", "Y1", "Z1"]
    assert {len(line.split("\t")) for line in lines[3:]} == {2 + 3 * 17}
    first = lines[5].split("\t")
    assert (first[0], float(first[1]), set(first[2:])) == ("1", 0.0, {"NaN"}), "OpenSim refuses a row that ends empty"


def test_c3d_in_ezc3d(tmp_path, person):
    ezc3d = pytest.importorskip("ezc3d")
    formats.write(tmp_path / "a.c3d", person)
    file = ezc3d.c3d(str(tmp_path / "a.c3d"))
    about = file["parameters"]["POINT"]
    assert (about["UNITS"]["value"], about["LABELS"]["value"]) == (["mm"], list(SKELETON.joints))
    assert about["RATE"]["value"][0] == pytest.approx(FPS, rel=1e-6)
    points = file["data"]["points"][:3].transpose(2, 1, 0)
    np.testing.assert_allclose(points / 1000, by_hand(person, "z"), rtol=0, atol=1e-6)


def test_c3d_in_the_package_c3d(tmp_path, person):
    formats.write(tmp_path / "a.c3d", [person, Person(9, None, person.pose3d)])
    with (tmp_path / "a.c3d").open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that there is no analog data
        reader = c3d.Reader(stream)
        labels = [label.strip() for label in reader.point_labels]
        frames = np.array([points for _, points, _ in reader.read_frames()])
    assert labels == [f"{number}:{joint}" for number in (4, 9) for joint in SKELETON.joints]
    assert reader.point_rate == pytest.approx(FPS, rel=1e-6)
    expected = np.tile(by_hand(person, "z"), (1, 2, 1))
    lost = np.isnan(expected).any(axis=2)
    np.testing.assert_array_equal(frames[..., 3] < 0, lost, "a missing point has the residual -1")
    np.testing.assert_allclose(frames[..., :3][~lost] / 1000, expected[~lost], rtol=0, atol=1e-6)

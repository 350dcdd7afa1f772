"""Joint angles as a table, read back with pandas."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ampose.cli import main
from ampose.files import poses as formats
from ampose.poses.joint_angles import joint_angles
from ampose.poses.people import Person
from ampose.processing.ground import upright

LIFTED = Path(__file__).parents[3] / "examples" / "balance_beam.npz"


def test_the_columns_are_the_angles_of_each_person(tmp_path):
    (one,) = formats.read(LIFTED)
    lost = one.pose3d.positions.copy()
    lost[3] = np.nan
    other = Person(7, None, replace(one.pose3d, positions=lost))
    formats.write_angles(tmp_path / "a.csv", [one, other])
    table = pd.read_csv(tmp_path / "a.csv")
    assert list(table.columns[:4]) == ["person", "frame", "time_s", "left_knee_flexion_deg"]
    for person in (one, other):
        rows = table[table["person"] == person.id]
        np.testing.assert_allclose(rows["time_s"], person.pose3d.seconds, atol=1e-8)
        for name, degrees in joint_angles(person.pose3d).items():
            np.testing.assert_allclose(rows[f"{name}_deg"], degrees, rtol=0, atol=5.1e-4)
    assert table.iloc[-97].filter(like="_deg").isna().all()


def test_an_angle_of_a_joint_that_was_not_seen_is_empty(tmp_path):
    (one,) = formats.read(LIFTED)
    confidence = one.pose3d.confidence.copy()
    confidence[5, one.pose3d.skeleton.index("left_ankle")] = 0
    formats.write_angles(tmp_path / "a.csv", replace(one, pose3d=replace(one.pose3d, confidence=confidence)))
    empty = pd.read_csv(tmp_path / "a.csv").isna()
    assert empty.loc[5, "left_knee_flexion_deg"]
    assert not empty.drop(index=5)["left_knee_flexion_deg"].any()
    assert not empty["right_knee_flexion_deg"].any()


def test_the_command_takes_the_cameras_tilt_out_of_the_lean(tmp_path, capsys):
    assert main(["convert", str(LIFTED), str(tmp_path / "a.csv"), "--angles", "--camera-tilt", "22"]) == 0
    assert "9 joint angles" in capsys.readouterr().out
    expected = joint_angles(upright(formats.read(LIFTED)[0].pose3d, 22.0))["trunk_lean"]
    np.testing.assert_allclose(pd.read_csv(tmp_path / "a.csv")["trunk_lean_deg"], expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("a.trc", "angles are written to .csv files only"),
        ("no/a.csv", "there is no folder no"),
        ("a.gfi", "must end in"),
    ],
)
def test_mistakes_are_one_line(tmp_path, monkeypatch, capsys, output, message):
    monkeypatch.chdir(tmp_path)
    assert main(["convert", str(LIFTED), output, "--angles"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []

"""C3D and TRC of other programs: labels, subjects, what is no marker, units, axes, markers at 0 0 0, when it starts."""

import codecs
from pathlib import Path

import numpy as np
import pytest

from ampose.errors import InputError
from ampose.files import poses as formats
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D

ezc3d = pytest.importorskip("ezc3d", reason="ezc3d is not installed")

STANDING = {"HEAD": (0, 0, 1.7), "LSHO": (0.2, 0, 1.4), "RSHO": (-0.2, 0, 1.4), "LANK": (0.1, 0, 0.1)}
"""Metres, z up."""


def places(count: int, frames: int = 4) -> np.ndarray:
    """(point, frame, xyz) metres, none at 0."""
    rng = np.random.default_rng(count)
    return rng.uniform(0.2, 1.9, (count, 1, 3)) + 0.01 * np.arange(frames)[:, None]


def c3d(
    path: Path, labels: list[str], points: np.ndarray | None = None, *, scale: float = 1000.0, **parameters
) -> Path:
    """Write points (point, frame, xyz); parameters are of POINT: None removes one."""
    points = places(len(labels)) if points is None else points
    file = ezc3d.c3d()
    about = file["parameters"]["POINT"]
    about["RATE"]["value"], about["UNITS"]["value"], about["LABELS"]["value"] = [100.0], ["mm"], labels[:255]
    for number, start in enumerate(range(255, len(labels), 255), start=2):
        file.add_parameter("POINT", f"LABELS{number}", labels[start : start + 255])
    file["header"]["points"]["first_frame"] = parameters.pop("first_frame", 0)
    for name, value in parameters.items():
        file.add_parameter("POINT", name, value)
    rows = points.transpose(2, 0, 1) * scale
    file["data"]["points"] = np.concatenate([rows, np.ones((1, *rows.shape[1:]))])
    file["data"]["meta_points"]["residuals"] = np.where(np.isnan(rows[:1]), -1.0, 0.0)
    file.write(str(path))
    return path


def read(path: Path, **stated) -> Pose3D:
    (person,) = formats.read(path, **stated)
    return person.pose3d


@pytest.mark.parametrize("count", [254, 255, 256, 300, 511])
def test_any_number_of_points(tmp_path: Path, count: int) -> None:
    labels = [f"M{number:03}" for number in range(count)]
    pose = read(c3d(tmp_path / "a.c3d", labels))
    assert list(pose.skeleton.joints) == labels
    expected = places(count)[:, :, [0, 2, 1]] * [1, -1, 1]  # x right, y down, z away
    np.testing.assert_allclose(pose.positions, expected.swapaxes(0, 1), atol=1e-6)
    formats.write(tmp_path / "b.c3d", pose)
    assert read(tmp_path / "b.c3d").skeleton.joints == pose.skeleton.joints


def test_subjects_and_props_of_different_markers_get_a_file_each(tmp_path: Path) -> None:
    path = c3d(tmp_path / "a.c3d", ["Anna:LASI", "Anna:RASI", "Anna:SACR", "Box:c1", "Box:c2"])
    people = formats.read(path)
    assert [person.pose3d.provenance["person"] for person in people] == ["Anna", "Box"]
    for suffix in (".json", ".csv", ".trc", ".c3d", ".npz"):
        files = formats.write_each(tmp_path / f"b{suffix}", people)
        assert [file.name for file in files] == [f"b_0{suffix}", f"b_1{suffix}"]
        assert [len(formats.read(file)[0].pose3d.skeleton.joints) for file in files] == [3, 2]


def test_two_subjects_of_the_same_markers_are_two_people_in_a_file(tmp_path: Path) -> None:
    path = c3d(tmp_path / "a.c3d", ["Anna:LASI", "Anna:RASI", "Ben:LASI", "Ben:RASI"])
    assert formats.write_each(tmp_path / "b.json", formats.read(path)) == [tmp_path / "b.json"]


def test_one_subject_is_one_person(tmp_path: Path) -> None:
    pose = read(c3d(tmp_path / "a.c3d", ["Anna:LASI ", "Anna:RASI"]))
    assert (pose.skeleton.joints, pose.provenance["person"]) == (("LASI", "RASI"), "Anna")


@pytest.mark.parametrize("label", ["*1", "", "Unlabeled 1001", "uname*3", "Anna:*12", "  "])
def test_points_without_a_label_are_left_out_and_it_is_said(tmp_path: Path, caplog, label: str) -> None:
    pose = read(c3d(tmp_path / "a.c3d", ["Anna:LASI", "Anna:RASI", label]))
    assert pose.skeleton.joints == ("LASI", "RASI")
    assert "a.c3d: 1 points without a label are left out" in caplog.text


def test_more_points_than_labels(tmp_path: Path, caplog) -> None:
    path = c3d(tmp_path / "a.c3d", ["A", "B", "C"])
    data = path.read_bytes()
    at = data.index(b"LABELS")
    # Dimensions behind the name, the offset and the type: one text less.
    start = at + len("LABELS") + 2
    assert data[start + 1] == 2
    assert data[start + 3] == 3
    path.write_bytes(data[: start + 3] + bytes([2]) + data[start + 4 :])
    try:
        pose = read(path)
    except InputError:
        pytest.skip("this ezc3d refuses such a file itself")
    assert pose.skeleton.joints == ("A", "B")
    assert "1 points without a label" in caplog.text


def test_nobody_has_named_any(tmp_path: Path) -> None:
    assert read(c3d(tmp_path / "a.c3d", ["*1", "*2", "*3"])).skeleton.joints == ("point_1", "point_2", "point_3")


def test_labels_that_are_there_twice(tmp_path: Path) -> None:
    assert read(c3d(tmp_path / "a.c3d", ["A", "A", "B"])).skeleton.joints == ("A", "A_2", "B")


def test_what_is_no_place_is_left_out(tmp_path: Path, caplog) -> None:
    labels = ["Anna:LASI", "Anna:LKneeAngles", "Anna:LKneeForce", "Anna:RASI"]
    kinds = {"ANGLES": ["Anna:LKneeAngles"], "FORCES": ["Anna:LKneeForce"], "POWERS": ["Anna:LHipPower"]}
    assert read(c3d(tmp_path / "a.c3d", labels, **kinds)).skeleton.joints == ("LASI", "RASI")
    assert "2 points are angles, forces, moments, powers or scalars, and are left out" in caplog.text


@pytest.mark.parametrize(
    ("spelling", "scale"),
    [*[("MM", 1e3), ("Millimeters", 1e3), ("m", 1), ("meters", 1), ("cm ", 1e2), ("inches", 1 / 0.0254), ("", 1e3)]],
)
def test_units_as_programs_spell_them(tmp_path: Path, spelling: str, scale: float) -> None:
    points = np.stack([np.tile(place, (4, 1)) for place in STANDING.values()])
    pose = read(c3d(tmp_path / "a.c3d", list(STANDING), points, scale=scale, UNITS=[spelling]))
    np.testing.assert_allclose(pose.positions[0, 0], [0, -1.7, 0], atol=1e-5)


def test_a_unit_that_cannot_be(tmp_path: Path, caplog) -> None:
    points = np.stack([np.tile(place, (4, 1)) for place in STANDING.values()])
    path = c3d(tmp_path / "a.c3d", list(STANDING), points, scale=1000, UNITS=["m"])
    read(path)
    assert "the points lie 1.6e+03 m apart, by the file's unit" in caplog.text
    np.testing.assert_allclose(read(path, unit="mm").positions[0, 0], [0, -1.7, 0], atol=1e-5)


@pytest.mark.parametrize("kind", ["c3d", "trc"])
def test_a_unit_that_nobody_knows_is_overruled(tmp_path: Path, kind: str) -> None:
    points = np.stack([np.tile(place, (4, 1)) for place in STANDING.values()])  # (point, frame, xyz)
    if kind == "c3d":
        path = c3d(tmp_path / "a.c3d", list(STANDING), points, scale=1000, UNITS=["px"])
    else:
        path = trc(tmp_path / "a.trc", list(STANDING), 1000 * points.swapaxes(0, 1)[..., [0, 2, 1]], units="px")
    np.testing.assert_allclose(read(path, unit="mm").positions[0, 0], [0, -1.7, 0], atol=1e-5)
    with pytest.raises(InputError, match=r"must be one of mm, .*, got 'px'; state the unit") as error:
        read(path)
    assert error.value.field == "unit"


@pytest.mark.parametrize("said", [True, False])
def test_y_up(tmp_path: Path, caplog, said: bool) -> None:
    """Motive's axes: by the parameter, or else by the body."""
    points = np.stack([np.tile(place, (4, 1))[:, [0, 2, 1]] * [1, 1, -1] for place in STANDING.values()])
    more = {"X_SCREEN": ["+X"], "Y_SCREEN": ["+Y"]} if said else {}
    path = c3d(tmp_path / "a.c3d", list(STANDING), points, **more)
    np.testing.assert_allclose(read(path).positions[0, 0], [0, -1.7, 0], atol=1e-5)
    assert ("along Y" in caplog.text) == (not said)
    assert np.ptp(read(path, up="z").positions[0], axis=0)[2] > 1.5


def test_somebody_who_lies_in_a_file_of_ours_goes_on_lying(tmp_path: Path) -> None:
    positions = np.array([[*STANDING.values()]]) + np.array([0, 0, 0.2])
    pose = Pose3D(positions=positions[:, :3], confidence=np.ones((1, 3)), skeleton=three(), fps=30.0)
    formats.write(tmp_path / "a.c3d", pose)
    np.testing.assert_allclose(read(tmp_path / "a.c3d").positions, pose.positions, atol=1e-6)


def three():
    from ampose.poses.skeletons.by_joints import skeleton_of

    return skeleton_of(["head", "left_shoulder", "left_ankle"])


def test_a_missing_rate_is_the_header_s(tmp_path: Path) -> None:
    path = c3d(tmp_path / "a.c3d", ["A", "B"])
    data = bytearray(path.read_bytes())
    at = data.index(b"RATE")
    data[at : at + 4] = b"XATE"
    path.write_bytes(bytes(data))
    assert read(path).fps == 100


def trc(
    path: Path, names: list[str], rows: np.ndarray, *, separator: str = "\t", units: str = "mm", first: int = 1
) -> Path:
    """Write rows (frame, marker, xyz)."""
    s, count = separator, len(names)
    lines = [
        s.join(["PathFileType", "4", "(X/Y/Z)", "a.trc"]),
        s.join(
            [
                "DataRate",
                "CameraRate",
                "NumFrames",
                "NumMarkers",
                "Units",
                "OrigDataRate",
                "OrigDataStartFrame",
                "OrigNumFrames",
            ]
        ),
        s.join(["100.00", "100.00", str(len(rows)), str(count), units, "100.00", str(first), str(len(rows))]),
        s.join(["Frame#", "Time", *(cell for name in names for cell in (name, "", ""))]),
        s.join(["", "", *(f"{axis}{number}" for number in range(1, count + 1) for axis in "XYZ")]),
    ]
    for frame, row in enumerate(rows, start=first):
        lines.append(s.join([str(frame), f"{(frame - 1) / 100:.3f}", *(f"{value:g}" for value in row.ravel())]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


NAMES = ["LHip", "RHip", "Genou é"]
ROWS = np.arange(1, 37, dtype=float).reshape(4, 3, 3) * 10
SEEN = ROWS / 1000 * [1, -1, -1]


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
def test_separators(tmp_path: Path, separator: str) -> None:
    pose = read(trc(tmp_path / "a.trc", NAMES, ROWS, separator=separator))
    assert pose.skeleton.joints == tuple(NAMES)
    np.testing.assert_allclose(pose.positions, SEEN, atol=1e-6)


def test_blanks_and_decimal_commas(tmp_path: Path) -> None:
    path = trc(tmp_path / "a.trc", ["LHip", "RHip"], ROWS[:, :2])
    path.write_text("\n".join(" ".join(line.split()) for line in path.read_text().splitlines()))
    np.testing.assert_allclose(read(path).positions, SEEN[:, :2], atol=1e-6)
    for separator in "\t;":
        text = trc(path, NAMES, ROWS, separator=separator).read_text()
        head, rows = text.splitlines()[:5], text.splitlines()[5:]
        path.write_text("\n".join([*head, *(row.replace(".", ",") for row in rows)]))
        np.testing.assert_allclose(read(path).positions, SEEN, atol=1e-6)


@pytest.mark.parametrize("letters", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_letters(tmp_path: Path, letters: str) -> None:
    path = trc(tmp_path / "a.trc", NAMES, ROWS)
    path.write_bytes(path.read_text(encoding="utf-8").encode(letters))
    assert (letters == "utf-16") == path.read_bytes().startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    assert read(path).skeleton.joints == tuple(NAMES)


def test_a_marker_at_0_0_0_is_lost_and_it_is_said(tmp_path: Path, caplog) -> None:
    rows = ROWS + 1000
    rows[2, 1] = 0
    pose = read(trc(tmp_path / "a.trc", NAMES, rows))
    assert np.argwhere(np.isnan(pose.positions).any(axis=2)).tolist() == [[2, 1]]
    assert pose.confidence[2, 1] == 0
    assert "a.trc: 1 markers in 1 frames at exactly 0 0 0 are taken as lost" in caplog.text


def test_a_marker_that_is_always_at_0_0_0_away_from_the_others_is_lost(tmp_path: Path) -> None:
    rows = ROWS + 1000
    rows[:, 1] = 0
    assert np.isnan(read(trc(tmp_path / "a.trc", NAMES, rows)).positions).all(axis=(0, 2)).tolist() == [
        False,
        True,
        False,
    ]


def test_the_hip_of_a_pose_of_ours_is_at_0_0_0(tmp_path: Path, caplog) -> None:
    (person, *_) = formats.read(Path(__file__).parents[3] / "examples" / "balance_beam.npz")
    for suffix in (".trc", ".c3d"):
        formats.write(tmp_path / f"a{suffix}", person)
        hip = read(tmp_path / f"a{suffix}").joint("hip")
        assert np.array_equal(np.isnan(hip), np.isnan(person.pose3d.without_inferred().joint("hip")))
    assert not caplog.messages


def test_a_trial_that_starts_at_1_s(tmp_path: Path) -> None:
    pose = read(trc(tmp_path / "a.trc", NAMES, ROWS, first=101))
    assert pose.seconds.tolist() == pytest.approx([1.0, 1.01, 1.02, 1.03])
    for suffix in formats.suffixes("reads"):
        lost = formats.losses(f"b{suffix}", pose)
        formats.write(tmp_path / f"b{suffix}", pose)
        again = read(tmp_path / f"b{suffix}", **({"unit": "m", "up": "y"} if suffix == ".bvh" else {}))
        kept = again.seconds[0] == pytest.approx(1.0)
        assert kept == ("the time at which the clip begins" not in lost), suffix
        assert kept == (suffix != ".bvh")
        assert "uneven times" not in lost
        assert again.fps == 100
    line = (tmp_path / "b.trc").read_text().splitlines()[5].split("\t")
    assert (line[0], float(line[1])) == ("101", 1.0)


def test_a_c3d_whose_first_frame_is_101(tmp_path: Path) -> None:
    pose = read(c3d(tmp_path / "a.c3d", ["A", "B"], first_frame=100))
    assert pose.seconds.tolist() == pytest.approx([1.0, 1.01, 1.02, 1.03])


def test_formats_that_cannot_say_when_it_starts() -> None:
    pose = Pose3D(
        positions=np.zeros((2, 3, 3)), confidence=np.ones((2, 3)), skeleton=three(), fps=2.0, times=np.array([1.0, 1.5])
    )
    named = {
        suffix
        for suffix in formats.suffixes("writes")
        if any("begins" in w for w in formats.losses(f"a{suffix}", pose))
    }
    assert named == {".bvh", ".glb", ".gltf", ".mp4", ".gif", ".png", ".pdf", ".svg"}


def test_a_missing_unit_is_told_by_the_body(tmp_path: Path, caplog) -> None:
    rows = np.array([list(STANDING.values())])[:, :, [0, 2, 1]]
    path = trc(tmp_path / "a.trc", list(STANDING), rows, units="")
    assert read(path).positions[0, 0].tolist() == pytest.approx([0, -1.7, 0])


def test_people_of_other_joints_are_no_one_file(tmp_path: Path) -> None:
    poses = [
        Person(0, None, Pose3D(positions=np.ones((1, 3, 3)), confidence=np.ones((1, 3)), skeleton=three())),
        Person(1, None, Pose3D(positions=np.ones((2, 3, 3)), confidence=np.ones((2, 3)), skeleton=three())),
    ]
    with pytest.raises(InputError, match="got 1 frames of 3 and 2 frames of 3 joints; write a file for each"):
        formats.write(tmp_path / "a.json", poses)

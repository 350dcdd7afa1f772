"""Tables and marker files of other programs: what is odd is read as it is meant, what is wrong is refused in a line."""

import json
import signal
from dataclasses import replace

import numpy as np
import pytest

from ampose.errors import InputError, MissingExtraError
from ampose.files import poses as formats
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton, get_skeleton

ONE = {
    "positions": np.zeros((2, 17, 3)),
    "confidence": np.ones((2, 17)),
    "skeleton": get_skeleton("human36m_17"),
    "fps": 25.0,
}

HEADER = "person,frame,time_s,hip_x_m,hip_y_m,hip_z_m,hip_confidence\n"


def table(tmp_path, text: str, header: str = HEADER) -> list[Person]:
    (tmp_path / "a.csv").write_text(header + text, encoding="utf-8")
    return formats.read(tmp_path / "a.csv")


def test_rows_left_out_are_missing_frames(tmp_path):
    late, early = table(tmp_path, "3,2,0.08,1,2,3,0.5\n1,0,0.0,1,2,3,\n1,1,0.04,NA,,nan,\n")[::-1]
    assert (early.id, late.id, early.pose3d.fps) == (1, 3, 25.0)
    assert early.pose3d.missing.tolist() == [False, True, True]
    assert late.pose3d.missing.tolist() == [True, True, False]
    assert late.pose3d.confidence.ravel().tolist() == [0, 0, 0.5]


def test_only_frame_and_positions_are_needed(tmp_path):
    (one,) = table(tmp_path, "0,1,2,3\n1,1,2,3\n", "frame,hip_x_m,hip_y_m,hip_z_m\n")
    assert (one.id, one.pose3d.fps, one.pose3d.confidence.tolist()) == (0, None, [[1], [1]])


def test_times_rounded_to_a_millisecond_are_even(tmp_path):
    rows = "".join(f"0,{frame},{frame / 30:.3f},1,2,3,1\n" for frame in range(31))
    assert table(tmp_path, rows)[0].pose3d.fps == pytest.approx(30)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("", "there is no person"),
        ("0,0,0,1,2,3\n", "rows must have 7 cells as the line of names, got 6 in row 1"),
        ("0,0,0,one,2,3,1\n", "hip_x_m must hold numbers, got 'one' in row 1"),
        ("0,0,0,inf,2,3,1\n", "finite"),
        ("0,0.5,0,1,2,3,1\n", r"whole number from 0 to .*, got 0\.5"),
        ("0,-1,0,1,2,3,1\n", "whole number from 0"),
        ("0,1e12,0,1,2,3,1\n", "whole number from 0"),
        ("a,0,0,1,2,3,1\n", "person must hold numbers, got 'a' in row 1"),
        ("0.5,0,0,1,2,3,1\n", "person must be a whole number"),
        (",0,0,1,2,3,1\n", "person must be a whole number"),
        ("0,0,0,1,2,3,1\n0,0,0,1,2,3,1\n", "duplicate frame numbers"),
        ("0,0,0,1,2,3,1\n0,1,0.04,1,2,3,1\n1,1,0.05,1,2,3,1\n", "times must be the same for all rows of a frame"),
        ("0,0,5,1,2,3,1\n0,1,4,1,2,3,1\n", "do not rise"),
    ],
)
def test_wrong_rows(tmp_path, rows, message):
    with pytest.raises(InputError, match=message) as caught:
        table(tmp_path, rows)
    assert "a.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("frame,a,b\n", "got none of a joint"),
        ("frame,hip_x_m,hip_y_m\n0,1,2\n", "no 'hip_z_m'"),
        ("hip_x_m,hip_y_m,hip_z_m\n", "no 'frame'"),
        ("frame,frame,hip_x_m\n", "columns must have different names"),
    ],
)
def test_wrong_columns(tmp_path, header, message):
    with pytest.raises(InputError, match=message):
        table(tmp_path, "", header)


def person(frames: int = 4, fps: float | None = 50.0) -> Person:
    shape = (frames, 17)
    pose = Pose3D(
        positions=np.ones((*shape, 3), np.float32),
        confidence=np.ones(shape, np.float32),
        skeleton=get_skeleton("human36m_17"),
        fps=fps,
    )
    return Person(0, None, pose)


def rewrite(path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\tmm\t", "\tells\t", "Units must be one of mm, cm, dm, m, in, ft, got 'ells'"),
        ("DataRate", "Rate", "no 'DataRate'"),
        ("50\t50\t4\t17", "50\t50\t4\t16", "17 markers but NumMarkers 16"),
        ("50\t50\t4\t17", "50\t50\t9\t17", "4 rows but NumFrames 9"),
        ("50\t50\t4\t17", "0\t50\t4\t17", "DataRate must be positive"),
        ("50\t50\t4\t17", "25\t50\t4\t17", "DataRate must be that of the times"),
        ("\n3\t0.040000", "\n3\t0.010000", "do not rise"),
        ("\n3\t", "\n2\t", "the same for all rows|duplicate frame numbers"),
        ("\n3\t", "\nthree\t", "three"),
        ("right_hip", "hip", "a name each"),
    ],
)
def test_wrong_trc(tmp_path, old, new, message):
    path = tmp_path / "a.trc"
    formats.write(path, person())
    rewrite(path, old, new)
    with pytest.raises(InputError, match=message) as caught:
        formats.read(path)
    assert "\n" not in str(caught.value)


def test_trc_of_another_program(tmp_path):
    """Metres, an empty line after the header, empty fields for a missing marker, the last ones left out."""
    lines = [
        "PathFileType\t4\t(X/Y/Z)\tb.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        "60.00\t60.00\t2\t2\tm\t60.00\t1\t2",
        "Frame#\tTime\tRHip\t\t\tNose\t\t",
        "\t\tX1\tY1\tZ1\tX2\tY2\tZ2",
        "",
        "101\t1.667\t0.1\t0.2\t0.3\t1\t2\t3\t",
        "103\t1.700\t\t\t\t1",
    ]
    (tmp_path / "b.trc").write_text("\r\n".join(lines))
    pose = formats.read(tmp_path / "b.trc")[0].pose3d
    assert (pose.skeleton.joints, pose.fps, len(pose)) == (("RHip", "Nose"), 60.0, 3)
    np.testing.assert_allclose(pose.positions[0], [[0.1, -0.2, -0.3], [1, -2, -3]], rtol=1e-6)
    assert pose.missing.tolist() == [False, True, True]
    assert "Y points up" in str(pose.frame_of_reference)


def test_c3d_cut_off_between_frames(tmp_path):
    path = tmp_path / "a.c3d"
    formats.write(path, person(200))
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(InputError, match="of the 200 frames that its header says"):
        formats.read(path)


def test_c3d_too_long(tmp_path):
    with pytest.raises(InputError, match="65535 at most, got 65536"):
        formats.write(tmp_path / "a.c3d", person(65_536))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".trc", ".c3d"])
def test_pictures_need_a_frame_rate(tmp_path, suffix):
    with pytest.raises(InputError, match="needs a frame rate"):
        formats.write(tmp_path / f"a{suffix}", person(1, None))
    formats.write(tmp_path / f"a{suffix}", person(1))
    assert formats.read(tmp_path / f"a{suffix}")[0].pose3d.fps == 50


@pytest.mark.parametrize(("suffix", "extra"), [(".parquet", "tables"), (".c3d", "c3d")])
def test_a_missing_package_is_named(tmp_path, monkeypatch, suffix, extra):
    monkeypatch.setattr("ampose.packages.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'ampose\[{extra}\]'"):
        formats.check_writable(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".trc", ".c3d", ".json", ".npz"])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, suffix):
    """A limit on the size of files stands for the disk: writing beyond it fails in the same way."""
    resource = pytest.importorskip("resource", reason="only Unix has limits on the size of files")
    random = np.random.default_rng(0).normal(size=(400, 17, 3)).astype(np.float32)
    big = Person(0, None, replace(person(400).pose3d, positions=random))
    formats.write(tmp_path / f"first{suffix}", big)  # imports, which may write caches, come before the limit
    size = (tmp_path / f"first{suffix}").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, hard))
    try:
        with pytest.raises(InputError, match=f"a{suffix}: must fit on the disk"):
            formats.write(tmp_path / f"a{suffix}", big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert [file.name for file in tmp_path.iterdir()] == [f"first{suffix}"]


OF_TWO = Skeleton("two", {"hüfte; links": None, "knie": "hüfte; links"})


@pytest.fixture
def two() -> Pose3D:
    positions = np.random.default_rng(0).normal(size=(2, 2, 3)).round(4)
    return Pose3D(positions=positions, confidence=np.full((2, 2), 0.5), skeleton=OF_TWO, fps=25.0)


@pytest.mark.parametrize("letters", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("suffix", [".json", ".csv"])
@pytest.mark.parametrize("edited", [False, True])
def test_the_letters_of_other_computers(tmp_path, two, letters, suffix, edited):
    path = tmp_path / f"a{suffix}"
    formats.write(path, two)
    text = path.read_text(encoding="utf-8")
    if edited:  # no more in the lines that are written here
        text = json.dumps(json.loads(text), ensure_ascii=False) if suffix == ".json" else text.replace("\n", "\r\n\r\n")
    path.write_bytes(text.encode(letters))
    read = formats.read(path)[0].pose3d
    assert read.skeleton.joints == OF_TWO.joints
    np.testing.assert_allclose(read.positions, two.positions, atol=1e-6)


@pytest.mark.parametrize("separator", ";\t")
def test_a_table_as_a_spreadsheet_of_half_of_europe_saves_it(tmp_path, separator):
    formats.write(tmp_path / "a.csv", person(2))
    lines = (tmp_path / "a.csv").read_text().splitlines()
    rows = (line.replace(",", separator).replace(".", ",") for line in lines[1:])
    (tmp_path / "b.csv").write_text("\r\n".join([lines[0].replace(",", separator), *rows]), encoding="utf-16")
    one, other = (formats.read(tmp_path / name)[0].pose3d for name in ("a.csv", "b.csv"))
    np.testing.assert_array_equal(one.positions, other.positions)
    assert one.fps == other.fps == 50


@pytest.mark.parametrize("identity", ['"left"', "1.5", "null", "true", "[1]", "1e30"])
def test_an_id_that_is_no_whole_number(tmp_path, identity):
    """It would be written as it stands, and the file would be no JSON."""
    path = tmp_path / "a.json"
    formats.write(path, person(1))
    path.write_text(path.read_text().replace('{"id": 0', f'{{"id": {identity}'))
    with pytest.raises(InputError, match="id"):
        formats.read(path)


def test_two_people_of_one_id_in_a_file(tmp_path):
    poses = [Person(number, None, Pose3D(**ONE)) for number in (0, 1)]
    formats.write(tmp_path / "a.json", poses)
    content = (tmp_path / "a.json").read_text()
    assert content.count('"id": 1') == 1
    (tmp_path / "a.json").write_text(content.replace('"id": 1', '"id": 0'))
    with pytest.raises(InputError, match=r"a\.json: people must each have their own id, got \[0, 0\]"):
        formats.read(tmp_path / "a.json")


def test_what_people_of_one_file_must_share_names_the_file(tmp_path):
    short, long = (Pose3D(**{**ONE, "positions": np.zeros((n, 17, 3)), "confidence": np.ones((n, 17))}) for n in (2, 3))
    with pytest.raises(InputError, match=r"a\.json: people in one file must share frames and joints"):
        formats.write(tmp_path / "a.json", [Person(0, None, short), Person(1, None, long)])


@pytest.mark.parametrize(
    ("array", "kept", "said"),
    [
        ("ids", slice(1), "ids 1, positions 2, confidence 2"),
        ("ids", 0, "ids none, positions 2"),
        ("positions", slice(1), "ids 2, positions 1, confidence 2"),
        ("confidence", slice(0), "positions 2, confidence 0"),
    ],
)
def test_arrays_of_fewer_people_than_others(tmp_path, array, kept, said):
    path = tmp_path / "a.npz"
    formats.write(path, [Person(number, None, Pose3D(**ONE)) for number in (4, 7)])
    with np.load(path) as arrays:
        data = dict(arrays)
    np.savez(path, **data | {array: data[array][kept]})
    with pytest.raises(InputError, match=rf"a\.npz: ids and the other arrays must be of as many people, got .*{said}"):
        formats.read(path)

"""Standard input and output in place of files."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ampose.cli import main
from ampose.files import poses as formats

LIFTED = Path(__file__).parents[2] / "examples" / "balance_beam.npz"


@pytest.fixture
def poses(tmp_path: Path) -> Path:
    formats.write(tmp_path / "poses.json", formats.read(LIFTED)[0])
    return tmp_path / "poses.json"


def given(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_poses_from_and_to_a_pipe(poses: Path, tmp_path: Path, monkeypatch, capfdbinary) -> None:
    given(monkeypatch, poses.read_bytes())
    assert main(["convert", "-", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert json.loads(out) == json.loads(poses.read_bytes())
    assert b"1 person" in err
    given(monkeypatch, out)
    assert main(["convert", "-", "-", "--to", "csv"]) == 0
    table = capfdbinary.readouterr().out
    given(monkeypatch, table)
    assert main(["convert", "-", str(tmp_path / "b.csv")]) == 0
    assert (tmp_path / "b.csv").read_bytes() == table


def test_keypoints_from_a_pipe(tmp_path: Path) -> None:
    body = np.random.default_rng(0).uniform(100, 300, (4, 17, 2))
    np.save(tmp_path / "a.npy", body)
    words = [sys.executable, "-m", "ampose", "lift", "-", "-o", "-", "--image-size", "640x480", "--fps", "30"]
    words += ["--skeleton", "coco_17", "--to", "csv"]
    done = subprocess.run(words, input=(tmp_path / "a.npy").read_bytes(), capture_output=True, check=True, cwd=tmp_path)
    header, *rows = done.stdout.decode().splitlines()
    assert header.startswith("person,frame,time_s,hip_x_m")
    assert len(rows) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "nothing comes from standard input"),
        (b"{", "standard input: must be a whole .json file"),
        (b"a,b\n1,2\n", "standard input: columns must be"),
    ],
)
def test_what_is_wrong_names_standard_input(tmp_path: Path, monkeypatch, capsys, data: bytes, message: str) -> None:
    given(monkeypatch, data)
    assert main(["convert", "-", str(tmp_path / "a.csv")]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_notes_name_standard_input(poses: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    table = "person,frame,hip_x_m,hip_y_m,hip_z_m\n0,0,1,2,3\n"
    given(monkeypatch, table.encode())
    assert main(["convert", "-", str(tmp_path / "a.bvh")]) == 2
    assert "frame rate" in capsys.readouterr().err
    assert not (tmp_path / "a.bvh").exists()


def test_a_page_of_a_pipe(poses: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    given(monkeypatch, poses.read_bytes())
    assert main(["view", "-", "-o", str(tmp_path / "a.html")]) == 0
    assert (tmp_path / "a.html").stat().st_size > 10_000


def test_videos_in_a_folder_are_several_inputs(tmp_path: Path, capsys) -> None:
    for name in ("a.mp4", "b.mov"):
        (tmp_path / name).touch()
    assert main(["lift", str(tmp_path), "-o", "-"]) == 2
    assert "for one input alone, got 2" in capsys.readouterr().err


def test_a_pipe_is_one_input(poses: Path, capsys) -> None:
    assert main(["lift", "-", str(poses), "-o", "out"]) == 2
    assert "for one input alone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("clip.slp", "SLEAP's own project"),
        ("Thumbs.db", "thumbnails; name another file"),
        ("poses.jsn", "did you mean poses.json?"),
        ("clip.bvh", "holds 3D poses already"),
        ("table.xlsx", "a spreadsheet; save it as CSV"),
    ],
)
def test_each_wrong_file_has_its_own_answer(poses: Path, tmp_path: Path, capsys, name: str, says: str) -> None:
    if name != "poses.jsn":
        (tmp_path / name).write_bytes(b"\0\1\2")
    assert main(["lift", str(tmp_path / name), "-o", str(tmp_path / "out"), "--image-size", "9x9"]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1

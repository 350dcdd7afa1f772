import shutil
from pathlib import Path

import pytest

from ampose.cli import main
from ampose.data import read_motion

STICK_FIGURE = Path(__file__).parents[1] / "data" / "cmu" / "stick_figure"


def test_prepares_a_file_and_says_what_is_in_it(tmp_path, capsys):
    path = tmp_path / "out" / "cmu.npz"
    assert main(["prepare", "cmu", "--root", str(STICK_FIGURE), "-o", str(path)]) == 0
    motion = read_motion(path)
    assert motion.names == ("01_01", "01_02")
    shown = capsys.readouterr()
    for text in ("1 (01)", str(path), motion.sha256, "NSF EIA-0196217", "http://mocap.cs.cmu.edu"):
        assert text in shown.out
    assert "forearm              300 mm  (usual 275)\n" in shown.out
    assert "reading cmu: 2 of 2 clips 01_02" in shown.err


def test_table_is_aligned(tmp_path, capsys):
    main(["prepare", "cmu", "--root", str(STICK_FIGURE), "-o", str(tmp_path / "cmu.npz")])
    lines = capsys.readouterr().out.splitlines()
    bones = [line for line in lines if "(usual" in line]
    assert len(bones) == 10
    assert len({line.index("(usual") for line in bones}) == 1


def test_unusual_bones_are_pointed_out(tmp_path, capsys):
    root = Path(shutil.copytree(STICK_FIGURE, tmp_path / "cmu"))
    skeleton = root / "subjects" / "01" / "01.asf"
    skeleton.write_text(skeleton.read_text().replace("length 0.0254", "length 0.45"))  # as if it were inches / 0.45
    assert main(["prepare", "cmu", "--root", str(root), "-o", str(tmp_path / "cmu.npz")]) == 0
    assert capsys.readouterr().out.count("UNUSUAL") == 10


def test_default_output_is_named_after_the_dataset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", "cmu", "--root", str(STICK_FIGURE)]) == 0
    assert (tmp_path / "prepared" / "cmu.npz").is_file()


def test_same_dataset_same_bytes(tmp_path):
    for name in ("a", "b"):
        main(["prepare", "cmu", "--root", str(STICK_FIGURE), "-o", str(tmp_path / name)])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_broken_dataset_is_one_line_and_no_file(tmp_path, capsys):
    root = Path(shutil.copytree(STICK_FIGURE, tmp_path / "cmu"))
    trial = root / "subjects" / "01" / "01_02.amc"
    trial.write_text(trial.read_text().replace("ltibia 0", "ltibia zero", 1))
    assert main(["prepare", "cmu", "--root", str(root), "-o", str(tmp_path / "cmu.npz")]) == 2
    progress, error = capsys.readouterr().err.splitlines()
    assert progress.endswith("2 of 2 clips 01_02")  # all is read, so that all that is damaged is named
    assert error.startswith("ampose: error: ")
    assert "01_02.amc, line " in error
    assert not (tmp_path / "cmu.npz").exists()


def test_unknown_dataset_gets_a_hint(tmp_path, capsys):
    assert main(["prepare", "cmuu", "--root", str(tmp_path)]) == 2
    assert "did you mean 'cmu'" in capsys.readouterr().err


def test_help_explains_each_option(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["prepare", "--help"])
    shown = capsys.readouterr().out
    for text in ("--root", "--output", "prepared/<dataset>.npz"):
        assert text in shown


def test_damaged_files_are_left_out_if_so_asked_and_named(tmp_path, capsys):
    root = Path(shutil.copytree(STICK_FIGURE, tmp_path / "cmu"))
    broken = root / "subjects" / "01" / "01_02.amc"
    broken.write_text(broken.read_text()[:-40])
    command = ["prepare", "cmu", "--root", str(root), "-o", str(tmp_path / "cmu.npz")]
    assert main([*command, "--skip-damaged"]) == 0
    assert "01_02 (damaged)" in capsys.readouterr().out
    assert read_motion(tmp_path / "cmu.npz").names == ("01_01",)
    command[1] = "human36m"
    assert main([*command, "--skip-damaged"]) == 2
    assert "--skip-damaged must be left out for human36m" in capsys.readouterr().err

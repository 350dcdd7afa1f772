import pytest
from tests.data.human36m import human36m_standin as standin

from ampose.cli import main
from ampose.data import read_recordings


@pytest.fixture(scope="module")
def takes():
    return standin.make_takes()


@pytest.fixture(scope="module")
def root(tmp_path_factory, takes):
    root = tmp_path_factory.mktemp("human36m")
    standin.write_h5(root / "h36m", takes)
    return root


def test_prepares_a_folder_and_says_what_is_in_it(root, takes, tmp_path, capsys):
    cpn = standin.write_2d(tmp_path, takes, "cpn_ft_h36m_dbb", noise=5)
    hrnet = standin.write_2d(tmp_path, takes, "hrnet", noise=2)
    output = tmp_path / "prepared" / "human36m"
    options = ["--root", str(root), "--keypoints-2d", str(cpn), str(hrnet), "-o", str(output)]
    assert main(["prepare", "human36m", *options]) == 0
    recordings = read_recordings(output, verify=True)
    assert list(recordings.keypoints) == ["gt", "cpn", "hrnet"]
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].startswith("8,368 samples will take 6 MB in ")
    for text in ("1,559,752", "543,344", "S11 Directions left out", recordings.sha256, str(output), "ICCV 2011"):
        assert text in shown.out
    assert "preparing human36m: 418 of 418 steps written: S11 WalkTogether 1" in shown.err


def test_default_output_is_a_folder_named_after_the_dataset(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", "human36m", "--root", str(root)]) == 0
    assert read_recordings(tmp_path / "prepared" / "human36m").num_recordings == 836


def test_a_hostile_file_is_one_line_and_no_folder(root, tmp_path, capsys):
    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "marker"), "w"))

    path = standin._save(tmp_path / "x.npz", positions_2d={"S1": {"Eating 1": Hostile()}})
    options = ["--root", str(root), "--keypoints-2d", str(path), "-o", str(tmp_path / "out")]
    assert main(["prepare", "human36m", *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"ampose: error: {path}: pickle must hold plain data, found ")
    assert "open" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "marker").exists()
    assert not (tmp_path / "out").exists()


def test_missing_data_is_one_line_with_what_to_download(tmp_path, capsys):
    assert main(["prepare", "human36m", "--root", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "https://vision.imar.ro/human3.6m" in error


def test_another_folder_is_not_overwritten(root, tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("mine")
    assert main(["prepare", "human36m", "--root", str(root), "-o", str(tmp_path)]) == 2
    assert "output must be a new folder" in capsys.readouterr().err
    assert (tmp_path / "thesis.tex").read_text() == "mine"


def test_datasets_without_cameras_take_no_keypoints(tmp_path, capsys):
    assert main(["prepare", "cmu", "--root", str(tmp_path), "--keypoints-2d", "x.npz"]) == 2
    assert "--keypoints-2d must be left out for cmu" in capsys.readouterr().err

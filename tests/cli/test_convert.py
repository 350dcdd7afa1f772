"""``ampose convert``, and ``ampose lift --to``: what is written, what is said to be lost, what is refused."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ampose.cli import main
from ampose.files import poses as formats
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import get_skeleton

ROOT = Path(__file__).parents[2]
CLIP = ROOT / "examples" / "balance_beam.mp4"


def person(*, fps: float | None = 50.0, number: int = 0, frames: int = 3) -> Person:
    skeleton = get_skeleton("human36m_17")
    positions = np.random.default_rng(number).normal(size=(frames, 17, 3)).astype(np.float32)
    pose = Pose3D(positions=positions, confidence=np.full((frames, 17), 0.5, np.float32), skeleton=skeleton, fps=fps)
    pose2d = Pose2D.from_array(np.ones((frames, 17, 2)), skeleton=skeleton, image_size=(9, 9), fps=fps)
    return Person(number, pose2d, pose)


@pytest.fixture
def poses(tmp_path) -> Path:
    formats.write(tmp_path / "poses.json", person())
    return tmp_path / "poses.json"


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_to_several_formats_and_back(poses, tmp_path, capsys):
    outputs = [str(tmp_path / name) for name in ("a.trc", "a.csv", "a.parquet", "a.c3d", "a.npz")]
    assert main(["convert", str(poses), *outputs]) == 0
    said = capsys.readouterr().out
    lines = {output: next(line for line in said.splitlines() if output in line) for output in outputs}
    assert "1 person, 3 frames, 50 frames a second" in said
    assert "without confidence, 2D keypoints" in lines[outputs[0]]
    assert "without 2D keypoints" in lines[outputs[2]]
    assert lines[outputs[4]].endswith("everything")
    for output in outputs:
        read = formats.read(output)[0].pose3d
        np.testing.assert_allclose(read.positions, person().pose3d.positions, rtol=0, atol=1.2e-5)
    assert main(["convert", outputs[3], str(tmp_path / "back.json")]) == 0
    assert formats.read(tmp_path / "back.json")[0].pose2d is None


def test_the_tilt_that_was_told_when_lifting_counts_unless_another_is_told(tmp_path):
    plain = person()
    told = replace(plain, pose3d=replace(plain.pose3d, camera_tilt=22.0))
    for name, someone in (("plain", plain), ("told", told)):
        formats.write(tmp_path / f"{name}.json", someone)
    for source, options in (("told", []), ("plain", ["--camera-tilt", "22"]), ("told", ["--camera-tilt", "0"])):
        output = tmp_path / f"{source}{len(options)}{options[-1:]}.trc"
        assert main(["convert", str(tmp_path / f"{source}.json"), str(output), *options]) == 0
    read = {file.stem: formats.read(file)[0].pose3d.positions for file in tmp_path.glob("*.trc")}
    np.testing.assert_array_equal(read["told0[]"], read["plain2['22']"])
    np.testing.assert_allclose(read["told2['0']"], plain.pose3d.positions, rtol=0, atol=1e-5)


def test_several_people_give_a_file_each(tmp_path, capsys):
    formats.write(tmp_path / "poses.json", [person(), person(number=3)])
    assert main(["convert", str(tmp_path / "poses.json"), str(tmp_path / "a.trc"), str(tmp_path / "a.csv")]) == 0
    assert names(tmp_path) == ["a.csv", "a_0.trc", "a_3.trc", "poses.json"]
    said = capsys.readouterr().out
    assert "2 people" in said
    assert "several people" not in said, "each has a file: nobody is lost"
    second = formats.read(tmp_path / "a_3.trc")[0].pose3d
    np.testing.assert_allclose(second.positions, person(number=3).pose3d.positions, rtol=0, atol=1.2e-5)


def test_pictures_with_a_rate_and_a_camera_that_looks_down(tmp_path):
    formats.write(tmp_path / "poses.json", person(fps=None, frames=1))
    options = ["--fps", "30", "--camera-tilt", "90"]
    assert (
        main(["convert", str(tmp_path / "poses.json"), str(tmp_path / "a.trc"), str(tmp_path / "a.csv"), *options]) == 0
    )
    x, y, z = np.moveaxis(person(frames=1).pose3d.positions, -1, 0)
    levelled = np.stack([x, z, -y], axis=-1)  # what is away from a camera that looks straight down is down
    turned, kept = (formats.read(tmp_path / name)[0].pose3d for name in ("a.trc", "a.csv"))
    np.testing.assert_allclose(turned.positions, levelled, rtol=0, atol=1.2e-5)
    np.testing.assert_allclose(kept.positions, np.stack([x, y, z], axis=-1), rtol=0, atol=1.2e-5)
    assert turned.fps == 30


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["poses.json", "a.trd"], "the name must end in"),
        (["poses.json", "a.csv", "nowhere/a.trc"], "there is no folder nowhere"),
        (["poses.json", "/proc/a.trc"], "must be in a folder that can be written to"),
        (["poses.json", "poses.json"], "is the input itself; name another file"),
        (["poses.json", "a.csv", "a.csv"], "is named twice"),
        (["poses.json"], "there is no file to write"),
        (["poses.json", "a.csv", "--fps", "0"], "fps must be"),
        (["poses.json", "a.csv", "--fps", "nan"], "fps must be"),
        (["nothing.json", "a.csv"], "no such file"),
        (["broken.json", "a.csv"], "broken.json: must be a whole .json file"),
        (["empty.json", "a.csv"], "empty.json holds nobody"),
        (["pictures.json", "a.csv", "a.c3d"], "a.c3d: a .c3d file needs a frame rate"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(poses, tmp_path, monkeypatch, capsys, arguments, message):
    text = poses.read_text()
    (tmp_path / "broken.json").write_text(text[: len(text) // 2])
    (tmp_path / "empty.json").write_text(text[: text.index(' "people"')] + ' "people": []}')
    formats.write(tmp_path / "pictures.json", person(fps=None))
    before = names(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["convert", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert names(tmp_path) == before


@pytest.mark.detector
def test_lift_to_more_formats(tmp_path, capsys):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from ampose.media import open_media
    from ampose.media.video_writer import writing_video

    media = open_media(CLIP)
    with writing_video(tmp_path / "short.mp4", image_size=media.image_size, fps=30.0) as video:
        for _, frame in zip(range(4), media, strict=False):
            video.write(frame)
    options = ["-o", str(tmp_path / "out"), "--no-preview", "--to", "TRC, .csv,json", "--camera-tilt", "22"]
    assert main(["lift", str(tmp_path / "short.mp4"), *options]) == 0
    assert names(tmp_path / "out") == ["overview.png", "poses.csv", "poses.json", "poses.npz", "poses.trc"]
    assert re.search(r"poses\.trc +without confidence", capsys.readouterr().out)
    (upright,), (camera,) = (formats.read(tmp_path / "out" / name) for name in ("poses.trc", "poses.npz"))
    np.testing.assert_allclose(upright.pose3d.positions[..., 0], camera.pose3d.positions[..., 0], rtol=0, atol=1e-5)
    one, other = upright.pose3d.positions[..., 1:], camera.pose3d.positions[..., 1:]
    cosine = (one * other).sum(axis=-1) / np.maximum(1e-9, np.square(other).sum(axis=-1))
    far = np.linalg.norm(other, axis=-1) > 0.2
    np.testing.assert_allclose(np.degrees(np.arccos(cosine[far])), 22, atol=0.1)


@pytest.mark.parametrize(("to", "message"), [("trd", "not as 'trd' (--to)"), ("trc", "needs a frame rate")])
def test_lift_refuses_before_the_work(tmp_path, capsys, to, message):
    from PIL import Image

    Image.new("RGB", (40, 30)).save(tmp_path / "one.png")
    assert main(["lift", str(tmp_path / "one.png"), "-o", str(tmp_path / "out"), "--to", to]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "finding the person" not in error
    assert not (tmp_path / "out").exists()

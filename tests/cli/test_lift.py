"""``ampose lift`` from end to end, on a real person, and what it says to a user's mistake."""

import inspect
import json
import re
import struct
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from ampose.cli import main
from ampose.cli.lift.batch import name_folders
from ampose.errors import InputError
from ampose.files import poses as formats
from ampose.media import open_media
from ampose.media.video_writer import writing_video

ROOT = Path(__file__).parents[2]
CLIP = ROOT / "examples" / "balance_beam.mp4"
BUST = ROOT.parent / "shared" / "media" / "grace_hopper.jpg"

pytestmark = pytest.mark.detector


@pytest.fixture(scope="module")
def weights(untrained) -> str:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    return untrained


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory) -> Path:
    """12 frames, of which the last 3 are black."""
    path = tmp_path_factory.mktemp("clip") / "short.mp4"
    media = open_media(CLIP)
    with writing_video(path, image_size=media.image_size, fps=30.0) as video:
        for number, frame in zip(range(12), media, strict=False):
            video.write(frame if number < 9 else np.zeros_like(frame))
    return path


def test_video_to_files(weights, short_clip, tmp_path, capsys):
    folder = tmp_path / "new" / "result"
    assert main(["lift", str(short_clip), "-o", str(folder), "--model", weights, "--to", "html"]) == 0
    said = capsys.readouterr().out
    names = {"poses.json", "poses.npz", "poses.html", "overview.png", "preview.mp4"}
    assert '"videoType": "video/mp4"' in (folder / "poses.html").read_text(), "the page shows the video's frames"
    assert {file.name for file in folder.iterdir()} == names
    assert all(str(folder / name) in said for name in names)
    assert "found in 9 of 12 frames; the other 3 are kept as missing" in said
    assert re.search(r"reading [\d.]+, detecting [\d.]+, lifting [\d.]+ ms a frame", said)
    person = formats.read(folder / "poses.npz")[0]
    assert person.pose3d.missing.tolist() == [False] * 9 + [True] * 3
    data = json.loads((folder / "poses.json").read_text())
    assert data["provenance"]["detector"] == "blazepose"
    assert data["provenance"]["weights"]
    assert len(list(open_media(folder / "preview.mp4"))) == 12
    assert open_media(folder / "overview.png").image_size[0] == pytest.approx(1600, abs=4)


def test_frames_at_uneven_times_are_told_and_shown_at_their_times(weights, tmp_path, capsys):
    moments = [0.0, 0.033, 0.066, 2.0]
    with writing_video(tmp_path / "dark.mp4", image_size=(720, 1280), fps=30.0, timed=True) as video:
        for moment, frame in zip(moments, open_media(CLIP), strict=False):
            video.write(frame, moment)
    assert main(["lift", str(tmp_path / "dark.mp4"), "-o", str(tmp_path / "out"), "--model", weights]) == 0
    assert "4 frames, 720 x 1280 pixels, 1.5 frames a second on average, at uneven times" in capsys.readouterr().out
    preview = open_media(tmp_path / "out" / "preview.mp4")
    assert len(list(preview)) == 4
    assert preview.times == pytest.approx(moments, abs=1e-3)


def test_a_video_that_claims_to_be_one_frame_has_its_preview(weights, tmp_path, capsys):
    path = tmp_path / "claims.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 720, 1280, "yuvj420p"
        for _, frame in zip(range(4), open_media(CLIP), strict=False):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.index(b"strh") + 8 + 32, 1)
    path.write_bytes(content)
    assert main(["lift", str(path), "-o", str(tmp_path / "out"), "--model", weights]) == 0
    assert len(list(open_media(tmp_path / "out" / "preview.mp4"))) == 4
    assert "of 1 frames" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["poses.json", "overview.png", "preview.mp4", "poses.trc"])
def test_a_folder_in_the_place_of_a_file_is_told_before_the_work(short_clip, tmp_path, capsys, name, monkeypatch):
    monkeypatch.setattr("ampose.pipeline.video.lift_video", lambda *_, **__: pytest.fail("the work must not begin"))
    (tmp_path / name).mkdir()
    assert main(["lift", str(short_clip), "-o", str(tmp_path), "--to", "trc"]) == 2
    assert f"{tmp_path / name}: is a folder" in capsys.readouterr().err


def test_a_video_of_one_frame_has_no_preview(weights, tmp_path):
    with writing_video(tmp_path / "one.mp4", image_size=(720, 1280), fps=30.0) as video:
        video.write(next(iter(open_media(CLIP))))
    assert main(["lift", str(tmp_path / "one.mp4"), "-o", str(tmp_path / "out"), "--model", weights]) == 0
    assert not (tmp_path / "out" / "preview.mp4").exists()


def test_one_picture_has_no_preview_and_says_what_it_guesses(weights, tmp_path, capsys):
    if not BUST.exists():
        pytest.skip("the half-body picture is not here")
    assert main(["lift", str(BUST), "-o", str(tmp_path / "out"), "--model", weights]) == 0
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"poses.json", "poses.npz", "overview.png"}
    assert "the legs were mostly out of sight" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "poses.json").read_text())["fps"] is None


def test_folder_of_pictures_and_default_output(weights, tmp_path, monkeypatch):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, frame in zip((1, 2, 10), open_media(CLIP), strict=False):
        Image.fromarray(frame).save(folder / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    assert main(["lift", "pictures", "--model", weights, "--no-flip"]) == 0
    assert len(formats.read(tmp_path / "pictures_3d" / "poses.json")[0].pose3d) == 3
    assert len(list(open_media(tmp_path / "pictures_3d" / "preview.mp4"))) == 3


def test_no_preview(weights, short_clip, tmp_path, capsys):
    options = ["-o", str(tmp_path / "out"), "--model", weights, "--no-preview"]
    assert main(["lift", str(short_clip), *options]) == 0
    assert not (tmp_path / "out" / "preview.mp4").exists()
    assert (tmp_path / "out" / "overview.png").exists()
    assert "earlier run" not in capsys.readouterr().out


def test_files_of_an_earlier_run_are_named(weights, short_clip, tmp_path, capsys):
    """They show another result, in a folder that looks like one."""
    out = tmp_path / "out"
    out.mkdir()
    for name in ("preview.mp4", "poses_1.trc", "poses.html", "overview.png", "notes.txt"):
        (out / name).write_text("old")
    assert main(["lift", str(short_clip), "-o", str(out), "--model", weights, "--no-preview"]) == 0
    assert "older   poses.html, poses_1.trc, preview.mp4: of an earlier run" in capsys.readouterr().out
    assert {(out / name).read_text() for name in ("preview.mp4", "poses_1.trc", "poses.html", "notes.txt")} == {"old"}


def night(path: Path) -> None:
    with writing_video(path, image_size=(160, 120), fps=25.0) as video:
        for _ in range(3):
            video.write(np.zeros((120, 160, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("no film\n" * 50), "must be a video"),
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "a folder without any"),
        (night, "found nobody in 3 frames"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(weights, tmp_path, capsys, make, message):
    path = tmp_path / "input.mp4"
    make(path)
    assert main(["lift", str(path), "-o", str(tmp_path / "out"), "--model", weights]) == 2
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ampose: error")]
    assert len(error) == 1
    assert message in error[0]
    assert str(path) in error[0]
    assert not (tmp_path / "out").exists()


def test_output_is_checked_before_the_work(weights, short_clip, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    for output in (tmp_path / "file", tmp_path / "file" / "deeper", Path("/proc/nowhere/out")):
        assert main(["lift", str(short_clip), "-o", str(output), "--model", weights]) == 2
        error = capsys.readouterr().err
        assert f"{output}: cannot be written to" in error
        assert "finding the person" not in error
    assert (tmp_path / "file").read_text() == "in the way"


def test_poses_are_not_lifted_over_themselves(weights, tmp_path, capsys):
    file = tmp_path / "poses.json"
    file.write_text("{}")
    assert main(["lift", str(file), "-o", str(tmp_path), "--model", weights]) == 2
    assert "would be overwritten by what is lifted from it" in capsys.readouterr().err
    assert file.read_text() == "{}"


def test_folders_of_inputs_of_one_name_tell_them_apart(tmp_path):
    sources = [Path(name) for name in ("a/cam.mp4", "b/cam.mp4", "b/cam.mov", "x.mp4")]
    named = name_folders(sources, tmp_path)
    assert [folder.name for folder in named.values()] == ["a_cam_mp4", "b_cam_mp4", "cam_mov", "x"]
    (tmp_path / "link.mp4").symlink_to("cam.mp4")
    twice = [
        tmp_path / name for name in ("cam.mp4", "x.mp4", "../" + tmp_path.name + "/cam.mp4", "link.mp4", "cam.mp4")
    ]
    assert list(name_folders(twice, tmp_path)) == twice[:2], "an input that is named twice is lifted once"
    with pytest.raises(InputError, match="2 inputs are called a_cam_mp4"):
        name_folders([Path("1/a/cam.mp4"), Path("2/a/cam.mp4")], tmp_path)


def test_output_into_the_folder_of_the_pictures(weights, tmp_path, capsys):
    Image.new("RGB", (40, 30)).save(tmp_path / "1.png")
    assert main(["lift", str(tmp_path), "-o", str(tmp_path), "--model", weights]) == 2
    assert "another folder than the input" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["1.png"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "ampose-smal"], "weights must be"),
        (["--detector", "blazepoze"], "did you mean 'blazepose'"),
        (["--field-of-view", "0"], "field of view must be"),
        (
            ["--field-of-view", "60", "--focal", "900"],
            "must not both be given; leave one out (--focal)",
        ),
    ],
)
def test_wrong_settings(weights, short_clip, tmp_path, capsys, options, message):
    arguments = ["lift", str(short_clip), "-o", str(tmp_path / "out"), "--model", weights, *options]
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_help_names_every_further_format():
    from ampose.cli.lift.outputs import OutputOptions
    from ampose.files.poses import suffixes

    said = re.search(r'to: Formats.*?"""(.*?)"""', inspect.getsource(OutputOptions), re.DOTALL).group(1)
    listed = said.partition(":")[2].rstrip(".").replace(",", "").split()
    assert listed == sorted(suffix.strip(".") for suffix in suffixes("writes") if suffix not in (".json", ".npz"))

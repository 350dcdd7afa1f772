"""``ampose live`` on a video that is played as if it were a camera."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ampose.cli import main
from ampose.files import poses as formats
from ampose.lifting.lifter import load_model
from ampose.media import open_media
from ampose.media.video_writer import writing_video

CLIP = Path(__file__).parents[2] / "examples" / "balance_beam.mp4"

pytestmark = pytest.mark.detector


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory) -> Path:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    path = tmp_path_factory.mktemp("clip") / "short.mp4"
    media = open_media(CLIP)
    with writing_video(path, image_size=media.image_size, fps=30.0) as video:
        for _, frame in zip(range(10), media, strict=False):
            video.write(frame)
    return path


def test_live_shows_the_latency_and_writes_what_lift_would(short_clip, untrained, tmp_path, capsys):
    arguments = ["live", "--camera", str(short_clip), "--no-window", "--model", untrained, "--no-smooth"]
    assert main([*arguments, "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    steps = dict(re.findall(r"^(\w+) +([\d.]+) +[\d.]+$", said, flags=re.MULTILINE))
    assert set(steps) == {"waiting", "detecting", "tracking", "lifting", "total"}
    assert 0 < float(steps["detecting"]) <= float(steps["total"])
    (person,) = formats.read(tmp_path / "out" / "poses.json")
    assert len(person.pose3d) == 10
    assert not person.pose3d.missing.any()
    assert person.pose3d.fps == pytest.approx(30), "a file's frames have their own times, however long lifting takes"
    at_once = load_model(untrained).lift(person.pose2d, flip=True)
    np.testing.assert_allclose(person.pose3d.positions, at_once.positions, atol=1e-4)


def test_live_stops_in_time_and_smooths(short_clip, untrained, capsys):
    arguments = ["live", "--camera", str(short_clip), "--no-window", "--model", untrained]
    assert main([*arguments, "--seconds", "0.05"]) == 0
    frames = int(re.match(r"(\d+) frames?;", capsys.readouterr().out)[1])
    assert 1 <= frames < 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--camera", "97"], "camera 97 is not attached or not free; name another (--camera)"),
        (["--seconds", "0"], "seconds must be positive, got 0 (--seconds)"),
        (["--camera", str(CLIP), "--detector", "blazepoze"], "did you mean 'blazepose'"),
        (["--camera", str(CLIP), "--detector-option", "size=3"], "detector option must be a known name, got 'size'"),
    ],
)
def test_bad_input_is_one_line(untrained, tmp_path, capsys, options, message):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    assert main(["live", "--no-window", "--model", untrained, "-o", str(tmp_path / "out"), *options]) == 2
    (error,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ampose: error")]
    assert message in error
    assert not (tmp_path / "out").exists()


def test_live_that_is_stopped_early_leaves_nothing_open(short_clip, untrained):
    """In a process of its own: what is left open says so when Python ends."""
    arguments = ["live", "--camera", str(short_clip), "--no-window", "--model", untrained, "--seconds", "0.05"]
    done = subprocess.run([sys.executable, "-m", "ampose", *arguments], capture_output=True, text=True, check=True)
    assert "Exception ignored" not in done.stderr
    assert "Traceback" not in done.stderr

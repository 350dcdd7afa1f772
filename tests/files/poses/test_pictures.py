"""Clips and stills: what is in them is read back with Pillow, PyAV and an XML parser."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from ampose.drawing.projection import SIDE_COLOURS
from ampose.errors import InputError
from ampose.files import poses as formats
from ampose.poses.people import Person

LIFTED = Path(__file__).parents[3] / "examples" / "balance_beam.npz"
PICTURES = [".mp4", ".gif", ".png", ".pdf", ".svg"]


@pytest.fixture
def person() -> Person:
    (whole,) = formats.read(LIFTED)
    return Person(0, None, whole.pose3d[:24])


def amount(picture: np.ndarray, side: str) -> int:
    return int((np.abs(picture.astype(int) - np.array(SIDE_COLOURS[side])).sum(axis=2) < 90).sum())


def test_gif_moves_and_lasts_as_long_as_the_clip(person, tmp_path):
    uneven = np.linspace(0, 1.5, 24) ** 2 + np.arange(24) * 0.01
    timed = replace(person, pose3d=replace(person.pose3d, times=uneven, fps=None))
    formats.write(tmp_path / "a.gif", timed)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.info["loop"] == 0
        frames, lasted = [], 0.0
        for number in range(gif.n_frames):
            gif.seek(number)
            frames.append(np.asarray(gif.convert("RGB")))
            lasted += gif.info["duration"]
    assert lasted / 1000 == pytest.approx(uneven[-1] + 1 / timed.pose3d.mean_rate, abs=0.03)
    assert min(amount(frame, side) for frame in frames for side in ("left", "right")) > 300
    assert np.abs(frames[0].astype(int) - frames[-1]).max() > 100


def test_mp4_has_every_frame_at_its_rate(person, tmp_path):
    av = pytest.importorskip("av")
    formats.write(tmp_path / "a.mp4", person)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert float(stream.average_rate) == pytest.approx(person.pose3d.fps, rel=1e-3)
    assert len(frames) == 24
    assert amount(frames[0], "left") > 300


def test_contact_sheet_has_a_cell_for_each_moment(person, tmp_path):
    formats.write(tmp_path / "many.png", person)
    formats.write(tmp_path / "one.png", replace(person, pose3d=person.pose3d[:1]))
    many, one = (np.asarray(Image.open(tmp_path / name)) for name in ("many.png", "one.png"))
    assert many.shape[1] // one.shape[1] >= 5
    assert amount(many, "left") > 5 * amount(one, "left")


def test_figure_is_made_of_lines_and_words(person, tmp_path):
    for name in ("a.svg", "b.svg", "a.pdf", "b.pdf"):
        formats.write(tmp_path / name, person)
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text(), "the same poses give the same file"
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    tree = ET.fromstring(text)
    namespace = "{http://www.w3.org/2000/svg}"
    words = [element.text for element in tree.iter(f"{namespace}text")]
    assert {"as the camera sees it", "left", "right"} <= set(words)
    assert sum(bool(re.fullmatch(r"\d\.\d\d s", word or "")) for word in words) == 4
    assert not list(tree.iter(f"{namespace}image")), "nothing is a raster"
    orange = "#{:02x}{:02x}{:02x}".format(*SIDE_COLOURS["left"])
    assert text.count(f"stroke: {orange}") >= 8 * 5
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("suffix", PICTURES)
def test_gaps_and_single_missing_joints_are_left_out(person, tmp_path, suffix):
    positions = person.pose3d.positions.copy()
    positions[:5] = np.nan
    positions[8:, 3] = np.nan
    positions[12, 0] = np.nan
    formats.write(tmp_path / f"a{suffix}", replace(person, pose3d=replace(person.pose3d, positions=positions)))
    assert (tmp_path / f"a{suffix}").stat().st_size > 1000


@pytest.mark.parametrize("suffix", PICTURES)
def test_nobody_is_refused_and_nothing_written(person, tmp_path, suffix):
    nobody = replace(person.pose3d, positions=np.full_like(person.pose3d.positions, np.nan))
    with pytest.raises(InputError, match="got nobody"):
        formats.write(tmp_path / f"a{suffix}", Person(0, None, nobody))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", PICTURES)
def test_pictures_without_a_rate(person, tmp_path, suffix):
    formats.write(tmp_path / f"a{suffix}", Person(0, None, replace(person.pose3d[:2], fps=None)))
    with pytest.raises(InputError, match="name must end in"):
        formats.read(tmp_path / f"a{suffix}")

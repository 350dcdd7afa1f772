"""Small frames: the same whether they were kept while the video was read or are read again, in the right colours."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from tests.media.display_matrix import set_matrix

from ampose.media import open_media, small_frames
from ampose.media.small_frames import Planes, as_yuv, shrink_rgb

CLIP = Path(__file__).parents[2] / "examples" / "balance_beam.mp4"
COLOURS = [(230, 40, 40), (40, 200, 60), (30, 60, 220), (250, 250, 250)]


def quarters(width: int, height: int) -> np.ndarray:
    """A picture of four colours: red, green above blue, white."""
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    for number, colour in enumerate(COLOURS):
        row, column = divmod(number, 2)
        picture[row * height // 2 : (row + 1) * height // 2, column * width // 2 : (column + 1) * width // 2] = colour
    return picture


def as_rgb(pixels: np.ndarray) -> np.ndarray:
    return av.VideoFrame.from_ndarray(pixels, format="yuv420p").to_ndarray(format="rgb24")


def colours_of(picture: np.ndarray) -> np.ndarray:
    """The colours in the middles of the quarters: (4, 3)."""
    height, width, _ = picture.shape
    return np.array([picture[y * height // 4, x * width // 4] for y in (1, 3) for x in (1, 3)]).astype(int)


def test_kept_frames_are_those_that_are_read_again():
    media = open_media(CLIP)
    media.keep_small((90, 160))
    times = [None for _ in media]
    kept, again = list(media.small((90, 160))), list(open_media(CLIP).small((90, 160)))
    assert len(kept) == len(again) == len(times) == 100
    for one, other in zip(kept, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert next(media.small((60, 80))).shape == (120, 60), "another size is read anew"


def test_a_video_that_is_too_long_to_keep_is_read_again(monkeypatch):
    monkeypatch.setattr(small_frames, "MOST_BYTES", 10 * 90 * 160)
    media = open_media(CLIP)
    media.keep_small((90, 160))
    for _ in media:
        pass
    assert len(list(media.small((90, 160)))) == 100


def test_a_full_disk_does_not_stop_the_video(monkeypatch):
    if not Path("/dev/full").exists():
        pytest.skip("no full disk to be had")
    monkeypatch.setattr(small_frames.tempfile, "TemporaryFile", lambda **_: Path("/dev/full").open("wb", buffering=0))  # noqa: SIM115
    kept = small_frames.SmallFrames((8, 8))
    for _ in range(2):
        kept.add(np.zeros((12, 8), np.uint8))
    kept.finish()
    assert not kept.complete


@pytest.mark.parametrize("colours", ["bt709", "smpte170m"])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuvj420p", "yuv444p"])
def test_colours_are_those_of_the_frame(tmp_path, colours, pixels):
    """However the video codes them."""
    number = {"bt709": 1, "smpte170m": 6}[colours]
    with av.open(str(tmp_path / "four.mkv"), "w") as container:
        stream = container.add_stream("ffv1" if pixels == "yuv444p" else "libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 96, pixels
        stream.codec_context.colorspace = number
        stream.codec_context.color_range = 2 if pixels == "yuvj420p" else 1
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(quarters(128, 96), format="rgb24")
            frame = frame.reformat(format=pixels, dst_colorspace="ITU709" if number == 1 else "ITU601")
            frame.colorspace = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    media = open_media(tmp_path / "four.mkv")
    frame = next(iter(media))
    np.testing.assert_allclose(colours_of(frame), COLOURS, atol=8)
    np.testing.assert_allclose(colours_of(as_rgb(next(media.small((64, 48))))), colours_of(frame), atol=8)


@pytest.mark.parametrize("matrix", [(0, 1, -1, 0), (0, -1, 1, 0), (-1, 0, 0, -1), (-1, 0, 0, 1), (0, 1, 1, 0)])
def test_a_turned_or_mirrored_video_is_turned_or_mirrored(tmp_path, matrix):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(quarters(128, 96), format="rgb24")))
        container.mux(stream.encode())
    media = open_media(set_matrix(tmp_path / "a.mp4", matrix))
    small = (64, 48) if matrix[0] else (48, 64)
    frame = next(iter(media))
    np.testing.assert_allclose(colours_of(as_rgb(next(media.small(small)))), colours_of(frame), atol=6)


def test_images_are_shrunk_as_videos_are(tmp_path):
    Image.fromarray(quarters(100, 60)).save(tmp_path / "a.png")
    pixels = next(open_media(tmp_path).small((50, 30)))
    np.testing.assert_allclose(colours_of(as_rgb(pixels)), COLOURS, atol=5)
    np.testing.assert_array_equal(pixels, shrink_rgb(quarters(100, 60), (50, 30)))


def test_a_colour_as_videos_hold_it():
    """FFmpeg's own conversion is the reference."""
    for colour in [*COLOURS, (0, 0, 0), (232, 108, 26)]:
        planes = Planes.of(shrink_rgb(np.full((16, 16, 3), colour, np.uint8), (16, 16)))
        mine = as_yuv(colour)
        assert (
            max(
                abs(int(plane[4, 4]) - value) for plane, value in zip((planes.y, planes.u, planes.v), mine, strict=True)
            )
            <= 1
        )

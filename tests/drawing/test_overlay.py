"""What is drawn on a video's own planes is what is drawn on an RGB picture."""

import av
import numpy as np
import pytest
from PIL import Image

from ampose.drawing.overlay import YuvGround
from ampose.drawing.painting import RgbGround, outlined_shapes, shapes_of
from ampose.drawing.projection import SIDE_COLOURS, Strokes
from ampose.media.small_frames import Planes, shrink_rgb


def as_rgb(pixels: np.ndarray) -> np.ndarray:
    return av.VideoFrame.from_ndarray(pixels, format="yuv420p").to_ndarray(format="rgb24").astype(int)


def both(size: tuple[int, int], draw) -> tuple[np.ndarray, np.ndarray]:
    """The same by either way, brightness and RGB: on a picture that grows brighter to the right."""
    width, height = size
    picture = np.repeat(np.linspace(40, 220, width, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(height, axis=0)
    image, pixels = Image.fromarray(picture), shrink_rgb(picture, size)
    draw(RgbGround(image))
    draw(YuvGround(Planes.of(pixels)))
    return shrink_rgb(np.asarray(image), size), pixels


def line(start, end, width: float, colour=(255, 255, 255)):
    return shapes_of(Strokes.alike(np.array([[start, end]], dtype=float), colour), lambda points: points, width)


@pytest.mark.parametrize("shaped", [shapes_of, outlined_shapes])
def test_strokes_are_the_same_on_both_grounds(shaped):
    """Also where they reach out of the picture, on each side."""
    rng = np.random.default_rng(0)
    ends = rng.uniform(-60, 360, (30, 2, 2))
    colours = np.array([*SIDE_COLOURS.values()] * 10, dtype=np.uint8)
    strokes = Strokes(ends, colours, np.ones(30), np.ones(30, dtype=bool))

    def draw(ground):
        ground.draw(shaped(strokes, lambda points: points / 2, 4.0))

    rgb, yuv = both((150, 130), draw)
    apart = np.abs(rgb[:130].astype(int) - yuv[:130])
    assert apart.mean() < 1
    assert np.percentile(apart, 99) <= 12
    assert np.abs(as_rgb(rgb) - as_rgb(yuv)).mean() < 4, "colours, of which four pixels share one"
    empty, _ = both((150, 130), lambda ground: None)
    assert np.abs(empty[:130].astype(int) - yuv[:130]).mean() > 20, "something is drawn"


@pytest.mark.parametrize("place", [(10.0, 12.0), (-9.0, 3.0), (130.0, 120.0), (400.0, 3.0), (10.0, -40.0)])
@pytest.mark.parametrize("outlined", [False, True])
def test_text_is_the_same_on_both_grounds(place, outlined):
    def draw(ground):
        ground.write(place, "left 1.25 s", size=20, colour=(30, 90, 200), outlined=outlined)

    rgb, yuv = both((150, 130), draw)
    assert np.abs(rgb[:130].astype(int) - yuv[:130]).mean() < 5


def test_nothing_is_drawn_outside_of_a_window():
    pixels = shrink_rgb(np.full((64, 64, 3), 200, np.uint8), (64, 64))
    before = pixels.copy()
    window = YuvGround(Planes.of(pixels).part((16, 16), (32, 32)))
    window.draw(line((-50, -50), (100, 100), 6.0, colour=(200, 30, 30)))
    changed = Planes.of((pixels != before).astype(np.uint8))
    assert changed.y[16:48, 16:48].any()
    changed.y[16:48, 16:48] = changed.u[8:24, 8:24] = changed.v[8:24, 8:24] = 0
    assert not changed.y.any()
    assert not changed.u.any()
    assert not changed.v.any()


def test_a_stroke_is_as_wide_and_as_long_as_it_says():
    """From its start to its end with round ends: the area is that of a rectangle and a circle."""
    image = Image.new("RGB", (100, 60))
    RgbGround(image).draw(line((20, 30), (70, 30), 10.0))
    covered = np.asarray(image)[..., 0] / 255
    assert covered.sum() == pytest.approx(50 * 10 + np.pi * 5**2, rel=0.02)
    assert covered[:, 45].sum() == pytest.approx(10, abs=0.1)
    assert covered[30].sum() == pytest.approx(60, abs=0.3)
    assert covered[:, 45] @ (np.arange(60) + 0.5) / 10 == pytest.approx(30, abs=0.05), "about its middle"


@pytest.mark.parametrize("end", [None, (np.nan, np.nan)])
def test_nothing_to_draw_leaves_the_picture_as_it_is(end):
    pixels = shrink_rgb(np.full((64, 64, 3), 200, np.uint8), (64, 64))
    before = pixels.copy()
    nothing = shapes_of(Strokes.alike(np.empty((0, 2, 2)), (200, 30, 30)), lambda points: points, 6.0)
    YuvGround(Planes.of(pixels)).draw(nothing if end is None else line((10, 10), end, 6.0))
    np.testing.assert_array_equal(pixels, before)


def test_a_stroke_to_far_outside_is_drawn_as_far_as_it_is_in_the_picture():
    image = Image.new("RGB", (100, 60))
    RgbGround(image).draw(line((50, 30), (1e6, 30), 10.0))
    covered = np.asarray(image)[..., 0] / 255
    assert covered[:, 60:].sum() == pytest.approx(40 * 10, rel=0.02)
    assert not covered[:, :44].any()

"""Images, and folders of pictures."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.memory import peak_mb
from PIL import Image

from ampose.errors import InputError
from ampose.media import open_media


def save(path: Path, size: tuple[int, int] = (40, 30), colour: tuple[int, int, int] = (200, 30, 30), **options) -> Path:
    Image.new("RGB", size, colour).save(path, **options)
    return path


def test_one_picture_is_one_frame_without_a_rate(tmp_path):
    media = open_media(save(tmp_path / "a.png"))
    frames = list(media)
    assert (media.image_size, media.fps, media.num_frames) == ((40, 30), None, 1)
    assert len(frames) == 1
    assert frames[0].shape == (30, 40, 3)
    assert (frames[0] == (200, 30, 30)).all()


def test_the_content_decides_not_the_name(tmp_path):
    png = save(tmp_path / "a.png")
    renamed = png.rename(tmp_path / "holiday.mp4")
    assert open_media(renamed).num_frames == 1


def test_folder_comes_in_natural_order_and_may_be_read_twice(tmp_path):
    for number in (10, 9, 1):
        save(tmp_path / f"frame{number}.png", colour=(number, 0, 0))
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".hidden.png").write_text("not a picture either")
    media = open_media(tmp_path)
    for _ in range(2):
        assert [int(frame[0, 0, 0]) for frame in media] == [1, 9, 10]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            [f"f{n}.{end}" for n in range(2) for end in ("jpg", "png")],
            r"each image once, got all as \.jpg and as \.png",
        ),
        (
            [f"{clip}{n}.png" for clip in "ab" for n in range(6)],
            r"got those of 2, which begin with a0\.png, b0\.png",
        ),
        ([f"cam{clip}_{n:04d}.png" for clip in (1, 2, 3) for n in range(5, 11)], r"of one clip, got those of 3"),
        (
            [f"take {clip} ({n}).png" for clip in "ab" for n in range(1, 6 + ord(clip) % 2)],
            r"got those of 2",
        ),
    ],
)
def test_images_of_two_clips_or_in_two_formats_are_no_clip(tmp_path, names, message):
    for name in names:
        save(tmp_path / name)
    with pytest.raises(InputError, match=message):
        open_media(tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ["Anna.png", "anna 2.png", "Bob.jpg", "beach\n.png", "12.png"],
        ["photo.jpg", "photo.png"],
        ["a.jpg", "a.png", "b.png"],
        [f"{who}{n}.png" for who in ("anna", "bob") for n in (1, 2, 3)],
        [f"{day}_{n}.png" for day in ("20230101", "20230102") for n in (1, 2, 3, 4, 5, 7, 9)],
        [f"IMG_{n}.png" for n in range(20, 26)] + [f"DSC_{n}.png" for n in range(30, 36)],
        [f"f{n}.{end}" for n, end in enumerate(("jpg", "png", "bmp", "webp"))],
        [f"frame_{n}_of_12.png" for n in range(1, 9)],
    ],
)
def test_photographs_may_be_called_what_they_like(tmp_path, names):
    for name in names:
        save(tmp_path / name)
    assert open_media(tmp_path).num_frames == len(names)


@pytest.mark.parametrize(
    ("name", "message"),
    [("a.tif", "a TIFF of several pages; save each page"), ("a.webp", "an animated WebP, which FFmpeg does not read")],
)
def test_several_images_in_a_file_are_refused_where_they_cannot_be_read(tmp_path, name, message):
    images = [Image.new("RGB", (40, 30), (number, 0, 0)) for number in (0, 200)]
    images[0].save(tmp_path / name, save_all=True, append_images=images[1:])
    with pytest.raises(InputError, match=rf"{name}: must be one image or a video, got {message}"):
        open_media(tmp_path / name)
    with pytest.raises(InputError, match=rf"{name}: must be one image, got several in one file"):
        open_media(tmp_path)


def test_a_photograph_with_its_preview_in_one_file_is_one_image(tmp_path):
    """As phones and stereo cameras write it: JPEGs one after the other, the first of which is the photograph."""
    photograph, preview = Image.new("RGB", (40, 30)), Image.new("RGB", (20, 15))
    photograph.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[preview])
    assert [frame.shape for frame in open_media(tmp_path / "a.jpg")] == [(30, 40, 3)]


def test_a_folder_of_videos_holds_no_images(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"whatever it is")
    with pytest.raises(InputError, match=r"must hold images, got 1 video; name it, as in a\.mp4$"):
        open_media(tmp_path)


def test_exif_orientation_is_honoured(tmp_path):
    """Orientation 6: the camera was held upright; the stored picture must be turned clockwise."""
    stored = np.zeros((30, 40, 3), dtype=np.uint8)
    stored[:, :20] = 255  # the left half becomes the upper half
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(stored).save(tmp_path / "phone.png", exif=exif)
    media = open_media(tmp_path / "phone.png")
    frame = next(iter(media))
    assert media.image_size == (30, 40)
    assert frame.shape == (40, 30, 3)
    assert (frame[:20] == 255).all()
    assert (frame[20:] == 0).all()


def test_grey_and_transparent_pictures_become_rgb(tmp_path):
    Image.new("L", (8, 6), 77).save(tmp_path / "1.png")
    Image.new("RGBA", (8, 6), (1, 2, 3, 128)).save(tmp_path / "2.png")
    grey, clear = open_media(tmp_path)
    assert (grey == 77).all()
    assert (clear == (1, 2, 3)).all()


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_16_bits_of_grey_are_not_clipped(tmp_path, suffix):
    deep = (np.arange(48, dtype=np.uint16) * 1300).reshape(6, 8)
    Image.fromarray(deep).save(tmp_path / f"deep.{suffix}")
    (frame,) = open_media(tmp_path / f"deep.{suffix}")
    np.testing.assert_array_equal(frame, np.repeat((deep >> 8).astype(np.uint8)[..., None], 3, axis=2))


def test_mixed_sizes_name_the_first_odd_picture(tmp_path):
    save(tmp_path / "1.png")
    save(tmp_path / "2.png", (41, 30))
    with pytest.raises(InputError, match=r"2\.png: must be 40 x 30 pixels as .* 1\.png, got 41 x 30"):
        open_media(tmp_path)


def test_a_picture_that_is_cut_off_is_named(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "1.jpg")
    content = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "1.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"1\.jpg: must be a whole image"):
        list(open_media(tmp_path))


def test_a_broken_picture_in_a_folder_is_not_passed_over(tmp_path):
    save(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes(b"not a picture at all")
    with pytest.raises(InputError, match=r"2\.png"):
        open_media(tmp_path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "a folder without any"),
        (lambda path: path.touch(), "an empty file"),
        (lambda path: path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(64)), "HEIC"),
        (lambda path: path.write_text("hello, I am a text"), "none of these"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(tmp_path, make, message):
    path = tmp_path / "input.mp4"
    make(path)
    with pytest.raises(InputError, match=message) as caught:
        open_media(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_tall_image_is_whole_and_upright(tmp_path, rng, orientation):
    pixels = rng.integers(0, 255, (600, 20, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    (frame,) = open_media(tmp_path / "a.png")
    np.testing.assert_array_equal(frame, np.rot90(pixels, {1: 0, 3: 2, 6: -1}[orientation]))


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells what a process took")
@pytest.mark.parametrize("suffix", ["gif", "jpg", "png", "webp"])
def test_a_small_file_takes_little_memory(tmp_path, suffix):
    side = 3400 if suffix == "webp" else 4900
    Image.new("L", (side, side)).save(tmp_path / f"a.{suffix}")
    Image.new("L", (2 * side, 2 * side)).save(tmp_path / f"b.{suffix}")
    media = open_media(tmp_path / f"a.{suffix}")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = peak_mb()
    (frame,) = media.read()
    assert frame.shape == (side, side, 3)
    assert (peak_mb() - before) * 2**20 < 200e6 + 20 * (tmp_path / f"a.{suffix}").stat().st_size
    with pytest.raises(InputError, match=f"b.{suffix}: must be of a size that its bytes allow"):
        open_media(tmp_path / f"b.{suffix}")


def test_an_animation_of_some_bytes_that_states_a_large_size_is_refused(tmp_path):
    frames = [Image.new("L", (20, 20), colour) for colour in (0, 255)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    content = bytearray((tmp_path / "a.gif").read_bytes())
    content[6:10] = (8000).to_bytes(2, "little") * 2  # of the logical screen
    (tmp_path / "a.gif").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.gif: must be of a size that its bytes allow, got 8000 x 8000"):
        open_media(tmp_path / "a.gif")

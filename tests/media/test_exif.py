import math

import pytest
from PIL import Image

from ampose.errors import InputError
from ampose.media.exif import field_of_view


def picture(folder, size, focal):
    file = folder / "photo.jpg"
    exif = Image.Exif()
    if focal is not None:
        exif.get_ifd(0x8769)[0xA405] = focal
    Image.new("RGB", size).save(file, exif=exif)
    return file


@pytest.mark.parametrize("size", [(360, 240), (240, 360)])
def test_a_normal_lens_on_a_35_mm_frame(tmp_path, size):
    """36 mm across at 50 mm: the textbook's 39.6 degrees, whichever way the camera was held."""
    assert field_of_view(picture(tmp_path, size, 50)) == pytest.approx(39.6, abs=0.05)


def test_a_phone_has_the_same_diagonal(tmp_path):
    """26 mm and 4:3, a phone's main camera: 43.27 mm of diagonal, of which the longer side is four fifths."""
    expected = math.degrees(2 * math.atan(0.8 * math.hypot(36, 24) / 2 / 26))
    assert field_of_view(picture(tmp_path, (400, 300), 26)) == pytest.approx(expected)


@pytest.mark.parametrize("focal", [None, 0])
def test_nothing_is_made_up(tmp_path, focal):
    assert field_of_view(picture(tmp_path, (40, 30), focal)) is None


def test_no_picture(tmp_path):
    (tmp_path / "a.jpg").write_text("hello")
    with pytest.raises(InputError, match="must be a whole image"):
        field_of_view(tmp_path / "a.jpg")

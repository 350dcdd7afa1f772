"""What an image's EXIF data say about the camera."""

import math
from pathlib import Path

from ampose.media.images import opened_image

_EXIF_PART = 0x8769
_FOCAL_LENGTH_35MM = 0xA405
_DIAGONAL_35MM = math.hypot(36.0, 24.0)
"""Millimetres. CIPA DCG-001 (2005) defines the equivalent focal length by the diagonal."""


def field_of_view(file: str | Path) -> float | None:
    """Return the field of view across the longer side of an image, in degrees; None if EXIF does not say it.

    It comes from FocalLengthIn35mmFilm, which phones write. An image that was cropped afterwards has a smaller one.

    Args:
        file: An image.

    Raises:
        InputError: The file is no image.
        MissingExtraError: Pillow is not installed.
    """
    with opened_image(file) as image:
        width, height = image.size
        focal = image.getexif().get_ifd(_EXIF_PART).get(_FOCAL_LENGTH_35MM)
    try:
        millimetres = float(focal or 0)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not 5 <= millimetres <= 2000:  # 0 means unknown
        return None
    longer = _DIAGONAL_35MM * max(width, height) / math.hypot(width, height)
    return math.degrees(2 * math.atan(longer / 2 / millimetres))

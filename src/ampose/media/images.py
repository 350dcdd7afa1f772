"""An image, a folder of images in natural order (frame2 before frame10), or white images."""

import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from natsort import natsorted, ns

from ampose.errors import InputError, reading
from ampose.media.frames import Frame, Media
from ampose.packages import pillow

if TYPE_CHECKING:
    from PIL.Image import Image

_SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"),
    *(".gif", ".ppm", ".pgm", ".avif", ".heic", ".heif"),
)
"""In a folder, a file with one of these must be readable; others that are no images are passed over."""

_EXPANSION, _ROOM = 20, 200_000_000
"""What reading takes is at most this many times the bytes of the file, and these: 5000 x 5000 in one colour."""

_PIXEL_BYTES = {"WEBP": 16}
"""What Pillow takes for a pixel while it decodes (measured)."""
_USUAL_PIXEL_BYTES = 8
"""In other formats; FFmpeg takes no more."""
_STRIP = 256
"""Rows that are converted at a time, so that no second copy of the image is made."""

_SEVERAL = {
    "TIFF": "a TIFF of several pages; save each page as an image, all in one folder",
    "WEBP": "an animated WebP, which FFmpeg does not read; save it as GIF or MP4",
}
_MAIN_FIRST = ("MPO", "PSD")
"""Formats whose first image is the photograph; what follows are its parts, or the same smaller."""

_NUMBERED = re.compile(r"(.*?)([0-9]*)([^0-9]*)", re.DOTALL)
"""A name, cut at the last number in it."""
_LEAST_CLIP = 5
"""Images with numbers one after the other: fewer may be photographs of somebody, and others of somebody else."""

_ORIENTATION_TAG = 0x0112
_TURNED_ORIENTATIONS = (5, 6, 7, 8)
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")


class Images(Media):
    """Images of one size, each a frame.

    Args:
        path: The file or folder that the user named.
        files: The images, in order.

    Raises:
        InputError: There is none, one cannot be read, or their sizes differ.
    """

    def __init__(self, path: Path, files: Sequence[Path]) -> None:
        if not files:
            raise InputError(f"{path}: must hold images, got a folder without any; name another folder or file")
        self.path = path
        self.num_frames = len(files)
        self._files = files
        self.image_size = _upright_size(files[0])
        for file in files[1:]:
            self._check_size(file, _upright_size(file))

    def read(self) -> Iterator[Frame]:
        """Read one image after the other."""
        for file in self._files:
            with opened_image(file) as image:
                pillow("ImageOps").exif_transpose(image, in_place=True)
                frame = np.empty((image.height, image.width, 3), dtype=np.uint8)
                for top in range(0, image.height, _STRIP):
                    strip = image.crop((0, top, image.width, min(top + _STRIP, image.height)))
                    frame[top : top + _STRIP] = _rgb(strip)
            self._check_size(file, (frame.shape[1], frame.shape[0]))
            yield frame

    def _check_size(self, file: Path, size: tuple[int, int]) -> None:
        if size != self.image_size:
            width, height = self.image_size
            raise InputError(
                f"{file}: must be {width} x {height} pixels as the first image, {self._files[0].name}, "
                f"got {size[0]} x {size[1]}; put images of another size into a folder of their own"
            )


class Blank(Media):
    """As many white images as a keypoint file has frames, to draw on.

    Example:
        >>> [frame.shape for frame in Blank(Path("poses.json"), (40, 30), None, 2)]
        [(30, 40, 3), (30, 40, 3)]
    """

    def __init__(self, path: Path, image_size: tuple[int, int], fps: float | None, num_frames: int) -> None:
        self.path = path
        self.image_size = image_size
        self.fps = fps
        self.num_frames = num_frames

    def read(self) -> Iterator[Frame]:
        """Make one white image after the other."""
        width, height = self.image_size
        for _ in range(self.num_frames or 0):
            yield np.full((height, width, 3), 255, dtype=np.uint8)


def _rgb(image: "Image") -> np.ndarray:
    """Return an image of any mode as RGB, or as gray with one channel."""
    if image.mode.startswith("I"):  # 16 bits, which Pillow would clip to 8
        return (np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)[..., None]
    return np.asarray(image.convert("RGB"))


def files_in(folder: Path) -> list[Path]:
    """Return the files of a folder in natural order, frame9 before frame10; hidden ones are passed over."""
    files = [file for file in folder.iterdir() if not file.name.startswith(".") and file.is_file()]
    return natsorted(files, key=lambda file: file.name, alg=ns.IGNORECASE)


def images_in(folder: Path) -> list[Path]:
    """Return the images of a folder in natural order; hidden and other files are passed over."""
    return [file for file in files_in(folder) if file.suffix.lower() in _SUFFIXES or is_image(file)]


def check_one_clip(folder: Path, images: Sequence[Path]) -> None:
    """Refuse images that are surely not one clip: each in several formats, or two clips with numbers of their own.

    Photographs may be called what they like: only where the names of all say so, they are refused.

    Raises:
        InputError: They are not.
    """
    endings: defaultdict[str, set[str]] = defaultdict(set)
    clips: defaultdict[tuple[str, str], dict[int, str]] = defaultdict(dict)  # numbers and names by the rest of the name
    for image in images:
        endings[image.stem].add(image.suffix.lower())
        text, number, end = re.fullmatch(_NUMBERED, image.name).groups()  # type: ignore[union-attr]  # it fits
        clips[text.casefold(), end.casefold()][int(number or 0)] = image.name
    formats = set(map(frozenset, endings.values()))
    if len(images) > len(endings) > 1 and len(formats) == 1:
        several = " and as ".join(sorted(formats.pop()))
        raise InputError(f"{folder}: must hold each image once, got all as {several}; put one kind into another folder")
    starts = {min(clip) for clip in clips.values()}
    whole = all(max(clip) - min(clip) + 1 == len(clip) >= _LEAST_CLIP for clip in clips.values())
    if len(clips) > 1 and len(starts) == 1 and whole:
        names = ", ".join(clip[min(clip)] for clip in list(clips.values())[:3])
        raise InputError(
            f"{folder}: must hold the images of one clip, got those of {len(clips)}, which begin with {names}; put "
            "each into a folder of its own"
        )


def is_image(file: Path) -> bool:
    """Whether the content is that of a still image (an animation counts as a video).

    Raises:
        InputError: It is an image of a kind that cannot be read, or several.
    """
    with file.open("rb") as stream:
        head = stream.read(12)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        raise InputError(f"{file}: must be a JPEG, PNG, WebP, TIFF or BMP image, got HEIC; save it as JPEG first")
    try:
        with opened_image(file) as image:
            animated, kind = _is_animated(image), str(image.format)
    except InputError as error:
        if isinstance(error.__cause__, pillow().UnidentifiedImageError):
            return False
        raise
    if animated and kind in _SEVERAL:
        raise InputError(f"{file}: must be one image or a video, got {_SEVERAL[kind]}")
    return not animated


def _is_animated(image: "Image") -> bool:
    return getattr(image, "is_animated", False) and image.format not in _MAIN_FIRST


def _upright_size(file: Path) -> tuple[int, int]:
    """Read the size from the header, exchanged where EXIF says that the image lies on its side."""
    with opened_image(file) as image:
        if _is_animated(image):
            raise InputError(f"{file}: must be one image, got several in one file; move it out of the folder")
        width, height = image.size
        turned = image.getexif().get(_ORIENTATION_TAG) in _TURNED_ORIENTATIONS
        return (height, width) if turned else (width, height)


@contextmanager
def opened_image(file: str | Path) -> "Iterator[Image]":
    """Open an image with Pillow; whatever goes wrong while it is used says which image it was.

    Raises:
        InputError: It is no image, or a damaged one.
        MissingExtraError: Pillow is not installed.
    """
    image_module = pillow()
    with reading(file, "a whole image"), warnings.catch_warnings():
        warnings.simplefilter("ignore", image_module.DecompressionBombWarning)  # large ones are checked here
        with image_module.open(file) as image:
            pixel_bytes = _PIXEL_BYTES.get(str(image.format), _USUAL_PIXEL_BYTES)
            check_pixels(image.width, image.height, Path(file), pixel_bytes)
            yield image


def check_pixels(width: int, height: int, file: Path, pixel_bytes: int = _USUAL_PIXEL_BYTES) -> None:
    """Refuse a header that states far more pixels than a file of its size has; raises InputError."""
    size = file.stat().st_size
    if not 0 < pixel_bytes * width * height <= _EXPANSION * size + _ROOM:
        raise InputError(
            f"{file}: must be of a size that its bytes allow, got {width} x {height} pixels in {size} bytes; "
            "if that is right, make it smaller, or save it without compression"
        )

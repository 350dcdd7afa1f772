"""An image, or a folder of images in natural order (frame2 before frame10)."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from natsort import natsort_keygen, ns

from ampose.errors import InputError
from ampose.media.frames import Frame
from ampose.packages import pillow

if TYPE_CHECKING:
    from PIL.Image import Image

_SUFFIXES = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".png",
        ".bmp",
        ".tif",
        ".tiff",
        ".webp",
        ".gif",
        ".ppm",
        ".pgm",
        ".avif",
        ".heic",
        ".heif",
    }
)
"""In a folder, a file with one of these must be readable; others that are no images are passed over."""

_ORIENTATION_TAG = 0x0112
_TURNED_ORIENTATIONS = (5, 6, 7, 8)
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")


class Images:
    """Images of one size, each a frame.

    Args:
        path: The file or folder that the user named.
        files: The images, in order.

    Raises:
        InputError: There is none, one cannot be read, or their sizes differ.
    """

    fps: float | None = None
    times: Sequence[float] = ()
    lost: Collection[int] = frozenset()

    def __init__(self, path: Path, files: Sequence[Path]) -> None:
        if not files:
            raise InputError(f"{path}: must hold images, got a folder without any; name another folder or file")
        self.path = path
        self._files = files
        self.image_size = _upright_size(files[0])
        for file in files[1:]:
            self._check_size(file, _upright_size(file))

    @property
    def num_frames(self) -> int | None:
        """How many images there are."""
        return len(self._files)

    def __iter__(self) -> Iterator[Frame]:
        for file in self._files:
            frame = _read(file)
            self._check_size(file, (frame.shape[1], frame.shape[0]))
            yield frame

    def _check_size(self, file: Path, size: tuple[int, int]) -> None:
        if size != self.image_size:
            width, height = self.image_size
            raise InputError(
                f"{file}: must be {width} x {height} pixels as the first image, {self._files[0].name}, "
                f"got {size[0]} x {size[1]}; put images of another size into a folder of their own"
            )


natural_key = natsort_keygen(alg=ns.IGNORECASE)
"""A sort key under which numbers inside names count as numbers: frame9 before frame10."""


def images_in(folder: Path) -> list[Path]:
    """Return the images of a folder in natural order; hidden and other files are passed over."""
    files = [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]
    files = [file for file in files if file.suffix.lower() in _SUFFIXES or is_image(file)]
    return sorted(files, key=lambda file: natural_key(file.name))


def is_image(file: Path) -> bool:
    """Whether the content is that of a still image (an animation counts as a video).

    Raises:
        InputError: It is an image of a kind that cannot be read.
    """
    image_module = pillow()
    with file.open("rb") as stream:
        head = stream.read(12)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        raise InputError(f"{file}: must be a JPEG, PNG, WebP, TIFF or BMP image, got HEIC; save it as JPEG first")
    try:
        with image_module.open(file) as image:
            return not getattr(image, "is_animated", False)
    except image_module.UnidentifiedImageError:
        return False
    except (OSError, ValueError, SyntaxError, image_module.DecompressionBombError) as error:
        raise _unreadable(file, error) from error


def _upright_size(file: Path) -> tuple[int, int]:
    """Read the size from the header, exchanged where EXIF says that the image lies on its side."""
    image_module = pillow()
    try:
        with image_module.open(file) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION_TAG) in _TURNED_ORIENTATIONS
            return (height, width) if turned else (width, height)
    except (OSError, ValueError, SyntaxError, image_module.DecompressionBombError) as error:
        raise _unreadable(file, error) from error


def _read(file: Path) -> Frame:
    image_module = pillow()
    try:
        with image_module.open(file) as image:
            upright: Image = pillow("ImageOps").exif_transpose(image)
            if upright.mode.startswith("I"):  # 16 bits, which Pillow would clip to 8
                eight = (np.asarray(upright).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)
                return np.repeat(eight[..., None], 3, axis=2)
            return np.array(upright.convert("RGB"))
    except (OSError, ValueError, SyntaxError, image_module.DecompressionBombError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> InputError:
    return InputError(f"{file}: must be a whole image, got one that cannot be read ({error}); copy it again")

"""Images and videos: recognised by their content, read one frame at a time, written whole or not at all."""

from pathlib import Path

from ampose.errors import InputError, no_such_path
from ampose.media.frames import Frame, Media
from ampose.media.images import Images, check_one_clip, images_in, is_image
from ampose.media.video_reader import Video, videos_in

__all__ = ["Frame", "Media", "open_media"]


def open_media(path: str | Path) -> Media:
    """Open a video, an image or a folder of images; what it is, its content decides.

    Raises:
        InputError: There is no such file, it is none of these, or it is empty or damaged.
        MissingExtraError: The package that reads it is not installed.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for number in range(12):
        ...         Image.new("RGB", (64, 48)).save(f"{folder}/frame{number}.png")
        ...     media = open_media(folder)
        ...     media.image_size, media.num_frames, media.fps
        ((64, 48), 12, None)
    """
    path = Path(path)
    if path.is_dir():
        if not (images := images_in(path)) and (videos := videos_in(path)):
            got = f"{len(videos)} videos; name one, as" if len(videos) > 1 else "1 video; name it, as"
            raise InputError(f"{path}: must hold images, got {got} in {videos[0].name}")
        check_one_clip(path, images)
        return Images(path, images)
    if not path.exists():
        raise no_such_path(path, "a video, an image or a folder of images")
    if not path.is_file():
        raise InputError(f"{path}: must be a video, an image or a folder of images, got something else")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: must be a video or an image, got an empty file; copy it again")
    return Images(path, [path]) if is_image(path) else Video(path)

"""A video file, decoded frame by frame with PyAV, turned upright as its metadata says."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ampose.errors import InputError
from ampose.media.contract import Frame
from ampose.media.packages import pyav

_LOG = logging.getLogger(__name__)

_REFUSED_CONTAINERS = frozenset({"tty", "concat", "hls", "dash", "lavfi", "ffmetadata", "srt", "webvtt", "ass"})
"""What FFmpeg would open although it is text, or a list of other files."""

_LOST_TOLERATED = 0.02
"""A container may count a few frames that are never shown; fewer frames than that is worth a warning."""


class Video:
    """A video file. Its first frame is decoded at once: it gives the size, and the certainty that it works.

    Raises:
        InputError: The file is no video, or not a single frame can be decoded.
        MissingExtraError: PyAV is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._warned = False
        with _opened(path) as (container, stream):
            self.fps = _fps(stream)
            self.num_frames = _count(container, stream, self.fps)
            shape = stream.sample_aspect_ratio or Fraction(1)
            self._size = (round(stream.width * shape), stream.height)
            first = next(self._decode(container, stream), None)
        if first is None:
            raise InputError(f"{path}: must be a video, got a file without a frame that can be decoded; copy it again")
        self.image_size = (first.shape[1], first.shape[0])

    def __iter__(self) -> Iterator[Frame]:
        done = 0
        with _opened(self.path) as (container, stream):
            for frame in self._decode(container, stream):
                done += 1
                yield frame
            declared = stream.frames
        if declared - done > max(2, _LOST_TOLERATED * declared):
            self._warn(f"ends after frame {done - 1}, although it should hold {declared} frames")

    def _decode(self, container: Any, stream: Any) -> Iterator[Frame]:
        """Decode until the end or the first damaged place; what was decoded so far is kept."""
        av = pyav()
        done = 0
        try:
            for frame in container.decode(stream):
                yield self._upright(frame)
                done += 1
        except av.FFmpegError as error:
            if done == 0:
                raise InputError(f"{self.path}: must be a video, got one that cannot be decoded ({error})") from error
            self._warn(f"is damaged after frame {done - 1} ({error.strerror})")

    def _upright(self, frame: Any) -> Frame:
        """Convert to RGB with square pixels, and turn as the display matrix says."""
        width, height = self._size
        picture = frame.to_ndarray(format="rgb24", width=width, height=height)
        return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90)))

    def _warn(self, what: str) -> None:
        if not self._warned:
            self._warned = True
            _LOG.warning("%s %s; the frames before that are used", self.path, what)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open the container and its main video stream."""
    av = pyav()
    try:
        container = av.open(str(path.absolute()))
    except av.FFmpegError as error:
        raise InputError(
            f"{path}: must be a video, a picture or a folder of pictures, got a file that is none "
            f"of these or is cut off ({error.strerror})"
        ) from error
    with container:
        streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
        if not streams or _REFUSED_CONTAINERS & set(container.format.name.split(",")):
            raise InputError(f"{path}: must be a video or a picture, got {container.format.long_name} without video")
        streams[0].thread_type = "AUTO"
        yield container, streams[0]


def _fps(stream: Any) -> float | None:
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate else None


def _count(container: Any, stream: Any, fps: float | None) -> int | None:
    """Return the number of frames that the container states, or the one that its duration gives."""
    if stream.frames:
        return int(stream.frames)
    if container.duration and fps:
        return round(float(container.duration) / 1e6 * fps)
    return None

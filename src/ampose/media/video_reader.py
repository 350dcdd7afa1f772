"""A video file, decoded frame by frame with PyAV, turned upright as its metadata says."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ampose.errors import InputError, reading
from ampose.media.frames import Frame, Media
from ampose.media.images import check_pixels, files_in
from ampose.media.orientation import Orientations
from ampose.media.small_frames import I420, shrink
from ampose.packages import pyav

_LOG = logging.getLogger(__name__)

_REFUSED_CONTAINERS = frozenset({"tty", "concat", "hls", "dash", "lavfi", "ffmetadata", "srt", "webvtt", "ass"})
"""What FFmpeg would open although it is text, or a list of other files."""

_LOST_TOLERATED = 0.02
"""A container may count a few frames that are never shown; fewer frames than that is worth a warning."""

_DAMAGED_TOLERATED = 200
"""Packets in a row; a file with more of them is taken to end there."""


_SUFFIXES = (
    *(".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4"),
    *(".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv"),
)
"""What is taken for a video in a folder; a file that is named may be called what it likes."""


def videos_in(folder: Path) -> list[Path]:
    """Return the videos of a folder in natural order, by their names; hidden and other files are passed over."""
    return [file for file in files_in(folder) if file.suffix.lower() in _SUFFIXES]


class Video(Media):
    """A video file. Its first frame is decoded at once: it gives the size, and the certainty that it works.

    Raises:
        InputError: The file is no video, or not a single frame can be decoded.
        MissingExtraError: PyAV is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._warned = False
        self._forget()
        with reading(path, "a video that can be decoded"), opened(path) as (container, stream):
            shape = stream.sample_aspect_ratio or Fraction(1)
            self._size = (round(stream.width * shape), stream.height)
            for width in (stream.width, self._size[0]):  # as decoded, and with square pixels
                check_pixels(width, stream.height, path)
            rate = stream.average_rate or stream.guessed_rate
            self.fps = float(rate) if rate else None
            # Containers that do not state the number of frames state how many microseconds they last.
            counted = round(container.duration / 1e6 * self.fps) if container.duration and self.fps else 0
            # One frame is what some state who know neither. Of a clip that was cut out without encoding it again, the
            # number counts the frames before and after, which are there and not shown; its duration does not.
            stated = [number for number in (int(stream.frames), counted) if number > 1]
            self.num_frames = min(stated) if stated else None
            self._declared = self.num_frames if stream.frames else 0
            self._start = float((stream.start_time or 0) * stream.time_base)
            first = next(self._decode(container, stream), None)
        if first is None:
            raise InputError(f"{path}: must be a video, got a file without a frame that can be decoded; copy it again")
        self.image_size = (first.shape[1], first.shape[0])

    def read(self) -> Iterator[Frame]:
        """Decode the frames; warns once of what is damaged or not there."""
        self._forget()
        with reading(self.path, "a video that can be decoded"), opened(self.path) as (container, stream):
            yield from self._decode(container, stream)
        done, declared = len(self.times), self._declared or 0
        if self._damaged and declared > done:
            self._warn(f"is damaged after frame {done - 1}; the frames before that are used")
        elif declared - done > max(2, _LOST_TOLERATED * declared):
            self._warn(
                f"ends after frame {done - 1}, although it should hold {declared} frames; "
                "the frames before that are used"
            )
        elif self.lost:
            self._warn(
                f"has damaged frames, {len(self.lost)} in all, the first is frame {min(self.lost)}; they are left out"
            )
        elif self._spoiled:
            self._warn(
                f"has frames that are damaged in part, {len(self._spoiled)} in all, the first is frame "
                f"{self._spoiled[0]}; they are used as they are"
            )

    def _forget(self) -> None:
        self.times: list[float] = []
        self.lost: set[int] = set()
        self._spoiled: list[int] = []
        self._damaged = 0
        self._decoded: Any = None
        self._orientations = Orientations()

    def _decode(self, container: Any, stream: Any) -> Iterator[Frame]:
        """Decode everything that can be; a black image stands for each frame that cannot."""
        for frame in self._frames(container, stream):
            # RGB with square pixels, turned as the display matrix says.
            width, height = self._size
            image = frame.to_ndarray(format="rgb24", width=width, height=height)
            image = self._orientations.of(frame).apply(image)
            seconds = len(self.times) / (self.fps or 1.0) if frame.time is None else float(frame.time)
            yield from self._stand_ins(seconds, image)
            if frame.is_corrupt:
                self._spoiled.append(len(self.times))
            self.times.append(seconds)
            self._decoded = frame
            yield image
            self._decoded = None

    def shrink(self, frame: Frame, size: tuple[int, int]) -> I420:
        """Return at another size the frame that was read last; as decoded, not by way of RGB."""
        if self._decoded is None:  # a black image that stands for a damaged frame
            return super().shrink(frame, size)
        return shrink(self._decoded, size, self._orientations.of(self._decoded))

    def _frames(self, container: Any, stream: Any) -> Iterator[Any]:
        """Decode packet by packet, and go on behind a damaged one."""
        packets, in_a_row, damaged = container.demux(stream), 0, pyav().FFmpegError
        while in_a_row < _DAMAGED_TOLERATED:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                yield from packet.decode()
                in_a_row = 0
            except damaged:
                self._damaged += 1
                in_a_row += 1

    def _stand_ins(self, seconds: float, image: Frame) -> Iterator[Frame]:
        """Fill the hole in time that damaged frames left, so that frame numbers stay those of the video."""
        if not (self._damaged and self.fps):
            return
        start = self.times[-1] if self.times else self._start - 1 / self.fps
        missing = round((seconds - start) * self.fps) - 1
        if self.times:  # else even the frames that are whole cannot be decoded until the next key frame
            missing = min(missing, self._damaged)
        for number in range(1, missing + 1):
            self.lost.add(len(self.times))
            self.times.append(start + (seconds - start) * number / (missing + 1))
            self._damaged -= 1
            yield np.zeros_like(image)

    def _warn(self, what: str) -> None:
        if not self._warned:
            self._warned = True
            _LOG.warning("%s %s", self.path, what)


@contextmanager
def opened(path: Path | str, patience: float | None = None) -> Iterator[tuple[Any, Any]]:
    """Open the container and its main video stream.

    Args:
        path: A file; or the address of a stream.
        patience: For how many seconds a stream may be silent.

    Raises:
        InputError: There is no video.
    """
    av = pyav()
    try:
        container = av.open(path if isinstance(path, str) else str(path.absolute()), timeout=patience)
    except av.FFmpegError as error:
        if isinstance(path, str):
            raise InputError(f"{path} must be a stream with video, got none ({error.strerror})") from error
        raise InputError(
            f"{path}: must be a video, an image or a folder of images, got a file that is none "
            f"of these or is cut off ({error.strerror})"
        ) from error
    with container:
        streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
        if not streams or _REFUSED_CONTAINERS & set(container.format.name.split(",")):
            raise InputError(f"{path}: must be a video or an image, got {container.format.long_name} without video")
        streams[0].thread_type = "AUTO"
        yield container, streams[0]

"""Writing videos, whole or not at all."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ampose.atomic import replacing
from ampose.media.frames import Frame
from ampose.media.small_frames import I420
from ampose.packages import pyav

_TICK = Fraction(1, 90_000)
"""How finely a timed video tells its frames' times, in seconds: the MPEG clock."""

_QUICK = {"preset": "ultrafast", "x264-params": "no-deblock=0:aq-mode=1"}
"""Without these two, blocks show in smooth parts, and a file is half as large again."""


class VideoWriter:
    """Encodes frames to H.264 (yuv420p, which every player shows). Get one from ``writing_video``."""

    def __init__(self, container: Any, stream: Any) -> None:
        self._container = container
        self._stream = stream

    def write(self, frame: Frame, seconds: float | None = None) -> None:
        """Add a frame, at its own time if the video is timed; all frames have the same size."""
        height, width, _ = frame.shape
        if height % 2 or width % 2:
            frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        image = pyav().VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame), format="rgb24")
        if self._stream.width != image.width or self._stream.height != image.height:
            raise ValueError(f"frame must be {self._stream.width} x {self._stream.height}, got {frame.shape}")
        self._encode(image, seconds)

    def write_yuv(self, picture: I420, seconds: float | None = None) -> None:
        """Add a frame that is in the video's own form already, of the video's size; at its own time as in ``write``."""
        self._encode(pyav().VideoFrame.from_numpy_buffer(picture, format="yuv420p"), seconds)

    def _encode(self, image: Any, seconds: float | None) -> None:
        if seconds is not None:
            image.time_base = _TICK
            image.pts = round(seconds / _TICK)
        self._container.mux(self._stream.encode(image))


@contextlib.contextmanager
def writing_video(
    path: str | Path,
    *,
    image_size: tuple[int, int],
    fps: float,
    timed: bool = False,
    crf: int = 20,
    quick: bool = False,
) -> Iterator[VideoWriter]:
    """Write an MP4 from frames; the file appears when the block ends without an error.

    Args:
        path: Where to; its folder must exist.
        image_size: Width and height of the frames. H.264 wants even numbers: an odd one is made even by
            repeating the last column or row.
        fps: Frames per second.
        timed: Each frame is written with its own time, which need not fit the rate.
        crf: x264's constant rate factor; larger is smaller and coarser.
        quick: In a third of the time, at the same quality, and two to three times as large.

    Raises:
        InputError: The folder cannot be written to.
        MissingExtraError: PyAV is not installed.
    """
    av = pyav()
    width, height = (side + side % 2 for side in image_size)
    with (
        replacing(path) as unfinished,
        av.open(str(unfinished), "w", format="mp4", options={"movflags": "faststart"}) as container,
    ):
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(10_000))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_type = "FRAME"  # by PyAV's default, slices, the caller waits for each frame
        stream.options = {"crf": str(crf), **(_QUICK if quick else {"preset": "veryfast"})}
        if timed:
            stream.codec_context.time_base = _TICK
        yield VideoWriter(container, stream)
        container.mux(stream.encode())

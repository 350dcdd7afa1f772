"""A camera, or a stream from the network: frames as they come, the newest first.

Who looks at the frames may be slower than they come. Then those in between are let go: what is seen is always what is
going on now. A file that is played as if it were a camera loses none.
"""

import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ampose.errors import InputError
from ampose.media.frames import Frame
from ampose.media.orientation import Orientations
from ampose.media.video_reader import Video, opened
from ampose.packages import load_package, pyav

_PATIENCE_S = 10.0
"""A camera that gives no frame for this long is taken to be gone."""

_TICK_S = 1e-6
"""Between frames of a file that states one time for both."""


@dataclass(frozen=True)
class LiveFrame:
    """A frame, and when it came.

    Args:
        frame: RGB, upright.
        seconds: When it came, on the clock of ``time.perf_counter``.
        filmed: Of a file, the frame's own time in it; None: when it came is when it was filmed.
    """

    frame: Frame
    seconds: float
    filmed: float | None = None

    @property
    def time(self) -> float:
        """When it was filmed, in seconds from some start."""
        return self.seconds if self.filmed is None else self.filmed


class VideoSource:
    """Opens a camera by its number (``0`` is the first), a stream by its address, or a video file by its path.

    Raises:
        InputError: There is no such camera or stream.
        MissingExtraError: The package that reads it is not installed.

    Example:
        >>> VideoSource("7")
        Traceback (most recent call last):
        ...
        ampose.errors.InputError: camera 7 is not attached or not free; name another
    """

    def __init__(self, name: str) -> None:
        self.name = f"camera {name}" if name.isdecimal() else name
        self._video = Video(Path(name)) if Path(name).is_file() and not name.isdecimal() else None
        self._frames = iter(self._video) if self._video else _device(int(name)) if name.isdecimal() else _stream(name)
        try:
            self._first = next(self._frames)
        except StopIteration:
            raise InputError(f"{self.name} must give an image, got none; is it in use by another program?") from None
        height, width, _ = self._first.shape
        self.image_size = (width, height)
        self._filmed = -_TICK_S

    def __iter__(self) -> Iterator[LiveFrame]:
        yield self._shot(self._first)
        if self._video is None:
            yield from newest(self._frames, self.name)
        else:
            yield from map(self._shot, self._frames)

    def __enter__(self) -> "VideoSource":
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(ValueError):  # a thread waits for the next frame; it lets go when that comes
            self._frames.close()

    def _shot(self, frame: Frame) -> LiveFrame:
        now = time.perf_counter()
        if self._video is None:
            return LiveFrame(frame, now)
        self._filmed = max(self._video.times[-1], self._filmed + _TICK_S)
        return LiveFrame(frame, now, self._filmed)


def newest(frames: Generator[Frame, None, None], name: str) -> Iterator[LiveFrame]:
    """Take frames in a thread of its own and give the newest each time; ends when they end.

    Raises:
        InputError: No frame came for some seconds.
        Exception: Whatever ``frames`` raised, after the frames before it.
    """
    latest: list[LiveFrame] = []
    raised: list[Exception] = []
    came, over = threading.Condition(), threading.Event()

    def take() -> None:
        try:
            for frame in frames:
                with came:
                    latest[:] = [LiveFrame(frame, time.perf_counter())]
                    came.notify()
                if over.is_set():
                    return
        except Exception as error:  # raised again where the frames are looked at
            raised.append(error)
        finally:
            over.set()
            with came:
                came.notify()
            frames.close()  # the camera is free again

    threading.Thread(target=take, daemon=True).start()
    try:
        while True:
            with came:
                if not came.wait_for(lambda: latest or over.is_set(), timeout=_PATIENCE_S):
                    raise InputError(f"{name} must give images, got none for {_PATIENCE_S:.0f} s; is it still there?")
                if not latest:
                    break
                shot = latest.pop()
            yield shot
    finally:
        over.set()
    if raised:
        raise raised[0]


def _device(number: int) -> Generator[Frame, None, None]:
    """Read a camera of this machine with OpenCV, which knows the cameras of all systems."""
    missing = InputError(f"camera {number} is not attached or not free; name another", field="camera")
    if sys.platform == "linux" and not Path(f"/dev/video{number}").exists():
        raise missing
    cv2 = load_package("cv2", extra="camera", purpose="reading a camera")
    capture: Any = cv2.VideoCapture(number)
    try:
        if not capture.isOpened():
            raise missing
        while True:
            there, frame = capture.read()
            if not there:
                return
            yield np.ascontiguousarray(frame[..., ::-1])
    finally:
        capture.release()


def _stream(address: str) -> Generator[Frame, None, None]:
    """Read an address such as rtsp://... or http://..."""
    if "://" not in address:
        raise InputError(f"{address}: camera must be a number, a file or an address, as in 0 or rtsp://..., found none")
    with opened(address, _PATIENCE_S) as (container, stream):
        orientations = Orientations()
        try:
            for frame in container.decode(stream):
                yield orientations.of(frame).apply(frame.to_ndarray(format="rgb24"))
        except pyav().FFmpegError as error:
            raise InputError(f"{address} must go on giving images, broke off: {error.strerror}") from error

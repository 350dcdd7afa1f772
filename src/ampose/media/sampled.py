"""A few frames of some media kept on the way, so that drawing them takes no second look at the file."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from ampose.media.frames import Frame, Media

_MOST = 8
"""Frames that are kept at a time: 50 MB of full HD, 200 MB of 4K."""


class Sampled:
    """Passes frames on and keeps up to eight of them, evenly spread over what has passed so far.

    Example:
        >>> from ampose.media.blank import Blank
        >>> sampled = Sampled(Blank(Path("poses.json"), (40, 30), None, 100))
        >>> len(list(sampled)), sorted(sampled.kept)
        (100, [0, 16, 32, 48, 64, 80, 96])
    """

    def __init__(self, media: Media) -> None:
        self._media = media
        self.kept: dict[int, Frame] = {}

    def __iter__(self) -> Iterator[Frame]:
        self.kept.clear()
        every = 1
        for number, frame in enumerate(self._media):
            if number % every == 0:
                self.kept[number] = frame
                if len(self.kept) > _MOST:
                    every *= 2
                    self.kept = {kept: image for kept, image in self.kept.items() if kept % every == 0}
            yield frame

    @property
    def path(self) -> Path:
        """The file or folder."""
        return self._media.path

    @property
    def image_size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._media.image_size

    @property
    def fps(self) -> float | None:
        """Frames per second; None for images that are no video."""
        return self._media.fps

    @property
    def num_frames(self) -> int | None:
        """How many frames there are, as the file says it."""
        return self._media.num_frames

    @property
    def times(self) -> Sequence[float]:
        """Seconds of each frame so far."""
        return self._media.times

    @property
    def lost(self) -> Collection[int]:
        """Numbers of the damaged frames so far."""
        return self._media.lost

"""What every source of frames promises."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from jaxtyping import UInt8

from ampose.media.small_frames import I420, SmallFrames, shrink_rgb

Frame = UInt8[np.ndarray, "height width 3"]
"""An image in RGB, upright."""

_MOST = 8
"""Frames that are kept at a time: 50 MB of full HD, 200 MB of 4K."""


class Media(ABC):
    """Frames from somewhere. Each ``iter(media)`` starts at the first frame and holds one at a time.

    Example:
        >>> from ampose.media.images import Blank
        >>> media = Blank(Path("poses.json"), (40, 30), None, 100)
        >>> len(list(media)), sorted(media.kept)
        (100, [0, 16, 32, 48, 64, 80, 96])
    """

    path: Path
    """The file or folder."""

    image_size: tuple[int, int]
    """Width and height in pixels of every frame, after it has been turned upright."""

    fps: float | None = None
    """Frames per second; None for images that are no video."""

    num_frames: int | None = None
    """How many frames there are, as the file says it; None when it does not say."""

    times: Sequence[float] = ()
    """Seconds of each frame that was given since the first, as the file says them; empty for images."""

    lost: Collection[int] = frozenset()
    """Numbers of the frames since the first that were damaged: a black image stood for each."""

    kept: Mapping[int, Frame] = MappingProxyType({})
    """Up to eight frames by number, evenly spread over what has passed: to draw them, nobody reads the file again."""

    _small: SmallFrames | None = None

    def __iter__(self) -> Generator[Frame, None, None]:
        self.kept, every = {}, 1
        small = None
        if self._small is not None and not self._small.complete:
            small = self._small = SmallFrames(self._small.size)
        for number, frame in enumerate(self.read()):
            if small is not None:
                small.add(self.shrink(frame, small.size))
            if number % every == 0:
                self.kept = {**self.kept, number: frame}
                if len(self.kept) > _MOST:
                    every *= 2
                    self.kept = {kept: image for kept, image in self.kept.items() if kept % every == 0}
            yield frame
        if small is not None:
            small.finish()

    def keep_small(self, size: tuple[int, int]) -> None:
        """Keep all frames of the next ``iter(media)`` at this size (width, height; even), for ``small``."""
        self._small = SmallFrames(size)

    def small(self, size: tuple[int, int]) -> Iterator[I420]:
        """Give the frames at a size (width, height; even): those that were kept, else they are read once more."""
        if self._small is not None and self._small.complete and self._small.size == size:
            yield from self._small
        else:
            for frame in self.read():
                yield self.shrink(frame, size)

    def shrink(self, frame: Frame, size: tuple[int, int]) -> I420:
        """Return at another size the frame that was read last."""
        return shrink_rgb(frame, size)

    @abstractmethod
    def read(self) -> Iterator[Frame]:
        """Read the frames, each when it is wanted."""

"""What every source of frames promises."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

Frame = UInt8[np.ndarray, "height width 3"]
"""An image in RGB, upright."""


@runtime_checkable
class Media(Protocol):
    """Frames from somewhere. Each ``iter(media)`` starts at the first frame and holds one at a time."""

    @property
    def path(self) -> Path:
        """The file or folder."""

    @property
    def image_size(self) -> tuple[int, int]:
        """Width and height in pixels of every frame, after it has been turned upright."""

    @property
    def fps(self) -> float | None:
        """Frames per second; None for images that are no video."""

    @property
    def num_frames(self) -> int | None:
        """How many frames there are, as the file says it; None when it does not say."""

    @property
    def times(self) -> Sequence[float]:
        """Seconds of each frame that was given since the first, as the file says them; empty for images."""

    @property
    def lost(self) -> Collection[int]:
        """Numbers of the frames since the first that were damaged: a black image stood for each."""

    def __iter__(self) -> Iterator[Frame]:
        """Stream the frames."""

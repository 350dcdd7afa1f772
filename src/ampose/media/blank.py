"""White images, to draw on where there are only keypoints."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from ampose.media.frames import Frame


class Blank:
    """As many white images as a keypoint file has frames.

    Example:
        >>> [frame.shape for frame in Blank(Path("poses.json"), (40, 30), None, 2)]
        [(30, 40, 3), (30, 40, 3)]
    """

    times: Sequence[float] = ()
    lost: Collection[int] = frozenset()

    def __init__(self, path: Path, image_size: tuple[int, int], fps: float | None, num_frames: int) -> None:
        self.path = path
        self.image_size = image_size
        self.fps = fps
        self.num_frames: int | None = num_frames

    def __iter__(self) -> Iterator[Frame]:
        width, height = self.image_size
        for _ in range(self.num_frames or 0):
            yield np.full((height, width, 3), 255, dtype=np.uint8)

"""``preview.mp4``: the video with the 2D pose over it, beside the 3D pose from two sides."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ampose.media import Frame
from ampose.media.writing import writing_video
from ampose.pose import Pose2D, Pose3D
from ampose.view.painting import Panel, Pixel, blank, write_text
from ampose.view.photo import Cut, draw_photo, in_joints_of
from ampose.view.projection import INK, SIDE_COLOURS, SIDES, Colour, Stage, frame_strokes

if TYPE_CHECKING:
    from PIL.Image import Image

_HEIGHTS = (480, 720)
_PANEL_ASPECT = 1.5
"""Height by width of a panel that stands beside a portrait video."""
_TEXT_PART = 28
"""Letters are a 28th of the picture's height."""

PICTURES_PER_SECOND = 2.0
"""How fast pictures that are no video are shown."""


def write_preview(
    path: str | Path,
    frames: Iterable[Frame],
    pose2d: Pose2D,
    pose3d: Pose3D,
    *,
    report: Callable[[int, int | None, str], None] | None = None,
) -> None:
    """Write the preview video, at the speed of the original and at most 720 pixels high.

    Args:
        path: An MP4; it appears when it is complete.
        frames: All frames, in order.
        pose2d: Pixels.
        pose3d: Metres, of the same frames.
        report: Called after each frame with (done, total, note).

    Raises:
        InputError: The folder cannot be written to.
        MissingExtraError: PyAV or Pillow is not installed.
    """
    layout = _Layout(pose2d.image_size, Stage.around(pose3d))
    overlay = in_joints_of(pose2d, pose3d.skeleton)
    with writing_video(path, image_size=layout.size, fps=pose3d.fps or PICTURES_PER_SECOND) as video:
        for number, frame in enumerate(frames):
            if number >= len(pose3d):  # a file that grew since it was read
                break
            video.write(np.asarray(layout.draw(frame, overlay, pose3d, number)))
            if report:
                report(number + 1, len(pose3d), "")


class _Layout:
    """Where the video and the panels go: beside a portrait video side by side, else one above the other."""

    def __init__(self, image_size: tuple[int, int], stage: Stage) -> None:
        width, height = image_size
        self._height = min(max(height + height % 2, _HEIGHTS[0]), _HEIGHTS[1])
        self._photo = (_even(self._height * width / height), self._height)
        portrait = height > width
        size = (
            (_even(self._height / _PANEL_ASPECT), self._height)
            if portrait
            else (_even(self._height / 2), self._height // 2)
        )
        self._panels = [Panel(stage, side, size) for side in SIDES]
        left = self._photo[0]
        self._corners = [(left, 0), (left + size[0], 0) if portrait else (left, size[1])]
        self.size = (left + size[0] * (2 if portrait else 1), self._height)

    def draw(self, frame: Frame, overlay: Pose2D, pose: Pose3D, number: int) -> "Image":
        """Return one frame of the preview."""
        image = blank(self.size)
        cut = Cut.whole((frame.shape[1], frame.shape[0]))
        image.paste(draw_photo(frame, cut, self._photo, overlay, number), (0, 0))
        missing = bool(pose.missing[number])
        for side, panel, corner in zip(SIDES, self._panels, self._corners, strict=True):
            image.paste(panel.draw([] if missing else frame_strokes(pose, number, side)), corner)
            self._write(image, corner, "nobody found" if missing else side.title)
        self._write_foot(image, f"{number / pose.fps:.2f} s" if pose.fps else f"picture {number}")
        return image

    def _write(self, image: "Image", corner: Pixel, text: str, colour: Colour = INK) -> float:
        """Write in the upper left corner of a panel; returns where the text ends."""
        letter = self._height / _TEXT_PART
        place = (corner[0] + 0.7 * letter, corner[1] + 0.6 * letter)
        return write_text(image, place, text, size=round(0.8 * letter), colour=colour)

    def _write_foot(self, image: "Image", moment: str) -> None:
        """Write the moment and the meaning of the colours along the lower edge."""
        x, y = float(self._photo[0]), self._height * (1 - 2 / _TEXT_PART)
        words = ((moment, INK), ("left", SIDE_COLOURS["left"]), ("right", SIDE_COLOURS["right"]))
        for text, colour in words:
            x = self._write(image, (x, y), text, colour)


def _even(length: float) -> int:
    return 2 * round(length / 2)

"""``preview.mp4``: the video with the 2D poses over it, beside the 3D poses."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ampose.drawing.painting import Panel, Pixel, blank, write_text
from ampose.drawing.panels import LiftedPeople, choose_subjects, in_lifted_joints, time_label
from ampose.drawing.photo import Cut, draw_people
from ampose.drawing.projection import INK, SIDE_COLOURS, Colour, Scene, frame_strokes
from ampose.media import Frame
from ampose.media.video_writer import scaled, writing_video
from ampose.packages import pillow

if TYPE_CHECKING:
    from PIL.Image import Image

_HEIGHTS = (480, 720)
_PANEL_ASPECT = 1.5
"""Height by width of a panel that stands beside a portrait video."""
_TEXT_PART = 28
"""Letters are a 28th of the picture's height."""

_MOST = 6
"""People with a panel of their own."""

PICTURES_PER_SECOND = 2.0
"""How fast pictures that are no video are shown."""


def write_preview(
    path: str | Path,
    frames: Iterable[Frame],
    people: LiftedPeople,
    *,
    report: Callable[[int, int | None, str], None] | None = None,
) -> None:
    """Write the preview video, at the speed of the original and at most 720 pixels high.

    One person is seen from two sides; of several, each has a panel, as the camera sees them.

    Args:
        path: An MP4; it appears when it is complete.
        frames: All frames, in order.
        people: Everybody. More than six are drawn over the video only, and counted.
        report: Called after each frame with (done, total, note).

    Raises:
        InputError: The folder cannot be written to.
        MissingExtraError: PyAV or Pillow is not installed.
    """
    layout, pose = _Layout(in_lifted_joints(people)), people[0].pose3d
    with writing_video(path, image_size=layout.size, fps=pose.fps or PICTURES_PER_SECOND) as video:
        for number, frame in enumerate(frames):
            if number >= len(pose):  # a file that grew since it was read
                break
            video.write(np.asarray(layout.draw(frame, number)))
            if report:
                report(number + 1, len(pose), "")


class _Layout:
    """Where the video and the panels go: two beside a portrait video side by side, else in two rows."""

    def __init__(self, people: LiftedPeople) -> None:
        self._people, self._subjects = people, choose_subjects(people, _MOST)
        width, height = people[0].pose2d.image_size
        self._height = min(max(height + height % 2, _HEIGHTS[0]), _HEIGHTS[1])
        self._photo = (_even(self._height * width / height), self._height)
        rows = 1 if height > width and len(self._subjects) == 2 else 2
        panel = _even(self._height / (_PANEL_ASPECT if rows == 1 else 2)), self._height // rows
        stage = Scene.around_all([person.pose3d for person in people])
        self._panels = [Panel(stage, subject.side, panel) for subject in self._subjects]
        left = self._photo[0]
        self._corners = [(left + at // rows * panel[0], at % rows * panel[1]) for at in range(len(self._subjects))]
        self.size = (left + math.ceil(len(self._subjects) / rows) * panel[0], self._height)

    def draw(self, frame: Frame, number: int) -> "Image":
        """Return one frame of the preview."""
        image = blank(self.size)
        photo = pillow().fromarray(scaled(frame, self._photo))
        draw_people(photo, Cut(0.0, 0.0, float(frame.shape[1]), float(frame.shape[0])), self._people, number)
        image.paste(photo, (0, 0))
        for subject, panel, corner in zip(self._subjects, self._panels, self._corners, strict=True):
            pose = subject.person.pose3d
            missing = bool(pose.missing[number])
            image.paste(panel.draw([] if missing else frame_strokes(pose, number, subject.side)), corner)
            lost = f"{subject.label.text}: not found" if subject.label.text else "nobody found"
            self._write(image, corner, lost if missing else subject.title, subject.label.colour)
        # Along the lower edge: the moment, the meaning of the colours, and who has no panel.
        more = len(self._people) - _MOST
        x, y = float(self._photo[0]), self._height * (1 - 2 / _TEXT_PART)
        words = [(time_label(self._people[0].pose3d, number), INK)]
        words += [(side, SIDE_COLOURS[side]) for side in ("left", "right")]
        words += [(f"and {more} more", INK)] if more > 0 else []
        for text, colour in words:
            x = self._write(image, (x, y), text, colour)
        return image

    def _write(self, image: "Image", corner: Pixel, text: str, colour: Colour = INK) -> float:
        """Write in the upper left corner of a panel; returns where the text ends."""
        letter = self._height / _TEXT_PART
        place = (corner[0] + 0.7 * letter, corner[1] + 0.6 * letter)
        return write_text(image, place, text, size=round(0.8 * letter), colour=colour)


def _even(length: float) -> int:
    return 2 * round(length / 2)

"""``preview.mp4``: the video with the 2D poses over it, beside the 3D poses."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from ampose.drawing.overlay import YuvGround
from ampose.drawing.painting import Ground, Panel, Pixel, RgbGround, Shapes, blank
from ampose.drawing.panels import LiftedPeople, choose_subjects, in_lifted_joints, time_label
from ampose.drawing.photo import Cut, people_shapes, write_names
from ampose.drawing.projection import INK, SIDE_COLOURS, Colour, Scene, frame_strokes
from ampose.media import Frame, Media
from ampose.media.ahead import ahead
from ampose.media.small_frames import I420, Planes, shrink_rgb
from ampose.media.video_writer import writing_video

_HEIGHTS = (480, 720)
_PANEL_ASPECT = 1.5
"""Height by width of a panel that stands beside a portrait video."""
_TEXT_PART = 28
"""Letters are a 28th of the picture's height."""

_CRF = 22
"""At which the quick settings are as near to the picture as x264's veryfast is at 20 (43 dB in the photo)."""

_AHEAD = 64
"""Frames whose shapes are computed at once: for each alone it takes as long as to fill them."""

_MOST = 6
"""People with a panel of their own."""

PICTURES_PER_SECOND = 2.0
"""How fast pictures that are no video are shown."""


def write_preview(
    path: str | Path,
    frames: Media | Iterable[Frame],
    people: LiftedPeople,
    *,
    report: Callable[[int, int | None, str], None] | None = None,
) -> None:
    """Write the preview video, at most 720 pixels high, with each frame at its time in the original.

    One person is seen from two sides; of several, each has a panel, as the camera sees them.

    Args:
        path: An MP4; it appears when it is complete.
        frames: All frames, in order; of media, those that were kept small while they were read.
        people: Everybody. More than six are drawn over the video only, and counted.
        report: Called after each frame with (done, total, note).

    Raises:
        InputError: The folder cannot be written to.
        MissingExtraError: PyAV or Pillow is not installed.
    """
    layout, pose = _Layout(in_lifted_joints(people)), people[0].pose3d
    size = photo_size(people[0].pose2d.image_size)
    small = frames.small(size) if isinstance(frames, Media) else (shrink_rgb(frame, size) for frame in frames)
    rate = pose.fps or PICTURES_PER_SECOND
    times = None if pose.times is None else pose.times - pose.times[0]
    timed = times is not None
    with writing_video(path, image_size=layout.size, fps=rate, timed=timed, crf=_CRF, quick=True) as video:
        # A file may have grown since it was read.
        numbered = zip(small, range(len(pose)), strict=False)
        # While one picture is encoded, the next is drawn.
        for number, picture in enumerate(ahead(layout.draw(*frame) for frame in numbered)):
            video.write_yuv(picture, None if times is None else float(times[number]))
            if report:
                report(number + 1, len(pose), "")


def photo_size(image_size: tuple[int, int]) -> tuple[int, int]:
    """Return how large the video's own picture is in the preview: width and height, even.

    Example:
        >>> photo_size((1080, 1920)), photo_size((100, 101))
        ((404, 720), (476, 480))
    """
    width, height = image_size
    shown = min(max(height + height % 2, _HEIGHTS[0]), _HEIGHTS[1])
    return max(2, _even(shown * width / height)), shown


class _Layout:
    """Where the video and the panels go: two beside a portrait video side by side, else in two rows."""

    def __init__(self, people: LiftedPeople) -> None:
        self._people, self._subjects = people, choose_subjects(people, _MOST)
        width, height = people[0].pose2d.image_size
        self._cut = Cut(0.0, 0.0, float(width), float(height))
        self._photo = photo_size((width, height))
        left, self._height = self._photo
        rows = 1 if height > width and len(self._subjects) == 2 else 2
        panel = _even(self._height / (_PANEL_ASPECT if rows == 1 else 2)), self._height // rows
        stage = Scene.around_all([person.pose3d for person in people])
        self._panels = [Panel(stage, subject.side, panel) for subject in self._subjects]
        corners = [(left + at // rows * panel[0], at % rows * panel[1]) for at in range(len(self._subjects))]
        self._windows = [(corner, panel) for corner in corners]
        self.size = (left + math.ceil(len(self._subjects) / rows) * panel[0], self._height)
        self._empty = shrink_rgb(np.asarray(blank(self.size)), self.size)
        for at in range(len(self._subjects)):
            Planes.of(self._empty).part(*self._windows[at]).fill(self._stage(at, missing=False))
        self._nobody = [self._stage(at, missing=True) for at in range(len(self._subjects))]
        self._ahead, self._shapes = -1, (list[Shapes](), list[Shapes]())

    def _stage(self, at: int, *, missing: bool) -> Planes:
        """Return a panel without anybody, with its title."""
        subject, image = self._subjects[at], self._panels[at].empty.copy()
        lost = f"{subject.label.text}: not found" if subject.label.text else "nobody found"
        self._write(RgbGround(image), (0, 0), lost if missing else subject.title, subject.label.colour)
        return Planes.of(shrink_rgb(np.asarray(image), image.size))

    def draw(self, frame: I420, number: int) -> I420:
        """Return one frame of the preview."""
        picture = self._empty.copy()
        planes = Planes.of(picture)
        photo = planes.part((0, 0), self._photo)
        photo.fill(Planes.of(frame))
        in_photo, in_panels = self._shapes_at(number)
        for shapes in in_photo:
            YuvGround(photo).draw(shapes)
        write_names(YuvGround(photo), self._cut, self._people, number)
        for at, (subject, shapes) in enumerate(zip(self._subjects, in_panels, strict=True)):
            part = planes.part(*self._windows[at])
            if subject.person.pose3d.missing[number]:
                part.fill(self._nobody[at])
            YuvGround(part).draw(shapes)
        # Along the lower edge: the moment, the meaning of the colours, and who has no panel.
        more = len(self._people) - _MOST
        x, y = float(self._photo[0]), self._height * (1 - 2 / _TEXT_PART)
        words = [(time_label(self._people[0].pose3d, number), INK)]
        words += [(side, SIDE_COLOURS[side]) for side in ("left", "right")]
        words += [(f"and {more} more", INK)] if more > 0 else []
        for text, colour in words:
            x = self._write(YuvGround(planes), (x, y), text, colour)
        return picture

    def _shapes_at(self, number: int) -> tuple[list[Shapes], list[Shapes]]:
        """Return what is drawn over the photo and in the panels in a frame."""
        ahead, at = divmod(number, _AHEAD)
        if ahead != self._ahead:
            frames = slice(ahead * _AHEAD, (ahead + 1) * _AHEAD)
            in_panels = [
                panel.shapes(frame_strokes(subject.person.pose3d, frames, subject.side))
                for subject, panel in zip(self._subjects, self._panels, strict=True)
            ]
            self._ahead, self._shapes = ahead, (people_shapes(self._people, frames, self._cut, self._photo), in_panels)
        in_photo, in_panels = ([shapes.frame(at) for shapes in part] for part in self._shapes)
        return in_photo, in_panels

    def _write(self, ground: Ground, corner: Pixel, text: str, colour: Colour = INK) -> float:
        """Write in the upper left corner of a panel; returns where the text ends."""
        letter = self._height / _TEXT_PART
        place = (corner[0] + 0.7 * letter, corner[1] + 0.6 * letter)
        return ground.write(place, text, size=round(0.8 * letter), colour=colour)


def _even(length: float) -> int:
    return 2 * round(length / 2)

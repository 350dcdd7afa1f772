"""A clip of the 3D pose from two sides, as MP4 or GIF: for a talk, where the video itself is not to be shown."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ampose.drawing.painting import Panel, blank, write_text
from ampose.drawing.panels import time_label
from ampose.drawing.preview import PICTURES_PER_SECOND
from ampose.drawing.projection import FAINT_INK, SIDE_COLOURS, SIDES, Scene, frame_strokes
from ampose.errors import InputError
from ampose.media.video_writer import writing_video
from ampose.poses.pose import Pose3D

if TYPE_CHECKING:
    from PIL.Image import Image

_PANEL = (360, 420)
_LETTER = 15
_GIF_STEP_S = 0.04  # browsers slow down what is faster than 20 ms a picture; 40 ms halves the file and looks smooth
_GIF_TICK_S = 0.01
_COLOURS = 64


def write_clip(path: str | Path, pose: Pose3D) -> None:
    """Write an MP4 with each frame at its time; ``path`` is replaced by nothing half-written.

    Raises:
        InputError: Nobody is in any frame, or the folder cannot be written to.
        MissingExtraError: PyAV or Pillow is not installed.
    """
    size = (2 * _PANEL[0], _PANEL[1])
    times = None if pose.times is None else pose.times - pose.times[0]
    with writing_video(path, image_size=size, fps=_rate(pose), timed=times is not None) as video:
        for number, picture in enumerate(_pictures(pose, range(len(pose)))):
            video.write(np.asarray(picture), None if times is None else float(times[number]))


def write_gif(path: str | Path, pose: Pose3D) -> None:
    """Write a GIF that repeats, with at most 25 pictures a second, each shown until the time of the next.

    Raises:
        InputError: Nobody is in any frame.
        MissingExtraError: Pillow is not installed.
    """
    seconds = np.arange(len(pose)) / PICTURES_PER_SECOND if pose.seconds is None else pose.seconds
    chosen = gif_frames(seconds)
    ticks = np.round(np.append(seconds[chosen], seconds[-1] + 1 / _rate(pose)) / _GIF_TICK_S)
    durations_ms = (np.maximum(np.diff(ticks), 2) * 1000 * _GIF_TICK_S).astype(int).tolist()
    first, *rest = (picture.quantize(_COLOURS) for picture in _pictures(pose, chosen))
    first.save(path, format="GIF", save_all=True, append_images=rest, duration=durations_ms, loop=0, disposal=1)


def gif_frames(seconds: Sequence[float] | np.ndarray) -> list[int]:
    """Return the frames of a GIF: the first, and each that is 40 ms or more after the one before.

    Example:
        >>> gif_frames([0.0, 0.02, 0.04, 0.06, 0.2])
        [0, 2, 4]
    """
    chosen = [0]
    for frame, moment in enumerate(seconds):
        if moment - seconds[chosen[-1]] >= _GIF_STEP_S - 1e-6:
            chosen.append(frame)
    return chosen


def _rate(pose: Pose3D) -> float:
    return pose.mean_rate or PICTURES_PER_SECOND


def _pictures(pose: Pose3D, frames: Sequence[int]) -> Iterator["Image"]:
    if pose.missing.all():
        raise InputError("poses must have somebody in at least one frame, got nobody; there is nothing to draw")
    panels = [Panel(Scene.around(pose), side, _PANEL) for side in SIDES]
    for number in frames:
        picture = blank((len(panels) * _PANEL[0], _PANEL[1]))
        for at, (side, panel) in enumerate(zip(SIDES, panels, strict=True)):
            corner = at * _PANEL[0]
            picture.paste(panel.draw(frame_strokes(pose, number, side)), (corner, 0))
            title = "nobody found" if pose.missing[number] else side.title
            write_text(picture, (corner + 10, 8), title, size=_LETTER, colour=FAINT_INK)
        y = float(_PANEL[1] - 26)
        x = write_text(picture, (10.0, y), time_label(pose, number), size=_LETTER) + 20
        for name in ("left", "right"):
            x = write_text(picture, (x, y), name, size=_LETTER, colour=SIDE_COLOURS[name]) + 12
        yield picture

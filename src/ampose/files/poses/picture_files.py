"""Pictures of the 3D pose, without the video: ``.mp4`` and ``.gif`` move, ``.png``, ``.pdf`` and ``.svg`` are stills.

``clip.mp4`` and ``clip.gif``: two sides. ``sheet.png``: a contact sheet of up to 18 frames. ``figure.pdf`` and
``figure.svg``: four frames from two sides as lines and text, 7 inches wide, for a paper. One person a file; nothing is
read back. The pose stands upright on a floor: give the camera's tilt, or lift with it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from ampose.drawing.clip import write_clip, write_gif
from ampose.drawing.sheet import write_figure, write_sheet
from ampose.files.poses.pose_format import all_but, formats
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D

_NOT_SHOWN = ("expected_error", "keypoints_2d", "frame_of_reference", "provenance", "people", "start")
_CARRIES, _EVEN = all_but(*_NOT_SHOWN), all_but(*_NOT_SHOWN, "times")


class _Picture:
    """One person as a picture; the top of this file says what is drawn."""

    draw: Callable[[str | Path, Pose3D], None]

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Draw the person's 3D pose."""
        (person,) = people
        self.draw(path, person.pose3d)


@formats.register(".mp4", up="y", carries=_EVEN, extra="video", package="av")
class Mp4File(_Picture):
    """A video."""

    draw = staticmethod(write_clip)


@formats.register(".gif", up="y", carries=_CARRIES, extra="video", package="PIL")
class GifFile(_Picture):
    """A small clip that repeats."""

    draw = staticmethod(write_gif)


@formats.register(".png", up="y", carries=_CARRIES, extra="video", package="PIL")
class PngFile(_Picture):
    """A contact sheet."""

    draw = staticmethod(write_sheet)


@formats.register(".pdf", up="y", carries=_CARRIES, extra="view", package="matplotlib")
class PdfFile(_Picture):
    """A figure of lines."""

    draw = staticmethod(write_figure)


@formats.register(".svg", up="y", carries=_CARRIES, extra="view", package="matplotlib")
class SvgFile(PdfFile):
    """The same for the web and for drawing programs."""

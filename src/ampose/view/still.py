"""``overview.png``: a few frames of the video over the 3D poses, on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ampose.atomic import replacing
from ampose.media import Frame
from ampose.media.packages import load_package
from ampose.pose import Pose3D
from ampose.view.painting import Panel, Pixel
from ampose.view.photo import cuts_around, draw_photo
from ampose.view.projection import (
    FAINT_INK,
    INK,
    SIDE_COLOURS,
    SURE,
    Colour,
    Stage,
    frame_strokes,
    pale,
)
from ampose.view.shown import Shown, View, choose_views

if TYPE_CHECKING:
    from PIL.Image import Image

_PAGE_PX, _DPI = 1600, 100
_MARGIN_PX, _GAP_PX, _HEADER_PX = 34, 14, 112
_CELL_PX = 500
_ASPECTS = (0.8, 1.35)
_MOST = 4
"""People with a row of their own."""


def choose_frames(pose: Pose3D, count: int = 4) -> list[int]:
    """Return up to ``count`` evenly spread frames in which somebody was found.

    Example:
        >>> from ampose.skeletons import get_skeleton
        >>> pose = Pose3D(
        ...     positions=np.zeros((40, 17, 3)),
        ...     confidence=np.ones((40, 17)),
        ...     skeleton=get_skeleton("human36m_17"),
        ... )
        >>> choose_frames(pose)
        [5, 15, 25, 35]
    """
    found = np.flatnonzero(~pose.missing)
    count = min(count, len(found))
    return [int(found[(2 * part + 1) * len(found) // (2 * count)]) for part in range(count)]


def write_overview(path: str | Path, frames: Mapping[int, Frame], people: Sequence[Shown], *, title: str = "") -> None:
    """Write a page of pictures: a column for each frame, with the frame and the 3D poses.

    One person is seen from two sides; of several, each has a row, as the camera sees them. A lone frame has its
    pictures side by side.

    Args:
        path: A PNG; it appears when it is complete.
        frames: The frames to show by their numbers, as ``choose_frames`` chose them.
        people: Everybody; in each of the frames there is one of them at least. More than four are counted only.
        title: What to write above.

    Raises:
        InputError: The folder cannot be written to.
        MissingExtraError: Matplotlib or Pillow is not installed.
    """
    numbers = sorted(frames)
    page = _draw_page(frames, numbers, people)
    figure = page.as_figure(title + (f", and {len(people) - _MOST} more people" if len(people) > _MOST else ""))
    unsure = any((person.pose3d[_among(person.pose3d, numbers)].confidence < SURE).any() for person in people)
    _add_legend(figure, page, unsure=unsure)
    with replacing(path) as unfinished:
        figure.savefig(unfinished, dpi=_DPI, format="png")


@dataclass(frozen=True)
class _Page:
    """Pictures of one size in rows and columns, with what is written beside and above them."""

    rows: Sequence[Sequence["Image"]]
    row_titles: Sequence[str]
    column_titles: Sequence[str]

    @property
    def cell(self) -> tuple[int, int]:
        size: tuple[int, int] = self.rows[0][0].size
        return size

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = self.cell
        columns, rows = len(self.column_titles), len(self.row_titles)
        return (
            2 * _MARGIN_PX + columns * (width + _GAP_PX) - _GAP_PX,
            _HEADER_PX + _MARGIN_PX // 2 + rows * (height + _GAP_PX),
        )

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """Left and top of a cell in pixels."""
        width, height = self.cell
        return _MARGIN_PX + column * (width + _GAP_PX), _HEADER_PX + row * (height + _GAP_PX)

    def as_figure(self, title: str) -> Any:
        """Return a Matplotlib figure in which every picture keeps its pixels."""
        figure = _matplotlib("figure").Figure(
            figsize=(self.size[0] / _DPI, self.size[1] / _DPI), dpi=_DPI, facecolor="white"
        )
        self._write(figure, (_MARGIN_PX, 42), title, INK, fontsize=17, fontweight="bold")
        for column, text in enumerate(self.column_titles):
            middle = self.corner(0, column)[0] + self.cell[0] / 2
            self._write(figure, (middle, _HEADER_PX - 12), text, INK, fontsize=12, ha="center")
        for row, (pictures, text) in enumerate(zip(self.rows, self.row_titles, strict=True)):
            middle = self.corner(row, 0)[1] + self.cell[1] / 2
            place = (_MARGIN_PX - 9, middle)
            self._write(figure, place, text, FAINT_INK, fontsize=12, rotation=90, ha="right", va="center")
            for column, picture in enumerate(pictures):
                left, top = self.corner(row, column)
                figure.figimage(np.asarray(picture), left, self.size[1] - top - self.cell[1])
        return figure

    def _write(self, figure: Any, place: Pixel, text: str, colour: Colour, **style: Any) -> None:
        x, y = place
        figure.text(x / self.size[0], 1 - y / self.size[1], text, color=_hex(colour), **style)


def _draw_page(frames: Mapping[int, Frame], numbers: list[int], people: Sequence[Shown]) -> _Page:
    """Draw the cells; the 3D panels share one stage, so that all have one scale."""
    stage = Stage.around_all([person.pose3d[_among(person.pose3d, numbers)] for person in people])
    views, pose = choose_views(people, _MOST), people[0].pose3d
    titles = ["2D, as detected", *(_title(view, numbers) for view in views)]
    times = [_moment(number, pose.fps) if len(pose) > 1 else "" for number in numbers]
    lone = len(numbers) == 1
    size = _cell_size(len(titles) if lone else len(numbers), stage)
    rows = [_photos(frames, numbers, size, people)]
    for view in views:
        panel = Panel(stage, view.side, size)
        rows.append([panel.draw(frame_strokes(view.person.pose3d, number, view.side)) for number in numbers])
    if lone:
        return _Page([[row[0] for row in rows]], times, titles)
    return _Page(rows, titles, times)


def _among(pose: Pose3D, numbers: list[int]) -> np.ndarray:
    return np.isin(np.arange(len(pose)), numbers) & ~pose.missing


def _title(view: View, numbers: list[int]) -> str:
    """Return the row's title; it says so where somebody is in other frames only."""
    return view.title if _among(view.person.pose3d, numbers).any() else f"{view.title}: at other times"


def _cell_size(columns: int, stage: Stage) -> tuple[int, int]:
    width = min(_CELL_PX, (_PAGE_PX - 2 * _MARGIN_PX + _GAP_PX) // columns - _GAP_PX)
    low, high = _ASPECTS
    return width, round(width * min(max(stage.aspect, low), high))


def _photos(
    frames: Mapping[int, Frame], numbers: list[int], size: tuple[int, int], people: Sequence[Shown]
) -> "list[Image]":
    cuts = cuts_around([person.pose2d for person in people], numbers, size[1] / size[0])
    return [draw_photo(frames[n], cut, size, people, n) for n, cut in zip(numbers, cuts, strict=True)]


def _moment(number: int, fps: float | None) -> str:
    return f"{number / fps:.2f} s  ·  frame {number}" if fps else f"picture {number}"


def _add_legend(figure: Any, page: _Page, *, unsure: bool) -> None:
    entries = [(SIDE_COLOURS["left"], "left"), (SIDE_COLOURS["right"], "right")]
    if unsure:
        entries.append((pale(SIDE_COLOURS["middle"]), f"pale: a guess (confidence < {SURE})"))
    lines = [
        _matplotlib("lines").Line2D([], [], color=_hex(colour), linewidth=6, solid_capstyle="round")
        for colour, _ in entries
    ]
    figure.legend(
        lines,
        [text for _, text in entries],
        loc="upper right",
        bbox_to_anchor=(1 - (_MARGIN_PX - 8) / page.size[0], 1 - 16 / page.size[1]),
        ncols=len(entries),
        frameon=False,
        fontsize=12,
        labelcolor=_hex(INK),
        handlelength=1.2,
    )


def _matplotlib(module: str) -> Any:
    return load_package(f"matplotlib.{module}", extra="view", purpose="drawing the overview")


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)

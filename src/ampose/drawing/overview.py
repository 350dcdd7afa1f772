"""``overview.png``: a few frames of the video over the 3D poses, on one page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ampose.atomic import replacing
from ampose.drawing.painting import Panel, Pixel, RgbGround, blank, shapes_of
from ampose.drawing.panels import LiftedPeople, choose_subjects, in_lifted_joints, time_label
from ampose.drawing.photo import aspect_around, cuts_around, draw_photo
from ampose.drawing.projection import (
    FAINT_INK,
    INK,
    SIDE_COLOURS,
    SURE,
    Colour,
    Scene,
    Strokes,
    frame_strokes,
    pale,
)
from ampose.errors import printable
from ampose.media import Frame
from ampose.packages import load_package, pillow, require
from ampose.poses.pose import Pose3D

if TYPE_CHECKING:
    from PIL.Image import Image

_PAGE_PX = 1600
_LETTER_PX, _TITLE_PX = 17, 24
_CUT_OFF = "..."
_COMPRESSION = 1
"""Of the PNG: a quarter of the usual level's time for 14 % more bytes."""
_MARGIN_PX, _GAP_PX, _HEADER_PX = 34, 14, 112
_CELL_PX = 500
_ASPECTS = (0.8, 1.35)
_LEAST_ASPECT = 0.4
_MOST = 4
"""People with a row of their own."""


def choose_frames(poses: Sequence[Pose3D], count: int = 4, *, at_hand: Collection[int] = ()) -> list[int]:
    """Return up to ``count`` frames, evenly spread where somebody was found, in which each person is at least once.

    Args:
        poses: Of everybody with a row in the overview, of the same frames; no more than ``count`` of them count.
        count: How many frames.
        at_hand: Frames that need not be read again: others are taken only for somebody who is in none of these.

    Example:
        >>> from ampose.poses.skeletons import Skeleton
        >>> dot, places = Skeleton("dot", {"hip": None}), np.full((2, 40, 1, 3), np.nan)
        >>> places[0], places[1, 38:] = 0.0, 0.0
        >>> poses = [Pose3D(positions=one, confidence=np.ones((40, 1)), skeleton=dot) for one in places]
        >>> choose_frames(poses[:1]), choose_frames(poses)
        ([5, 15, 25, 35], [5, 15, 25, 39])
    """
    found = np.stack([~pose.missing for pose in poses[:count]])  # (person, frame)
    near = np.isin(np.arange(found.shape[1]), list(at_hand)) if at_hand else np.ones(found.shape[1], dtype=bool)
    found = np.where((found & near).any(axis=1, keepdims=True), found & near, found)
    longest = np.flatnonzero(found[found.sum(axis=1).argmax()])
    count = min(count, len(longest))
    even = [int(longest[(2 * part + 1) * len(longest) // (2 * count)]) for part in range(count)]
    if all(person[even].any() for person in found if person.any()):
        return even
    chosen: list[int] = []
    # Who was found in the fewest frames leaves the least choice, and so comes first.
    for person in sorted(found, key=lambda person: int(person.sum())):
        if person.any() and not person[chosen].any():
            frames = np.flatnonzero(person)
            company = found[:, frames].sum(axis=0)
            fullest = frames[company == company.max()]
            chosen.append(int(fullest[len(fullest) // 2]))
    # The even ones fill up, those that lie farthest from the chosen ones first.
    even.sort(key=lambda frame: -min(abs(frame - other) for other in chosen))
    return sorted({*chosen, *even[: max(0, count - len(chosen))]})


def write_overview(path: str | Path, overview: "Image") -> None:
    """Write what ``draw_overview`` drew as a PNG, which appears when it is complete.

    Raises:
        InputError: The folder cannot be written to.
    """
    with replacing(path) as unfinished:
        overview.save(unfinished, format="PNG", compress_level=_COMPRESSION)


def draw_overview(frames: Mapping[int, Frame], people: LiftedPeople, *, title: str = "") -> "Image":
    """Return a page of pictures: a column for each frame, with the frame and the 3D poses.

    One person is seen from two sides; of several, each has a row, as the camera sees them. A lone frame has its
    pictures side by side.

    Args:
        frames: The frames to show by their numbers, as ``choose_frames`` chose them.
        people: Everybody; in each of the frames there is one of them at least. More than four are counted only.
        title: What to write above.

    Raises:
        MissingExtraError: Matplotlib or Pillow is not installed.
    """
    numbers = sorted(frames)
    page = _draw_page(frames, numbers, in_lifted_joints(people))
    unsure = any((person.pose3d[_among(person.pose3d, numbers)].confidence < SURE).any() for person in people)
    more = f", and {len(people) - _MOST} more" if len(people) > _MOST else ""
    legend = [(SIDE_COLOURS[side], side) for side in ("left", "right")]
    if unsure:
        legend.append((pale(SIDE_COLOURS["middle"]), f"pale: a guess (confidence < {SURE})"))
    return page.draw(printable(title) + more, legend)


@dataclass(frozen=True)
class _Page:
    """Pictures in rows and columns, of one size in a row, with what is written beside and above them."""

    rows: Sequence[Sequence["Image"]]
    row_titles: Sequence[tuple[str, Colour]]
    column_titles: Sequence[str]

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """Left and top of a cell in pixels; all columns are equally wide."""
        above = sum(pictures[0].height + _GAP_PX for pictures in self.rows[:row])
        return _MARGIN_PX + column * (self.rows[0][0].width + _GAP_PX), _HEADER_PX + above

    def draw(self, title: str, legend: Sequence[tuple[Colour, str]]) -> "Image":
        """Return the page; the legend stands at the right of the title, which is cut where it would reach it."""
        right, bottom = self.corner(len(self.rows), len(self.column_titles))
        page = blank((right - _GAP_PX + _MARGIN_PX, bottom + _MARGIN_PX // 2))
        for row, (pictures, (text, colour)) in enumerate(zip(self.rows, self.row_titles, strict=True)):
            # The row's title stands at the left, turned to be read from below.
            strip = blank((pictures[0].height, _MARGIN_PX - 6))
            _write(strip, (strip.width / 2, strip.height / 2), text, "mm", colour=colour)
            page.paste(strip.transpose(pillow().Transpose.ROTATE_90), (0, self.corner(row, 0)[1]))
            for column, picture in enumerate(pictures):
                page.paste(picture, self.corner(row, column))
        for column, text in enumerate(self.column_titles):
            middle = self.corner(0, column)[0] + self.rows[0][0].width / 2
            _write(page, (middle, _HEADER_PX - 12), text, "ms")
        font, room = _font(_TITLE_PX, bold=True), _draw_legend(page, legend) - _GAP_PX - _MARGIN_PX
        if font.getlength(title) > room:
            while title and font.getlength(title + _CUT_OFF) > room:
                title = title[:-1]
            title += _CUT_OFF
        _write(page, (_MARGIN_PX, 42), title, "ls", font=font)
        return page


def _draw_page(frames: Mapping[int, Frame], numbers: list[int], people: LiftedPeople) -> _Page:
    """Draw the cells; the 3D panels share one stage, so that all have one scale."""
    stage = Scene.around_all([person.pose3d[_among(person.pose3d, numbers)] for person in people])
    subjects, pose = choose_subjects(people, _MOST), people[0].pose3d
    titles = ["2D, as detected"]
    for subject in subjects:
        elsewhere = "" if _among(subject.person.pose3d, numbers).any() else ": at other times"
        titles.append(f"{subject.title}{elsewhere}")
    times = [time_label(pose, number) if len(pose) > 1 else "" for number in numbers]
    if pose.seconds is not None and len(pose) > 1:
        times = [f"{time}  ·  frame {number}" for time, number in zip(times, numbers, strict=True)]
    lone = len(numbers) == 1
    columns = len(titles) if lone else len(numbers)
    width = min(_CELL_PX, (_PAGE_PX - 2 * _MARGIN_PX + _GAP_PX) // columns - _GAP_PX)
    low, high = _ASPECTS
    size = (width, round(width * min(max(stage.aspect, low), high)))
    poses, photo_size = [person.pose2d for person in people], size
    if len(people) > 1 and not lone:  # several people side by side need less height than a panel
        photo_size = (width, min(size[1], round(width * max(aspect_around(poses, numbers), _LEAST_ASPECT))))
    cuts = zip(numbers, cuts_around(poses, numbers, photo_size[1] / photo_size[0]), strict=True)
    rows = [[draw_photo(frames[number], cut, photo_size, people, number) for number, cut in cuts]]
    for subject in subjects:
        panel = Panel(stage, subject.side, size)
        rows.append([panel.draw(frame_strokes(subject.person.pose3d, number, subject.side)) for number in numbers])
    if lone:
        return _Page([[row[0] for row in rows]], [(time, FAINT_INK) for time in times], titles)
    colours = [FAINT_INK, *(subject.label.colour if subject.label.text else FAINT_INK for subject in subjects)]
    return _Page(rows, list(zip(titles, colours, strict=True)), times)


def _among(pose: Pose3D, numbers: list[int]) -> np.ndarray:
    return np.isin(np.arange(len(pose)), numbers) & ~pose.missing


def _draw_legend(page: "Image", entries: Sequence[tuple[Colour, str]]) -> float:
    """Draw it into the upper right corner; returns where it begins."""
    right, y = float(page.width - _MARGIN_PX), 36
    for colour, text in reversed(entries):
        right = _write(page, (right, y), text, "rm") - 38
        bar = Strokes.alike(np.array([[(right + 4, y), (right + 24, y)]]), colour)
        RgbGround(page).draw(shapes_of(bar, lambda points: points, bone_px=8.0))
        right -= 26
    return right


def _write(page: "Image", place: Pixel, text: str, anchor: str, *, colour: Colour = INK, font: Any = None) -> float:
    """Write a line of text; the anchor is Pillow's. Returns where it begins."""
    draw, font = pillow("ImageDraw").Draw(page), font or _font(_LETTER_PX)
    draw.text(place, text, colour, font=font, anchor=anchor)
    return float(draw.textbbox(place, text, font=font, anchor=anchor)[0])


@cache
def _font(size: int, *, bold: bool = False) -> Any:
    """Return Matplotlib's font: it has the letters of many languages, and files have names in them."""
    require("matplotlib", extra="view", purpose="drawing the overview")
    home = find_spec("matplotlib")
    fonts = Path(str(home and home.origin)).parent / "mpl-data" / "fonts" / "ttf"
    if not fonts.is_dir():  # a distribution has moved them; to ask Matplotlib means to import it
        fonts = Path(load_package("matplotlib", extra="view", purpose="drawing").get_data_path()) / "fonts" / "ttf"
    return pillow("ImageFont").truetype(fonts / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"), size)

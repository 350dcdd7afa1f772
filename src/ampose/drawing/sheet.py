"""Stills of a clip: a contact sheet (PNG), and a figure for a paper as lines and text (PDF, SVG)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ampose.drawing.notebook_figure import new_figure
from ampose.drawing.overview import choose_frames
from ampose.drawing.painting import Panel, blank, write_text
from ampose.drawing.panels import time_label
from ampose.drawing.projection import FLOOR, SIDE_COLOURS, SIDES, WHITE, Scene, Side, Strokes, frame_strokes, hex_of
from ampose.errors import InputError
from ampose.packages import load_package
from ampose.poses.pose import Pose3D
from ampose.processing.ground import upright

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

_COLUMNS, _ROWS, _CELL, _GAP, _CAPTION = 6, 3, (260, 320), 8, 24
_FIGURE_FRAMES = 4
_COLUMN_IN, _LEFT_IN, _HEAD_IN = 1.7, 0.2, 0.32  # 7 inches for four columns: the width of a page of two columns
_BONE_M = 0.038
_POINTS_PER_INCH = 72.0


def draw_sheet(pose: Pose3D, frames: int = _COLUMNS * _ROWS) -> "Image":
    """Return a contact sheet: up to so many evenly spread frames, as the camera sees them, with their times.

    They are upright if the pose knows how far the camera looked down.

    Raises:
        InputError: Nobody is in any frame.
        MissingExtraError: Pillow is not installed.
    """
    pose, numbers = upright(pose), _chosen(pose, frames)
    panel = Panel(Scene.around(pose), SIDES[0], _CELL)
    columns, rows = min(_COLUMNS, len(numbers)), -(-len(numbers) // _COLUMNS)
    wide, high = _CELL[0] + _GAP, _CELL[1] + _CAPTION + _GAP
    sheet = blank((columns * wide + _GAP, rows * high + _GAP + _CAPTION))
    for at, number in enumerate(numbers):
        left, top = _GAP + at % _COLUMNS * wide, _GAP + at // _COLUMNS * high
        sheet.paste(panel.draw(frame_strokes(pose, number, SIDES[0])), (left, top + _CAPTION))
        write_text(sheet, (left + 2, top + 2), time_label(pose, number), size=15)
    x = float(_GAP + 2)
    for side in ("left", "right"):
        x = write_text(sheet, (x, rows * high + _GAP), side, size=15, colour=SIDE_COLOURS[side]) + 12
    return sheet


def write_sheet(path: str | Path, pose: Pose3D) -> None:
    """Write a contact sheet of up to 18 frames as PNG; see ``draw_sheet``."""
    draw_sheet(pose).save(path, format="PNG")


def draw_figure(pose: Pose3D, frames: int | Sequence[int] = _FIGURE_FRAMES) -> "Figure":
    """Return a figure of some frames, or of so many that are evenly spread, from two sides: 7 inches wide with four.

    Upright if the pose knows how far the camera looked down.

    Raises:
        InputError: Nobody is in any frame, or there is no such frame.
        MissingExtraError: Matplotlib is not installed.
    """
    pose, numbers = upright(pose), _chosen(pose, frames)
    stage = Scene.around(pose[np.isin(np.arange(len(pose)), numbers)])
    size = (_LEFT_IN + len(numbers) * _COLUMN_IN, len(SIDES) * _COLUMN_IN * stage.aspect + _HEAD_IN)
    figure = new_figure(size, layout="none")  # every place is fixed, whatever Matplotlib is set to do
    wide, high = _COLUMN_IN / size[0], _COLUMN_IN * stage.aspect / size[1]
    for row, side in enumerate(SIDES):
        bottom = (len(SIDES) - 1 - row) * high
        title = side.title.removeprefix("3D, ")
        figure.text(0.06 / size[0], bottom + high / 2, title, fontsize=7, rotation=90, va="center")
        for column, number in enumerate(numbers):
            axes = figure.add_axes((_LEFT_IN / size[0] + column * wide, bottom, wide, high))
            _draw(axes, stage, side, frame_strokes(pose, number, side))
            if row == 0:
                axes.set_title(time_label(pose, number), fontsize=8, pad=2)
    for from_right, name in ((0.45, "left"), (0.08, "right")):  # inches
        colour = hex_of(SIDE_COLOURS[name])
        x = 1 - from_right / size[0]
        figure.text(x, 0.995, name, color=colour, fontsize=8, va="top", ha="right", fontweight="bold")
    return figure


def write_figure(path: str | Path, pose: Pose3D) -> None:
    """Write a figure of four frames as PDF or SVG, by the path's suffix; see ``draw_figure``.

    Text stays text, and lines stay lines: both can be changed in a drawing program.
    """
    figure = draw_figure(pose)
    # No date, so that the same poses give the same file; PDF and SVG call it differently.
    undated = {"CreationDate" if Path(path).suffix == ".pdf" else "Date": None}
    matplotlib = load_package("matplotlib", extra="view", purpose="drawing a figure")
    with matplotlib.rc_context({"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "ampose"}):
        figure.savefig(path, format=Path(path).suffix[1:], metadata=undated)


def _chosen(pose: Pose3D, frames: int | Sequence[int]) -> list[int]:
    if pose.missing.all():
        raise InputError("poses must have somebody in at least one frame, got nobody; there is nothing to draw")
    if isinstance(frames, int):
        return choose_frames([pose], frames)
    if wrong := [number for number in frames if not 0 <= number < len(pose)]:
        raise InputError(f"frames must be from 0 to {len(pose) - 1}, got {wrong[0]}")
    return list(frames)


def _draw(axes: Any, stage: Scene, side: Side, strokes: Strokes) -> None:
    left, right, bottom, top = stage.window
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axes.axis("off")
    axes.fill(*stage.floor(side).T, color=hex_of(FLOOR), linewidth=0)
    bone = _BONE_M * _COLUMN_IN * _POINTS_PER_INCH / (right - left)
    for order, lines in enumerate((stage.grid(side), strokes), start=2):
        colours = map(tuple, lines.colours.tolist())
        for ends, colour, width, halo in zip(lines.ends, colours, lines.widths, lines.halo, strict=True):
            if halo:
                middle = ends + 0.2 * (ends[::-1] - ends)
                axes.plot(*middle.T, color=hex_of(WHITE), linewidth=1.6 * bone, zorder=order)
            look = {"color": hex_of(colour), "linewidth": max(0.4, width * bone)}
            axes.plot(*ends.T, **look, solid_capstyle="round", zorder=order)

"""The counterpart of the paper's Figure 4: 2D input, ground truth and prediction side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ampose.atomic import replacing
from ampose.drawing.painting import SUPERSAMPLING, Panel, blank, paint, write_text
from ampose.drawing.projection import (
    BACKDROP,
    FAINT_INK,
    INK,
    SIDE_COLOURS,
    SIDES,
    Scene,
    bone_strokes,
    frame_strokes,
)
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton

if TYPE_CHECKING:
    from PIL.Image import Image

_CELL, _GAP, _MARGIN, _HEADER, _CAPTION = 300, 12, 24, 84, 26
_ROOM = 1.25
"""How much larger the 2D panel is than the person in it."""
_BONE_OF_PANEL = 0.016
"""Width of a bone by the side of the 2D panel."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One row of the figure.

    Args:
        caption: Where it is from, and how far off the prediction is.
        keypoints: The input, pixels.
        truth: Root-relative metres, camera axes.
        predicted: The same.
        skeleton: Their joints.
    """

    caption: str
    keypoints: Float[np.ndarray, "joint 2"]
    truth: Float[np.ndarray, "joint 3"]
    predicted: Float[np.ndarray, "joint 3"]
    skeleton: Skeleton


def write_figure4(path: str | Path, examples: Sequence[Example], *, title: str = "") -> None:
    """Write a page with a row for each example: the 2D input, then truth and prediction from two sides.

    Args:
        path: A PNG; it appears when it is complete.
        examples: One or more.
        title: What to write above.

    Raises:
        InputError: The folder cannot be written to.
        MissingExtraError: Pillow is not installed.
    """
    sides = [side.title.removeprefix("3D, ") for side in SIDES]
    columns = ["2D input", *(f"{whose}, {side}" for side in sides for whose in ("ground truth", "prediction"))]
    step = _CELL + _GAP
    size = (2 * _MARGIN + len(columns) * step - _GAP, _HEADER + len(examples) * (step + _CAPTION) + _MARGIN)
    page = blank(size)
    write_text(page, (_MARGIN, 16), title, size=22)
    end = size[0] - 190
    for side in ("left", "right"):
        end = round(write_text(page, (end, 20), f"{side}   ", size=17, colour=SIDE_COLOURS[side]))
    for number, text in enumerate(columns):
        write_text(page, (_MARGIN + number * step, _HEADER - 26), text, size=16, colour=INK)
    for row, example in enumerate(examples):
        top = _HEADER + row * (step + _CAPTION)
        for number, picture in enumerate(_draw_row(example)):
            page.paste(picture, (_MARGIN + number * step, top))
        write_text(page, (_MARGIN, top + _CELL + 4), example.caption, size=15, colour=FAINT_INK)
    with replacing(path) as unfinished:
        page.save(unfinished, format="PNG")


def _draw_row(example: Example) -> "list[Image]":
    """Draw the input, and truth and prediction on one stage, so that both have one scale."""
    both = np.stack([example.truth, example.predicted])
    pose = Pose3D(positions=both, confidence=np.ones(both.shape[:2]), skeleton=example.skeleton)
    stage = Scene.around(pose)
    panels = [Panel(stage, side, (_CELL, _CELL)) for side in SIDES]
    drawn = [
        panel.draw(frame_strokes(pose, number, side))
        for side, panel in zip(SIDES, panels, strict=True)
        for number in range(len(both))
    ]
    return [_draw_input(example), *drawn]


def _draw_input(example: Example) -> "Image":
    """Draw the keypoints alone: the datasets' pictures are not needed, and not ours to show."""
    side = _CELL * SUPERSAMPLING
    image = blank((side, side), BACKDROP)
    low, high = example.keypoints.min(axis=0), example.keypoints.max(axis=0)
    middle, extent = (low + high) / 2, max(float((high - low).max()), 1.0) * _ROOM
    strokes = bone_strokes(example.skeleton, example.keypoints, np.ones(len(example.keypoints)))

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x, y = (side * (0.5 + (a - float(b)) / extent) for a, b in zip(point, middle, strict=True))
        return x, y

    paint(image, strokes, place, _BONE_OF_PANEL * side)
    return image.reduce(SUPERSAMPLING)

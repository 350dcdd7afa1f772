"""The counterpart of the paper's Figure 4: 2D input, truth and prediction for samples of the test subjects."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float

from ampose.atomic import replacing
from ampose.data import Recordings, read_recordings
from ampose.drawing.painting import Panel, Points, RgbGround, blank, shapes_of, write_text
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
from ampose.errors import InputError
from ampose.evaluation.facts import read_run
from ampose.evaluation.protocols import human36m, mpi_inf_3dhp
from ampose.lifting.lifter import Lifter, load_model
from ampose.poses.geometry import root_relative
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton

if TYPE_CHECKING:
    from PIL.Image import Image

_TEST_SUBJECTS = frozenset((*human36m.TEST_SUBJECTS, *mpi_inf_3dhp.TEST_SUBJECTS))
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


def choose_examples(weights: Path, data: Sequence[Path], count: int) -> tuple[list[Example], str]:
    """Return samples of different actions, evenly spread over the datasets, and the title that says what they are.

    Args:
        weights: A folder that training wrote.
        data: Prepared folders.
        count: How many samples in all.

    Raises:
        InputError: ``count`` is not positive, or a folder lacks test subjects or the 2D source of the training.
    """
    if count < 1:
        raise InputError(f"examples must be at least 1, got {count}")
    lifter = load_model(weights)
    source = read_run(weights).get("data", {}).get("keypoints", "gt")
    shares = [len(part) for part in np.array_split(np.arange(count), len(data))]
    examples = []
    for folder, share in zip(data, shares, strict=True):
        recordings = read_recordings(folder)
        present = sorted(_TEST_SUBJECTS & set(recordings.subjects))
        if not present:
            raise InputError(f"{folder}: data must have test subjects (S9, S11 or TS1 to TS6), got none")
        recordings = recordings.select(subjects=present).with_skeleton(lifter.skeleton)
        examples += _examples(lifter, recordings, source, share)
    title = (
        f"{lifter.name} ({lifter.weights_hash[:12]}), test-time flip, root aligned; no sample was picked by its error"
    )
    return examples, title


def _examples(lifter: Lifter, recordings: Recordings, source: str, count: int) -> list[Example]:
    if not count:
        return []
    source = source if source in recordings.keypoints else "gt"
    valid = recordings.samples(source, valid_only=True, whole_takes=True)
    chosen = _one_of_each_action(recordings, count)
    rows = [np.flatnonzero(recordings.sample_recordings[recordings.valid] == recording) for recording in chosen]
    samples = valid[torch.tensor([int(of_recording[len(of_recording) // 2]) for of_recording in rows])]
    predicted = lifter.predict_samples(samples, flip=True).numpy()
    # (sample, joint, xyz): the samples are single frames, windows of length one
    truth = root_relative(samples.positions[:, 0], lifter.skeleton.root_index).numpy()
    errors = 1000 * np.linalg.norm(predicted - truth, axis=-1).mean(axis=1)
    examples = []
    for number, recording in enumerate(chosen):
        subject, take, scene = recordings.subjects[recording], recordings.takes[recording], recordings.scenes[recording]
        clip = take if take.startswith(subject) else f"{subject} {take}"
        where = scene or f"camera {recordings.cameras[recording]}"
        examples.append(
            Example(
                caption=f"{clip}, {where}, 2D {source}: {errors[number]:.1f} mm MPJPE",
                keypoints=samples.keypoints_px[number, 0].numpy(),
                truth=truth[number],
                predicted=predicted[number],
                skeleton=lifter.skeleton,
            )
        )
    return examples


def _one_of_each_action(recordings: Recordings, count: int) -> list[int]:
    """Return recordings of evenly spread actions, with other people and cameras each time; the middle is shown."""
    shown = np.unique(recordings.sample_recordings[recordings.valid])
    named = np.array(recordings.actions)[shown]
    actions = [shown[named == action] for action in sorted(set(named))]
    picks = [actions[number * max(len(actions), count) // count % len(actions)] for number in range(count)]
    return [int(own[number * (len(own) - 1) // max(count - 1, 1)]) for number, own in enumerate(picks)]


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
    image = blank((_CELL, _CELL), BACKDROP)
    low, high = example.keypoints.min(axis=0), example.keypoints.max(axis=0)
    middle, extent = (low + high) / 2, max(float((high - low).max()), 1.0) * _ROOM
    strokes = bone_strokes(example.skeleton, example.keypoints, np.ones(len(example.keypoints)))

    def place(points: Points) -> Points:
        return _CELL * (0.5 + (points - middle) / extent)

    RgbGround(image).draw(shapes_of(strokes, place, _BONE_OF_PANEL * _CELL))
    return image

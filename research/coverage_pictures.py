"""The pictures of docs/data-engine.md: maps of where limbs point, histograms of angles, and bodies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Bool, Float
from matplotlib.colors import LogNorm
from matplotlib.patheffects import Normal, Stroke
from torch import Tensor

from ampose.data.synthesis.bones import pelvis_axes
from ampose.drawing.painting import Panel, blank, write_text
from ampose.drawing.projection import SIDE_COLOURS, Scene, Side, frame_strokes
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton

ROWS, CELL, GAP, CAPTION = 4, (200, 230), 6, 28
TURN = -0.6
"""Radians by which a body looks past the viewer."""

SIDE = Side("", 0.0)
OUTLINE = (Stroke(linewidth=2.5, foreground="white", alpha=0.8), Normal())
COLOURS = {"recorded": "#888888", "engine": "#cc4778"}
Maps = Mapping[str, Mapping[str, Float[np.ndarray, "band sector"]]]
Angles = Mapping[str, Mapping[str, Float[np.ndarray, " sample"]]]


def draw_coverage(path: Path, maps: Maps, angles: Angles, reached: Mapping[str, Mapping[str, float]]) -> None:
    """Draw a row of maps of the sphere for recorded motion and one for the engine's, and histograms below."""
    limbs, rows = list(next(iter(maps.values()))), list(maps)
    figure = plt.figure(figsize=(12.5, 7.6), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.55, 1))
    axes = upper.subplots(len(rows), len(limbs), subplot_kw={"projection": "mollweide"})
    for line, row in zip(axes, rows, strict=True):
        for axis, limb in zip(line, limbs, strict=True):
            mesh = _draw_map(axis, maps[row][limb])
            axis.set_title(f"{limb}, {row}", fontsize=11, color=COLOURS[row], fontweight="bold")
            axis.text(
                0.5, -0.06, f"{reached[row][limb]:.0%} of the sphere", transform=axis.transAxes, ha="center", fontsize=9
            )
    bar = upper.colorbar(mesh, ax=axes, shrink=0.7, pad=0.01)
    bar.set_label("density (1: even over the sphere)")
    for axis, name in zip(lower.subplots(1, 3), next(iter(angles.values())), strict=True):
        _draw_histogram(axis, name, {row: angles[row][name] for row in rows})
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _draw_map(axis: Any, shares: Float[np.ndarray, "band sector"]) -> Any:
    """Forward is in the middle, up at the top, outward to the right; grey where no limb pointed."""
    bands, sectors = shares.shape
    longitude = np.linspace(-np.pi, np.pi, sectors + 1)
    latitude = np.arcsin(np.linspace(-1, 1, bands + 1))
    axis.set_facecolor("#e8e8e8")
    density = np.ma.masked_equal(shares * shares.size, 0)
    mesh = axis.pcolormesh(longitude, latitude, density, norm=LogNorm(0.01, 30), cmap="viridis", rasterized=True)
    for degrees, word in ((-105, "inward"), (0, "forward"), (105, "outward")):
        axis.text(np.radians(degrees), 0, word, fontsize=8, ha="center", va="center", path_effects=OUTLINE)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(visible=False)
    return mesh


def _draw_histogram(axis: Any, name: str, values: Mapping[str, Float[np.ndarray, " sample"]]) -> None:
    for row, degrees in values.items():
        axis.hist(
            degrees,
            bins=np.arange(0, 181, 5),
            density=True,
            histtype="step",
            linewidth=2,
            color=COLOURS[row],
            label=row,
        )
    axis.set(xlabel=f"{name} (degrees)", yscale="log", ylim=(1e-6, 0.2), xlim=(0, 180), xticks=range(0, 181, 30))
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_ylabel("share per degree")
    axis.legend(frameon=False, loc="upper right")


def draw_bodies(
    path: Path, poses: Tensor, skeleton: Skeleton, kinds: Mapping[str, Bool[np.ndarray, " sample"]]
) -> None:
    """Draw bodies as they stand in the world: some of all, and some of each kind; none is chosen by hand."""
    rng = np.random.default_rng(0)
    columns = {"at random": np.ones(len(poses), dtype=bool), **kinds}
    chosen = {name: rng.choice(np.flatnonzero(which), ROWS, replace=False) for name, which in columns.items()}
    pose = _facing_viewer(poses[np.concatenate(list(chosen.values()))], skeleton)
    panel = Panel(Scene.around(pose), SIDE, CELL)
    wide, high = CELL[0] + GAP, CELL[1] + GAP
    sheet = blank((len(chosen) * wide + GAP, ROWS * high + 2 * CAPTION))
    for number in range(len(pose.positions)):
        left, top = GAP + number // ROWS * wide, CAPTION + number % ROWS * high
        sheet.paste(panel.draw(frame_strokes(pose, number, SIDE)), (left, top))
    for number, name in enumerate(chosen):
        write_text(sheet, (GAP + number * wide + 2, 5), name, size=17)
    x = float(GAP)
    for side in ("left", "right"):
        x = write_text(sheet, (x, ROWS * high + CAPTION + 2), side, size=15, colour=SIDE_COLOURS[side]) + 12
    sheet.save(path, format="PNG", optimize=True)


def _facing_viewer(poses: Tensor, skeleton: Skeleton) -> Pose3D:
    """Turn each about the vertical until its front is towards the viewer, a little past; level axes."""
    left = pelvis_axes(poses, skeleton)[:, 0].numpy()
    angle = TURN - np.arctan2(left[:, 1], left[:, 0])
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y, z = np.moveaxis(poses.numpy(), -1, 0)
    level = np.stack([cos * x - sin * y, -z, sin * x + cos * y], axis=-1)
    level -= (level.max(axis=1, keepdims=True) + level.min(axis=1, keepdims=True)) / 2
    return Pose3D(positions=level, confidence=np.ones(level.shape[:2]), skeleton=skeleton)

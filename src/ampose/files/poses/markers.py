"""What files of markers have in common: markers at 0 0 0, units and axes."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.files.poses.axes import metres
from ampose.files.poses.body_axes import FileAxes, body_size, unit_of, up_axis_of

_LOG = logging.getLogger(__name__)

_LEAST_M, _MOST_M = 0.01, 100.0
"""Between these is what is measured of people, with a whole laboratory around them."""


@dataclass(frozen=True)
class MarkerAxes:
    """What a file of markers says of its axes.

    Args:
        unit: Metres a unit; None: it does not say.
        up: The axis that points up.
        sure: Whether it says so itself, and does not only follow its format.
    """

    unit: float | None
    up: str
    sure: bool = False


def unit_in(name: str | None, field: str, stated: FileAxes) -> float | None:
    """Return how many metres the unit is that a file names; None where it names none, or the user states one.

    Raises:
        InputError: Nobody knows it.
    """
    if stated.unit is not None or not name:
        return None
    try:
        return metres(name, field)
    except InputError as error:
        raise InputError(f"{error}; state the unit", field="unit") from error


def axes_of(
    path: Path, points: Float[np.ndarray, "frame point 3"], names: Sequence[str], stated: FileAxes, own: MarkerAxes
) -> tuple[float, str]:
    """Return the unit in metres, and the axis that points up: as the user states, the file says, or the body tells."""
    unit = stated.unit or own.unit
    if unit is None:
        unit = unit_of(path, points)
    elif stated.unit is None and (size := body_size(points) * unit) and not _LEAST_M <= size <= _MOST_M:
        _LOG.warning("%s: the points lie %.3g m apart, by the file's unit; state the unit if it is another", path, size)
    up = stated.up or (own.up if own.sure else up_axis_of(path, points * unit, names, own.up))
    return unit, up


def without_zeros(path: Path, points: Float[np.ndarray, "frame point 3"]) -> Float[np.ndarray, "frame point 3"]:
    """Return the points without markers at exactly 0 0 0, as programs write a lost one; the log says how many.

    A joint that is there in every frame may be the origin, as the hip of our own poses is: then it lies among the
    others.
    """
    zero = (points == 0).all(axis=2)  # (frame, point)
    if not zero.any():
        return points
    elsewhere = ~zero & np.isfinite(points).all(axis=2)
    others = np.where(elsewhere[..., None], points, np.nan)
    low = np.where(elsewhere[..., None], others, np.inf).min(axis=1)  # (frame, xyz)
    high = np.where(elsewhere[..., None], others, -np.inf).max(axis=1)
    among = ((low <= 0) & (high >= 0)).all(axis=1)[:, None]
    lost = zero & (elsewhere.any(axis=0) | ~among) & elsewhere.any()
    if lost.any():
        _LOG.warning(
            "%s: %d markers in %d frames at exactly 0 0 0 are taken as lost",
            *(path, lost.any(axis=0).sum(), lost.any(axis=1).sum()),
        )
    return np.where(lost[..., None], np.nan, points)

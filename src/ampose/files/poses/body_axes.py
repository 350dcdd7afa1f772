"""What a file of another program does not say, read off the body in it: the unit, and the axis that points up.

People are between 0.9 and 2.4 m long from end to end; of the usual units that leaves one. Whoever stands has the feet
below the head.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.files.poses.axes import UP_AXES, metres

_LOG = logging.getLogger(__name__)

_METRIC = {"metres": 1.0, "centimetres": 0.01, "millimetres": 0.001}
_METRIC_BODY = (0.9, 2.4)
_OTHER = {
    "inches": 0.0254,
    "feet": 0.3048,
    "decimetres": 0.1,
    "units of 5.644 cm (those of the CMU database)": 0.0254 / 0.45,
}
_OTHER_BODY = (1.2, 2.2)
_USUAL_BODY = 1.7

_UPPER = (
    re.compile(r"head|skull|nose|fhd|bhd", re.IGNORECASE),
    re.compile(r"neck|^c7$|clav|spine|chest|thorax|torso|shoulder|sho$|^[lr]?acr", re.IGNORECASE),
)
_LOWER = (
    re.compile(r"foot|ankle|toe|heel|ank$|[lr]hee$|mt[125]p|calc|mal$", re.IGNORECASE),
    re.compile(r"shin|calf|knee|[lr]kn[ei]|leg|tib", re.IGNORECASE),
    re.compile(r"hip|pelvis|thigh|sacr|[lr][ap]si", re.IGNORECASE),
)
"""Names of what is above and below in those who stand, as programs call joints and markers, the farthest out first."""

_LEAST_TRUNK = 0.4
"""Metres from the hips of a person to the head, at least: what is nearer is no person, or one who bends down."""

_UPRIGHT = 0.7
"""How much of the way from the feet to the head goes along one axis: less is 45 degrees from it."""


@dataclass(frozen=True)
class FileAxes:
    """What a user states of a file that does not state it, or wrongly.

    Args:
        unit: Metres a unit; None: as the file says, or else by the body's size.
        up: The axis that points up; None: as the file says, or else by how the body stands.

    Raises:
        InputError: A unit is not positive, or there is no such axis.
    """

    unit: float | None = None
    up: str | None = None

    def __post_init__(self) -> None:
        if self.unit is not None and not 0 < self.unit < np.inf:
            raise InputError(f"unit must be a positive number of metres, got {self.unit:g}", field="unit")
        if self.up is not None and self.up not in UP_AXES:
            raise InputError(f"up must be one of {', '.join(UP_AXES)}, got {self.up!r}", field="up")

    @classmethod
    def stated(cls, unit: str | float | None = None, up: str | None = None) -> "FileAxes":
        """Return what a user's words say: a unit's name or metres a unit, and an axis such as ``"z"`` or ``"+Z"``.

        Example:
            >>> FileAxes.stated("mm", "+Z"), FileAxes.stated("0.0564")
            (FileAxes(unit=0.001, up='z'), FileAxes(unit=0.0564, up=None))
        """
        number = unit if unit is None else _number(unit)
        return cls(number, None if up is None else up.strip().lower().removeprefix("+"))


def _number(unit: str | float) -> float:
    try:
        return float(unit)
    except ValueError:
        pass
    try:
        return metres(str(unit), "unit")
    except InputError as error:
        raise InputError(f"{error}; a number of metres will do too", field="unit") from error


AS_THE_FILE_SAYS = FileAxes()


def unit_of(path: Path, positions: Float[np.ndarray, "frame joint 3"]) -> float:
    """Return how many metres the unit of positions is, by the size of the body; the log says it unless it is metres.

    Args:
        path: The file, for the log.
        positions: In the file's unit; NaN where a joint is missing.
    """
    size = body_size(positions)
    by_size = [
        (name, unit)
        for units, (least, most) in ((_METRIC, _METRIC_BODY), (_OTHER, _OTHER_BODY))
        for name, unit in units.items()
        if least <= size * unit <= most
    ]
    if by_size:
        name, unit = by_size[0]
    else:  # no person, or part of one
        name, unit = min(_METRIC.items(), key=lambda named: abs(np.log(max(size, 1e-9) * named[1] / _USUAL_BODY)))
    if unit != 1.0 or not by_size:
        unusual = "" if by_size else ", which is unusual"
        _LOG.warning(
            "%s: states no unit; taken as %s, by which the body is %.2f m long%s; state the unit if it is another",
            *(path, name, size * unit, unusual),
        )
    return unit


def body_size(positions: Float[np.ndarray, "frame joint 3"]) -> float:
    """Return how long the body is when it is long: whoever crouches stands at some time."""
    finite = np.isfinite(positions).all(axis=2)  # (frame, joint)
    several = finite.sum(axis=1) > 1
    if not several.any():
        return 0.0
    low = np.where(finite[..., None], positions, np.inf)[several].min(axis=1)
    high = np.where(finite[..., None], positions, -np.inf)[several].max(axis=1)
    return float(np.percentile((high - low).max(axis=1), 90))


def up_axis_of(path: Path, positions: Float[np.ndarray, "frame joint 3"], joints: Sequence[str], usual: str) -> str:
    """Return the axis along which people stand, from feet to head; the log says it unless it is the usual one.

    Args:
        path: The file, for the log.
        positions: Metres; NaN where a joint is missing.
        joints: Their names: heads, shoulders, feet and ankles are looked for.
        usual: The format's own axis, where the body does not tell: names are unknown, or somebody lies askew.
    """
    way = _middle(positions, joints, _UPPER) - _middle(positions, joints, _LOWER)
    lengths = np.linalg.norm(way, axis=1)
    there = (lengths > _LEAST_TRUNK) & (lengths < _METRIC_BODY[1])  # False for NaN
    if not there.any():
        return usual
    mean = np.median(way[there] / lengths[there, None], axis=0)
    axis = int(np.abs(mean).argmax())
    if abs(mean[axis]) < _UPRIGHT:
        return usual
    found = f"{'-' if mean[axis] < 0 else ''}{'xyz'[axis]}"
    if found != usual:
        _LOG.warning(
            "%s: people stand along %s, which is taken as up; state the axis if it is another", path, found.upper()
        )
    return found


def _middle(
    positions: Float[np.ndarray, "frame joint 3"], joints: Sequence[str], names: Sequence[re.Pattern[str]]
) -> Float[np.ndarray, "frame 3"]:
    """Return the middle of the joints with the first of the names that there are; NaN in frames without any of them."""
    for name in names:
        chosen = [at for at, joint in enumerate(joints) if name.search(joint)]
        points = positions[:, chosen]
        there = np.isfinite(points).all(axis=2, keepdims=True)  # (frame, joint, 1)
        if there.any():
            count = there.sum(axis=1)
            return np.where(count > 0, np.where(there, points, 0).sum(axis=1) / np.maximum(count, 1), np.nan)
    return np.full((len(positions), 3), np.nan)

"""The frame of reference of 3D positions: what their axes are, where the origin is, and whether they are level."""

import re
from dataclasses import dataclass
from typing import Literal

AXES = "x right, y down, z away"
"""Of every 3D pose, whichever way the camera looked: away is away from it."""

Origin = Literal["root joint", "camera", "floor"]

_ORIGINS: dict[Origin, str] = {
    "root joint": "at the root joint",
    "camera": "at the camera",
    "floor": "on the floor below the camera",
}
_WORDS = re.compile(rf"(camera|level) axes \((.+)\), origin ({'|'.join(_ORIGINS.values())})")


@dataclass(frozen=True)
class ReferenceFrame:
    """What the axes and the origin of 3D positions are.

    Args:
        axes: The directions of x, y and z, in words.
        origin: None where it is not known, as in a file of another program.
        level: Whether y is vertical. If not, "down" is down in the image, and a camera that looks down on somebody
            sees them lean.

    Example:
        >>> print(CAMERA_ROOT_RELATIVE)
        camera axes (x right, y down, z away), origin at the root joint
        >>> ReferenceFrame.parse(str(ON_FLOOR)) == ON_FLOOR
        True
    """

    axes: str = AXES
    origin: Origin | None = None
    level: bool = False

    @classmethod
    def parse(cls, words: str) -> "ReferenceFrame":
        """Return the frame of reference that a file states; other words are kept as ``axes``."""
        match = _WORDS.fullmatch(words)
        if match is None:
            return cls(axes=words, level=words.startswith("level axes"))
        kind, axes, place = match.groups()
        origin = next(origin for origin, phrase in _ORIGINS.items() if phrase == place)
        return cls(axes=axes, origin=origin, level=kind == "level")

    def __str__(self) -> str:
        if self.origin is None:
            return self.axes
        return f"{'level' if self.level else 'camera'} axes ({self.axes}), origin {_ORIGINS[self.origin]}"


CAMERA_ROOT_RELATIVE = ReferenceFrame(origin="root joint")
"""Of a lifted pose."""

CAMERA_ABSOLUTE = ReferenceFrame(origin="camera")
"""Of a pose that was placed in front of the camera."""

ON_FLOOR = ReferenceFrame(origin="floor", level=True)
"""Of a pose on a floor. y points down in it too: file formats with an axis that points up turn it."""

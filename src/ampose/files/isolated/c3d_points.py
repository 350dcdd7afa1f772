"""C3D through ezc3d."""

from pathlib import Path
from typing import Any

import ezc3d
import numpy as np


def parse(path: Path) -> dict[str, np.ndarray]:
    """Return ``points`` (4, point, frame), ``residuals`` (point, frame), and parameters as ``POINT:LABELS``.

    ``first_frame``, from 0, and ``frame_rate`` are the header's.
    """
    file = ezc3d.c3d(str(path))
    found: dict[str, Any] = {
        "points": file["data"]["points"],
        "residuals": file["data"]["meta_points"]["residuals"][0],
        **{name: np.asarray(file["header"]["points"][name]) for name in ("first_frame", "frame_rate")},
    }
    for group, parameters in file["parameters"].items():
        for name, parameter in parameters.items():
            if isinstance(parameter, dict) and "value" in parameter:
                found[f"{group}:{name}"] = np.asarray(parameter["value"])
    return found

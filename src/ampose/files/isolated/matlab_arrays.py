"""MATLAB's files up to version 7 through SciPy."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import io


def parse(path: Path, wanted: Sequence[str]) -> dict[str, np.ndarray]:
    """Return variables; the cells of a cell array one by one, as ``name/0``, ``name/1``..."""
    found: dict[str, np.ndarray] = {}
    for name, array in io.loadmat(path, variable_names=list(wanted)).items():
        if name in wanted and array.dtype == object:
            found |= {f"{name}/{number}": np.asarray(cell) for number, cell in enumerate(array.ravel())}
        elif name in wanted:
            found[name] = array
    return found

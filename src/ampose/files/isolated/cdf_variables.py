"""NASA's CDF through cdflib."""

from collections.abc import Sequence
from pathlib import Path

import cdflib
import numpy as np


def parse(path: Path, wanted: Sequence[str]) -> dict[str, np.ndarray]:
    """Return variables."""
    file = cdflib.CDF(str(path))
    return {name: np.asarray(file.varget(name)) for name in wanted}

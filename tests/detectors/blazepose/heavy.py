"""BlazePose's larger landmark network, which is in the repository and not in what is built of it."""

from pathlib import Path

import pytest

HEAVY = Path(__file__).parents[3] / "tools" / "blazepose" / "landmarks_heavy.onnx"

needs_heavy = pytest.mark.skipif(not HEAVY.is_file(), reason="the heavy network is in the repository only")

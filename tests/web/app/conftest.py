"""The app as `make app` built it, its server, and browsers with cameras that play the example clip."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tools.app import browser as browsers

ROOT = Path(__file__).parents[3]
CLIP = ROOT / "examples" / "balance_beam.mp4"
SIZE = (360, 640)

Call = Callable[..., Any]


@pytest.fixture(scope="session")
def javascript() -> Callable[[list[dict[str, Any]]], list[Any]]:
    """Call functions of ``web/app``: see ``call.mjs``."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")

    def run(calls: list[dict[str, Any]]) -> list[Any]:
        script = Path(__file__).parent / "call.mjs"
        command = [node, "--no-warnings", script]
        done = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def call(javascript) -> Call:
    """Call one function: ``call("pose/camera.js", "cameraOf", 640, 480, 60)``."""
    return lambda module, name, *args: javascript([{"module": module, "name": name, "args": args}])[0]


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    if not (browsers.BUILT / "index.html").is_file():
        pytest.skip("the app is not built: make app")
    with browsers.served() as address:
        yield address


def clip_frames(count: int, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    """Frames of the example clip, RGB."""
    av = pytest.importorskip("av")
    with av.open(str(CLIP)) as container:
        frames = (
            frame.to_ndarray(format="rgb24", width=size[0], height=size[1]) for frame in container.decode(video=0)
        )
        return [frame for frame, _ in zip(frames, range(count), strict=False)]

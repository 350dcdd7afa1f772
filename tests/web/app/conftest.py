"""The app as `make app` built it, its server, and browsers with cameras that play the example clip."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.web.flags import FLAGS

from ampose.cli.app.server import serving

ROOT = Path(__file__).parents[3]
CLIP = ROOT / "examples" / "balance_beam.mp4"
BUILT = ROOT / "web" / "dist"
SIZE = (360, 640)
FPS = 30

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
    if not (BUILT / "index.html").is_file():
        pytest.skip("the app is not built: make app")
    with serving(BUILT, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def clip_frames(count: int, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    """Frames of the example clip, RGB."""
    av = pytest.importorskip("av")
    with av.open(str(CLIP)) as container:
        frames = (
            frame.to_ndarray(format="rgb24", width=size[0], height=size[1]) for frame in container.decode(video=0)
        )
        return [frame for frame, _ in zip(frames, range(count), strict=False)]


def write_y4m(path: Path, frames: list[np.ndarray]) -> Path:
    """Write frames as a camera of the browser plays them."""
    av = pytest.importorskip("av")
    height, width, _ = frames[0].shape
    with path.open("wb") as stream:
        stream.write(f"YUV4MPEG2 W{width} H{height} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in frames:
            planes = av.VideoFrame.from_ndarray(frame).reformat(format="yuv420p").to_ndarray()
            stream.write(b"FRAME\n" + planes.tobytes())
    return path


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator[Callable[..., Any]]:
    """Start a browser with more flags; each is closed at the end."""
    pytest.importorskip("selenium", reason="the package selenium is not installed")
    found, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not found or not driver:
        pytest.skip("no chromium and chromedriver on this machine (Debian: chromium, chromium-driver)")
    from selenium import webdriver

    opened = []

    def start(*flags: str) -> Any:
        options = webdriver.ChromeOptions()
        options.binary_location = found
        downloads = tmp_path_factory.mktemp("downloads")
        # Without a graphics card, frames that lie in its memory are slow to read.
        for flag in (
            *FLAGS,
            "--disable-gpu-memory-buffer-video-frames",
            *flags,
            f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
        ):
            options.add_argument(flag)
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        chrome.downloads = downloads
        chrome.set_script_timeout(150)
        opened.append(chrome)
        return chrome

    yield start
    for chrome in opened:
        chrome.quit()  # once more does no harm

"""A browser without a window, a camera for it, and the app: what the tests and the benchmark of the pages share."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ampose.cli.app.server import serving
from ampose.packages import pyav

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

BUILT = Path(__file__).parents[2] / "web" / "dist"
FPS = 30
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card; the page itself needs none to be drawn
    "--disable-gpu-memory-buffer-video-frames",  # without a card, frames that lie in its memory are slow to read
    "--hide-scrollbars",
    "--window-size=1360,1000",
)


def is_installed() -> bool:
    """Return whether Chromium and its driver are there (Debian: chromium, chromium-driver)."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


@contextmanager
def started(*flags: str) -> "Iterator[Chrome]":
    """Start a browser with more flags. Its profile and its ``downloads``, a folder, are gone at the end."""
    from selenium import webdriver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for flag in (*FLAGS, *flags, f"--user-data-dir={folder}/profile"):
            options.add_argument(flag)
        downloads = Path(folder, "downloads")
        downloads.mkdir()
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        chrome: Any = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
        chrome.set_script_timeout(150)
        chrome.downloads = downloads
        try:
            yield chrome
        finally:
            chrome.quit()


@contextmanager
def served() -> Iterator[str]:
    """Serve the app that ``make app`` built, at the address that is returned."""
    with serving(BUILT, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def camera_flags(film: Path) -> tuple[str, ...]:
    """Return what makes a browser's camera play a film of `write_y4m`, and ask nobody."""
    fakes = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    return (*fakes, f"--use-file-for-fake-video-capture={film}")


def write_y4m(path: Path, frames: Iterable[np.ndarray], size: tuple[int, int]) -> Path:
    """Write frames, RGB, at a size as a camera of the browser plays them."""
    width, height = size
    with path.open("wb") as stream:
        stream.write(f"YUV4MPEG2 W{width} H{height} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in frames:
            planes = pyav().VideoFrame.from_ndarray(frame).reformat(width, height, "yuv420p").to_ndarray()
            stream.write(b"FRAME\n" + planes.tobytes())
    return path


def wait_for(condition: Callable[[], Any], most_s: float, every_s: float = 0.05) -> float:
    """Return the seconds until a condition holds; raise ``TimeoutError`` if it does not in time."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > most_s:
            raise TimeoutError("waited in vain")
        time.sleep(every_s)
    return time.monotonic() - start

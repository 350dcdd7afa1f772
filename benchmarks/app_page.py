"""Measure the page of `ampose app` in a browser without a window, after `make app`: ``python -m benchmarks.app_page``.

The browser's camera plays the example clip at 30 frames a second. Printed are the times until the page,
opened again, is painted and until its networks are loaded and checked, from the click on "camera" until somebody stands
in 3D, and then, every half minute, frames a second and memory. WebGL is computed by the processor here, which a machine
with graphics does not pay for.
"""

import argparse
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from selenium import webdriver

from ampose.cli.app.server import serving
from ampose.media import open_media
from ampose.packages import pyav

ROOT = Path(__file__).parents[1]
CLIP = ROOT / "examples" / "balance_beam.mp4"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu-memory-buffer-video-frames",
    "--window-size=1360,1000",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


def write_camera(path: Path, size: tuple[int, int] = (360, 640)) -> None:
    """Write the clip as a browser's camera plays it."""
    width, height = size
    with path.open("wb") as stream:
        stream.write(f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420jpeg\n".encode())
        for frame in open_media(CLIP):
            image = pyav().VideoFrame.from_ndarray(frame).reformat(width, height, "yuv420p")
            stream.write(b"FRAME\n" + image.to_ndarray().tobytes())


def wait_for(condition: Callable[[], Any]) -> float:
    """Return the seconds until it holds."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > 120:
            raise TimeoutError("the page does not answer")
        time.sleep(0.02)
    return time.monotonic() - start


def memory_mb(driver: int) -> float:
    """Return the memory of the browser that a driver started; what its processes share counts once."""
    browser = psutil.Process(driver).children(recursive=True)
    return sum(process.memory_full_info().pss for process in browser) / 1e6


def measure(chrome: Any, driver: int, address: str, minutes: float) -> None:
    """Open the page twice, then watch it."""

    def ready() -> bool:
        return chrome.execute_script("return document.body?.dataset.ready") == "yes"

    chrome.get(address)
    wait_for(ready)
    chrome.get("about:blank")
    start = time.monotonic()
    chrome.get(address)
    wait_for(ready)
    loaded = time.monotonic() - start
    painted = chrome.execute_script("return performance.getEntriesByName('first-contentful-paint')[0].startTime")
    print(f"painted after {painted / 1000:.2f} s, ready after {loaded:.2f} s, on a warm cache", flush=True)
    chrome.execute_script("document.getElementById('use-camera').click()")
    seconds = wait_for(lambda: chrome.execute_script("return document.body.dataset.people") == "1")
    print(f"somebody in 3D {seconds:.2f} s after the camera was asked for", flush=True)
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        time.sleep(30)
        fps = chrome.execute_script("return document.getElementById('fps').textContent")
        steps = " ".join(chrome.execute_script("return document.getElementById('steps').textContent").split())
        print(f"{fps} frames a second, {memory_mb(driver):.0f} MB, {steps}", flush=True)


def main() -> None:
    """Start a browser and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    minutes = parser.parse_args().minutes
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder, serving(ROOT / "web" / "dist", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        write_camera(Path(folder, "camera.y4m"))
        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for flag in (
            *FLAGS,
            f"--use-file-for-fake-video-capture={folder}/camera.y4m",
            f"--user-data-dir={folder}/profile",
        ):
            options.add_argument(flag)
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        chrome = webdriver.Chrome(options=options, service=service)
        try:
            measure(chrome, service.process.pid, f"http://127.0.0.1:{server.server_port}/", minutes)
        finally:
            chrome.quit()
            server.shutdown()


if __name__ == "__main__":
    main()

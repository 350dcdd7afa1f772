"""Measure the page of `ampose app` in a browser without a window, after `make app`: ``python -m benchmarks.app_page``.

The browser's camera plays the example clip at 30 frames a second. Printed are the times until the page,
opened again, is painted and until its networks are loaded and checked, from the click on "camera" until somebody stands
in 3D, and then, every half minute, frames a second and memory. WebGL is computed by the processor here, which a machine
with graphics does not pay for.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from tools.app.browser import camera_flags, served, started, wait_for, write_y4m

from ampose.media import open_media

CLIP = Path(__file__).parents[1] / "examples" / "balance_beam.mp4"
MOST_S = 120.0


def memory_mb(chrome: Any) -> float:
    """Return the memory of a browser; what its processes share counts once."""
    browser = psutil.Process(chrome.service.process.pid).children(recursive=True)
    return sum(process.memory_full_info().pss for process in browser) / 1e6


def measure(chrome: Any, address: str, minutes: float) -> None:
    """Open the page twice, then watch it."""

    def ready() -> bool:
        return chrome.execute_script("return document.body?.dataset.ready") == "yes"

    chrome.get(address)
    wait_for(ready, MOST_S)
    chrome.get("about:blank")
    start = time.monotonic()
    chrome.get(address)
    wait_for(ready, MOST_S)
    loaded = time.monotonic() - start
    painted = chrome.execute_script("return performance.getEntriesByName('first-contentful-paint')[0].startTime")
    print(f"painted after {painted / 1000:.2f} s, ready after {loaded:.2f} s, on a warm cache", flush=True)
    chrome.execute_script("document.getElementById('use-camera').click()")
    seconds = wait_for(lambda: chrome.execute_script("return document.body.dataset.people") == "1", MOST_S)
    print(f"somebody in 3D {seconds:.2f} s after the camera was asked for", flush=True)
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        time.sleep(30)
        fps = chrome.execute_script("return document.getElementById('fps').textContent")
        steps = " ".join(chrome.execute_script("return document.getElementById('steps').textContent").split())
        print(f"{fps} frames a second, {memory_mb(chrome):.0f} MB, {steps}", flush=True)


def main() -> None:
    """Start a browser and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    minutes = parser.parse_args().minutes
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder, served() as address:
        film = write_y4m(Path(folder, "camera.y4m"), open_media(CLIP), (360, 640))
        with started(*camera_flags(film)) as chrome:
            measure(chrome, address, minutes)


if __name__ == "__main__":
    main()

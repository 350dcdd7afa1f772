"""Measure the app of `ampose app` without a page, after `make app`: ``python -m benchmarks.app``.

The networks and all that is around them run in node, by the app's own modules and the same WebAssembly, on the example
clip. A page adds the reading of a camera's image and drawing.
"""

import json
import os
import statistics
import subprocess
from pathlib import Path

import numpy as np

from ampose.media import open_media

ROOT = Path(__file__).parents[1]
CLIP = ROOT / "examples" / "balance_beam.mp4"


def measure(threads: int) -> dict[str, float]:
    """Return frames a second, and the median milliseconds of each step."""
    media = open_media(CLIP)
    width, height = media.image_size
    frames = b"".join(np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)]).tobytes() for frame in media)
    command = ["node", "--no-warnings", "app/speed.mjs", "dist/networks", str(width), str(height), str(threads)]
    done = subprocess.run(command, cwd=ROOT / "web", input=frames, capture_output=True, check=True)
    answer = json.loads(done.stdout)
    steps = {name: statistics.median(step[name] for step in answer["steps"]) for name in answer["steps"][0]}
    return {"frames a second": len(answer["steps"]) / answer["seconds"], **steps}


if __name__ == "__main__":
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for threads in (1, 2):
        print(f"{threads} threads:", ", ".join(f"{name} {value:.1f}" for name, value in measure(threads).items()))

"""From camera to 3D: how long a frame takes, and how many are left out, with a video that plays at a camera's rate.

    python -m benchmarks.live                  # the clip at 30 frames a second
    python -m benchmarks.live --rate 60 --seconds 20

The frames are decoded beforehand and given out as a camera would give them: each at its time, the newest only. What is
measured is what ``ampose live`` does with each: detect, track, lift, smooth. Latency counts from the frame's time to
its pose. On a busy machine it says more of the machine than of the program: the load is printed.
"""

import argparse
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ampose.detectors import create_detector
from ampose.lifting.lifter import load_model
from ampose.media import Frame, open_media
from ampose.media.webcam import newest
from ampose.pipeline.live import LiveLifter
from ampose.processing.smoothing import OneEuro

CLIP = Path(__file__).parents[1] / "examples" / "balance_beam.mp4"
WARM_UP = 10
"""Frames at the start that do not count: engines make their plans."""


def as_a_camera(frames: Sequence[Frame], rate: float, seconds: float) -> Iterator[Frame]:
    """Give each frame at its time, forwards and backwards, so that nobody jumps."""
    start = time.perf_counter()
    there_and_back = itertools.cycle([*frames, *frames[-2:0:-1]])
    for number, frame in zip(range(round(rate * seconds)), there_and_back, strict=False):
        time.sleep(max(0.0, start + number / rate - time.perf_counter()))
        yield frame


def measure(rate: float, seconds: float) -> dict[str, Any]:
    """Return the steps' times, and how many frames were looked at of those that came."""
    frames = list(open_media(CLIP))
    with create_detector("blazepose", tracking=True, options={"people": "1"}) as detector:
        live = LiveLifter(detector, load_model("ampose-small"), smooth=OneEuro())
        for shot in newest(as_a_camera(frames, rate, seconds), "the clip"):
            live.step(shot)
    rows = []
    for step, times in live.latency.steps.items():
        shares = {f"p{share}, ms": np.percentile(list(times)[WARM_UP:], share) for share in (50, 95, 99)}
        rows.append({"step": step, **{name: round(float(value), 1) for name, value in shares.items()}})
    return {"rows": rows, "seen": len(live.latency.steps["total"]), "came": round(rate * seconds)}


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=30.0, help="frames a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    from benchmarks.page import as_text

    spent = time.process_time()
    result = measure(asked.rate, asked.seconds)
    spent = (time.process_time() - spent) / asked.seconds
    print(as_text(result["rows"]))
    print(f"{result['seen']} of {result['came']} frames; {spent:.2f} cores busy; load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

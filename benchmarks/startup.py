"""Where the time of ``ampose lift`` on one picture goes, from Enter to the files; each stage in a fresh process."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CLIP = Path(__file__).parents[1] / "examples" / "balance_beam.mp4"
REPEATS = 3


def measure() -> list[dict[str, Any]]:
    """Measure the stages and the whole command; the median of some repeats."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.png"
        _save_first_frame(picture)
        runs = [_stages(picture) for _ in range(REPEATS)]
        wholes = [_command(picture, Path(folder) / f"out{number}") for number in range(REPEATS)]
    stages = {name: sorted(run[name] for run in runs)[REPEATS // 2] for name in runs[0]}
    stages["the whole command"] = sorted(wholes)[REPEATS // 2]
    return [{"stage": name, "ms": 1e3 * seconds} for name, seconds in stages.items()]


def _save_first_frame(picture: Path) -> None:
    from PIL import Image

    from ampose.media import open_media

    Image.fromarray(next(iter(open_media(CLIP)))).save(picture)


def _stages(picture: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.startup", picture]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _command(picture: Path, folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "ampose", "lift", picture, "-o", folder], capture_output=True, check=True)
    return time.perf_counter() - start


def _print_stages(picture: Path) -> None:
    times: dict[str, float] = {}
    last = time.perf_counter()

    def done(stage: str) -> None:
        nonlocal last
        now = time.perf_counter()
        times[stage], last = now - last, now

    from ampose.lifting.lifter import load_model
    from ampose.pipeline.video import lift_video
    from ampose.poses.camera import Intrinsics

    done("import ampose's lifter and pipeline")
    lifter = load_model("ampose-small")
    done("read and check the weights")
    from ampose.detectors import create_detector
    from ampose.media import open_media

    media = open_media(picture)
    detector = create_detector("blazepose", tracking=False)
    done("import and start the detector")
    lifted = lift_video(media, lifter=lifter, detector=detector)
    done("read, detect and lift")
    lifter.lift(lifted.people[0].pose2d, intrinsics=Intrinsics.from_field_of_view(media.image_size))
    done("of which lifting")
    import ampose.drawing  # noqa: F401

    done("import what draws")
    assert "torch" not in sys.modules
    import torch  # noqa: F401

    done("import torch, which is not needed")
    print(json.dumps(times))


if __name__ == "__main__":
    _print_stages(Path(sys.argv[1]))

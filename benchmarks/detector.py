"""The default detector beside mediapipe 0.10.21, whose networks it runs: a frame's time, and how far joints differ.

    python -m benchmarks.detector --mediapipe /elsewhere/bin/python --write-page

mediapipe needs old versions of much else, so it is run by a Python of its own (``python3.11 -m venv elsewhere``, then
``elsewhere/bin/pip install mediapipe==0.10.21``). Both take turns, frame by frame: the frame is read and handed to the
one, then to the other, while those that are not at work wait. Each is held to one processor, or two, and uses as
many threads there as it likes. CPU time counts all threads and changes little on a busy machine; wall time does.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CLIP = Path(__file__).parents[1] / "examples" / "balance_beam.mp4"
MEDIAPIPE = "mediapipe 0.10.21"
WARM_UP = 10
"""Frames at the start that do not count: the person is looked for, engines make their plans."""


def serve(name: str, cpus: int) -> None:
    """Be the process of one detector: read a frame's bytes, answer with its times and joints."""
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:cpus]))
    import numpy as np

    detect = _mediapipe() if name == "mediapipe" else _ampose(name)
    source, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    while header := source.readline():
        height, width = map(int, header.split())
        frame = np.frombuffer(source.read(height * width * 3), dtype=np.uint8).reshape(height, width, 3)
        start = time.perf_counter(), time.process_time()
        points = detect(frame)
        took = [time.perf_counter() - start[0], time.process_time() - start[1]]
        answers.write(json.dumps({"took": took, "points": points}) + "\n")
        answers.flush()


def _ampose(people: str) -> Any:
    from ampose.detectors import create_detector

    detector = create_detector("blazepose", tracking=True, options={"people": people})
    return lambda frame: next((person.keypoints.tolist() for person in detector.detect(frame)), None)


def _mediapipe() -> Any:
    import mediapipe

    pose = mediapipe.solutions.pose.Pose(model_complexity=1, smooth_landmarks=False)

    def detect(frame: Any) -> list[list[float]] | None:
        height, width, _ = frame.shape
        found = pose.process(frame).pose_landmarks
        return found and [[point.x * width, point.y * height] for point in found.landmark]

    return detect


class Served:
    """A detector in its own process."""

    def __init__(self, python: Path | str, name: str, cpus: int) -> None:
        command = [str(python), str(Path(__file__)), "--serve", name, str(cpus)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def detect(self, frame: Any) -> dict[str, Any]:
        """Return the seconds of wall and CPU time, and the joints."""
        source, answers = self._process.stdin, self._process.stdout
        assert source is not None
        assert answers is not None
        source.write(f"{frame.shape[0]} {frame.shape[1]}\n".encode() + frame.tobytes())
        source.flush()
        return json.loads(answers.readline())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(video: Path, mediapipe: Path, cpus: int, frames: int | None) -> list[dict[str, Any]]:
    """Return a row for each detector."""
    from ampose.media import open_media

    served = {
        "`blazepose`": Served(sys.executable, "all", cpus),
        "`blazepose`, `--people 1`": Served(sys.executable, "1", cpus),
        MEDIAPIPE: Served(mediapipe, "mediapipe", cpus),
    }
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in served}
    for number, frame in enumerate(itertools.islice(open_media(video), frames)):
        for name in list(served)[:: 1 if number % 2 else -1]:
            answers[name].append(served[name].detect(frame))
    for one in served.values():
        one.close()
    rows = []
    for name, found in answers.items():
        wall, processor = zip(*(one["took"] for one in found[WARM_UP:]), strict=True)
        rows.append(
            {
                "detector": name,
                "cores": cpus,
                "CPU ms, mean": round(1000 * statistics.mean(processor), 1),
                "wall ms, mean": round(1000 * statistics.mean(wall), 1),
                "wall ms, median": round(1000 * statistics.median(wall), 1),
                "joints from mediapipe's, % of the height": _apart(found, answers[MEDIAPIPE]),
            }
        )
    return rows


def _apart(found: list[dict[str, Any]], others: list[dict[str, Any]]) -> float:
    """Return the mean distance of joints where both find somebody, in % of the height of the joints' box."""
    import numpy as np

    pairs = [(a["points"], b["points"]) for a, b in zip(found, others, strict=True) if a["points"] and b["points"]]
    mine, theirs = np.array(pairs).swapaxes(0, 1)  # (frame, joint, xy) each
    return round(
        100 * float((np.linalg.norm(mine - theirs, axis=-1) / np.ptp(theirs[..., 1], axis=1)[:, None]).mean()), 2
    )


def main() -> None:
    """Read the command line, measure and print or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mediapipe", type=Path, help="a Python that has mediapipe 0.10.21")
    parser.add_argument("--video", type=Path, default=CLIP)
    parser.add_argument("--frames", type=int, help="how many frames from the start on; all by default")
    parser.add_argument("--write-page", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve[0], int(asked.serve[1]))
        return
    from benchmarks.page import as_markdown, fill

    rows = [row for cpus in (1, 2) for row in measure(asked.video, asked.mediapipe, cpus, asked.frames)]
    print(f"load average {os.getloadavg()[0]:.2f}\n{as_markdown(rows)}")
    if asked.write_page:
        fill({"detector": as_markdown(rows)})


if __name__ == "__main__":
    main()

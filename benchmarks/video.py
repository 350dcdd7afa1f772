"""What each part of ``ampose lift`` on a video costs: detector, lifting, files, preview. Prints the docs' tables.

    python -m benchmarks.video                              # the clip of 100 frames, and the same ten times over
    python -m benchmarks.video --repeat 5 20 --no-preview   # 500 and 2,000 frames: does memory grow?

Each run is a fresh process that does what the command does; what is used for the first time (a network put into its
engine's form, a font) counts in the part that uses it. Processor time counts all threads and changes less than wall
time on a busy machine. The video is read once without a detector, for decoding goes on in threads while the detector
works: the detector's time is that of both less that of reading. Figures are medians over the runs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.memory import peak_mb

CLIP = Path(__file__).parents[1] / "examples" / "balance_beam.mp4"

START = "start: imports, weights, detector"
CLOCKS = (time.process_time, time.perf_counter)

Costs = dict[str, list[float]]
"""For each part the seconds of processor and wall time."""


@contextmanager
def timed(costs: Costs, part: str) -> Iterator[None]:
    """Put down what the block costs."""
    start = [clock() for clock in CLOCKS]
    yield
    costs[part] = [clock() - began for clock, began in zip(CLOCKS, start, strict=True)]


def lift(video: Path, *, preview: bool) -> dict:
    """Do the work of the command in this process and say what its parts cost."""
    costs: Costs = {}
    with timed(costs, START):
        from ampose.drawing import draw_overview, write_overview, write_preview
        from ampose.files.poses import write
        from ampose.lifting.lifter import load_model
        from ampose.media import open_media
        from ampose.pipeline.lift_options import LiftOptions
        from ampose.pipeline.video import find_people, lift_people, open_detector

        lifter, media, options = load_model("ampose-small"), open_media(video), LiftOptions()
        opened = open_detector(media, options)
    with timed(costs, "reading"):
        for _ in open_media(video):
            pass
    with opened as detector, timed(costs, "reading and detecting"):
        detected, _ = find_people(media, detector)
    with timed(costs, "lifting"):
        people = lift_people(detected, lifter, options.camera(media.image_size), options)
    with tempfile.TemporaryDirectory() as folder:
        with timed(costs, "poses.json and poses.npz"):
            write(Path(folder) / "poses.json", people)
            write(Path(folder) / "poses.npz", people)
        with timed(costs, "overview.png"):
            write_overview(
                Path(folder) / "overview.png",
                draw_overview(dict(list(media.kept.items())[::2]), people, title=video.name),
            )
        peak = peak_mb()
        if preview:
            with timed(costs, "preview.mp4"):
                write_preview(Path(folder) / "preview.mp4", media, people)
    return {"costs": costs, "frames": len(people[0].pose2d), "peak_mb": peak}


def repeat_clip(times: int, path: Path) -> Path:
    """Write the clip several times over, its pictures as they are: nothing is encoded again."""
    import av

    with av.open(str(CLIP)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copy, shift = target.add_stream_from_template(stream), 0
        for _ in range(times):
            source.seek(0)
            for packet in source.demux(stream):
                if packet.dts is not None:
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, copy
                    target.mux(packet)
            shift += round(stream.frames / (stream.average_rate * stream.time_base))
    return path


def measure(video: Path, runs: int, *, preview: bool) -> dict:
    """Measure in fresh processes, one after the other; the median of each cost."""
    command = [sys.executable, "-m", "benchmarks.video", "--alone", video, *([] if preview else ["--no-preview"])]
    done = [subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True) for _ in range(runs)]
    results = [json.loads(run.stdout.splitlines()[-1]) for run in done]
    costs = {
        part: list(map(statistics.median, zip(*(r["costs"][part] for r in results), strict=True)))
        for part in results[0]["costs"]
    }
    both, read = costs.pop("reading and detecting"), costs["reading"]
    costs["detecting"] = [all_of_it - reading for all_of_it, reading in zip(both, read, strict=True)]
    return {**results[0], "costs": costs, "peak_mb": max(result["peak_mb"] for result in results)}


def show(result: dict) -> None:
    """Print the table, and how lifting and writing compare with the detector."""
    costs, frames = result["costs"], result["frames"]
    parts = ["detecting", "lifting", "poses.json and poses.npz", "overview.png", "preview.mp4"]
    print(f"\n{frames:,} frames; peak memory without preview {result['peak_mb']:.0f} MB\n")
    print("| part | processor ms a frame | of the detector's | wall ms a frame |\n|---|---:|---:|---:|")
    for part in [START, "reading", *filter(costs.__contains__, parts)]:
        processor, wall = costs[part]
        share = "" if part == START else f"{100 * processor / costs['detecting'][0]:.1f} %"
        print(f"| {part} | {1e3 * processor / frames:.2f} | {share} | {1e3 * wall / frames:.2f} |")
    for clock, name in enumerate(("processor", "wall")):
        share = sum(costs[part][clock] for part in parts[1:4]) / costs["detecting"][clock]
        print(f"\nLifting and writing without the preview, {name} time: {100 * share:.1f} % of the detector's.")


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, nargs="+", default=[1, 10], help="how many times over the clip is taken")
    parser.add_argument("--runs", type=int, default=3, help="fresh processes for each")
    parser.add_argument("--no-preview", action="store_true")
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone:
        print(json.dumps(lift(asked.alone, preview=not asked.no_preview)))
        return
    with tempfile.TemporaryDirectory() as folder:
        for times in asked.repeat:
            video = repeat_clip(times, Path(folder) / f"{times}.mp4")
            show(measure(video, asked.runs, preview=not asked.no_preview))


if __name__ == "__main__":
    main()

"""Where the time of ``ampose lift`` goes, stage by stage, and beside mediapipe with its own drawing.

    python -m benchmarks.video                                    # all clips
    python -m benchmarks.video --clips "100 frames" --runs 5
    python -m benchmarks.video --mediapipe /elsewhere/bin/python --write-page

Each run is a fresh process that does what the command does; what is used for the first time (a network put into its
engine's form, a font) counts in the stage that uses it. CPU time counts all threads and changes less than wall
time on a busy machine. The video is also read once alone: decoding goes on in threads while the detector works, so the
detector's CPU time is that of both less that of reading. Figures are medians over the runs; clips and mediapipe
take turns.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

CLIP = Path(__file__).parents[1] / "examples" / "balance_beam.mp4"
IMAGE, CLIPS = "an image", ("an image", "100 frames", "1,000 frames", "ten people", "4K")
REPEATED = {"1,000 frames": 10, "10,000 frames": 100}
"""How often the clip follows itself. The longer one is measured only when it is asked for: it takes minutes."""
MEDIAPIPE = "mediapipe 0.10.21"

CLOCKS = (time.process_time, time.perf_counter)

Costs = dict[str, list[float]]
"""For each stage the seconds of CPU and wall time."""


@contextmanager
def timed(costs: Costs, part: str) -> Iterator[None]:
    """Put down what the block costs."""
    start = [clock() for clock in CLOCKS]
    yield
    costs[part] = [clock() - began for clock, began in zip(CLOCKS, start, strict=True)]


def lift(video: Path, *, preview: bool) -> dict[str, Any]:
    """Do the work of the command in this process and say what its stages cost."""
    costs: Costs = {}
    with timed(costs, "start"):
        from ampose.drawing import as_drawn, draw_overview, write_overview, write_preview
        from ampose.drawing.preview import photo_size
        from ampose.files.poses import write
        from ampose.lifting.lifter import load_model
        from ampose.media import open_media
        from ampose.pipeline.lift_options import LiftOptions
        from ampose.pipeline.video import find_people, lift_people, open_detector

        lifter, media, options = load_model("ampose-small"), open_media(video), LiftOptions()
        opened = open_detector(media, options)
    with timed(costs, "read"):
        for _ in open_media(video):
            pass
    preview = preview and media.num_frames != 1
    if preview:
        media.keep_small(photo_size(media.image_size))
    with opened as detector, timed(costs, "read and detect"):
        detected, *_ = find_people(media, detector)
    with timed(costs, "lift"):
        people = lift_people(detected, lifter, options.camera(media.image_size), options)
    with tempfile.TemporaryDirectory() as folder:
        with timed(costs, "write"):
            write(Path(folder) / "poses.json", people)
            write(Path(folder) / "poses.npz", people)
            pictures = dict(list(media.kept.items())[::2])
            write_overview(Path(folder) / "overview.png", draw_overview(pictures, as_drawn(people), title=video.name))
        from benchmarks.memory import peak_mb

        peak = peak_mb()
        if preview:
            with timed(costs, "preview"):
                write_preview(Path(folder) / "preview.mp4", media, as_drawn(people))
    return {"costs": costs, "frames": len(people[0].pose2d), "people": len(people), "peak_mb": peak}


def make_clip(name: str, folder: Path) -> Path:
    """Write the clip of this name."""
    if name == "100 frames":
        return CLIP
    if name in REPEATED:
        return repeat_clip(REPEATED[name], folder / f"{REPEATED[name]}.mp4")
    from PIL import Image

    from ampose.media import open_media

    if name == IMAGE:
        Image.fromarray(next(iter(open_media(CLIP)))).save(folder / "image.png")
        return folder / "image.png"
    from ampose.media.video_writer import writing_video

    size = (2160, 3840) if name == "4K" else (2700, 450)
    with writing_video(folder / f"{name}.mp4", image_size=size, fps=60.0, quick=True) as video:
        recent: list[Any] = []
        for frame in open_media(CLIP):
            if name == "4K":
                video.write(np.asarray(Image.fromarray(frame).resize(size)))
                continue
            # In a row, each three frames behind the one before.
            recent = [np.asarray(Image.fromarray(frame[230:1130, 90:630]).resize((270, 450))), *recent][:28]
            shown = [recent[min(3 * number, len(recent) - 1)] for number in range(10)]
            video.write(np.concatenate(shown, axis=1))
    return folder / f"{name}.mp4"


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


def measure(videos: Mapping[str, Path], runs: int, mediapipe: Path | None) -> dict[str, dict[str, Any]]:
    """Measure in fresh processes, in turns; the median of each cost."""
    me = [sys.executable, "-m", "benchmarks.video", "--alone"]
    commands = {name: [*me, str(video)] for name, video in videos.items()}
    if mediapipe and "100 frames" in videos:
        commands[MEDIAPIPE] = [str(mediapipe), str(Path(__file__)), "--peer", str(CLIP)]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True)
            found[name].append(json.loads(done.stdout.splitlines()[-1]))
    return {name: _median(results) for name, results in found.items()}


def _median(results: list[dict[str, Any]]) -> dict[str, Any]:
    costs = {
        stage: [statistics.median(values) for values in zip(*(r["costs"][stage] for r in results), strict=True)]
        for stage in results[0]["costs"]
    }
    if "read and detect" in costs:
        both, read = costs["read and detect"], costs["read"]
        # Side by side: in CPU time reading is a part, in wall time the detector is all of it.
        costs["detect"] = [both[0] - read[0], both[1]]
    peaks = [result["peak_mb"] for result in results]
    return {**results[0], "costs": costs, "peak_mb": None if None in peaks else round(max(peaks))}


def rows_of(results: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the table: CPU milliseconds per frame by stage, and ratios to the detector's."""
    rows = []
    for name, result in results.items():
        costs, frames = result["costs"], result["frames"]
        row: dict[str, Any] = {"what": name, "start, s": round(costs["start"][0], 2)}
        for stage in ("read", "detect", "lift", "write", "preview"):
            row[f"{stage}, ms"] = round(1e3 * costs[stage][0] / frames, 2) if stage in costs else None
        for clock, kind in enumerate(("CPU", "wall")):
            without = sum(costs[stage][clock] for stage in ("read and detect", "lift", "write") if stage in costs)
            whole = without + (costs["preview"][clock] if "preview" in costs else 0.0)
            row[f"all over detect, {kind}"] = round(whole / costs["detect"][clock], 2)
            row[f"without preview, {kind}"] = round(without / costs["detect"][clock], 2)
        rows.append({**row, "wall s": round(sum_wall(costs), 1), "peak MB": result["peak_mb"]})
    return rows


def sum_wall(costs: Costs) -> float:
    """Return the wall time of the whole, the video read once."""
    return sum(value[1] for stage, value in costs.items() if stage not in ("read", "read and detect"))


def peer(video: Path) -> dict[str, Any]:
    """Do with mediapipe what its users do: read, find the pose, draw it, write a video; no 3D lifter, no files."""
    costs: Costs = {}
    with timed(costs, "start"):
        import cv2
        import mediapipe

        pose = mediapipe.solutions.pose.Pose(model_complexity=1, smooth_landmarks=False)
        capture = cv2.VideoCapture(str(video))
        size = tuple(int(capture.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    stages = ("read", "detect", "preview")
    costs.update({stage: [0.0, 0.0] for stage in stages})
    drawing, count = mediapipe.solutions.drawing_utils, 0
    with tempfile.TemporaryDirectory() as folder:
        writer = cv2.VideoWriter(f"{folder}/out.mp4", cv2.VideoWriter_fourcc(*"mp4v"), 60.0, size)
        while True:
            marks = [[clock() for clock in CLOCKS]]
            there, frame = capture.read()
            if not there:
                break
            marks.append([clock() for clock in CLOCKS])
            found = pose.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
            marks.append([clock() for clock in CLOCKS])
            drawing.draw_landmarks(frame, found.pose_landmarks, mediapipe.solutions.pose.POSE_CONNECTIONS)
            writer.write(frame)
            marks.append([clock() for clock in CLOCKS])
            for at, stage in enumerate(stages):
                spent = zip(costs[stage], marks[at], marks[at + 1], strict=True)
                costs[stage] = [all_of_it + end - start for all_of_it, start, end in spent]
            count += 1
        writer.release()
    costs["read and detect"] = [a + b for a, b in zip(costs["read"], costs["detect"], strict=True)]
    return {"costs": costs, "frames": count, "people": 1, "peak_mb": None}


def main() -> None:
    """Read the arguments, measure, print or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", nargs="+", choices=sorted({*CLIPS, *REPEATED}), default=list(CLIPS))
    parser.add_argument("--runs", type=int, default=3, help="fresh processes for each")
    parser.add_argument("--mediapipe", type=Path, help="a Python that has mediapipe 0.10.21")
    parser.add_argument("--write-page", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone or asked.peer:
        print(json.dumps(lift(asked.alone, preview=True) if asked.alone else peer(asked.peer)))
        return
    from benchmarks.page import as_markdown, as_text, fill

    with tempfile.TemporaryDirectory() as folder:
        videos = {name: make_clip(name, Path(folder)) for name in asked.clips}
        rows = rows_of(measure(videos, asked.runs, asked.mediapipe))
    print(f"load average {os.getloadavg()[0]:.1f}\n{as_text(rows)}")
    if asked.write_page:
        fill({"command": as_markdown(rows)})


if __name__ == "__main__":
    main()

"""What an hour costs: lifting from keypoints, and each format, in time, memory and size.

``python -m benchmarks.long_video`` takes an hour of one person at 60 frames a second (216,000 poses) and 10,000 frames
of 20 people (200,000 poses) and prints the table of ``docs/long-and-odd-files.md``. Each step is a program of its own,
so that its peak memory is its own; CPU time, which another load does not change much.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from tabulate import tabulate

from ampose.files.poses import suffixes

PAGE = Path(__file__).parents[1] / "docs" / "long-and-odd-files.md"
FPS = 60
PICTURES = (".png", ".pdf", ".svg", ".mp4", ".gif")
SIZE = (1920, 1080)

LIFT = "from ampose.cli import main; import sys; sys.exit(main(sys.argv[1:]))"
READ = "from ampose.files import poses; import sys; poses.read(sys.argv[1])"


def walkers(people: int, frames: int) -> np.ndarray:
    """(person, frame, joint, 3): people in places of their own who sway."""
    rng = np.random.default_rng(0)
    seconds = np.arange(frames)[:, None, None] / FPS
    tracks = np.empty((people, frames, 17, 3), np.float32)
    for number, track in enumerate(tracks):
        body = rng.uniform(-30, 30, (17, 2)) * [1, 3] + [100 + number % 10 * 180, 250 + number // 10 * 500]
        track[..., :2] = body + 10 * np.sin(seconds * rng.uniform(1, 3, (1, 17, 2)) + rng.uniform(0, 6, (1, 17, 2)))
        track[..., 2] = rng.uniform(0.5, 1, (frames, 17))
    return tracks


def measure(*words: str) -> tuple[float, float, str]:
    """Run a program; returns its CPU time in seconds, its peak memory in MB, and what it said was wrong."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([sys.executable, "-c", *words], stdout=log, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        said = log.read().decode().strip().splitlines()
    wrong = said[-1] if process.returncode and said else ""
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3, wrong


def rows_of(people: int, frames: int, folder: Path) -> list[list[str]]:
    """Return a row for the lifting and for each format."""
    tracks, count = walkers(people, frames), people * frames
    np.save(folder / "keypoints.npy", tracks if people > 1 else tracks[0])
    del tracks
    size = ("--image-size", f"{SIZE[0]}x{SIZE[1]}", "--fps", str(FPS), "--skeleton", "coco_17")
    source = str(folder / "keypoints.npy")
    seconds, memory, wrong = measure(LIFT, "lift", source, "-o", str(folder / "out"), "--no-preview", *size)
    if wrong:
        raise SystemExit(wrong)
    poses = folder / "out" / "poses.json"
    held = sum(path.stat().st_size for path in (folder / "out").glob("poses.*"))
    rows = [["lift, poses.json and poses.npz", *numbers(seconds, memory, count), f"{held / 1e6:.0f}"]]
    for suffix in suffixes("writes"):
        if suffix in PICTURES:
            continue
        path = folder / f"clip{suffix}"
        seconds, memory, wrong = measure(LIFT, "convert", str(poses.with_suffix(".npz")), str(path))
        files = list(folder.glob(f"clip*{suffix}"))
        written = sum(file.stat().st_size for file in files)
        if not files:  # too long for the format
            sys.stderr.write(f"{wrong}\n")
            rows.append([f"write {suffix}", "refused", "", "", ""])
            continue
        rows.append([f"write {suffix}", *numbers(seconds, memory, count), f"{written / 1e6:.0f}"])
        if suffix in suffixes("reads"):
            seconds, memory, wrong = measure(READ, str(files[0]))
            rows.append([f"read {suffix}", *numbers(seconds, memory, count // len(files)), wrong])
        for file in files:
            file.unlink()
        sys.stderr.write(f"{rows[-1]}\n")
    return rows


def numbers(seconds: float, memory: float, count: int) -> tuple[str, str, str]:
    """Return CPU time, milliseconds per pose, and peak memory."""
    return f"{seconds:.0f}", f"{1000 * seconds / count:.2f}", f"{memory:,.0f}"


def main() -> int:
    """Measure, print the tables, and write them into the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_video", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the frames, for a first look")
    parser.add_argument("--write-page", action="store_true")
    args = parser.parse_args()
    parts = []
    for people, frames in ((1, 216_000), (20, 10_000)):
        frames = round(frames * args.share)  # noqa: PLW2901 - a share of it
        with tempfile.TemporaryDirectory() as folder:
            rows = rows_of(people, frames, Path(folder))
        who = "one person" if people == 1 else f"{people} people"
        header = ("step", "CPU s", "ms/pose", "peak MB", "file MB")
        parts.append(f"**{frames:,} frames of {who}**\n\n{tabulate(rows, header, 'pipe', disable_numparse=True)}")
    text = "\n\n".join(parts)
    sys.stdout.write(text + "\n")
    if args.write_page:
        page = PAGE.read_text(encoding="utf-8")
        start, end = "<!-- hour -->\n\n", "\n\n<!-- end of hour -->"
        before, after = page.partition(start)[0], page.partition(end)[2]
        PAGE.write_text(before + start + text + end + after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

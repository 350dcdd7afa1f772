"""``python -m tests.kills`` ends commands at random moments, by each signal, and checks what is left.

Nothing may be half-written at any moment: every file that has its name is whole. After the next run nothing of the
killed ones is left, and the files are those of a run that nobody disturbed.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tests.fuzz.doors import sample_people

from ampose.files import poses

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
STICK_FIGURE = Path(__file__).parents[1] / "data" / "cmu" / "stick_figure"


@dataclass(frozen=True)
class Command:
    """A command that can be run again.

    Args:
        words: Its arguments, of which ``OUT`` is the output folder.
        again: What is added after a kill.
        goes_on: It takes up what a killed run has left; once it is done, the next run begins anew.
        differs: Names of files that hold times, or are drawn.
    """

    words: tuple[str, ...]
    again: Callable[[Path], tuple[str, ...]] = lambda _: ()
    goes_on: bool = False
    differs: tuple[str, ...] = field(default=())


def commands(home: Path) -> dict[str, Command]:
    """Write inputs, and return the commands by name."""
    from tests.keypoint_tables import write_table
    from tests.training.conftest import RECIPE, make_motion

    from ampose.data import write_motion

    rng = np.random.default_rng(0)
    keypoints = rng.uniform(100, 900, (60, 17, 3))
    keypoints[..., 2] = 1
    np.save(home / "walk.npy", keypoints)
    poses.write(home / "poses.json", sample_people(2, 300))
    write_motion(make_motion(), home / "motion.npz")
    write_table(home / "tables" / "a.parquet", 5000)
    (home / "tiny.toml").write_text(RECIPE.format(file=home / "motion.npz"))
    size = ("--image-size", "1000x1000", "--skeleton", "coco_17", "--fps", "25")
    lift = ("lift", str(home / "walk.npy"), "-o", "OUT", "--no-preview", "--to", "csv,trc,bvh,glb,html", *size)
    names = tuple(f"OUT/a{suffix}" for suffix in (".csv", ".npz", ".trc", ".bvh", ".glb", ".json", ".html"))
    return {
        "lift": Command(lift, differs=("overview.png",)),
        "convert": Command(("convert", str(home / "poses.json"), *names)),
        "prepare": Command(("prepare", "cmu", "--root", str(STICK_FIGURE), "-o", "OUT/motion.npz")),
        "train": Command(
            ("train", str(home / "tiny.toml"), "-o", "OUT"),
            again=lambda out: ("--resume",) if (out / "checkpoint.safetensors").exists() else (),
            goes_on=True,
            differs=("run.json", "log.jsonl", "loss.png", "checkpoint.safetensors", "config.json"),
        ),
        "bulk": Command(
            ("bulk", str(home / "tables"), "-o", "OUT", "--rows", "500", "--workers", "1"),
            goes_on=True,
            differs=("_manifest.jsonl",),  # in the order in which outputs were done
        ),
    }


def start(command: Command, out: Path) -> "subprocess.Popen[bytes]":
    """Start a command, as a program of its own."""
    words = [word.replace("OUT", str(out)) for word in (*command.words, *command.again(out))]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "ampose", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )


def finish(command: Command, out: Path) -> float:
    """Run a command to its end; returns the seconds that it took."""
    started = time.monotonic()
    process = start(command, out)
    text, _ = process.communicate()
    if process.returncode:
        raise AssertionError(f"{command.words[0]}: status {process.returncode}: {text.decode()[-600:]}")
    return time.monotonic() - started


def broken(out: Path) -> Iterator[str]:
    """Yield the files with a name of their own that are not whole."""
    for file in sorted(path for path in out.rglob("*") if path.is_file()):
        if any(part.startswith(".") for part in file.relative_to(out).parts):
            continue
        try:
            if file.suffix == ".json":
                json.loads(file.read_text())
            elif file.suffix == ".npz":
                with zipfile.ZipFile(file) as archive:
                    assert archive.testzip() is None
            elif file.suffix == ".parquet":
                import pyarrow.parquet as pq

                pq.ParquetFile(file).read()
            elif file.suffix == ".safetensors":
                from safetensors import safe_open

                with safe_open(file, framework="np") as tensors:
                    tensors.keys()
            else:
                assert file.stat().st_size > 0
        except Exception as error:
            yield f"{file.name}: {type(error).__name__}: {error}"


def _wrong(status: int, text: bytes, out: Path) -> Iterator[str]:
    """Yield what is wrong after a command was ended."""
    if status not in (0, *(-number for number in SIGNALS), *(128 + number for number in SIGNALS)):
        yield f"status {status}"
    if b"Traceback" in text:
        yield text.decode()[-1500:]
    yield from broken(out)


def hashes(out: Path, command: Command) -> dict[str, str]:
    """Return what each file is, but for those that tell the time."""
    return {
        str(file.relative_to(out)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(out.rglob("*"))
        if file.is_file() and file.name not in command.differs
    }


def check_nothing_left(name: str, folder: Path) -> None:
    """Refuse hidden files and folders: what is unfinished, and locks."""
    left = [str(path) for path in folder.rglob("*") if path.name.startswith(".")]
    if left:
        raise AssertionError(f"{name}: left behind: {left}")


def check_same(name: str, command: Command, out: Path, calm: Path) -> None:
    """Refuse other files than those of a run that nobody disturbed."""
    ours, wanted = hashes(out, command), hashes(calm, command)
    if ours != wanted:
        changed = {key for key in ours | wanted if ours.get(key) != wanted.get(key)}
        raise AssertionError(f"{name}: other files than undisturbed: {changed}")


def check(name: str, command: Command, home: Path, moments: int) -> str:
    """End a command at so many moments; returns a line about it."""
    rng = random.Random(name)
    calm, out = home / f"{name}-calm", home / f"{name}-killed"
    for folder in (calm, out):
        folder.mkdir()
    whole = finish(command, calm)
    ended = 0
    for number in range(moments):
        process = start(command, out)
        time.sleep(rng.uniform(0.1, 1.0) * whole)
        if process.poll() is None:
            ended += 1
            os.kill(process.pid, SIGNALS[number % len(SIGNALS)])
        text, _ = process.communicate()
        if wrong := list(_wrong(process.returncode, text, out)):
            raise AssertionError(f"{name}, moment {number}: {wrong}")
        if command.goes_on and process.returncode == 0 and b"stopped" not in text:
            shutil.rmtree(out)
    finish(command, out)
    check_nothing_left(name, home)
    check_same(name, command, out, calm)
    return f"{name}: ended at {ended} of {moments} moments: nothing half-written, nothing left behind, the same files"


def main(checked: Callable[[str, Command, Path, int], str], counted: str, default: int, description: str | None) -> int:
    """Check each command, as the command line says.

    Args:
        checked: Checks one so many times, and returns a line about it.
        counted: What is counted, the option's name.
        default: How many.
        description: Of the program.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(f"--{counted}", dest="times", type=int, default=default, help="for each command")
    parser.add_argument("--command", action="append", help="only these")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, command in commands(Path(folder)).items():
            if not args.command or name in args.command:
                sys.stdout.write(checked(name, command, Path(folder), args.times) + "\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(check, "moments", 50, __doc__))

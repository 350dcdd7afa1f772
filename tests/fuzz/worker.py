"""One process that puts odd files through a door, and says after each what came of it.

It prints a line before and after each input. It may hang, crash or be ended by its limits: whoever started it sees at
which input, and starts another behind it.
"""

import contextlib
import gc
import os
import random
import resource
import shutil
import signal
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tests.fuzz.doors import Door, NonsenseError
from tests.fuzz.mutations import mutate

from ampose.errors import InputError, MissingExtraError

HANG_S, MEMORY_TIMES, MEMORY_BYTES = 5.0, 20, 200_000_000
"""A reader may take so long, of CPU time; and so many times the size of its file, and so much besides."""

PEAK = Path("/proc/self/clear_refs")
WORST_BYTES = 6 * 2**30
LONGEST_MESSAGE = 2000


def work(door: Door, seeds: list[Path], numbers: range, answers: TextIO) -> None:
    """Put inputs through a door, in a process of their own; never returns."""
    gc.freeze()  # FFmpeg's frames of the process before: to free them here would wait for threads that were not forked
    # Besides what the libraries have mapped already: PyTorch with CUDA maps gigabytes that it does not use.
    most = _mapped_bytes() + WORST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for descriptor in (1, 2):  # what libraries print
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    for number in numbers:
        print("at", number, file=answers, flush=True)
        outcome, detail = one(door, seeds, number)
        print("was", number, outcome, repr(detail), file=answers, flush=True)
    os._exit(0)


@contextlib.contextmanager
def seeds_of(door: Door) -> Iterator[list[Path]]:
    """Write the good files of a door; folders inside numbered ones count as one seed each."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "seeds"
        home.mkdir()
        door.seeds(home)
        seeds = []
        for path in sorted(home.iterdir()):
            seeds += sorted(path.iterdir()) if path.is_dir() and path.name.isdigit() else [path]
        if not seeds:
            raise ValueError(f"{door.name} has no good file to start from")
        yield seeds


def one(door: Door, seeds: list[Path], number: int, keep: Path | None = None) -> tuple[str, str]:
    """Make an input by its number, put it through the door, and return what came of it."""
    rng = random.Random(f"{door.name}/{number}")
    seed = rng.choice(seeds)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as mended:
        path = seed
        if not door.tree:
            path = Path(folder) / seed.name
            shutil.copytree(seed, path) if seed.is_dir() else shutil.copy(seed, path)
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        file = rng.choice(files)
        content = file.read_bytes()
        if door.tree:
            mended.callback(file.write_bytes, content)
        file.write_bytes(mutate(file.name, content, rng))
        door.mend(path)
        if keep is not None:
            shutil.copytree(path, keep / path.name) if path.is_dir() else shutil.copy(path, keep)
        size = sum(each.stat().st_size for each in files)
        return _through(door, path, number, size)


def _mapped_bytes() -> int:
    """Return how large the address space of this process is; 0 where the system does not say it."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[0]) * resource.getpagesize() if pages.exists() else 0


def _start_peak() -> int:
    """Have the most memory counted from here, where that can be done; returns it, in bytes."""
    if PEAK.exists():
        PEAK.write_text("5")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _through(door: Door, path: Path, number: int, size: int) -> tuple[str, str]:
    before = _start_peak()
    started = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, HANG_S if not door.tree else 12 * HANG_S)
    outcome, detail = "read", ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            door.open(path, number)
    except MissingExtraError as error:
        outcome, detail = "traceback", str(error)
    except InputError as error:
        outcome, detail = "refused", str(error)
        if len(detail) > LONGEST_MESSAGE:
            outcome = "message"
        elif path.name not in detail and door.name not in ("pickle", "recipe") and not door.tree:
            outcome = "unnamed"
    except NonsenseError as error:
        outcome, detail = "nonsense", str(error)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # what is thrown has no end
        place = traceback.extract_tb(error.__traceback__)[-1]
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if "/ampose/" in frame.filename]
        place = own[-1] if own else place
        outcome = "traceback"
        detail = f"{type(error).__name__}: {str(error)[:200]} at {Path(place.filename).name}:{place.lineno}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    taken = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    if outcome in ("read", "refused") and peak > MEMORY_TIMES * size + MEMORY_BYTES:
        outcome, detail = "memory", f"{peak / 1e6:.0f} MB for {size} bytes; {detail}"
    if outcome in ("read", "refused") and taken > HANG_S and not door.tree:
        outcome, detail = "hang", f"{taken:.1f} s; {detail}"
    return outcome, detail[:600]

"""Lift several inputs, one line each; what is done already is skipped, and what fails does not stop the rest."""

import hashlib
import json
import logging
import multiprocessing
import os
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from ampose import __version__
from ampose.atomic import replacing
from ampose.cli import message_of
from ampose.cli.lift.outputs import OutputOptions, WrittenFiles
from ampose.cli.lift.summary import in_one_line
from ampose.errors import InputError, MissingExtraError, no_such_path, printable
from ampose.pipeline.lift_options import LiftOptions

MARK = ".ampose-done.json"
"""Written last into the folder of an input: what was lifted, how, and to which files."""

FAILED = 1
"""Exit status when an input failed."""

log = logging.getLogger(__name__)


LiftOne = Callable[[Path, Path], WrittenFiles]
"""What lifts one input into a folder."""

Results = Generator[tuple[Path, str, bool], None, None]
"""The inputs, their lines, and whether they worked."""


def settings_of(options: LiftOptions, outputs: OutputOptions) -> str:
    """Return how inputs are lifted, for their marks: an input that was lifted with other settings is not done.

    Raises:
        InputError: There are no such weights.
    """
    # The model's folder may be trained in again.
    settings = {**asdict(options), **asdict(outputs), "weights": options.weights_hash()}
    return json.dumps(settings, sort_keys=True)


def lift_many(folders: Mapping[Path, Path], lift_one: LiftOne, settings: str, jobs: int) -> None:
    """Lift several inputs.

    Args:
        folders: For each input the folder of its own.
        lift_one: What lifts one; it can be sent to other processes.
        settings: How it does that, as ``settings_of`` returns it.
        jobs: How many at the same time.

    Raises:
        InputError: ``jobs`` is not positive.
        SystemExit: An input failed; the others are done.
    """
    if jobs < 1:
        raise InputError(f"jobs must be at least 1, got {jobs}", field="jobs")
    print_lines(_results(folders, lift_one, settings, jobs), len(folders))


def print_lines(results: Results, count: int) -> None:
    """Print a line for each input, and which of them failed; what makes them ends when nobody reads the lines.

    Args:
        results: The lines, as they come.
        count: How many there are.

    Raises:
        SystemExit: An input failed.
    """
    failed = []
    with closing(results):
        for source, line, worked in results:
            print(printable(line), flush=True)
            failed += [] if worked else [source]
    if failed:
        print(f"failed: {len(failed)} of {count}: {', '.join(printable(str(source)) for source in failed)}")
        raise SystemExit(FAILED)


def name_folders(sources: Sequence[Path], output: Path) -> dict[Path, Path]:
    """Return a folder for each input: its name without the ending. An input that is named twice is taken once.

    Where two would be the same, with the ending, or with the name of the folder that they are in as well.

    Raises:
        InputError: Two are still the same.
    """
    by_path: dict[Path, Path] = {}
    for source in sources:
        by_path.setdefault(source.resolve(), source)
    paths = list(by_path)
    names = [path.stem for path in paths]
    with_ending = [path.name.replace(".", "_") for path in paths]
    with_folder = [f"{path.parent.name}_{name}" for path, name in zip(paths, with_ending, strict=True)]
    for longer in (with_ending, with_folder):
        times = Counter(map(_anywhere, names))
        names = [long if times[_anywhere(name)] > 1 else name for name, long in zip(names, longer, strict=True)]
    times = Counter(map(_anywhere, names))
    for name in names:
        if times[_anywhere(name)] > 1:
            raise InputError(f"{times[_anywhere(name)]} inputs are called {name}; lift them one by one")
    return {source: output / name for source, name in zip(by_path.values(), names, strict=True)}


def _anywhere(name: str) -> str:
    """Return what names have in common that are one folder on Windows or macOS.

    Case, the coding of accents, and dots and spaces at the end make no difference there.
    """
    return unicodedata.normalize("NFC", name).casefold().rstrip(". ")


def _results(folders: Mapping[Path, Path], lift_one: LiftOne, settings: str, jobs: int) -> Results:
    """Lift each and give its line and whether it worked; in processes of their own where there are several jobs."""
    if jobs == 1:
        for source, folder in folders.items():
            yield source, *lift_unless_done(source, folder, lift_one, settings)
        return
    fresh = multiprocessing.get_context("spawn")  # a fork would share torch's and onnxruntime's threads
    with ProcessPoolExecutor(jobs, mp_context=fresh, initializer=_share_cores, initargs=(jobs,)) as pool:
        waiting = {pool.submit(lift_unless_done, *pair, lift_one, settings): pair[0] for pair in folders.items()}
        try:
            for future in as_completed(waiting):
                source = waiting[future]
                try:
                    yield source, *future.result()
                except BrokenProcessPool:  # the process ended without an answer, as when memory runs out
                    yield source, f"{source}: failed: its process ended abruptly; try fewer --jobs", False
        except BaseException:  # a signal to this process alone, or nobody reads the lines: do not wait for the jobs
            pool.shutdown(wait=False, cancel_futures=True)
            for job in multiprocessing.active_children():
                job.terminate()
            raise


def _share_cores(jobs: int) -> None:
    """Give this process its share of the cores, before what runs networks is imported: jobs do not fight over them."""
    # A batch system may give this process fewer than the machine has.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores // jobs)))


def lift_unless_done(source: Path, folder: Path, lift_one: LiftOne, settings: str) -> tuple[str, bool]:
    """Lift one, unless its mark says that it is done; returns its line and whether it worked."""
    start = time.perf_counter()
    try:
        if (line := done_already(source, folder, settings)) is not None:
            return line, True
        facts = _facts(source, settings)
        (folder / MARK).unlink(missing_ok=True)
        written = lift_one(source, folder)
        with replacing(folder / MARK) as unfinished:
            unfinished.write_bytes(_mark(facts, [file for file, _ in written.files]))
    except (InputError, MissingExtraError, OSError) as error:
        return f"{source}: failed: {message_of(error).removeprefix(f'{source}: ')}", False
    except Exception as error:
        log.exception("%s", source)  # a mistake of ours, which others can report; what fails does not stop the rest
        return f"{source}: failed unexpectedly: {type(error).__name__}: {' '.join(str(error).split())}", False
    return in_one_line(str(source), written.result, folder, time.perf_counter() - start), True


def done_already(source: Path, folder: Path, settings: str) -> str | None:
    """Return the line of an input whose mark says that it is done; None if it is not, or its files are not as written.

    Raises:
        InputError: There is no such input.
        OSError: It, or the mark, cannot be read.
    """
    if not (folder / MARK).is_file():
        return None
    mark = (folder / MARK).read_bytes()
    try:
        written = [folder / name for name in json.loads(mark)["files"]]
    except (ValueError, KeyError, TypeError):  # damaged, or of a version that kept other facts
        return None
    return f"{source}: done already -> {folder}" if mark == _mark(_facts(source, settings), written) else None


def _mark(facts: Mapping[str, str], written: Sequence[Path]) -> bytes:
    """Return the facts with the sizes of the files that were written."""
    sizes = {file.name: file.stat().st_size if file.is_file() else None for file in written}
    return json.dumps({**facts, "files": sizes}, indent=1).encode()


def _facts(source: Path, settings: str) -> dict[str, str]:
    """Describe what is lifted and how: another file or other settings mean that it is not done."""
    if not source.exists():
        raise no_such_path(source, "a video, an image or a keypoint file")
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    facts = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    content = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    return {"input": source.name, "content": content, "settings": settings, "version": __version__}

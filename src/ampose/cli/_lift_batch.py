"""Lift several inputs, one line each; what is done already is passed over, and what fails does not stop the rest."""

import hashlib
import json
import logging
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, replace
from pathlib import Path

from ampose import __version__
from ampose.atomic import replacing
from ampose.cli._lift_how import read_how
from ampose.cli._lift_one import check_folder, lift_one, more_files, read_options
from ampose.cli._lift_options import Settings
from ampose.cli._lift_summary import in_one_line
from ampose.errors import InputError, MissingExtraError

MARK = ".ampose-done.json"
"""Written last into the folder of an input: what was lifted, and how."""

FAILED = 1
"""Exit status when an input failed."""

log = logging.getLogger(__name__)


def lift_many(sources: Sequence[Path], output: Path, settings: Settings) -> None:
    """Lift all of them, each into a folder of its own in ``output``.

    Raises:
        InputError: A setting is wrong, or two inputs have one name.
        SystemExit: An input failed; the others are done.
    """
    if settings.writing.jobs < 1:
        raise InputError(f"--jobs must be at least 1, got {settings.writing.jobs}")
    folders = name_folders(sources, output)
    for source, folder in folders.items():
        check_folder(folder, source)
    more_files(output, settings.writing.to)
    read_how(settings, (1, 1))
    read_options(settings.finding.detector_option)
    failed = []
    for source, line, worked in _results(folders, settings):
        print(line, flush=True)
        failed += [] if worked else [source]
    if failed:
        print(f"failed: {len(failed)} of {len(sources)}: {', '.join(str(source) for source in failed)}")
        raise SystemExit(FAILED)


def name_folders(sources: Sequence[Path], output: Path) -> dict[Path, Path]:
    """Return a folder for each input: its name without the ending.

    Where two would be the same, with the ending, or with the name of the folder that they are in as well.

    Raises:
        InputError: Two are still the same.
    """
    names = [source.resolve().stem for source in sources]
    for longer in (_with_ending, _with_folder):
        times = Counter(names)
        names = [longer(source) if times[name] > 1 else name for source, name in zip(sources, names, strict=True)]
    for name, count in Counter(names).items():
        if count > 1:
            raise InputError(f"inputs must have different names, got {name} {count} times; lift them one by one")
    return {source: output / name for source, name in zip(sources, names, strict=True)}


def _with_ending(source: Path) -> str:
    return source.resolve().name.replace(".", "_")


def _with_folder(source: Path) -> str:
    return f"{source.resolve().parent.name}_{_with_ending(source)}"


def _results(folders: dict[Path, Path], settings: Settings) -> Iterator[tuple[Path, str, bool]]:
    """Lift each and give its line; in processes of their own where there are several jobs."""
    if settings.writing.jobs == 1:
        for source, folder in folders.items():
            yield source, *_try(source, folder, settings)
        return
    fresh = multiprocessing.get_context("spawn")  # a fork would share torch's and mediapipe's threads
    with ProcessPoolExecutor(settings.writing.jobs, mp_context=fresh) as pool:
        waiting = {pool.submit(_try, source, folder, settings): source for source, folder in folders.items()}
        for future in as_completed(waiting):
            yield waiting[future], *_outcome(waiting[future], future)


def _outcome(source: Path, future: Future[tuple[str, bool]]) -> tuple[str, bool]:
    """Return what a process answered, or that it ended without an answer, as when memory runs out."""
    try:
        return future.result()
    except BrokenProcessPool:
        return f"{source}: failed: its process ended abruptly; try fewer --jobs", False


def _try(source: Path, folder: Path, settings: Settings) -> tuple[str, bool]:
    """Lift one; returns its line and whether it worked."""
    start = time.perf_counter()
    try:
        mark = _mark(source, settings)
        if _read_mark(folder) == mark:
            return f"{source}: done already -> {folder}", True
        (folder / MARK).unlink(missing_ok=True)
        done = lift_one(source, folder, settings)
        with replacing(folder / MARK) as unfinished:
            unfinished.write_text(json.dumps(mark, indent=1))
    except (InputError, MissingExtraError, OSError) as error:
        return f"{source}: failed: {' '.join(str(error).split())}", False
    except Exception as error:
        log.exception("%s", source)  # a mistake of ours, which others can report; what fails does not stop the rest
        return f"{source}: failed unexpectedly: {type(error).__name__}: {' '.join(str(error).split())}", False
    return in_one_line(str(source), done, folder, time.perf_counter() - start), True


def _mark(source: Path, settings: Settings) -> dict[str, str | int]:
    """Say what is lifted and how: another file or other settings mean that it is not done."""
    if not source.exists():
        raise InputError(f"{source}: must be a video, a picture, a folder of pictures or a keypoint file, found none")
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    facts = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    how = asdict(replace(settings, writing=replace(settings.writing, jobs=1)))
    return {
        "input": source.name,
        "content": hashlib.sha256(json.dumps(facts).encode()).hexdigest(),
        "settings": json.dumps(how, sort_keys=True),
        "version": __version__,
    }


def _read_mark(folder: Path) -> object:
    try:
        return json.loads((folder / MARK).read_text())
    except (OSError, ValueError):
        return None

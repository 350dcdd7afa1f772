"""Lift several inputs, one line each; what is done already is skipped, and what fails does not stop the rest."""

import hashlib
import json
import logging
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path

from ampose import __version__
from ampose.atomic import replacing
from ampose.cli.lift.outputs import OutputOptions, check_folder, lift_to_folder
from ampose.cli.lift.summary import in_one_line
from ampose.errors import InputError, MissingExtraError
from ampose.pipeline.lift_options import LiftOptions

MARK = ".ampose-done.json"
"""Written last into the folder of an input: what was lifted, and how."""

FAILED = 1
"""Exit status when an input failed."""

log = logging.getLogger(__name__)


def lift_many(sources: Sequence[Path], output: Path, options: LiftOptions, outputs: OutputOptions, jobs: int) -> None:
    """Lift all of them, each into a folder of its own in ``output``.

    Raises:
        InputError: An option is wrong, or two inputs have one name.
        SystemExit: An input failed; the others are done.
    """
    if jobs < 1:
        raise InputError(f"jobs must be at least 1, got {jobs}", field="jobs")
    folders = name_folders(sources, output)
    for source, folder in folders.items():
        check_folder(folder, source)
    failed = []
    for source, line, worked in _results(folders, options, outputs, jobs):
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
    paths = [source.resolve() for source in sources]
    names = [path.stem for path in paths]
    with_ending = [path.name.replace(".", "_") for path in paths]
    with_folder = [f"{path.parent.name}_{name}" for path, name in zip(paths, with_ending, strict=True)]
    for longer in (with_ending, with_folder):
        times = Counter(names)
        names = [long if times[name] > 1 else name for name, long in zip(names, longer, strict=True)]
    for name, count in Counter(names).items():
        if count > 1:
            raise InputError(f"{count} inputs are called {name}; lift them one by one")
    return {source: output / name for source, name in zip(sources, names, strict=True)}


def _results(
    folders: dict[Path, Path], options: LiftOptions, outputs: OutputOptions, jobs: int
) -> Iterator[tuple[Path, str, bool]]:
    """Lift each and give its line and whether it worked; in processes of their own where there are several jobs."""
    if jobs == 1:
        for source, folder in folders.items():
            yield source, *_try(source, folder, options, outputs)
        return
    fresh = multiprocessing.get_context("spawn")  # a fork would share torch's and onnxruntime's threads
    with ProcessPoolExecutor(jobs, mp_context=fresh) as pool:
        waiting = {pool.submit(_try, *pair, options, outputs): pair[0] for pair in folders.items()}
        for future in as_completed(waiting):
            source = waiting[future]
            try:
                yield source, *future.result()
            except BrokenProcessPool:  # the process ended without an answer, as when memory runs out
                yield source, f"{source}: failed: its process ended abruptly; try fewer --jobs", False


def _try(source: Path, folder: Path, options: LiftOptions, outputs: OutputOptions) -> tuple[str, bool]:
    """Lift one; returns its line and whether it worked."""
    start = time.perf_counter()
    try:
        mark = _mark(source, options, outputs)
        if _read_mark(folder) == mark:
            return f"{source}: done already -> {folder}", True
        (folder / MARK).unlink(missing_ok=True)
        written = lift_to_folder(source, folder, options, outputs)
        with replacing(folder / MARK) as unfinished:
            unfinished.write_text(json.dumps(mark, indent=1))
    except (InputError, MissingExtraError, OSError) as error:
        return f"{source}: failed: {' '.join(str(error).split())}", False
    except Exception as error:
        log.exception("%s", source)  # a mistake of ours, which others can report; what fails does not stop the rest
        return f"{source}: failed unexpectedly: {type(error).__name__}: {' '.join(str(error).split())}", False
    return in_one_line(str(source), written.result, folder, time.perf_counter() - start), True


def _mark(source: Path, options: LiftOptions, outputs: OutputOptions) -> dict[str, str | int]:
    """Describe what is lifted and how: another file or other options mean that it is not done."""
    if not source.exists():
        raise InputError(f"{source}: there is no such file or folder")
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    facts = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return {
        "input": source.name,
        "content": hashlib.sha256(json.dumps(facts).encode()).hexdigest(),
        "options": json.dumps({**asdict(options), **asdict(outputs)}, sort_keys=True),
        "version": __version__,
    }


def _read_mark(folder: Path) -> object:
    try:
        return json.loads((folder / MARK).read_text())
    except (OSError, ValueError):
        return None

"""A progress bar for long work; plain lines when the output is no terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[int, int | None, str], None]
"""(done, total or None, note) -> None."""


@contextmanager
def progress(title: str, *, unit: str = "frames") -> Iterator[Report]:
    """Show how far the work is; the block calls what it gets with (done, total, note)."""
    if sys.stderr.isatty():
        with _bar(title) as report:
            yield report
    else:
        yield _lines(title, unit)


@contextmanager
def _bar(title: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None, note="")

        def report(done: int, total: int | None, note: str = "") -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield report


def _lines(title: str, unit: str, every_s: float = 10.0) -> Report:
    last = time.monotonic()

    def report(done: int, total: int | None, note: str = "") -> None:
        nonlocal last
        finished = total is not None and done >= total
        if finished or time.monotonic() - last >= every_s:
            last = time.monotonic()
            print(
                f"{title}: {done} of {'?' if total is None else total} {unit} {note}".rstrip(),
                file=sys.stderr,
                flush=True,
            )

    return report

"""A progress bar for long work; plain lines when the output is no terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ampose import Progress


@contextmanager
def progress(title: str, *, unit: str = "frames") -> Iterator[Progress]:
    """Show how far the work is: a bar, or a line now and then where the output is not a terminal."""
    if sys.stderr.isatty():
        with _bar(title) as report:
            yield report
    else:
        yield _lines(title, unit)


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    import rich.progress as rich
    from rich.console import Console

    columns = (
        "{task.description}",
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
        rich.TextColumn("{task.fields[note]}"),
    )
    with rich.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None, note="")

        def report(done: int, total: int | None, note: str = "") -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield report


def _lines(title: str, unit: str, every_s: float = 10.0) -> Progress:
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

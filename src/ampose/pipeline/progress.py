"""A progress bar for long work; plain lines where there is neither a terminal nor a notebook."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ampose import Progress


@contextmanager
def progress(title: str, *, unit: str = "frames") -> Iterator[Progress]:
    """Show how far the work is: a bar in a terminal and in a notebook, elsewhere a line now and then."""
    if sys.stderr.isatty() or "ipykernel" in sys.modules:
        with _bar(title) as report:
            yield report
    else:
        yield _lines(title, unit)


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    import rich.progress as rich  # noqa: PLC0415  # a bar loads when it is shown
    from rich.console import Console  # noqa: PLC0415

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
            print(  # noqa: T201
                f"{title}: {done} of {'?' if total is None else total} {unit} {note}".rstrip(),
                file=sys.stderr,
                flush=True,
            )

    return report

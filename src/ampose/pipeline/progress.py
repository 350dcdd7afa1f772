"""A progress bar for long work; plain lines where there is neither a terminal nor a notebook."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ampose import Progress
from ampose.packages import find_missing

_EVERY_S = 10.0
"""Between two lines, where there is no bar."""


@contextmanager
def progress(title: str, *, unit: str = "frames") -> Iterator[Progress]:
    """Show how far the work is: a bar in a terminal and in a notebook, elsewhere a line now and then."""
    # Without ipywidgets rich shows nothing in a notebook but a warning.
    if sys.stderr.isatty() or ("ipykernel" in sys.modules and find_missing("ipywidgets") is None):
        import rich.progress as rich  # noqa: PLC0415  # a bar loads when it is shown
        from rich.console import Console  # noqa: PLC0415

        bar, count, left = rich.BarColumn(), rich.MofNCompleteColumn(), rich.TimeRemainingColumn()
        columns = ("{task.description}", bar, count, left, rich.TextColumn("{task.fields[note]}"))
        with rich.Progress(*columns, console=Console(stderr=True)) as shown:
            task = shown.add_task(title, total=None, note="")
            yield lambda done, total, note: shown.update(task, completed=done, total=total, note=note)
        return
    last = time.monotonic()

    def report(done: int, total: int | None, note: str) -> None:
        nonlocal last
        finished = total is not None and done >= total
        if finished or time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            of = "?" if total is None else total
            print(f"{title}: {done} of {of} {unit} {note}".rstrip(), file=sys.stderr, flush=True)  # noqa: T201

    yield report

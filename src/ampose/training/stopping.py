"""When to stop early: Ctrl-C or a time limit. The loop asks between two steps, so the state is always whole."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_requests(max_minutes: float | None) -> Iterator[Callable[[], bool]]:
    """Give a question to ask between steps: should the run stop?

    The first Ctrl-C (or SIGTERM) asks to stop; a second one interrupts at once, and the last checkpoint remains.
    """
    deadline = None if max_minutes is None else time.monotonic() + 60 * max_minutes
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked or (deadline is not None and time.monotonic() >= deadline)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)

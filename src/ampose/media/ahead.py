"""Read ahead: frames are decoded in a thread of their own while those before are looked at."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")

MOST = 3
"""Items that are taken ahead: enough that neither side waits for a slow one of the other, little memory even in 4K."""


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Give the items in their order, the next ones being made meanwhile; FFmpeg and the networks leave Python's lock.

    What making one raises is raised in its place. If this iterator is closed, as on Ctrl-C, the thread ends.

    Example:
        >>> list(ahead(iter("video")))
        ['v', 'i', 'd', 'e', 'o']
    """
    over = object()
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming = deque(thread.submit(next, items, over) for _ in range(MOST))
        try:
            while (item := coming.popleft().result()) is not over:
                coming.append(thread.submit(next, items, over))
                yield item  # type: ignore[misc]
        finally:
            for one in coming:
                one.cancel()
